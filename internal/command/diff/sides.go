package diff

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/dispatch"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/overlays"
	"github.com/org/platform/internal/workspace"
)

// side is the repository before or after the change.
type side struct {
	commit   *git.Commit
	files    *git.Tree
	overlays *overlays.Set // nil where its configuration or catalog cannot be read
	err      error         // why not
}

// sides are both, and what of them is compared.
type sides struct {
	base, head   side
	environments []string // of both, in the order in which releases travel
	components   []string // those chosen; nil is all
	statePath    string
}

// openSides renders what both commits have overlays for, or rather what of it is not known yet.
func openSides(ctx context.Context, a *app.App, w *workspace.Workspace, base *git.Commit) (*sides, error) {
	s := &sides{statePath: w.Config.Spec.State.Path, environments: w.Config.EnvironmentNames()}
	s.head = side{commit: w.Commit, files: w.Repo.Tree(w.Commit.TreeHash)}
	s.base = side{commit: base, files: w.Repo.Tree(base.TreeHash)}
	if err := w.PrefetchOverlays(base, w.Commit); err != nil {
		return nil, err
	}
	a.Progress("rendering what differs between %.12s and %.12s", base.Hash, w.Commit.Hash)
	store := dispatch.Renders(a, w)
	var problems finding.Problems
	var err error
	switch s.base.overlays, err = store.Render(ctx, w.Repo, base.TreeHash, nil); {
	case err == nil:
		s.head.overlays, err = s.base.overlays.At(ctx, w.Commit.TreeHash, nil)
	case errors.Is(err, config.ErrNotFound), errors.As(err, &problems): // not the change's doing; no platform.yaml is none: the first one brings it
		if !errors.Is(err, config.ErrNotFound) {
			s.base.err = fmt.Errorf("at %.12s: %w", base.Hash, err)
		}
		s.head.overlays, err = store.Render(ctx, w.Repo, w.Commit.TreeHash, nil)
	}
	if err != nil {
		return nil, err
	}
	if s.base.overlays != nil {
		for _, env := range s.base.overlays.Environments() {
			if !slices.Contains(s.environments, env) {
				s.environments = append([]string{env}, s.environments...) // what leaves matters least
			}
		}
	}
	return s, nil
}

// choose keeps what the flags name.
func (s *sides) choose(w *workspace.Workspace, o Options) error {
	for _, name := range o.Components {
		if s.has(name) {
			continue
		}
		if _, err := w.Component(name); err != nil { // one without overlays is known all the same
			return err
		}
	}
	for _, name := range o.Envs {
		if !slices.Contains(s.environments, name) {
			return &app.UsageError{Err: &config.UnknownEnvironmentError{Name: name, Known: s.environments}}
		}
	}
	s.components = o.Components
	if len(o.Envs) > 0 {
		s.environments = slices.DeleteFunc(s.environments, func(name string) bool { return !slices.Contains(o.Envs, name) })
	}
	return nil
}

// has says whether a component has an overlay on one of the sides.
func (s *sides) has(component string) bool {
	for _, side := range []side{s.base, s.head} {
		for _, env := range s.environments {
			if side.overlays == nil {
				continue
			}
			if _, found := side.overlays.Find(component, env); found {
				return true
			}
		}
	}
	return false
}

// chosen says whether a component is to be compared. Without a flag one that is in no catalog any more is too.
func (s *sides) chosen(component string) bool {
	return len(s.components) == 0 || slices.Contains(s.components, component)
}
