package git

import (
	"context"
	"path"
	"slices"
)

// Added returns the commits that one commit has in its history and another one has not, newest first, with what each made two levels below a folder of
// what none of its parents has there. Only a clock that was wrong puts one among them which the other has too.
func (r *Repository) Added(ctx context.Context, older, newer Hash, folder string) ([]Step, error) {
	commits, err := r.lacked(ctx, older, newer)
	if err != nil {
		return nil, err
	}
	w := &steps{repo: r, folder: path.Clean(folder), before: map[Hash][]byte{}, now: map[Hash][]byte{}}
	var roots []Hash
	for _, c := range commits {
		roots = append(roots, c.TreeHash)
		for _, hash := range c.Parents {
			parent, err := r.Commit(hash)
			if err != nil {
				return nil, err
			}
			roots = append(roots, parent.TreeHash)
		}
	}
	if err := r.Prefetch(ctx, roots, w.pattern()); err != nil {
		return nil, err
	}
	added := make([]Step, len(commits))
	for i, c := range commits {
		made, err := w.made(ctx, c)
		if err != nil {
			return nil, err
		}
		added[i] = Step{c, c.Committer.When, made}
	}
	return added, nil
}

// lacked returns the commits that newer has in its history and older has not, newest first.
func (r *Repository) lacked(ctx context.Context, older, newer Hash) ([]*Commit, error) {
	if older == newer {
		return nil, nil
	}
	w := newWalk(r)
	if err := r.load(ctx, wants{commits: []Hash{older, newer}, depth: recent}); err != nil {
		return nil, err
	}
	for hash, c := range map[Hash]colour{newer: fromA, older: fromB} {
		if err := w.paint(hash, c); err != nil {
			return nil, err
		}
	}
	seen := map[Hash]bool{}
	var commits []*Commit
	for w.undecided > 0 {
		c, err := w.next(ctx)
		if err != nil {
			return nil, err
		}
		if !seen[c.Hash] {
			seen[c.Hash] = true
			commits = append(commits, c)
		}
	}
	return slices.DeleteFunc(commits, func(c *Commit) bool { return w.colours[c.Hash] != fromA }), nil
}

// made returns the changes by which a commit differs from each of its parents.
func (w *steps) made(ctx context.Context, commit *Commit) ([]PathChange, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(commit.Parents) == 0 {
		return w.compare(nil, commit)
	}
	var made []PathChange
	for i, hash := range commit.Parents {
		parent, err := w.repo.Commit(hash)
		if err != nil {
			return nil, err
		}
		changes, err := w.compare(parent, commit)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			made = changes
			continue
		}
		made = slices.DeleteFunc(made, func(m PathChange) bool {
			return !slices.ContainsFunc(changes, func(c PathChange) bool { return c.Path == m.Path })
		})
	}
	return made, nil
}
