package git

import (
	"context"
	"fmt"
	"io/fs"
	"iter"
	"strings"
	"time"
)

// LastChange is the commit that brought a path what it is.
type LastChange struct {
	*Commit
	When    time.Time // Commit came: by its own clock, but no earlier than what it came on top of
	Earlier bool      // the path was changed no later than by this commit: how much earlier was not looked for
}

// LastChanges returns for each path the newest first-parent commit which changed it, in one walk that goes no further back than a time. It compares
// folders as they are stored and looks only into those that differ, so that thousands of paths cost what a few in the same folders do.
func (r *Repository) LastChanges(ctx context.Context, from Hash, paths []string, since time.Time) (map[string]LastChange, error) {
	changed := map[string]LastChange{}
	w := changeWalk{steps: steps{repo: r}}
	for _, name := range paths {
		if !fs.ValidPath(name) {
			return nil, &fs.PathError{Op: "lookup", Path: name, Err: fs.ErrInvalid}
		}
		w.open.add(name)
	}
	commit, err := r.Commit(from)
	if err == nil {
		err = r.window(ctx, commit, paths...)
	}
	if err != nil {
		return nil, err
	}
	for walk := r.lineFrom(commit); !w.open.empty() && commit != nil; {
		when, err := walk.when(ctx)
		if err != nil {
			return nil, err
		}
		ends := !when.After(since)
		var parent *Commit
		if !ends {
			if parent, err = walk.next(ctx, paths...); err != nil {
				return nil, err
			}
		}
		found, err := w.changes(commit.TreeHash, parent.tree())
		if err != nil {
			return nil, err
		}
		for _, name := range found {
			changed[name] = LastChange{Commit: commit, When: when, Earlier: ends && len(commit.Parents) > 0}
		}
		commit = parent
	}
	return changed, nil
}

// tree returns the tree of a commit; nil has none.
func (c *Commit) tree() Hash {
	if c == nil {
		return ZeroHash
	}
	return c.TreeHash
}

// LineCommit is a commit of a first-parent line, with those of some paths that it changed.
type LineCommit struct {
	*Commit
	Changed []string // in no order
}

// Line walks the first-parent line from a commit back to a time and yields every commit, newest first, with those of some paths that it changed.
func (r *Repository) Line(ctx context.Context, from Hash, paths []string, since time.Time) iter.Seq2[LineCommit, error] {
	return func(yield func(LineCommit, error) bool) {
		w := changeWalk{steps: steps{repo: r}, keep: true}
		for _, name := range paths {
			w.open.add(name)
		}
		commit, err := r.Commit(from)
		if err == nil {
			err = r.window(ctx, commit, paths...)
		}
		if err != nil {
			yield(LineCommit{}, err)
			return
		}
		for walk := r.lineFrom(commit); ; {
			var ended bool
			if ended, err = walk.older(ctx, since); ended || err != nil {
				break
			}
			var parent *Commit
			if parent, err = walk.next(ctx, paths...); err != nil {
				break
			}
			var changed []string
			if changed, err = w.changes(commit.TreeHash, parent.tree()); err != nil {
				break
			}
			if !yield(LineCommit{commit, changed}, nil) || parent == nil {
				return
			}
			commit = parent
		}
		if err != nil {
			yield(LineCommit{}, err)
		}
	}
}

// branch is a folder or file of the paths whose last change is not found yet.
type branch struct {
	path  string // that ends here, "" for none
	below map[string]*branch
}

func (b *branch) add(name string) {
	at := b
	for part := range strings.SplitSeq(name, "/") {
		if name == "." {
			break
		}
		next := at.below[part]
		if next == nil {
			if at.below == nil {
				at.below = map[string]*branch{}
			}
			next = &branch{}
			at.below[part] = next
		}
		at = next
	}
	at.path = name
}

func (b *branch) empty() bool { return b.path == "" && len(b.below) == 0 }

// changeWalk compares the trees of one commit after the other.
type changeWalk struct {
	steps
	open branch
	keep bool // paths stay open
}

// changes returns the open paths that differ between two trees, and closes them. ZeroHash is the empty tree.
func (w *changeWalk) changes(now, before Hash) ([]string, error) {
	w.steps.before, w.now = w.now, map[Hash][]byte{}
	w.forget(w.steps.before)
	if now == before {
		return nil, nil
	}
	var found []string
	if w.open.path != "" {
		found = w.close(&w.open, found)
	}
	return w.within(&w.open, now, before, found)
}

// within adds the open paths below a branch that differ between two folders.
func (w *changeWalk) within(b *branch, now, before Hash, found []string) ([]string, error) {
	if now == before || len(b.below) == 0 {
		return found, nil
	}
	after, err := w.tree(now)
	if err != nil {
		return nil, err
	}
	earlier, err := w.tree(before)
	if err != nil {
		return nil, err
	}
	was, is, err := differingEntries(earlier, after)
	if err != nil {
		return nil, fmt.Errorf("compare trees %s and %s: %w", short(before), short(now), err)
	}
	for name, entry := range is {
		if found, err = w.entry(b, name, entry, was[name], found); err != nil {
			return nil, err
		}
	}
	for name, entry := range was {
		if _, both := is[name]; both {
			continue
		}
		if found, err = w.entry(b, name, Entry{}, entry, found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// entry adds the open paths at and below an entry of a branch.
func (w *changeWalk) entry(b *branch, name string, now, before Entry, found []string) (all []string, err error) {
	below := b.below[name]
	if below == nil || now.Hash == before.Hash {
		return found, nil
	}
	if below.path != "" {
		found = w.close(below, found)
	}
	if found, err = w.within(below, now.folder(), before.folder(), found); err != nil {
		return nil, err
	}
	if below.empty() {
		delete(b.below, name)
	}
	return found, nil
}

// close adds the path that ends at a branch.
func (w *changeWalk) close(b *branch, found []string) []string {
	found = append(found, b.path)
	if !w.keep {
		b.path = ""
	}
	return found
}
