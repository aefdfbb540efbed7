package placement

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/org/platform/internal/placement/fieldpath"
)

// prober renders an overlay with some of its entries changed, each change once, for all failures of the overlay.
type prober struct {
	ctx     context.Context
	overlay *Overlay
	files   *files
	entries []*entry // what kustomize applies last first
	opaque  bool     // there are entries which the layers cannot foretell
	left    int      // probes
	done    map[string]*render
	base    *render // of the overlay as it is; nil where it was to be rendered again, and cannot be
	roots   []*yaml.Node
}

// render is one render, in the order of the overlay's objects.
type render struct {
	objects []*seen // nil where the object is not rendered
}

// seen is an object in one render.
type seen struct {
	manifest []byte
	root     *yaml.Node // parsed when it is needed
	parsed   bool
	failures []Failure
	keys     map[string]bool // of the failures, made when they are needed
}

func newProber(ctx context.Context, o *Overlay) *prober {
	p := &prober{ctx: ctx, overlay: o, files: newFiles(o.Root), left: o.MaxProbes, done: map[string]*render{}, roots: make([]*yaml.Node, len(o.Objects))}
	if p.left <= 0 {
		p.left = DefaultProbes
	}
	if o.Render == nil || !slices.ContainsFunc(o.Objects, func(object Object) bool {
		return slices.ContainsFunc(object.Failures, func(f Failure) bool { return !f.Static })
	}) {
		return p
	}
	p.entries = p.files.entries(o.Dir)
	p.opaque = slices.ContainsFunc(p.entries, func(e *entry) bool { return e.opaque })
	if !o.Rendered {
		p.base, _ = p.probe()
		return p
	}
	p.base = &render{objects: make([]*seen, len(o.Objects))}
	for i, object := range o.Objects {
		p.base.objects[i] = &seen{manifest: object.Manifest, failures: slices.DeleteFunc(slices.Clone(object.Failures), func(f Failure) bool { return f.Static })}
	}
	return p
}

// search returns the static side of placing a failure of the i-th object.
func (p *prober) search(i int, text string) *search {
	path, err := fieldpath.Parse(text)
	if err != nil {
		path = nil // the object as a whole
	}
	object := &p.overlay.Objects[i]
	if p.roots[i] == nil {
		p.roots[i] = manifest(object.Manifest)
	}
	return newSearch(p.files, p.overlay.Dir, p.overlay.Reads, object, p.roots[i], path)
}

// probe renders with edits. It is nil where that fails, which is no evidence; spent says that no probe was left for it.
func (p *prober) probe(edits ...edit) (result *render, spent bool) {
	var id strings.Builder
	for _, e := range edits {
		id.WriteString(e.id() + ";")
	}
	if known, ok := p.done[id.String()]; ok {
		return known, false
	}
	if p.overlay.Render == nil {
		return nil, false
	}
	if p.left == 0 {
		return nil, true
	}
	p.left--
	p.done[id.String()] = nil
	files, err := changes(edits)
	if err != nil {
		return nil, false
	}
	objects, err := p.overlay.Render(p.ctx, overlaid{p.overlay.Root, files})
	if err != nil || p.ctx.Err() != nil {
		return nil, false
	}
	p.done[id.String()] = p.match(objects)
	return p.done[id.String()], false
}

// match brings the objects of a render into the order of the overlay's: by their names, else, for objects which an entry
// renames, by their order among those of their kind that are left.
func (p *prober) match(objects []Object) *render {
	r := &render{objects: make([]*seen, len(p.overlay.Objects))}
	index := map[string][]int{}
	for i, o := range objects {
		index[identifier(o)] = append(index[identifier(o)], i)
	}
	taken := make([]bool, len(objects))
	take := func(i, j int) {
		taken[j] = true
		r.objects[i] = &seen{manifest: objects[j].Manifest, failures: objects[j].Failures}
	}
	for i, o := range p.overlay.Objects {
		if same := index[identifier(o)]; len(same) > 0 {
			take(i, same[0])
			index[identifier(o)] = same[1:]
		}
	}
	rest := map[string][]int{}
	for j, o := range objects {
		if !taken[j] {
			rest[o.Kind] = append(rest[o.Kind], j)
		}
	}
	missing := map[string][]int{}
	for i, o := range p.overlay.Objects {
		if r.objects[i] == nil {
			missing[o.Kind] = append(missing[o.Kind], i)
		}
	}
	for kind, all := range missing {
		if len(all) != len(rest[kind]) {
			continue
		}
		for n, i := range all {
			take(i, rest[kind][n])
		}
	}
	return r
}

func identifier(o Object) string {
	return fmt.Sprintf("%q %q %q %q", o.APIVersion, o.Kind, o.Namespace, o.Name)
}

func (s *seen) node() *yaml.Node {
	if !s.parsed {
		s.root, s.parsed = manifest(s.manifest), true
	}
	return s.root
}

// fails says whether a rule fails at a path of the object.
func (s *seen) fails(rule, key string) bool {
	if s.keys == nil {
		s.keys = map[string]bool{}
		for _, f := range s.failures {
			path, err := fieldpath.Parse(f.Path)
			if err != nil {
				path = nil
			}
			s.keys[f.RuleID+"\n"+align(path, s.node()).key()] = true
		}
	}
	return s.keys[rule+"\n"+key]
}

// key is the path with the identities of list items in place of their indexes.
func (all steps) key() string {
	var b strings.Builder
	for _, s := range all {
		switch name, id := identity(s.list, s.item); {
		case s.Index < 0:
			fmt.Fprintf(&b, "/%q", s.Key)
		case id != nil:
			fmt.Fprintf(&b, "/[%q=%q]", name, id.Value)
		default:
			fmt.Fprintf(&b, "/[%d]", s.Index)
		}
	}
	return b.String()
}

// effect is what a probe did to a failure.
type effect struct {
	known   bool // the probe rendered, and the object is in it
	gone    bool // the failure is
	lost    bool // the object is
	depth   int  // how many steps of the path exist then
	changed bool // the field has another value, or appeared or disappeared
	touched bool // the object is another one
}

// maxCompared bounds how many nodes of two values are compared.
const maxCompared = 100_000

func (p *prober) effect(r *render, i int, s *search, f Failure) effect {
	if r == nil || p.base == nil || p.base.objects[i] == nil {
		return effect{}
	}
	before, after := p.base.objects[i], r.objects[i]
	if after == nil {
		return effect{lost: true}
	}
	e := effect{known: true, gone: !after.fails(f.RuleID, s.steps.key())}
	if e.touched = !bytes.Equal(before.manifest, after.manifest); !e.touched {
		_, e.depth, _ = descend(after.node(), s.steps)
		return e
	}
	old, depth, _ := descend(before.node(), s.steps)
	value, now, _ := descend(after.node(), s.steps)
	budget := maxCompared
	e.depth = now
	e.changed = depth != now || depth == len(s.steps) && !same(old, value, &budget)
	return e
}
