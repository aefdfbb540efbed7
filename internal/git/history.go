package git

import (
	"context"
	"fmt"
	"iter"
	"time"
)

// Version is the state of a path since a commit.
type Version struct {
	Commit *Commit
	Entry  Hash      // object id at the path; ZeroHash where it did not exist
	When   time.Time // Commit came: by its own clock, but no earlier than what it came on top of
}

// Versions walks the first-parent line from a commit backwards and yields each version of a path with the commit that brought it, newest first: what
// the branch itself went through. What a branch that was merged went through on its way is no part of it, and could be anything.
func (r *Repository) Versions(ctx context.Context, from Hash, path string) iter.Seq2[Version, error] {
	return func(yield func(Version, error) bool) {
		commit, err := r.Commit(from)
		if err != nil {
			yield(Version{}, err)
			return
		}
		walk := r.lineFrom(commit)
		entry, err := r.Tree(commit.TreeHash).EntryHash(path)
		for err == nil {
			version := Version{Commit: commit, Entry: entry}
			if version.When, err = walk.when(ctx); err != nil {
				break
			}
			var before Hash
			if commit, before, err = walk.entry(ctx, version, path); err != nil {
				break
			}
			if (commit == nil || before != entry) && !yield(version, nil) || commit == nil {
				return
			}
			entry = before
		}
		yield(Version{}, err)
	}
}

// entry goes to the first parent of the commit of a version, and returns it with what it has at a path; nil where history begins.
func (l *line) entry(ctx context.Context, v Version, path string) (*Commit, Hash, error) {
	parent, err := l.next(ctx, path)
	if err != nil || parent == nil {
		return nil, ZeroHash, err
	}
	if parent.TreeHash == v.Commit.TreeHash {
		return parent, v.Entry, nil
	}
	entry, err := l.repo.Tree(parent.TreeHash).EntryHash(path)
	return parent, entry, err
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
	walk := r.lineFrom(commit)
	for commit.Hash != older {
		ended, err := walk.older(ctx, earliest)
		if err != nil || ended {
			return nil, false, err
		}
		parent, err := walk.next(ctx, path)
		if err != nil || parent == nil {
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
