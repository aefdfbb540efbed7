package git

import (
	"cmp"
	"context"
	"fmt"
	"iter"
)

// Version is the state of a path since a commit.
type Version struct {
	Commit *Commit
	Entry  Hash    // object id at the path; ZeroHash where it did not exist
	Landed *Commit // the merge that brought Commit to the line of the walk, else Commit itself
}

// Versions walks the history of a path from a commit backwards and yields each version with the commit that brought it, newest first. At
// a merge it follows the parent which the path came from, the first where several have it, as git log does: so it finds what the path went
// through also where somebody merged the branch into a line of their own and pushed that.
func (r *Repository) Versions(ctx context.Context, from Hash, path string) iter.Seq2[Version, error] {
	return func(yield func(Version, error) bool) {
		commit, err := r.Commit(from)
		if err != nil {
			yield(Version{}, err)
			return
		}
		entry, err := r.Tree(commit.TreeHash).EntryHash(path)
		var landed *Commit // of the version at hand, where a merge was passed
		for err == nil {
			var next *Commit
			var before Hash
			if next, before, err = r.origin(ctx, commit, entry, path); err != nil {
				break
			}
			ends := next == nil || before != entry
			if ends && !yield(Version{commit, entry, cmp.Or(landed, commit)}, nil) || next == nil {
				return
			}
			switch {
			case ends:
				landed = nil
			case landed == nil && next.Hash != commit.Parents[0]:
				landed = commit
			}
			commit, entry = next, before
		}
		yield(Version{}, err)
	}
}

// origin returns the parent which a path came from, with its entry there: the first parent that has the same entry, else the first. At a
// root commit it returns nil.
func (r *Repository) origin(ctx context.Context, commit *Commit, entry Hash, path string) (*Commit, Hash, error) {
	if err := ctx.Err(); err != nil || len(commit.Parents) == 0 {
		return nil, ZeroHash, err
	}
	if err := r.deepen(ctx, commit); err != nil {
		return nil, ZeroHash, err
	}
	var first *Commit
	var firstEntry Hash
	for i, hash := range commit.Parents {
		parent, err := r.Commit(hash)
		if err == nil {
			err = r.window(ctx, parent, path)
		}
		if err != nil {
			return nil, ZeroHash, err
		}
		there := entry
		if parent.TreeHash != commit.TreeHash {
			if there, err = r.Tree(parent.TreeHash).EntryHash(path); err != nil {
				return nil, ZeroHash, err
			}
		}
		if there == entry {
			return parent, there, nil
		}
		if i == 0 {
			first, firstEntry = parent, there
		}
	}
	return first, firstEntry, nil
}

// parent returns the first parent of a commit, with some paths readable in it.
func (r *Repository) parent(ctx context.Context, commit *Commit, paths ...string) (*Commit, error) {
	if err := r.deepen(ctx, commit); err != nil {
		return nil, err
	}
	parent, err := r.Commit(commit.Parents[0])
	if err != nil {
		return nil, err
	}
	return parent, r.window(ctx, parent, paths...)
}

// deepen makes the parents of a commit readable, and with them the more of history the further back it goes.
func (r *Repository) deepen(ctx context.Context, commit *Commit) error {
	if len(r.objects.lacking(commit.Parents)) == 0 {
		return nil
	}
	err := r.load(ctx, wants{commits: commit.Parents, depth: r.stride()})
	switch {
	case err == nil:
		return nil
	case r.local != nil && !r.complete:
		return fmt.Errorf("history ends at %s, where the clone is shallow (actions/checkout with fetch-depth: 0 gets all of it): %w", short(commit.Hash), err)
	default:
		return fmt.Errorf("history ends at %s: %w", short(commit.Hash), err)
	}
}

// The strides of history: how many generations are fetched at a time.
const (
	firstStride = 32
	lastStride  = 8192
)

// stride returns how many generations to fetch next: with every fetch four times as many, so that their number stays small and what is
// fetched in vain is bounded by what was needed.
func (r *Repository) stride() int {
	r.treesMu.Lock()
	defer r.treesMu.Unlock()
	r.strides = min(max(r.strides*4, firstStride), lastStride)
	return r.strides
}

// window makes a path readable in a commit and the first-parent commits behind it that are here, so that a walk along them makes some round
// trips for every window rather than for every commit.
func (r *Repository) window(ctx context.Context, commit *Commit, paths ...string) error {
	if len(r.objects.lacking([]Hash{commit.TreeHash})) == 0 {
		return nil
	}
	var roots []Hash
	for range r.windowSize() {
		roots = append(roots, commit.TreeHash)
		if len(commit.Parents) == 0 || len(r.objects.lacking(commit.Parents[:1])) > 0 {
			break
		}
		parent, err := r.Commit(commit.Parents[0])
		if err != nil {
			return err
		}
		commit = parent
	}
	return r.Prefetch(ctx, roots, paths...)
}

// The windows of history: how many commits a walk looks at in one go.
const (
	firstWindow = 8
	lastWindow  = 256
)

func (r *Repository) windowSize() int {
	r.treesMu.Lock()
	defer r.treesMu.Unlock()
	r.windows = min(max(r.windows*2, firstWindow), lastWindow)
	return r.windows
}

// Between returns the commits on the first-parent line from newer back to, but without, older which changed a path, newest first.
// ok is false where older is not on that line; the search for it ends a day of commits before it, since clocks are not that wrong.
func (r *Repository) Between(ctx context.Context, older, newer Hash, path string) (commits []*Commit, ok bool, err error) {
	commit, err := r.Commit(newer)
	if err != nil {
		return nil, false, err
	}
	end, err := r.Commit(older)
	if err != nil {
		return nil, false, err
	}
	earliest := end.Committer.When.AddDate(0, 0, -1)
	for commit.Hash != older {
		if err := ctx.Err(); err != nil {
			return nil, false, err
		}
		if len(commit.Parents) == 0 || commit.Committer.When.Before(earliest) {
			return nil, false, nil
		}
		parent, err := r.parent(ctx, commit, path)
		if err != nil {
			return nil, false, err
		}
		now, err := r.Tree(commit.TreeHash).EntryHash(path)
		if err != nil {
			return nil, false, err
		}
		before, err := r.Tree(parent.TreeHash).EntryHash(path)
		if err != nil {
			return nil, false, err
		}
		if now != before {
			commits = append(commits, commit)
		}
		commit = parent
	}
	return commits, true, nil
}
