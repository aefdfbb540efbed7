package overlays

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"slices"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/git"
)

// extend brings the groups of a tree on one table: t with what was asked anew, and without what nobody asks any more.
func (t *table) extend(tree *git.Tree, groups []*group) (*table, error) {
	used, fresh := t.demand(groups)
	now := t
	if len(fresh) > 0 || slices.Contains(used, false) {
		var moved []lookup
		var err error
		if now, moved, err = t.merge(used, fresh); err != nil {
			return nil, err
		}
		for _, g := range groups {
			g.lookups = move(g.lookups, moved)
		}
		if err := now.fill(tree, fresh); err != nil {
			return nil, err
		}
	}
	for _, g := range groups {
		if g.asked == nil {
			continue
		}
		if err := g.of(now); err != nil {
			return nil, err
		}
	}
	return now, nil
}

// move returns lookups of another table. The old ones may still be in use.
func move(lookups, moved []lookup) []lookup {
	now := make([]lookup, len(lookups))
	for i, l := range lookups {
		now[i] = moved[l.index()] | l&1
	}
	return now
}

// demand says which paths of the table the groups need, and which they need besides, sorted.
func (t *table) demand(groups []*group) (used []bool, fresh []string) {
	used = make([]bool, len(t.paths))
	used[0] = true
	unknown := map[string]struct{}{}
	need := func(name string) {
		if _, known := unknown[name]; known {
			return
		}
		if i, found := t.find(name); found {
			used[i] = true
			return
		}
		unknown[name] = struct{}{}
		fresh = append(fresh, name)
	}
	for _, g := range groups {
		for _, l := range g.lookups {
			used[l.index()] = true
		}
		for _, l := range g.asked {
			name, list := asked(l)
			if need(name); list {
				need(name + "/")
			}
		}
	}
	slices.SortFunc(fresh, treeOrder)
	return used, fresh
}

// merge returns a table of the used paths and the fresh ones, and where each path of t went.
func (t *table) merge(used []bool, fresh []string) (*table, []lookup, error) {
	paths := make([]string, 0, len(t.paths)+len(fresh))
	moved := make([]lookup, len(t.paths))
	for i, name := range t.paths {
		if !used[i] {
			continue
		}
		for len(fresh) > 0 && treeOrder(fresh[0], name) < 0 {
			paths, fresh = append(paths, fresh[0]), fresh[1:]
		}
		moved[i] = lookup(len(paths)) << 1
		paths = append(paths, name)
	}
	now, err := newTable(append(paths, fresh...))
	if err != nil {
		return nil, nil, err
	}
	for i, to := range moved {
		if used[i] {
			now.kinds[to.index()], now.ids[to.index()] = t.kinds[i], t.ids[i]
		}
	}
	return now, moved, nil
}

// fill asks the tree about some paths of the table.
func (t *table) fill(tree *git.Tree, names []string) error {
	for _, name := range names {
		i, found := t.find(name)
		if !found {
			return fmt.Errorf("path %q is not known", name)
		}
		var err error
		if t.kinds[i], t.ids[i], err = find(tree, name); err != nil {
			return fmt.Errorf("look up %s: %w", name, err)
		}
	}
	return nil
}

// find returns what a tree has at a path of a table.
func find(tree *git.Tree, name string) (git.Kind, git.Hash, error) {
	if len(name) > 0 && name[len(name)-1] == '/' {
		id, err := listed(tree, cmp.Or(name[:len(name)-1], "."))
		return listing, id, err
	}
	e, err := tree.Entry(name)
	return e.Kind, e.Hash, err
}

// listed returns an id of what a folder lists to the catalog.
func listed(tree *git.Tree, dir string) (id git.Hash, err error) {
	entries, err := tree.ReadDir(dir)
	if err != nil {
		return id, err
	}
	sum := sha256.New()
	for _, e := range entries {
		if matters(e) {
			fmt.Fprintf(sum, "%s\x00%d\n", e.Name(), e.Type())
		}
	}
	copy(id[:], sum.Sum(nil))
	return id, nil
}

// matters says whether an entry of a folder can be a component, or on the way to one. Most files are neither: adding one should not mean
// reading the catalog again.
func matters(e fs.DirEntry) bool {
	return !e.Type().IsRegular() || e.Name() == config.CatalogFile
}
