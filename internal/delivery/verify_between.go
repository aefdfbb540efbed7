package delivery

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/state"
)

// between reports commits of the change that give a cell what it has neither before nor after the change. Nobody sees it in the difference; but where
// a forge merges by rebasing, the commit becomes history of the state branch, and what ran once can be rolled back to.
func (v *verifier) between(ctx context.Context) error {
	steps, err := v.Repo.Added(ctx, v.o.Base.Hash, v.o.Head.Hash, v.Platform.Spec.State.Path)
	if err != nil {
		return err
	}
	found := 0
	for _, step := range steps {
		var cells []state.Key
		for _, c := range step.Changes {
			passing, err := v.passing(c)
			if err != nil {
				return err
			}
			if passing {
				cells = append(cells, state.Key{Environment: path.Base(path.Dir(c.Path)), Component: path.Base(c.Path)})
			}
		}
		if len(cells) == 0 {
			continue
		}
		known, err := v.Repo.IsAncestor(ctx, step.Hash, v.o.Base.Hash) // a clock that was wrong
		if err != nil {
			return err
		}
		if known {
			continue
		}
		if found++; found > maxOthers {
			return nil
		}
		v.reportPassing(step.Commit, cells)
	}
	return nil
}

// passing says whether a commit makes of a cell what it is neither before nor after the change. Holds may come and go: they prove nothing.
func (v *verifier) passing(c git.PathChange) (bool, error) {
	if strings.HasSuffix(c.Path, holdSuffix) && c.Before.Kind != git.Folder && c.After.Kind != git.Folder {
		return false, nil
	}
	if !fs.ValidPath(c.Path) {
		return true, nil
	}
	for _, end := range []*git.Tree{v.base, v.head} {
		entry, err := end.Entry(c.Path)
		if err != nil || entry == c.After {
			return false, err
		}
	}
	return true, nil
}

func (v *verifier) reportPassing(commit *git.Commit, cells []state.Key) {
	f := v.problem(cells[0], state.ReleaseFile, "")
	f.Message = fmt.Sprintf("commit %.12s of this change writes %s in %s, and a later one takes it back", commit.Hash, cells[0].Component, cells[0].Environment)
	if more := len(cells) - 1; more > 0 {
		f.Message += fmt.Sprintf(" (and %d more)", more)
	}
	f.Fix, f.Severity = "squash the commits of the pull request: what is taken back must not become history to roll back to", finding.Error
	v.report(f)
}
