package diff

import (
	"context"
	"slices"

	"github.com/org/platform/internal/diff"
	"github.com/org/platform/internal/overlays"
)

// overlayInputs returns what the chosen overlays come to on both sides, where it is not the same, with the changed files they read.
func overlayInputs(ctx context.Context, s *sides) ([]diff.Input, error) {
	if s.base.overlays == nil {
		return s.headInputs(ctx)
	}
	reached, err := overlays.Reached(ctx, s.base.overlays, s.head.overlays)
	if err != nil {
		return nil, err
	}
	type key struct{ component, environment string }
	files := map[key][]string{}
	for _, r := range reached {
		for _, o := range r.Overlays {
			k := key{o.Component, o.Environment}
			files[k] = append(files[k], r.Path)
		}
	}
	var inputs []diff.Input
	for p, err := range overlays.Changed(ctx, s.base.overlays, s.head.overlays) {
		if err != nil {
			return nil, err
		}
		if s.chosen(p.Component) && slices.Contains(s.environments, p.Environment) {
			inputs = append(inputs, diff.Input{Source: diff.Overlay, Component: p.Component, Environment: p.Environment, Path: p.Path,
				Before: p.Before, After: p.After, BeforeErr: p.BeforeErr, AfterErr: p.AfterErr, Files: files[key{p.Component, p.Environment}]})
		}
	}
	return append(inputs, s.brokenInputs()...), nil
}

// brokenInputs returns the overlays that render on neither side: they are said, so that nobody takes them for unchanged.
func (s *sides) brokenInputs() []diff.Input {
	var inputs []diff.Input
	for o := range s.head.overlays.All() {
		if o.Err == nil || !s.chosen(o.Component) || !slices.Contains(s.environments, o.Environment) {
			continue
		}
		if before, found := s.base.overlays.Find(o.Component, o.Environment); found && before.Err != nil {
			inputs = append(inputs, diff.Input{Source: diff.Overlay, Component: o.Component, Environment: o.Environment, Path: o.Path,
				BeforeErr: before.Err, AfterErr: o.Err})
		}
	}
	return inputs
}

// headInputs returns the overlays after a change before which there was nothing to compare with.
func (s *sides) headInputs(ctx context.Context) ([]diff.Input, error) {
	var inputs []diff.Input
	for o := range s.head.overlays.All() {
		if !s.chosen(o.Component) || !slices.Contains(s.environments, o.Environment) {
			continue
		}
		in := diff.Input{Source: diff.Overlay, Component: o.Component, Environment: o.Environment, Path: o.Dir, BeforeErr: s.base.err, AfterErr: o.Err}
		if o.Err == nil {
			var err error
			if in.After, err = s.head.overlays.Manifests(ctx, o.Component, o.Environment); err != nil {
				return nil, err
			}
		}
		inputs = append(inputs, in)
	}
	return inputs, nil
}
