package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// Kind says what lies at a path.
type Kind uint8

// What can lie at a path. A Tree shows executables as files and submodules as empty folders.
const (
	Absent Kind = iota
	File
	Executable
	Symlink
	Folder
	Submodule
	Unreadable // a mode that Git does not write
)

// Entry is what lies at a path. The zero Entry is nothing.
type Entry struct {
	Kind Kind
	Hash Hash // of a submodule, its commit
}

// PathChange is a path that has another entry in one tree than in another.
type PathChange struct {
	Path          string
	Before, After Entry
}

// maxChanges bounds Changes: a tree of a few kilobytes can name the same folder so often that its paths fit in no memory.
const maxChanges = 1 << 20

// ErrTooManyChanges says that two trees differ in more paths than a repository has.
var ErrTooManyChanges = errors.New("the trees differ in too many paths")

// Changes returns the paths that differ between two trees, by path: files, symlinks, submodules, and those folders that are in one tree alone.
// Folders that are the same are not looked into, so that the cost is that of the difference. ZeroHash is the empty tree.
func (r *Repository) Changes(ctx context.Context, from, to Hash) ([]PathChange, error) {
	c := comparison{repo: r, limit: maxChanges}
	if err := c.folders(ctx, "", from, to); err != nil {
		return nil, fmt.Errorf("compare trees %s and %s: %w", short(from), short(to), err)
	}
	slices.SortFunc(c.changes, func(a, b PathChange) int { return strings.Compare(a.Path, b.Path) })
	return c.changes, nil
}

// Entry returns what lies at a path, without following symlinks.
func (t *Tree) Entry(name string) (Entry, error) {
	entry, err := t.lstat("lookup", name)
	if errors.Is(err, fs.ErrNotExist) {
		return Entry{}, nil
	}
	if err != nil {
		return Entry{}, err
	}
	return entryOf(entry), nil
}

func entryOf(e object.TreeEntry) Entry {
	return Entry{Kind: kindOf(e.Mode), Hash: e.Hash}
}

func kindOf(m filemode.FileMode) Kind {
	switch m {
	case filemode.Dir:
		return Folder
	case filemode.Submodule:
		return Submodule
	case filemode.Symlink:
		return Symlink
	case filemode.Executable:
		return Executable
	case filemode.Regular, filemode.Deprecated:
		return File
	default:
		return Unreadable
	}
}

// comparison collects the differences of two trees.
type comparison struct {
	repo    *Repository
	changes []PathChange
	limit   int
}

// folders compares what two folders hold; dir is "" or ends in a slash. Names are taken as they are: hostile trees have "..".
func (c *comparison) folders(ctx context.Context, dir string, from, to Hash) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	before, err := c.entries(from)
	if err != nil {
		return err
	}
	after, err := c.entries(to)
	if err != nil {
		return err
	}
	old, now := byName(differing(before, after))
	for name, e := range old {
		if err := c.entry(ctx, dir+name, e, now[name]); err != nil {
			return err
		}
	}
	for name, e := range now {
		if _, known := old[name]; known {
			continue
		}
		if err := c.entry(ctx, dir+name, Entry{}, e); err != nil {
			return err
		}
	}
	return nil
}

func (c *comparison) entry(ctx context.Context, name string, before, after Entry) error {
	if before == after {
		return nil
	}
	if before.Kind != Folder || after.Kind != Folder {
		if len(c.changes) == c.limit {
			return ErrTooManyChanges
		}
		c.changes = append(c.changes, PathChange{name, before, after})
	}
	if before.Kind != Folder && after.Kind != Folder {
		return nil
	}
	return c.folders(ctx, name+"/", before.folder(), after.folder())
}

// folder returns the tree behind an entry; what is no folder holds as much as an empty one.
func (e Entry) folder() Hash {
	if e.Kind != Folder {
		return ZeroHash
	}
	return e.Hash
}

func (c *comparison) entries(h Hash) ([]object.TreeEntry, error) {
	if h == ZeroHash || h == emptyTree {
		return nil, nil
	}
	t, err := c.repo.tree(h)
	if err != nil {
		return nil, err
	}
	return t.entries, nil
}

// differing cuts off what two lists have in common at their start and end: of a folder of thousands, most often all but a few.
func differing(a, b []object.TreeEntry) (restA, restB []object.TreeEntry) {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return a, b
}

// byName indexes two lists. Of several entries of a name the first counts, as everywhere.
func byName(a, b []object.TreeEntry) (inA, inB map[string]Entry) {
	index := func(list []object.TreeEntry) map[string]Entry {
		entries := make(map[string]Entry, len(list))
		for _, e := range slices.Backward(list) {
			entries[e.Name] = entryOf(e)
		}
		return entries
	}
	return index(a), index(b)
}
