package git

import (
	"context"
	"fmt"
	"iter"
	"slices"
)

// Version is the state of a path since a commit.
type Version struct {
	Commit *Commit
	Entry  Hash // object id at the path; ZeroHash where it did not exist
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
		for err == nil {
			var next *Commit
			var before Hash
			if next, before, err = r.origin(ctx, commit, entry, path); err != nil {
				break
			}
			if (next == nil || before != entry) && !yield(Version{commit, entry}, nil) || next == nil {
				return
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

// parent returns the first parent of a commit. Where a shallow clone ends, the remote has the rest.
func (r *Repository) parent(ctx context.Context, commit *Commit) (*Commit, error) {
	if err := r.deepen(ctx, commit); err != nil {
		return nil, err
	}
	return r.Commit(commit.Parents[0])
}

// deepen makes the parents of a commit readable.
func (r *Repository) deepen(ctx context.Context, commit *Commit) error {
	lacks := func(h Hash) bool { return r.objects.HasEncodedObject(h) != nil }
	if !slices.ContainsFunc(commit.Parents, lacks) {
		return nil
	}
	if !r.complete {
		if err := r.FetchBranches(ctx); err != nil {
			return fmt.Errorf("history ends at %s, where the clone is shallow: %w", short(commit.Hash), err)
		}
	}
	if slices.ContainsFunc(commit.Parents, lacks) {
		return fmt.Errorf("history ends at %s: the clone is shallow, and no branch of %s goes further back "+
			"(actions/checkout with fetch-depth: 0 gets all of it)", short(commit.Hash), r.remote.display)
	}
	return nil
}

// LastChanges returns for each path the newest first-parent commit which changed it, in one walk.
func (r *Repository) LastChanges(ctx context.Context, from Hash, paths []string) (map[string]*Commit, error) {
	changed := map[string]*Commit{}
	commit, err := r.Commit(from)
	if err != nil {
		return nil, err
	}
	for wanted := len(slices.Compact(slices.Sorted(slices.Values(paths)))); len(changed) < wanted; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var parent *Commit
		below := ZeroHash
		if len(commit.Parents) > 0 {
			if parent, err = r.parent(ctx, commit); err != nil {
				return nil, err
			}
			below = parent.TreeHash
		}
		if err := r.noteChanges(changed, commit, below, paths); err != nil {
			return nil, err
		}
		if parent == nil {
			break
		}
		commit = parent
	}
	return changed, nil
}

func (r *Repository) noteChanges(changed map[string]*Commit, commit *Commit, below Hash, paths []string) error {
	if commit.TreeHash == below {
		return nil
	}
	for _, path := range paths {
		if changed[path] != nil {
			continue
		}
		now, err := r.Tree(commit.TreeHash).EntryHash(path)
		if err != nil {
			return err
		}
		before := ZeroHash
		if below != ZeroHash {
			if before, err = r.Tree(below).EntryHash(path); err != nil {
				return err
			}
		}
		if now != before {
			changed[path] = commit
		}
	}
	return nil
}

// Between returns the commits on the first-parent line from newer back to, but without, older which changed a path, newest first.
// ok is false where older is not on that line.
func (r *Repository) Between(ctx context.Context, older, newer Hash, path string) (commits []*Commit, ok bool, err error) {
	commit, err := r.Commit(newer)
	if err != nil {
		return nil, false, err
	}
	for commit.Hash != older {
		if err := ctx.Err(); err != nil {
			return nil, false, err
		}
		if len(commit.Parents) == 0 {
			return nil, false, nil
		}
		parent, err := r.parent(ctx, commit)
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

// IsAncestor says whether older is newer itself or in its history.
func (r *Repository) IsAncestor(ctx context.Context, older, newer Hash) (bool, error) {
	return r.reachable(ctx, older, []Hash{newer})
}

// reachable says whether a commit is a tip or an ancestor of one.
func (r *Repository) reachable(ctx context.Context, commit Hash, tips []Hash) (bool, error) {
	seen := map[Hash]bool{}
	for todo := slices.Clone(tips); len(todo) > 0; {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		hash := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if hash == commit {
			return true, nil
		}
		if seen[hash] {
			continue
		}
		seen[hash] = true
		c, err := r.Commit(hash)
		if err == nil {
			err = r.deepen(ctx, c)
		}
		if err != nil {
			return false, err
		}
		todo = append(todo, c.Parents...)
	}
	return false, nil
}
