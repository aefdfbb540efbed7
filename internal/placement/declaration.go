package placement

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// declaration is the document that declares a resource; its node is nil where there is none.
type declaration struct {
	source *source
	node   *yaml.Node
}

// declaration finds the object's declaration in its origin, else in the files of the layers, else in what the render read.
func (s *search) declaration() declaration {
	if s.object.Origin != "" {
		return s.declared(s.object.Origin, s.layerOf(s.object.Origin))
	}
	for _, l := range s.layers {
		for _, file := range l.resources {
			if found := s.declared(file, l); found.node != nil {
				return found
			}
		}
	}
	if s.object.Original == "" { // a name alone proves nothing in a file that no layer names
		return declaration{}
	}
	for _, file := range s.reads {
		if found := s.declared(file, nil); found.node != nil {
			return found
		}
	}
	return declaration{}
}

func (s *search) layerOf(file string) *layer {
	for _, l := range s.layers {
		if slices.Contains(l.resources, file) {
			return l
		}
	}
	return nil
}

// declared finds the object's document in a file of a layer: by its authored name, else by the name that the layers make of
// it, else the only one of its kind in its origin.
func (s *search) declared(file string, l *layer) declaration {
	src := s.files.read(file)
	var found, kin []*yaml.Node
	for _, node := range src.objects() {
		if text(node, "kind") != s.object.Kind || s.object.Kind == "" {
			continue
		}
		kin = append(kin, node)
		if name := text(node, "metadata", "name"); name == s.object.Original || s.object.Original == "" && slices.Contains(l.called(name), s.object.Name) {
			found = append(found, node)
		}
	}
	if len(found) == 0 && s.object.Original == "" && s.object.Origin == file {
		found = longest(kin, s.object.Name)
	}
	if len(found) == 0 {
		return declaration{}
	}
	for _, node := range found { // the namespace decides among equals
		if ns := text(node, "metadata", "namespace"); ns != "" && ns == s.object.Namespace {
			return declaration{src, node}
		}
	}
	return declaration{src, found[0]}
}

// longest returns the only node, else the one whose whole name is in the rendered name, the longest of several.
func longest(all []*yaml.Node, rendered string) []*yaml.Node {
	if len(all) <= 1 {
		return all
	}
	var best *yaml.Node
	for _, node := range all {
		name := text(node, "metadata", "name")
		if strings.Contains(rendered, name) && (best == nil || len(name) > len(text(best, "metadata", "name"))) {
			best = node
		}
	}
	if best == nil {
		return nil
	}
	return []*yaml.Node{best}
}

// objects returns the documents of a source and the items of its lists.
func (s *source) objects() []*yaml.Node {
	var all []*yaml.Node
	for _, doc := range s.docs {
		all = append(append(all, doc), items(doc, "items")...)
	}
	return all
}

// called returns what the layers from l outwards make of a name, one name for each way to the overlay.
func (l *layer) called(name string) []string { return l.call(nil, name, 0) }

func (l *layer) call(all []string, name string, depth int) []string {
	if l == nil || depth > maxDepth || len(all) >= maxNames {
		return append(all, name)
	}
	name = text(l.root, "namePrefix") + name + text(l.root, "nameSuffix")
	if len(l.outer) == 0 {
		return append(all, name)
	}
	for _, outer := range l.outer {
		all = outer.call(all, name, depth+1)
	}
	return all
}

// maxNames bounds how many ways from a base to the overlay are told apart.
const maxNames = 64

// names returns the names that a resource has on its way through the layers, the authored one first.
func names(name, rendered string, layers []*layer) []string {
	all := []string{name}
	for _, l := range slices.Backward(layers) {
		name = text(l.root, "namePrefix") + name + text(l.root, "nameSuffix")
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	if rendered != "" && !slices.Contains(all, rendered) {
		all = append(all, rendered)
	}
	return all
}

// contentHash is what kustomize appends to the names of generated objects.
var contentHash = regexp.MustCompile(`-[0-9a-z]{10}$`)

// unhashed returns a name without the hash of its content.
func unhashed(name string) string { return contentHash.ReplaceAllString(name, "") }
