package diff

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/catalog"
	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/workspace"
)

// side is the repository before or after the change.
type side struct {
	commit     *git.Commit
	files      *git.Tree
	config     *config.Platform // nil where it cannot be read
	components map[string]catalog.Component
	err        error // why it cannot be read
}

// sides are both, and what of them is compared.
type sides struct {
	base, head   side
	environments []string // of both, in the order in which releases travel
	components   []string // of both, sorted
	all          bool     // no component was left out by a flag
	statePath    string
}

// openSides reads the configuration before the change too. Where that was broken the rest can still be looked at, and nothing rendered then.
func openSides(ctx context.Context, w *workspace.Workspace, base *git.Commit) (*sides, error) {
	all, err := w.Catalog()
	if err != nil {
		return nil, err
	}
	s := &sides{statePath: w.Config.Spec.State.Path, environments: w.Config.EnvironmentNames()}
	s.head = side{commit: w.Commit, files: w.Repo.Tree(w.Commit.TreeHash), config: w.Config, components: byName(all)}
	s.base = side{commit: base, files: w.Repo.Tree(base.TreeHash)}
	if err := s.base.load(ctx); err != nil {
		return nil, fmt.Errorf("read %s: %w", base.Hash.String()[:12], err)
	}
	for name := range s.head.components {
		s.components = append(s.components, name)
	}
	for name := range s.base.components {
		s.components = append(s.components, name)
	}
	slices.Sort(s.components)
	s.components = slices.Compact(s.components)
	if s.base.config != nil {
		for _, env := range s.base.config.EnvironmentNames() {
			if !slices.Contains(s.environments, env) {
				s.environments = append([]string{env}, s.environments...) // what leaves matters least
			}
		}
	}
	return s, nil
}

func byName(c *catalog.Catalog) map[string]catalog.Component {
	components := map[string]catalog.Component{}
	for _, component := range c.Components {
		components[component.Name] = component
	}
	return components
}

// load reads a side whose problems are not the change's. No platform.yaml is no problem: the first change brings it.
func (s *side) load(ctx context.Context) error {
	if err := s.files.Prefetch(ctx, config.FileName); err != nil {
		return err
	}
	platform, err := config.Load(s.files, config.Options{NoComponentsYet: true})
	var all *catalog.Catalog
	if err == nil {
		var globs []string
		for _, glob := range platform.Spec.Components {
			globs = append(globs, path.Join(glob, config.CatalogFile))
		}
		if err := s.files.Prefetch(ctx, globs...); err != nil {
			return err
		}
		all, err = catalog.Load(s.files, platform.Spec.Components)
	}
	var problems finding.Problems
	switch {
	case errors.Is(err, config.ErrNotFound):
		return nil
	case errors.As(err, &problems):
		s.err = fmt.Errorf("at %s: %w", s.commit.Hash.String()[:12], err)
		return nil
	case err != nil:
		return err
	}
	s.config, s.components = platform, byName(all)
	return nil
}

// has says whether a component is rendered for an environment on this side.
func (s *side) has(component, environment string) bool {
	if s.config == nil {
		return false
	}
	_, exists := s.components[component]
	_, known := s.config.Environment(environment)
	return exists && known
}

// choose keeps what the flags name.
func (s *sides) choose(o Options) error {
	for _, name := range o.Components {
		if !slices.Contains(s.components, name) {
			return &app.UsageError{Err: &catalog.UnknownError{Name: name, Known: s.components}}
		}
	}
	for _, name := range o.Envs {
		if !slices.Contains(s.environments, name) {
			return &app.UsageError{Err: &config.UnknownEnvironmentError{Name: name, Known: s.environments}}
		}
	}
	s.all = len(o.Components) == 0
	if !s.all {
		s.components = slices.DeleteFunc(s.components, func(name string) bool { return !slices.Contains(o.Components, name) })
	}
	if len(o.Envs) > 0 {
		s.environments = slices.DeleteFunc(s.environments, func(name string) bool { return !slices.Contains(o.Envs, name) })
	}
	return nil
}

// chosen says whether the state of a component is to be compared. Without a flag that of components that are in no catalog any more is too.
func (s *sides) chosen(component string) bool {
	return s.all || slices.Contains(s.components, component)
}
