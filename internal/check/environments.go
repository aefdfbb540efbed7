package check

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/document"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/overlays"
	"github.com/org/platform/internal/rego"
	"github.com/org/platform/internal/render"
)

// environments evaluates the rules that look at all components of an environment, for the environments that are checked.
func (c *checker) environments(ctx context.Context) error {
	for _, scope := range []rego.Scope{rego.Inventory, rego.Environment} {
		for _, b := range c.forManifests() {
			if !b.policies.Has(scope) {
				continue
			}
			for _, name := range c.Config.EnvironmentNames() {
				if !c.touches(ctx, scope, name) {
					continue
				}
				if err := c.environment(ctx, b, scope, name); err != nil {
					return fmt.Errorf("environment %s: %w", name, err)
				}
			}
		}
	}
	return nil
}

// touches says whether an environment may have other findings as a whole than before the change, or is to be checked whatever it had.
func (c *checker) touches(ctx context.Context, scope rego.Scope, name string) bool {
	if slices.ContainsFunc(c.units, func(u *unit) bool { return u.Environment == name && (scope != rego.Inventory || c.moves(ctx, u)) }) {
		return true
	}
	if c.base == nil || !c.selectedWhole(name) {
		return false
	}
	for o := range c.base.All() {
		if _, kept := c.head.Find(o.Component, name); o.Environment == name && !kept { // what left may have been needed by others
			return true
		}
	}
	return false
}

// selectedWhole says whether flags leave all of an environment in.
func (c *checker) selectedWhole(name string) bool {
	return len(c.Components) == 0 && c.selected("", name)
}

// moves says whether an overlay has other objects than before the change, or is to be checked whatever it had: else the inventory of its
// environment is as it was.
func (c *checker) moves(ctx context.Context, u *unit) bool {
	if c.base == nil || c.whole() || u.before == "" {
		return true
	}
	manifests, err := c.base.Manifests(ctx, u.Component, u.Environment)
	if err != nil {
		return true
	}
	return !slices.EqualFunc(split(manifests), u.objects, func(before []byte, now identity) bool { return scan(before) == now })
}

// member is an object of an environment.
type member struct {
	Overlay
	identity
	object int // of the overlay
}

// environment evaluates one bundle over one environment. What it finds belongs to the overlay that has the object.
func (c *checker) environment(ctx context.Context, b *bundle, scope rego.Scope, name string) error {
	members, input, err := c.members(ctx, scope, name)
	if err != nil {
		return err
	}
	found, err := b.policies.Check(ctx, scope, input)
	if err != nil || len(found) == 0 {
		return err
	}
	before, err := c.environmentBefore(ctx, b, scope, name)
	if err != nil {
		return fmt.Errorf("in the base: %w", err)
	}
	for _, v := range found {
		if c.off(v.RuleID, name) {
			continue
		}
		if v.Item < 0 || v.Item >= len(members) {
			print := fingerprint(v.RuleID, name, v.Path, v.Message)
			c.found = append(c.found, raw{cause: v.Message, Finding: c.worded(v, finding.Finding{File: config.FileName, Confidence: finding.File,
				Environments: []string{name}, Fingerprint: print, Known: before[print] > 0})})
			before[print]--
			continue
		}
		m := members[v.Item]
		at := violation{Violation: v, object: m.object, static: true, stable: v.Path, decided: true}
		print := fingerprint(at.fingerprint(m.Overlay, identities(members, m.Overlay)), v.Message)
		at.known = before[print] > 0
		before[print]--
		if u := c.unitOf(members, m, at.known); u != nil {
			u.violations = append(u.violations, at)
		}
	}
	return nil
}

// unitOf returns the overlay that has an object. One that the change leaves alone is checked too where it brings a finding there: what it needed
// of another is gone.
func (c *checker) unitOf(members []member, m member, known bool) *unit {
	i := slices.IndexFunc(c.units, func(u *unit) bool { return u.Component == m.Component && u.Environment == m.Environment })
	switch {
	case i >= 0:
		return c.units[i]
	case known || !c.selectedWhole(m.Environment):
		return nil
	}
	u := &unit{Overlay: m.Overlay, known: map[string]int{}, objects: identities(members, m.Overlay)}
	c.units = append(c.units, u)
	return u
}

// identities returns the objects of an overlay.
func identities(members []member, o Overlay) []identity {
	var all []identity
	for _, m := range members {
		if m.Overlay == o {
			all = append(all, m.identity)
		}
	}
	return all
}

