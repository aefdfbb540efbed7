package delivery

import (
	"context"
	"slices"
	"strings"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// resolve finds a release that an upstream of a cell ran by its id or a unique beginning of it.
func (d *Delivery) resolve(ctx context.Context, tip *git.Commit, s *state.State, k state.Key, begins string) (release.ID, error) {
	env, _ := d.Platform.Environment(k.Environment)
	e, err := d.evidence(ctx, tip, s)
	if err != nil {
		return "", err
	}
	var matches, known []string
	for _, upstream := range env.PromoteFrom {
		runs, err := e.runs(state.Key{Environment: upstream, Component: k.Component})
		if err != nil {
			return "", err
		}
		for _, run := range runs {
			id := string(run.Record.ID)
			known = append(known, id)
			if strings.HasPrefix(id, begins) && !slices.Contains(matches, id) {
				matches = append(matches, id)
			}
		}
	}
	switch {
	case len(known) == 0:
		return "", refusef("%s never ran in %s", k.Component, strings.Join(env.PromoteFrom, ", "))
	case len(matches) == 0:
		return "", refusef("%s never ran release %s of %s; known: %s", strings.Join(env.PromoteFrom, ", "), begins, k.Component, strings.Join(unique(known), ", "))
	case len(matches) > 1:
		return "", refusef("release %s is ambiguous: %s", begins, strings.Join(matches, ", "))
	}
	return release.ID(matches[0]), nil
}
