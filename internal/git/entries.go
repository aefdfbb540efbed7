package git

import (
	"fmt"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// tree is a decoded tree object.
type tree struct {
	entries []object.TreeEntry
	byName  map[string]int // the first of a name counts, as for git
}

func (t *tree) entry(name string) (object.TreeEntry, bool) {
	i, found := t.byName[name]
	if !found {
		return object.TreeEntry{}, false
	}
	return t.entries[i], true
}

// tree returns a decoded tree object; trees are small and read again and again, so they are kept.
func (r *Repository) tree(h Hash) (*tree, error) {
	r.treesMu.Lock()
	t, ok := r.trees[h]
	r.treesMu.Unlock()
	if ok {
		return t, nil
	}
	obj, err := r.object(plumbing.TreeObject, h)
	if err != nil {
		return nil, fmt.Errorf("tree %s: %w", h, err)
	}
	decoded, err := object.DecodeTree(r.objects, obj)
	if err != nil {
		return nil, fmt.Errorf("tree %s: %w", h, err)
	}
	t = &tree{entries: decoded.Entries, byName: make(map[string]int, len(decoded.Entries))}
	for i, e := range t.entries {
		if _, seen := t.byName[e.Name]; !seen {
			t.byName[e.Name] = i
		}
	}
	r.treesMu.Lock()
	r.trees[h] = t
	r.treesMu.Unlock()
	return t, nil
}
