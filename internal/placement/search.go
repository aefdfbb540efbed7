package placement

import (
	"cmp"
	"io/fs"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/placement/fieldpath"
)

// candidate is what one layer says about the field.
type candidate struct {
	place    Place
	entry    *yaml.Node // identifies the entry of the kustomization that says it; nil for the declaration
	source   *source
	value    *yaml.Node // the scalar that sets the field, where one does
	depth    int        // how many steps of the path exist in this layer
	full     bool       // the whole path exists
	agrees   bool       // and its value is the rendered one
	partial  bool       // and only a part of the value is set here
	replaces bool       // nothing that an inner layer says below this place survives
}

// sets says whether the candidate can be what the field was rendered from.
func (c candidate) sets() bool { return c.full && c.agrees }

// choose picks among candidates, the outermost layer's first.
func choose(all []candidate, missing bool) (candidate, bool) {
	for _, c := range all {
		if c.sets() {
			return c, true
		}
	}
	for _, c := range all {
		if c.replaces && missing || c.full {
			return c, true
		}
	}
	var deepest *candidate
	for i := range all { // the innermost among equals: that is where the resource is written out
		if deepest == nil || all[i].depth >= deepest.depth {
			deepest = &all[i]
		}
	}
	if deepest == nil {
		return candidate{}, false
	}
	return *deepest, true
}

// search is the static side of placing one failure: what the layers say about a field of an object.
type search struct {
	files    *files
	object   *Object
	reads    []string
	layers   []*layer   // outermost first
	rendered *yaml.Node // nil where unknown
	authored string     // the object's name in its declaration
	names    []string   // its names on the way through the layers
	origin   declaration
	steps    steps
	indexes  []int // that the path has in the declaration
}

func newSearch(f *files, dir string, reads []string, object *Object, rendered *yaml.Node, path fieldpath.Path) *search {
	s := &search{files: f, object: object, reads: reads, rendered: rendered, layers: f.walk(dir, object.Origin)}
	s.origin = s.declaration()
	s.authored = cmp.Or(object.Original, text(s.origin.node, "metadata", "name"), s.generatedName(), object.Name)
	s.names = names(s.authored, object.Name, s.layers)
	s.steps = align(path, cmp.Or(s.rendered, s.origin.node))
	if s.origin.node != nil {
		s.indexes = s.steps.positions(s.origin.node)
	}
	return s
}

// candidates returns what all layers say, what kustomize applies last first.
func (s *search) candidates() []candidate {
	var all []candidate
	for _, l := range s.layers {
		all = append(all, s.layer(l)...)
	}
	if s.origin.node != nil {
		all = append(all, s.candidate(s.origin.source, s.origin.node, s.steps))
	}
	return all
}

// fallback is the place where no layer says anything about the field.
func (s *search) fallback() Place {
	origin := s.object.Origin
	if origin == "" || !fs.ValidPath(origin) {
		return Place{}
	}
	if info, err := fs.Stat(s.files.root, origin); err != nil || info.IsDir() {
		return Place{}
	}
	return Place{File: origin, Confidence: finding.File}
}

// missing says whether the rendered resource lacks the field, as far as known.
func (s *search) missing() bool {
	if s.rendered == nil {
		return true
	}
	_, depth, _ := descend(s.rendered, s.steps)
	return depth < len(s.steps)
}

// agrees says whether a layer's value can be the one that was rendered.
func (s *search) agrees(value *yaml.Node) bool {
	if s.rendered == nil {
		return true
	}
	rendered, depth, _ := descend(s.rendered, s.steps)
	if depth < len(s.steps) { // only a null can be why a field is missing
		return isNull(value)
	}
	value = resolve(value)
	if rendered.Kind == yaml.ScalarNode || value.Kind == yaml.ScalarNode {
		return rendered.Kind == value.Kind && rendered.Value == value.Value
	}
	return true
}

// candidate looks the path up in a node that is laid over the resource at its root.
func (s *search) candidate(src *source, node *yaml.Node, path steps) candidate {
	value, depth, key := descend(node, path)
	c := candidate{source: src, depth: depth + len(s.steps) - len(path), full: depth == len(path)}
	c.agrees = c.full && s.agrees(value)
	c.place = src.place(key)
	if !c.full || len(s.steps) == 0 {
		c.place.Confidence = lower(c.place.Confidence)
	}
	if c.full && value != nil && value.Kind == yaml.ScalarNode {
		c.value = value
	}
	return c
}

// lower is the confidence in a place that is not the field itself.
func lower(c finding.Confidence) finding.Confidence {
	if c == finding.Exact {
		return finding.Parent
	}
	return c
}

// value returns the rendered scalar of the field, or "".
func (s *search) value() string {
	node, depth, _ := descend(s.rendered, s.steps)
	if s.rendered == nil || depth < len(s.steps) || node.Kind != yaml.ScalarNode {
		return ""
	}
	return node.Value
}

// scalar says whether the field is rendered as a scalar.
func (s *search) scalar() bool {
	node, depth, _ := descend(s.rendered, s.steps)
	return node != nil && depth == len(s.steps) && node.Kind == yaml.ScalarNode
}

func (s *search) is(keys ...string) bool {
	return slices.EqualFunc(s.steps, keys, func(a step, key string) bool { return a.Index < 0 && a.Key == key })
}

func manifest(data []byte) *yaml.Node {
	if len(data) > maxFile {
		return nil
	}
	if docs := parse(data); len(docs) > 0 {
		return docs[0]
	}
	return nil
}
