package check

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/document"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/rego"
	"github.com/org/platform/internal/render"
)

// identity is what tells a rendered object from others.
type identity struct{ apiVersion, kind, namespace, name string }

func (i identity) resource() string { return i.kind + "/" + i.name }

// violation is what a rule finds in a render.
type violation struct {
	rego.Violation
	object int  // of the render; -1 where it is about the render as a whole
	static bool // its rule looks at more than this render
	alone  bool // its rule looks at this object and no other
	stable string

	content        string // see content
	decided, known bool   // it is known whether the base has it
}

// evaluated is a render with what rules find in it.
type evaluated struct {
	objects    []identity
	violations []violation
}

// verdicts are what the rules for one object found in objects, by manifest: an object that is rendered to the same again has the same findings.
type verdicts map[string][]violation

// verdicts returns those of an overlay that was evaluated.
func (u *unit) verdicts() verdicts {
	all := make(verdicts, len(u.result.Resources))
	for i, r := range u.result.Resources {
		found := []violation{}
		for _, v := range u.violations {
			if v.alone && v.object == i {
				v.static, v.decided, v.known = false, false, false
				found = append(found, v)
			}
		}
		all[string(r.Manifest)] = found
	}
	return all
}

// judge evaluates the policies of some scopes over what an overlay was rendered to. Objects with a verdict are not evaluated by themselves again.
func (c *checker) judge(ctx context.Context, result *render.Result, o Overlay, dir string, alike verdicts, scopes ...rego.Scope) (*evaluated, error) {
	if err := c.loaded(); err != nil {
		return nil, err
	}
	docs, err := document.Parse(path.Join(dir, "manifests.yaml"), result.Manifests)
	if err != nil {
		return nil, fmt.Errorf("read what %s renders to: %w", dir, err)
	}
	if len(docs) != len(result.Resources) {
		return nil, fmt.Errorf("read what %s renders to: %d documents of %d: this is a fault of the toolkit; report it", dir, len(docs), len(result.Resources))
	}
	e := &evaluated{objects: make([]identity, len(docs))}
	items := make([]any, len(docs))
	for i, d := range docs {
		e.objects[i] = identify(d.Value)
		items[i] = map[string]any{"path": dir, "component": o.Component, "environment": o.Environment, "contents": d.Value}
		if !slices.Contains(scopes, rego.Document) {
			continue
		}
		if found, same := alike[string(result.Resources[i].Manifest)]; same {
			for _, v := range found {
				v.object = i
				e.violations = append(e.violations, v)
			}
			continue
		}
		if err := c.rules(ctx, e, rego.Document, path.Join(dir, kustomization), d.Value, i, o); err != nil {
			return nil, fmt.Errorf("%s of %s in %s: %w", e.objects[i].resource(), o.Component, o.Environment, err)
		}
	}
	if slices.Contains(scopes, rego.Component) {
		if err := c.rules(ctx, e, rego.Component, "", items, -1, o); err != nil {
			return nil, fmt.Errorf("%s in %s: %w", o.Component, o.Environment, err)
		}
	}
	for i := range e.violations {
		v := &e.violations[i]
		v.content = fingerprint(v.Message)
		if v.object >= 0 && v.object < len(docs) {
			v.stable = stable(v.Path, docs[v.object].Value)
			v.content = content(v.Message, v.Path, docs[v.object].Value)
		}
	}
	return e, nil
}

// kustomization is what policies are told to be the file of an object that an overlay renders to.
const kustomization = "kustomization.yaml"

// rules evaluates the rules of a scope. An input is one object of a file, or all where object is -1.
func (c *checker) rules(ctx context.Context, e *evaluated, scope rego.Scope, file string, input any, object int, o Overlay) error {
	for _, b := range c.forManifests() {
		if !b.policies.Has(scope) {
			continue
		}
		if scope == rego.Document {
			b.seen.Add(1)
		}
		found, err := b.policies.CheckFile(ctx, scope, file, input)
		if err != nil {
			return err
		}
		for _, v := range found {
			if c.off(v.RuleID, o.Environment) {
				continue
			}
			at := object
			if object < 0 {
				at = v.Item
			}
			e.violations = append(e.violations, violation{Violation: v, object: at, alone: scope == rego.Document})
		}
	}
	return nil
}

// request renders as a deploy does: with the component's own image by a digest, which only a deploy knows.
func (c *checker) request(root fs.FS, o Overlay, dir string) render.Request {
	images := []render.Image{{Name: o.Component, NewName: c.Config.Image(o.Component), Digest: unknownDigest}}
	for _, image := range c.Images {
		name := image.Name
		if name == "" {
			name = o.Component
		}
		images = slices.DeleteFunc(images, func(i render.Image) bool { return i.Name == name })
		images = append(images, render.Image{Name: name, NewName: image.NewName, Digest: image.Digest})
	}
	return render.Request{Root: root, Dir: dir, Images: images, AnyImages: true, RemoteBases: c.Config.Spec.Render.RemoteBases}
}

// unknownDigest stands for the digest that a deploy will bring.
var unknownDigest = "sha256:" + string(bytes.Repeat([]byte("0"), 64))

// split returns the documents of rendered manifests, which are written in one form: separators are lines of their own, and nothing in a document
// looks like one.
func split(manifests []byte) [][]byte {
	if len(bytes.TrimSpace(manifests)) == 0 {
		return nil
	}
	return bytes.Split(manifests, []byte("\n---\n"))
}

func identify(value any) identity {
	object, _ := value.(map[string]any)
	metadata, _ := object["metadata"].(map[string]any)
	text := func(m map[string]any, key string) string { s, _ := m[key].(string); return s }
	return identity{text(object, "apiVersion"), text(object, "kind"), text(metadata, "namespace"), text(metadata, "name")}
}

// failure is the findings of an overlay that does not render.
func failure(o Overlay, err error) []raw {
	var problems finding.Problems
	if errors.As(err, &problems) {
		all := make([]raw, len(problems))
		for i, f := range problems {
			f.Components, f.Environments = []string{o.Component}, []string{o.Environment}
			all[i] = raw{Finding: f, cause: f.Message}
		}
		return all
	}
	f := finding.Finding{RuleID: render.RuleID, Severity: finding.Error, Message: err.Error(), File: o.Dir, Confidence: finding.File,
		Components: []string{o.Component}, Environments: []string{o.Environment}}
	return []raw{{Finding: f, cause: f.Message}}
}

// off says whether nobody is to see what a rule finds.
func (c *checker) off(rule, environment string) bool {
	if c.Config.SeverityOf(rule, environment) != config.SeverityOff {
		return false
	}
	c.silent.Store(rule, true)
	return true
}
