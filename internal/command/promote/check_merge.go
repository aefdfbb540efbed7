package promote

import (
	"context"
	"fmt"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/change"
	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/git"
)

// merge makes what the state branch becomes with the change.
func (c *checking) merge(ctx context.Context) error {
	if c.into != "" {
		harmless, err := c.passes(ctx)
		if err != nil || harmless {
			c.to = c.from
			return err
		}
	}
	c.to = c.head.Commit
	bases, err := c.bases(ctx, c.from)
	if err != nil {
		return err
	}
	branch := c.platform.Spec.State.Branch
	switch {
	case len(bases) == 0 && c.into != "": // as for a branch of pages
		c.to = c.from
		return nil
	case len(bases) == 0:
		return app.Usagef("%w: %.12s has no commit in common with %s; give --head or --base", change.ErrNothing, c.to.Hash, branch)
	case len(bases) > 1:
		return &app.RefusedError{Err: fmt.Errorf("%.12s and %s have %d commits to start a merge from: merge %s into the branch first",
			c.to.Hash, branch, len(bases), branch)}
	case bases[0].Hash == c.to.Hash && c.into == "":
		return app.Usagef("%w: %.12s is on %s already; give --head or --base", change.ErrNothing, c.to.Hash, branch)
	case bases[0].Hash == c.from.Hash:
		return nil
	}
	d := &delivery.Delivery{Repo: c.head.Repo}
	c.to, err = d.Merged(ctx, c.from, bases[0], c.to)
	return err
}

// passes says whether a pull request can do nothing to the state, whatever branch it goes into and whatever else it changes.
func (c *checking) passes(ctx context.Context) (bool, error) {
	if c.apart && c.into != c.platform.Spec.State.Branch { // code, most likely: its history may never meet that of the state
		return c.untouched(ctx, c.trunk)
	}
	return c.untouched(ctx, c.from)
}

// maxOwn bounds how many commits a change may have of its own: for each one history is looked at.
const maxOwn = 1000

// own walks through the commits of the change that a branch with that tip does not have, until done says so. It returns those of the branch that it
// ended at.
func (c *checking) own(ctx context.Context, tip *git.Commit, done func(*git.Commit) (bool, error)) (common []*git.Commit, err error) {
	repo := c.head.Repo
	seen := map[git.Hash]bool{c.head.Commit.Hash: true}
	walked := 0
	for todo := []git.Hash{c.head.Commit.Hash}; len(todo) > 0; todo = todo[1:] {
		commit, err := repo.Commit(todo[0])
		if err != nil {
			return nil, err
		}
		stop, err := done(commit)
		if err != nil || stop {
			return nil, err
		}
		relation, err := repo.Relation(ctx, commit.Hash, tip.Hash)
		switch {
		case err != nil:
			return nil, fmt.Errorf("find where %.12s left %.12s: %w", c.head.Commit.Hash, tip.Hash, err)
		case relation == git.Same || relation == git.Behind:
			common = append(common, commit)
			continue
		case relation == git.Unrelated: // nor is any of its parents
			continue
		}
		if walked++; walked > maxOwn {
			return nil, &app.RefusedError{Err: fmt.Errorf("%.12s has more than %d commits that %.12s lacks: merge that into the branch first",
				c.head.Commit.Hash, maxOwn, tip.Hash)}
		}
		for _, parent := range commit.Parents {
			if !seen[parent] {
				seen[parent] = true
				todo = append(todo, parent)
			}
		}
	}
	return common, nil
}

// bases returns where Git would start to merge the change into a branch with that tip: the commits of both which lead to no other such. None have
// histories that Git does not merge.
func (c *checking) bases(ctx context.Context, tip *git.Commit) ([]*git.Commit, error) {
	common, err := c.own(ctx, tip, func(*git.Commit) (bool, error) { return false, nil })
	if err != nil {
		return nil, err
	}
	var bases []*git.Commit
	for i, commit := range common {
		behind := false
		for j, other := range common {
			if i != j && !behind {
				if behind, err = c.head.Repo.IsAncestor(ctx, commit.Hash, other.Hash); err != nil {
					return nil, err
				}
			}
		}
		if !behind {
			bases = append(bases, commit)
		}
	}
	return bases, nil
}

// untouched says whether each commit of the change has the state, and what says where it is, as a branch with that tip had it where they parted.
func (c *checking) untouched(ctx context.Context, tip *git.Commit) (bool, error) {
	paths := []string{c.base.Config.Spec.State.Path}
	if !c.apart || c.into == c.platform.Spec.State.Branch {
		paths = append(paths, config.FileName)
	}
	same := true
	common, err := c.own(ctx, tip, func(commit *git.Commit) (bool, error) {
		for _, path := range paths {
			before, err := c.head.Repo.Tree(commit.TreeHash).Entry(path)
			if err != nil {
				return true, err
			}
			after, err := c.head.Repo.Tree(c.head.Commit.TreeHash).Entry(path)
			if err != nil || before != after {
				same = false
				return true, err
			}
		}
		return false, nil
	})
	return same && len(common) > 0, err
}

// moved returns what is wrong with where the change has the state, where its configuration comes by another branch than the state.
func (c *checking) moved(ctx context.Context, d *delivery.Delivery) ([]finding.Finding, error) {
	if !c.apart || c.into == c.platform.Spec.State.Branch {
		return nil, nil
	}
	entry, err := c.head.Repo.Tree(c.head.Commit.TreeHash).Entry(config.FileName)
	if err != nil || entry.Kind == git.Absent {
		return nil, err
	}
	bases, err := c.bases(ctx, c.trunk)
	if err != nil {
		return nil, err
	}
	for _, base := range bases {
		if problems, err := d.Moved(ctx, base, c.head.Commit); err != nil || len(problems) > 0 {
			return problems, err
		}
	}
	return nil, nil
}
