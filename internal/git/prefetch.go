package git

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// Prefetch makes what lies at some paths readable, in one round trip for each level of folders whatever their number. A path may have
// patterns of path.Match for its parts, and "**" for any number of folders; as the last part that is all there is. What is not there is no
// error: who reads it gets one.
func (t *Tree) Prefetch(ctx context.Context, patterns ...string) error {
	return t.repo.Prefetch(ctx, []Hash{t.hash}, patterns...)
}

// place is a folder and what is wanted of it.
type place struct {
	folder Hash
	below  [][]string // the parts of the patterns that are left
	known  map[string]bool
}

// add adds patterns, each once: a folder that holds the same folder many times over would else double them on every level.
func (p *place) add(patterns [][]string) {
	if p.known == nil {
		p.known = map[string]bool{}
	}
	for _, parts := range patterns {
		if key := strings.Join(parts, "/"); !p.known[key] {
			p.known[key] = true
			p.below = append(p.below, parts)
		}
	}
}

const everything = "**"

// Prefetch is Tree.Prefetch for several trees at once.
func (r *Repository) Prefetch(ctx context.Context, roots []Hash, patterns ...string) error {
	var split [][]string
	for _, p := range patterns {
		if p = path.Clean(p); p != "." {
			parts := strings.Split(p, "/")
			split = append(split, slices.CompactFunc(parts, func(a, b string) bool { return a == everything && b == everything }))
		}
	}
	var level []place
	for _, root := range roots {
		level = append(level, place{folder: root, below: split})
	}
	var files []Hash // found on the level above; they come with the folders of this one
	for len(level)+len(files) > 0 && len(split) > 0 {
		if err := r.load(ctx, r.wantedOf(level, files)); err != nil {
			return err
		}
		var err error
		if level, files, err = r.down(level); err != nil {
			return err
		}
	}
	return nil
}

// wantedOf returns what has to be here to go on below the folders of a level.
func (r *Repository) wantedOf(level []place, files []Hash) wants {
	w := wants{blobs: files}
	for _, p := range level {
		switch {
		case !wantsAll(p.below):
			w.trees = append(w.trees, p.folder)
		case len(r.objects.lacking([]Hash{p.folder})) > 0:
			w.closures = append(w.closures, p.folder)
		}
	}
	return w
}

func wantsAll(below [][]string) bool {
	return slices.ContainsFunc(below, func(parts []string) bool { return len(parts) == 1 && parts[0] == everything })
}

// down goes one level down: it returns the folders that are wanted there, and the files.
func (r *Repository) down(level []place) (next []place, files []Hash, err error) {
	at := map[Hash]int{} // the same folder may be wanted of many roots
	for _, p := range level {
		tree, err := r.tree(p.folder)
		if err != nil {
			return nil, nil, err
		}
		for _, e := range tree.candidates(p.below) {
			ends, below := follow(e.Name, p.below)
			if ends && (e.Mode.IsFile() || e.Mode == filemode.Symlink) {
				files = append(files, e.Hash)
			}
			if len(below) == 0 || e.Mode != filemode.Dir {
				continue
			}
			i, seen := at[e.Hash]
			if !seen {
				i, at[e.Hash] = len(next), len(next)
				next = append(next, place{folder: e.Hash})
			}
			next[i].add(below)
		}
	}
	return next, files, nil
}

// candidates returns the entries that patterns may mean: a folder of thousands is not searched where they have no wildcards.
func (t *tree) candidates(below [][]string) []object.TreeEntry {
	var named []object.TreeEntry
	seen := map[string]bool{}
	for _, parts := range below {
		if strings.ContainsAny(parts[0], `*?[\`) {
			return t.entries
		}
		if e, found := t.entry(parts[0]); found && !seen[e.Name] {
			seen[e.Name] = true
			named = append(named, e)
		}
	}
	return named
}

// follow says whether one of the patterns ends at an entry, and returns what is left of those that go on below it.
func follow(name string, patterns [][]string) (ends bool, below [][]string) {
	for _, parts := range patterns {
		if parts[0] == everything {
			below = append(below, parts)
			if parts = parts[1:]; len(parts) == 0 {
				ends = true
				continue
			}
		}
		if ok, err := path.Match(parts[0], name); err != nil || !ok {
			continue
		}
		if len(parts) == 1 {
			ends = true
		} else {
			below = append(below, parts[1:])
		}
	}
	return ends, below
}
