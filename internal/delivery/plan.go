package delivery

import (
	"context"
	"time"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// planFor recomputes the wanted steps for a tip of the state branch, with the releases that a person asked for where environments are pinned.
func (d *Delivery) planFor(ctx context.Context, tip *git.Commit, s *state.State, asked map[state.Key]release.ID) ([]promotion.Step, error) {
	e, err := d.evidence(ctx, tip, s)
	if err != nil {
		return nil, err
	}
	steps := promotion.Plan(e.input(asked))
	for i, step := range steps {
		upstream := state.Key{Environment: step.Source, Component: step.Component}
		if s.Cells[upstream].Record.ID == step.Release.ID {
			steps[i].Arrived = e.arrived[upstream].When
		}
	}
	return steps, nil
}

// lastChanges returns the commit that brought each cell what it runs, or for cells older than a time one that is as old.
func (d *Delivery) lastChanges(ctx context.Context, tip *git.Commit, keys []state.Key, since time.Time) (map[state.Key]git.LastChange, error) {
	changes := map[state.Key]git.LastChange{}
	if tip == nil || len(keys) == 0 {
		return changes, nil
	}
	paths := make([]string, len(keys))
	for i, k := range keys {
		paths[i] = state.Dir(d.Platform.Spec.State.Path, k)
	}
	commits, err := d.Repo.LastChanges(ctx, tip.Hash, paths, since)
	for i, k := range keys {
		if c, found := commits[paths[i]]; found {
			changes[k] = c
		}
	}
	return changes, err
}