// environmentBefore counts the fingerprints that an environment's rules have in the base.
func (c *checker) environmentBefore(ctx context.Context, b *bundle, scope rego.Scope, name string) (map[string]int, error) {
	counts := map[string]int{}
	if c.base == nil {
		return counts, nil
	}
	members, input, err := c.membersOf(ctx, c.base, scope, name)
	if err != nil {
		return nil, err
	}
	found, err := b.policies.Check(ctx, scope, input)
	for _, v := range found {
		if v.Item < 0 || v.Item >= len(members) {
			counts[fingerprint(v.RuleID, name, v.Path, v.Message)]++
			continue
		}
		m := members[v.Item]
		at := violation{Violation: v, object: 0, stable: v.Path}
		counts[fingerprint(at.fingerprint(m.Overlay, []identity{m.identity}), v.Message)]++
	}
	return counts, err
}

// members returns the objects of an environment and what the rules of a scope get to see of them.
func (c *checker) members(ctx context.Context, scope rego.Scope, name string) ([]member, []any, error) {
	if scope == rego.Inventory && c.Base == git.ZeroHash && len(c.Components) == 0 { // all of them were rendered just now
		var members []member
		for _, u := range c.units {
			for i, id := range u.objects {
				if u.Environment == name {
					members = append(members, member{u.Overlay, id, i})
				}
			}
		}
		return members, inventory(members), nil
	}
	if c.head == nil {
		var err error
		if c.head, err = c.Renders.Render(ctx, c.Repo, c.Head, nil); err != nil {
			return nil, nil, err
		}
	}
	return c.membersOf(ctx, c.head, scope, name)
}

func (c *checker) membersOf(ctx context.Context, set *overlays.Set, scope rego.Scope, name string) (members []member, input []any, err error) {
	for o := range set.All() {
		if o.Environment != name || o.Err != nil {
			continue
		}
		at := Overlay{o.Component, name, o.Dir}
		if scope == rego.Inventory {
			manifests, err := set.Manifests(ctx, o.Component, name)
			if err != nil {
				return nil, nil, err
			}
			for i, doc := range split(manifests) {
				members = append(members, member{at, scan(doc), i})
			}
			continue
		}
		result, err := render.Render(ctx, c.request(c.Repo.Tree(set.Tree()), at, o.Dir)) // with its own image pinned
		if err != nil {
			return nil, nil, err
		}
		docs, err := document.Parse(path.Join(o.Dir, "manifests.yaml"), result.Manifests)
		if err != nil {
			return nil, nil, err
		}
		for i, d := range docs {
			members = append(members, member{at, identify(d.Value), i})
			input = append(input, map[string]any{"path": o.Dir, "component": o.Component, "environment": name, "contents": d.Value})
		}
	}
	if scope == rego.Inventory {
		input = inventory(members)
	}
	return members, input, nil
}

// inventory is objects as rules of that scope see them: by what tells them apart.
func inventory(members []member) []any {
	items := make([]any, len(members))
	for i, m := range members {
		metadata := map[string]any{"name": m.name}
		if m.namespace != "" {
			metadata["namespace"] = m.namespace
		}
		items[i] = map[string]any{"path": m.Dir, "component": m.Component, "environment": m.Environment,
			"contents": map[string]any{"apiVersion": m.apiVersion, "kind": m.kind, "metadata": metadata}}
	}
	return items
}

// scan reads what tells an object from others out of a rendered manifest, which kustomize writes in one form: keys at the top of the document
// begin their lines, and those of metadata come after two blanks.
func scan(manifest []byte) identity {
	var id identity
	metadata := false
	for line := range bytes.Lines(manifest) {
		line = bytes.TrimRight(line, "\n")
		switch {
		case len(line) == 0:
		case line[0] != ' ':
			metadata = string(line) == "metadata:"
			take(line, "apiVersion: ", &id.apiVersion)
			take(line, "kind: ", &id.kind)
		case metadata:
			take(line, "  name: ", &id.name)
			take(line, "  namespace: ", &id.namespace)
		}
	}
	return id
}

// plain is what YAML reads as it is written.
var plain = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9./_-]*$`)

func take(line []byte, key string, into *string) {
	value, found := bytes.CutPrefix(line, []byte(key))
	if !found {
		return
	}
	if plain.Match(value) {
		*into = string(value)
		return
	}
	var text string
	if yaml.Unmarshal(value, &text) == nil { // it is quoted
		*into = text
	}
}
