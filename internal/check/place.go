package check

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/placement"
	"github.com/org/platform/internal/rego"
	"github.com/org/platform/internal/render"
)

// placeUnit returns the findings of an overlay, on the lines to change.
func (c *checker) placeUnit(ctx context.Context, u *unit) ([]raw, error) {
	if u.err != nil {
		all := failure(u.Overlay, u.err)
		for i := range all {
			f := &all[i].Finding
			if f.File == u.Dir {
				f.File = c.kustomization(u.Dir)
			}
			f.Fingerprint, f.Known = fingerprint(f.RuleID, f.File, f.Message), !u.changed || u.errBefore != nil && u.errBefore.Error() == u.err.Error()
		}
		return all, nil
	}
	if len(u.violations) == 0 {
		return nil, nil
	}
	prints := make([]string, len(u.violations))
	known := make([]bool, len(u.violations))
	for i := range u.violations {
		v := &u.violations[i]
		prints[i] = v.fingerprint(u.Overlay, u.objects)
		if known[i] = v.known; !v.decided {
			known[i] = !u.changed || u.known[prints[i]+v.content] > 0
			u.known[prints[i]+v.content]--
		}
		v.static = v.static || known[i] && !c.PlaceKnown // experiments are for what somebody has to mend now
	}
	places, err := c.locate(ctx, u)
	if err != nil {
		return nil, fmt.Errorf("place the findings of %s in %s: %w", u.Component, u.Environment, err)
	}
	all := make([]raw, len(u.violations))
	for i := range u.violations {
		v := &u.violations[i]
		f := finding.Finding{Path: v.Path, Components: []string{u.Component}, Environments: []string{u.Environment},
			File: places[i].File, Line: places[i].Line, Column: places[i].Column, Confidence: places[i].Confidence}
		if v.object >= 0 && v.object < len(u.objects) {
			f.Resource = u.objects[v.object].resource()
		}
		f.Fingerprint, f.Known = prints[i], known[i]
		f = c.worded(v.Violation, f)
		if c.traces(f) {
			f.Trace = places[i].Trace
		}
		all[i] = raw{Finding: f, cause: v.stable}
	}
	return all, nil
}

// traces says whether the placement of a finding is to be told.
func (c *checker) traces(f finding.Finding) bool {
	return c.Trace != "" && (f.RuleID == c.Trace || len(c.Trace) >= 6 && strings.HasPrefix(f.Fingerprint, c.Trace))
}

// locate returns the place of each violation of an overlay.
func (c *checker) locate(ctx context.Context, u *unit) ([]placement.Place, error) {
	if u.result == nil { // its own rules found nothing; those of the environment did
		request := c.request(c.files, u.Overlay, u.Dir)
		result, err := render.Render(ctx, request)
		if err != nil {
			return nil, err
		}
		u.result, u.origins = result, func() ([]render.Resource, error) { return render.Origins(ctx, request, result.Resources) }
	}
	resources, err := u.origins()
	if err != nil {
		return nil, err
	}
	objects := make([]placement.Object, len(resources))
	for i, r := range resources {
		objects[i] = placement.Object{APIVersion: r.APIVersion, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name,
			Original: r.OriginalName, Origin: r.Origin, Manifest: r.Manifest}
	}
	at := fail(objects, u.violations)
	scopes, alike := probed(u.violations), u.verdicts()
	overlay := placement.Overlay{Root: c.files, Dir: u.Dir, Objects: objects, Rendered: true, Reads: u.result.Reads, Trace: c.Trace != "",
		Render: func(ctx context.Context, root fs.FS) ([]placement.Object, error) {
			return c.probe(ctx, root, u, alike, scopes)
		}}
	found, err := overlay.Locate(ctx)
	if err != nil {
		return nil, err
	}
	places := make([]placement.Place, len(u.violations))
	for i, p := range at {
		if p.object < 0 {
			places[i] = placement.Place{File: c.kustomization(u.Dir), Confidence: finding.File}
			continue
		}
		places[i] = found[p.object][p.failure]
	}
	return places, nil
}

// position says which failure of which object a violation is.
type position struct{ object, failure int }

// fail notes the violations on the objects they are about.
func fail(objects []placement.Object, violations []violation) []position {
	at := make([]position, len(violations))
	for i, v := range violations {
		if v.object < 0 || v.object >= len(objects) {
			at[i].object = -1
			continue
		}
		o := &objects[v.object]
		at[i] = position{v.object, len(o.Failures)}
		o.Failures = append(o.Failures, placement.Failure{RuleID: v.RuleID, Path: v.Path, Static: v.static, Alone: v.alone})
	}
	return at
}

// probed returns the scopes of the violations that probes are made for.
func probed(violations []violation) []rego.Scope {
	var scopes []rego.Scope
	for _, v := range violations {
		scope := rego.Component
		if v.alone {
			scope = rego.Document
		}
		if !v.static && !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	return scopes
}

// probe renders an overlay from files that were changed to see what of it fails then.
func (c *checker) probe(ctx context.Context, root fs.FS, u *unit, alike verdicts, scopes []rego.Scope) ([]placement.Object, error) {
	result, err := render.Render(ctx, c.request(root, u.Overlay, u.Dir))
	if err != nil {
		return nil, err
	}
	e, err := c.judge(ctx, result, u.Overlay, u.Dir, alike, scopes...)
	if err != nil {
		return nil, err
	}
	objects := make([]placement.Object, len(result.Resources))
	for i, r := range result.Resources {
		objects[i] = placement.Object{APIVersion: r.APIVersion, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name, Manifest: r.Manifest}
	}
	fail(objects, e.violations)
	return objects, nil
}

// kustomization returns the file that an overlay starts from.
func (c *checker) kustomization(dir string) string {
	for _, name := range render.KustomizationFiles() {
		file := path.Join(dir, name)
		if info, err := fs.Stat(c.files, file); err == nil && !info.IsDir() {
			return file
		}
	}
	return dir
}

// worded adds to the place of a finding what its rule says, with the severity that the configuration gives it.
func (c *checker) worded(v rego.Violation, f finding.Finding) finding.Finding {
	f.RuleID, f.Title, f.Severity, f.Message, f.Fix, f.URL = v.RuleID, v.Title, v.Severity, v.Message, v.Fix, v.URL
	environment := ""
	if len(f.Environments) == 1 {
		environment = f.Environments[0]
	}
	if severity := c.Config.SeverityOf(v.RuleID, environment); severity != "" {
		f.Severity = finding.Severity(severity)
	}
	return f
}
