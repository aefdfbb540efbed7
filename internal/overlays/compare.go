package overlays

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/org/platform/internal/git"
)

// change says what became of a path from one tree to another.
type change uint8

const (
	answerChanged  change = 1 << iota // it is something else, or there no more
	contentChanged                    // whoever read it would now read something else
)

// at returns the table as it is in another tree, and what changed. A folder with the id it had is not looked into, so that the cost is that of
// the difference; the tree which the table was made from is not needed any more.
func (t *table) at(ctx context.Context, repo *git.Repository, tree git.Hash) (*table, []change, error) {
	c := comparison{
		repo: repo, old: t, changes: make([]change, len(t.paths)),
		now: &table{paths: t.paths, next: t.next, kinds: append([]git.Kind(nil), t.kinds...), ids: append([]git.Hash(nil), t.ids...)},
	}
	if err := c.entry(ctx, 0, git.Entry{Kind: git.Folder, Hash: tree}); err != nil {
		return nil, nil, fmt.Errorf("compare what was read with tree %s: %w", tree, err)
	}
	return c.now, c.changes, nil
}

type comparison struct {
	repo     *git.Repository
	old, now *table
	changes  []change
}

// entry compares what is at a path of the table with what was there.
func (c *comparison) entry(ctx context.Context, i int, e git.Entry) error {
	old := git.Entry{Kind: c.old.kinds[i], Hash: c.old.ids[i]}
	if e == old {
		return nil
	}
	c.now.kinds[i], c.now.ids[i] = e.Kind, e.Hash
	if answer(e.Kind) != answer(old.Kind) {
		c.changes[i] = answerChanged | contentChanged
	}
	if e.Hash != old.Hash || e.Kind == git.Unreadable || old.Kind == git.Unreadable { // an executable reads as any other file
		c.changes[i] |= contentChanged
	}
	return c.folder(ctx, i, e)
}

// folder compares what is below a path of the table.
func (c *comparison) folder(ctx context.Context, i int, e git.Entry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var tree *git.Tree // nil is as good as an empty one
	if e.Kind == git.Folder {
		tree = c.repo.Tree(e.Hash)
	}
	for j := i + 1; j < c.old.next[i]; j = c.old.next[j] {
		if c.old.kinds[j] == listing {
			if err := c.listing(j, tree); err != nil {
				return err
			}
			continue
		}
		var child git.Entry
		if tree != nil {
			var err error
			if child, err = tree.Entry(base(c.old.paths[j], c.old.paths[i])); err != nil {
				return err
			}
		}
		if err := c.entry(ctx, j, child); err != nil {
			return err
		}
	}
	return nil
}

func (c *comparison) listing(i int, tree *git.Tree) error {
	id := nothingListed
	if tree != nil {
		var err error
		if id, err = listed(tree, "."); err != nil {
			return err
		}
	}
	if id != c.old.ids[i] {
		c.now.ids[i], c.changes[i] = id, answerChanged|contentChanged
	}
	return nil
}

// nothingListed is the id of what an empty folder lists.
var nothingListed = git.Hash(sha256.New().Sum(nil)[:len(git.Hash{})])

// affects says whether what one of the lookups found is no longer so.
func affects(changes []change, lookups []lookup) bool {
	return changes != nil && slices.ContainsFunc(lookups, func(l lookup) bool { return changes[l.index()].affects(l) })
}

func (c change) affects(l lookup) bool { return c&answerChanged != 0 || c != 0 && l.read() }
