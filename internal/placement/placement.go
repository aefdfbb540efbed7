package placement

import (
	"cmp"
	"io/fs"

	"go.yaml.in/yaml/v3"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/placement/fieldpath"
)

// Target is a field of a rendered resource.
type Target struct {
	Kind     string
	Name     string   // as authored, before name prefixes and suffixes
	Origin   string   // file that declares the resource, relative to the root; "" where unknown
	Path     string   // as internal/placement/fieldpath reads it; "" for the resource as a whole
	Reads    []string // files that the render read, relative to the root; searched where Origin is unknown
	Manifest []byte   // the rendered resource as YAML; without it list items are matched by the origin's order
}

// Place is where a person must change something.
type Place struct {
	File       string // slash-separated, relative to the root
	Line       int    // 1-based; 0 with confidence File
	Column     int    // 1-based; 0 with confidence File
	Confidence finding.Confidence
}

// Locate returns the authored place of the target: where the field is set by the outermost layer that sets it, else the
// deepest ancestor of the field that exists, else the file. It is false where not even the file can be told. Files that
// are missing or do not parse are passed over: whoever renders reports them.
func Locate(root fs.FS, overlayDir string, t Target) (Place, bool) {
	path, err := fieldpath.Parse(t.Path)
	if err != nil {
		path = nil // the resource as a whole
	}
	f := &files{root: root, parsed: map[string]*source{}}
	layers := f.walk(overlayDir, t.Origin)
	s := &search{files: f, target: t, rendered: manifest(t.Manifest)}
	s.names = names(t.Name, text(s.rendered, "metadata", "name"), layers)
	origin, found := s.origin(layers)
	s.steps = align(path, cmp.Or(s.rendered, origin.node))
	if found {
		s.authored = s.steps.positions(origin.node)
	}
	var all []candidate
	for _, l := range layers {
		all = append(all, s.layer(l)...)
	}
	if found {
		all = append(all, s.candidate(origin.source, origin.node, s.steps))
	}
	if place, ok := choose(all, s.missing()); ok {
		return place, true
	}
	if t.Origin != "" && fs.ValidPath(t.Origin) {
		if _, err := fs.Stat(root, t.Origin); err == nil {
			return Place{File: t.Origin, Confidence: finding.File}, true
		}
	}
	return Place{}, false
}

// candidate is what one layer says about the field.
type candidate struct {
	place    Place
	depth    int  // how many steps of the path exist in this layer
	full     bool // the whole path exists
	agrees   bool // and its value is the rendered one
	replaces bool // nothing that an inner layer says below this place survives
}

// choose picks among candidates, the outermost layer's first.
func choose(all []candidate, missing bool) (Place, bool) {
	for _, c := range all {
		if c.full && c.agrees {
			return c.place, true
		}
	}
	for _, c := range all {
		if c.replaces && missing || c.full {
			return c.place, true
		}
	}
	var deepest *candidate
	for i := range all { // the innermost among equals: that is where the resource is written out
		if deepest == nil || all[i].depth >= deepest.depth {
			deepest = &all[i]
		}
	}
	if deepest == nil {
		return Place{}, false
	}
	return deepest.place, true
}

// search is one call of Locate.
type search struct {
	files    *files
	target   Target
	rendered *yaml.Node // nil where unknown
	names    []string   // the resource's names in the layers
	steps    steps
	authored []int // the indexes that the path has in the origin
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
	c := candidate{depth: depth + len(s.steps) - len(path), full: depth == len(path)}
	c.agrees = c.full && s.agrees(value)
	c.place = src.place(key)
	if !c.full || len(s.steps) == 0 {
		c.place.Confidence = finding.Parent
	}
	return c
}

func manifest(data []byte) *yaml.Node {
	if docs := parse(data); len(docs) > 0 {
		return docs[0]
	}
	return nil
}
