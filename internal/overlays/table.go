package overlays

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/render"
)

// table holds what one tree has at every path that a render, the configuration or the catalog asked about. Each path is in it once, however
// many overlays asked. It is never changed.
type table struct {
	paths []string // in treeOrder, so that a folder is followed by all that is below it; the first is the root, ""
	next  []int    // of each path, the first that is not below it
	kinds []git.Kind
	ids   []git.Hash
}

// listing is the kind of what a folder lists, which has a path of its own: that of the folder and a slash. Its id is of the names in it.
const listing git.Kind = 255

// lookup refers to a path of a table: its index, doubled, and 1 where the content was read too.
type lookup int

func (l lookup) index() int { return int(l >> 1) }
func (l lookup) read() bool { return l&1 == 1 }

// treeOrder sorts as a walk through the tree would meet paths: the slash before everything else.
func treeOrder(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		switch x, y := a[i], b[i]; {
		case x == y:
		case x == '/':
			return -1
		case y == '/':
			return 1
		default:
			return cmp.Compare(x, y)
		}
	}
	return cmp.Compare(len(a), len(b))
}

// newTable returns a table of sorted paths, with nothing known of them. It fails where a path is out of order, or its folder is not in the table.
func newTable(paths []string) (*table, error) {
	t := &table{paths: paths, next: make([]int, len(paths)), kinds: make([]git.Kind, len(paths)), ids: make([]git.Hash, len(paths))}
	if len(paths) == 0 || paths[0] != "" {
		return nil, fmt.Errorf("%d paths without the root", len(paths))
	}
	above := []int{0}
	for i := 1; i < len(paths); i++ {
		if treeOrder(paths[i-1], paths[i]) >= 0 {
			return nil, fmt.Errorf("path %q is not after %q", paths[i], paths[i-1])
		}
		for !below(paths[i], paths[above[len(above)-1]]) {
			t.next[above[len(above)-1]] = i
			above = above[:len(above)-1]
		}
		if folder := paths[above[len(above)-1]]; strings.Contains(base(paths[i], folder), "/") && !isListing(paths[i], folder) {
			return nil, fmt.Errorf("path %q without its folder", paths[i])
		}
		above = append(above, i)
	}
	for _, i := range above {
		t.next[i] = len(paths)
	}
	return t, nil
}

// below says whether a path lies below a folder. What a folder lists has nothing below it.
func below(name, folder string) bool {
	if folder == "" {
		return true
	}
	return len(name) > len(folder) && name[len(folder)] == '/' && folder[len(folder)-1] != '/' && strings.HasPrefix(name, folder)
}

func isListing(name, folder string) bool {
	return len(name) == len(folder)+1 && name[len(name)-1] == '/'
}

// base returns the path from a folder it is below.
func base(name, folder string) string {
	if folder == "" {
		return name
	}
	return name[len(folder)+1:]
}

func (t *table) find(name string) (int, bool) {
	return slices.BinarySearchFunc(t.paths, name, treeOrder)
}

// asked returns the paths of a table that a lookup is about.
func asked(l render.Lookup) (name string, list bool) {
	if l.Path == "." {
		l.Path = ""
	}
	return l.Path, l.Kind == render.Folder && l.Read
}

// answer returns what a Recorder is told about a path where Git has an entry of this kind.
func answer(k git.Kind) render.Kind {
	switch k {
	case git.Absent:
		return render.Absent
	case git.Folder, git.Submodule:
		return render.Folder
	case git.Symlink:
		return render.Symlink
	default:
		return render.File
	}
}

// group is what one overlay, or the configuration with the catalog, asked: as it was asked, or as lookups of a table.
type group struct {
	asked   []render.Lookup
	lookups []lookup
}

// of makes lookups of what was asked.
func (g *group) of(t *table) error {
	add := func(name string, read bool) error {
		i, found := t.find(name)
		if !found {
			return fmt.Errorf("path %q is not known", name)
		}
		l := lookup(i) << 1
		if read {
			l |= 1
		}
		g.lookups = append(g.lookups, l)
		return nil
	}
	g.lookups = make([]lookup, 0, len(g.asked))
	for _, l := range g.asked {
		name, list := asked(l)
		if err := add(name, l.Read && !list); err != nil {
			return err
		}
		if kind := t.kinds[g.lookups[len(g.lookups)-1].index()]; answer(kind) != l.Kind {
			return fmt.Errorf("%q was seen as %d, and is %d", name, l.Kind, kind)
		}
		if list {
			if err := add(name+"/", true); err != nil {
				return err
			}
		}
	}
	g.asked = nil
	slices.Sort(g.lookups)
	return nil
}

// emptyTable returns a table of which nothing was asked.
func emptyTable() *table {
	return &table{paths: []string{""}, next: []int{1}, kinds: []git.Kind{git.Absent}, ids: []git.Hash{git.ZeroHash}}
}
