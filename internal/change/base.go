package change

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/workspace"
)

// ErrNothing says that nothing was named to compare with, and that nothing offers itself.
var ErrNothing = errors.New("nothing to compare")

// Base returns the commit to compare a workspace's commit with: the given revision, else the one that the event or the branch starts from.
func (e Event) Base(ctx context.Context, w *workspace.Workspace, given string) (*git.Commit, error) {
	if given != "" {
		if git.NewHash(given).String() == given {
			return commit(ctx, w.Repo, given) // which the clone may lack
		}
		return w.Repo.Resolve(ctx, given)
	}
	start := e.origin(w.Commit)
	if start.commit != "" {
		base, err := commit(ctx, w.Repo, start.commit)
		if !errors.Is(err, git.ErrGone) {
			return base, err
		}
		if start.gone == "" {
			return nil, fmt.Errorf("find what to compare with: %w; give --base", err)
		}
		start.branch = start.gone
	}
	base, err := leftAt(ctx, w.Repo, w.Commit, start.branch)
	if err != nil {
		return nil, err
	}
	if base.Hash == w.Commit.Hash && e.Name != "push" { // a new branch may have nothing of its own yet
		return nil, app.Usagef("%w: %s is on the branch it would be compared with; give --base, for example --base %[2]s~1", ErrNothing, cmp.Or(w.Ref, "HEAD"))
	}
	return base, nil
}

func commit(ctx context.Context, repo *git.Repository, id string) (*git.Commit, error) {
	hash, err := repo.FetchCommit(ctx, id)
	if err != nil {
		return nil, err
	}
	return repo.Commit(hash)
}

// leftAt returns the commit at which another one left a branch, or at which it last merged the branch: of the commits of the branch that
// its own ones lead to, one that is behind no other. The dates of commits say nothing here; clocks are wrong at times.
func leftAt(ctx context.Context, repo *git.Repository, head *git.Commit, branch string) (*git.Commit, error) {
	tip, err := tipOf(ctx, repo, branch)
	if err != nil {
		return nil, err
	}
	var newest *git.Commit
	seen := map[git.Hash]bool{head.Hash: true}
	for todo := []git.Hash{head.Hash}; len(todo) > 0; todo = todo[1:] {
		c, err := repo.Commit(todo[0])
		if err != nil {
			return nil, err
		}
		onBranch, err := repo.IsAncestor(ctx, c.Hash, tip.Hash)
		if err == nil && onBranch && newest != nil {
			onBranch, err = repo.IsAncestor(ctx, newest.Hash, c.Hash) // else c is behind it, or beside it
			if err == nil && !onBranch {
				continue
			}
		}
		if err != nil {
			return nil, fmt.Errorf("find where %s left %s: %w", head.Hash.String()[:12], tip.Hash.String()[:12], err)
		}
		if onBranch {
			newest = c
			continue
		}
		for _, parent := range c.Parents {
			if !seen[parent] {
				seen[parent] = true
				todo = append(todo, parent)
			}
		}
	}
	if newest == nil {
		return nil, app.Usagef("%w: %s has no commit in common with the branch it would be compared with; give --base", ErrNothing, head.Hash.String()[:12])
	}
	return newest, nil
}

// tipOf returns the newest known commit of a branch; of the default branch where it has no name.
func tipOf(ctx context.Context, repo *git.Repository, branch string) (*git.Commit, error) {
	if branch != "" {
		if tip, err := repo.Resolve(ctx, "origin/"+branch); err == nil {
			return tip, nil
		}
		tip, err := repo.Tip(ctx, branch)
		if err == nil && tip == nil {
			err = fmt.Errorf("%s has no branch %s to compare with: give --base", repo.RemoteURL(), branch)
		}
		return tip, err
	}
	for _, revision := range []string{"origin/HEAD", "origin/main", "origin/master", "HEAD"} { // the last one is that of a remote without a clone
		if tip, err := repo.Resolve(ctx, revision); err == nil {
			return tip, nil
		}
	}
	return nil, app.Usagef("%w: cannot tell which branch is the default one; give --base", ErrNothing)
}
