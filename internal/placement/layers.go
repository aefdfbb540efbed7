package placement

import (
	"io/fs"
	"path"
	"slices"
	"strings"

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
	resources []string     // files
	remote    []*yaml.Node // the items of resources that are no path of the repository
	inner     []*layer     // outermost first
	outer     []*layer     // those that lead here; none for the overlay itself
}

// walk returns the kustomizations below an overlay, each before those it includes. Where the origin is known and only some
// of the resources lead to it, the others are left out: they may hold a resource of the same kind and name.
func (f *files) walk(dir, origin string) []*layer {
	key := dir + "\n" + origin
	if known, ok := f.walks[key]; ok {
		return known
	}
	w := &walker{files: f, origin: origin, known: map[string]*layer{}}
	var all []*layer
	if top := w.enter(path.Clean(dir), nil, 0); top != nil {
		all = top.flatten(nil, map[*layer]bool{})
		slices.Reverse(all)
	}
	f.walks[key] = all
	return all
}

type walker struct {
	files  *files
	origin string
	known  map[string]*layer // nil while it is entered
}

func (w *walker) enter(dir string, outer *layer, depth int) *layer {
	if known, ok := w.known[dir]; ok {
		if known != nil {
			known.outer = append(known.outer, outer)
		}
		return known
	}
	if depth > maxDepth || len(w.known) >= maxLayers || !fs.ValidPath(dir) {
		return nil
	}
	w.known[dir] = nil
	l := &layer{dir: dir}
	if outer != nil {
		l.outer = append(l.outer, outer)
	}
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
			if inner := w.enter(name, l, depth+1); inner != nil {
				l.inner = append(l.inner, inner)
			}
		}
	}
	l.inner = append(l.inner, w.bases(l, depth)...)
	w.known[dir] = l
	return l
}

// bases enters the folders that a layer takes resources from.
func (w *walker) bases(l *layer, depth int) []*layer {
	var all, leading []*layer
	for _, item := range append(slices.Clone(items(l.root, "resources")), items(l.root, "bases")...) {
		name, ok := join(l.dir, resolve(item).Value)
		if strings.Contains(resolve(item).Value, "://") {
			l.remote = append(l.remote, item)
		}
		if !ok {
			continue
		}
		info, err := fs.Stat(w.files.root, name)
		switch {
		case err != nil:
			if !strings.HasPrefix(resolve(item).Value, ".") { // such as github.com/org/repo
				l.remote = append(l.remote, item)
			}
		case !info.IsDir():
			l.resources = append(l.resources, name)
		default:
			if inner := w.enter(name, l, depth+1); inner != nil {
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

// flatten appends the layers below l and l itself, each after those it includes.
func (l *layer) flatten(all []*layer, seen map[*layer]bool) []*layer {
	if seen[l] {
		return all
	}
	seen[l] = true
	for _, inner := range slices.Backward(l.inner) {
		all = inner.flatten(all, seen)
	}
	return append(all, l)
}
