package placement

import (
	"io/fs"
	"path"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Bounds on following what kustomizations name; real overlays stay far below.
const (
	maxDepth  = 32
	maxLayers = 500
)

// layer is one kustomization with the files it declares resources in.
type layer struct {
	source    *source
	root      *yaml.Node
	dir       string
	resources []string // files
	inner     []*layer // outermost first
}

// walk returns the kustomizations below an overlay, outermost first. Where the origin is known and only some of the
// resources lead to it, the others are left out: they may hold a resource of the same kind and name.
func (f *files) walk(dir, origin string) []*layer {
	w := &walker{files: f, origin: origin, seen: map[string]bool{}}
	top := w.enter(path.Clean(dir), 0)
	if top == nil {
		return nil
	}
	return top.flatten(nil)
}

type walker struct {
	files  *files
	origin string
	seen   map[string]bool
}

func (w *walker) enter(dir string, depth int) *layer {
	if w.seen[dir] || depth > maxDepth || len(w.seen) >= maxLayers || !fs.ValidPath(dir) {
		return nil
	}
	w.seen[dir] = true
	l := &layer{dir: dir}
	for _, name := range []string{"kustomization.yaml", "kustomization.yml", "Kustomization"} {
		if s := w.files.read(path.Join(dir, name)); len(s.docs) > 0 {
			l.source, l.root = s, s.docs[0]
			break
		}
	}
	if l.root == nil {
		return nil
	}
	components := items(l.root, "components")
	for _, item := range slices.Backward(components) { // the last component is applied last
		if name, ok := join(dir, resolve(item).Value); ok {
			if inner := w.enter(name, depth+1); inner != nil {
				l.inner = append(l.inner, inner)
			}
		}
	}
	l.inner = append(l.inner, w.bases(l, depth)...)
	return l
}

// bases enters the folders that a layer takes resources from.
func (w *walker) bases(l *layer, depth int) []*layer {
	var all, leading []*layer
	for _, item := range append(slices.Clone(items(l.root, "resources")), items(l.root, "bases")...) {
		name, ok := join(l.dir, resolve(item).Value)
		if !ok {
			continue
		}
		info, err := fs.Stat(w.files.root, name)
		switch {
		case err != nil:
		case !info.IsDir():
			l.resources = append(l.resources, name)
		default:
			if inner := w.enter(name, depth+1); inner != nil {
				all = append(all, inner)
				if inner.declares(w.origin) {
					leading = append(leading, inner)
				}
			}
		}
	}
	if len(leading) > 0 {
		return leading
	}
	return all
}

func (l *layer) declares(file string) bool {
	return file != "" && (l.source.file == file || slices.Contains(l.resources, file) ||
		slices.ContainsFunc(l.inner, func(inner *layer) bool { return inner.declares(file) }))
}

func (l *layer) flatten(all []*layer) []*layer {
	all = append(all, l)
	for _, inner := range l.inner {
		all = inner.flatten(all)
	}
	return all
}

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

// declaration is the document that declares a resource.
type declaration struct {
	source *source
	node   *yaml.Node
}

// origin finds the target's declaration in its origin, else in the files of the layers, else in what the render read.
func (s *search) origin(layers []*layer) (declaration, bool) {
	var where []string
	if s.target.Origin != "" {
		where = append(where, s.target.Origin)
	} else {
		for _, l := range layers {
			where = append(where, l.resources...)
		}
		where = append(where, s.target.Reads...)
	}
	for _, file := range where {
		if node := s.declared(s.files.read(file)); node != nil {
			return declaration{s.files.read(file), node}, true
		}
	}
	return s.generated(layers)
}

func (s *search) declared(src *source) *yaml.Node {
	var found *yaml.Node
	namespace := text(s.rendered, "metadata", "namespace")
	for _, doc := range src.docs {
		for _, node := range append([]*yaml.Node{doc}, items(doc, "items")...) {
			if text(node, "kind") != s.target.Kind || text(node, "metadata", "name") != s.target.Name || s.target.Kind == "" {
				continue
			}
			if found == nil || namespace != "" && text(node, "metadata", "namespace") == namespace {
				found = node
			}
		}
	}
	return found
}

// generated finds the generator's entry of a generated resource.
func (s *search) generated(layers []*layer) (declaration, bool) {
	generator := map[string]string{"ConfigMap": "configMapGenerator", "Secret": "secretGenerator"}[s.target.Kind]
	if generator == "" {
		return declaration{}, false
	}
	for _, l := range layers {
		for _, entry := range items(l.root, generator) {
			if text(entry, "name") == s.target.Name && s.target.Name != "" {
				return declaration{l.source, resolve(entry)}, true
			}
		}
	}
	return declaration{}, false
}
