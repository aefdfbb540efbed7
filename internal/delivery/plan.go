package delivery

import (
	"context"
	"time"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/state"
)

// plan recomputes the wanted steps for a tip of the state branch.
func (d *Delivery) plan(ctx context.Context, tip *git.Commit, s *state.State) ([]promotion.Step, error) {
	since, err := d.since(ctx, tip, s)
	if err != nil {
		return nil, err
	}
	return promotion.Plan(promotion.Input{Platform: d.Platform, State: s, Now: d.Now(), Since: func(k state.Key) time.Time { return since[k] }}), nil
}

// since returns when each cell came to run its release, but only where a gate asks for it.
func (d *Delivery) since(ctx context.Context, tip *git.Commit, s *state.State) (map[state.Key]time.Time, error) {
	upstreams := map[string]bool{}
	var longest time.Duration // what has soaked longer has soaked, however long it was
	for _, env := range d.Platform.Spec.Environments {
		for _, from := range env.PromoteFrom {
			upstreams[from] = upstreams[from] || len(env.Gates) > 0
		}
		for _, gate := range env.Gates {
			longest = max(longest, time.Duration(gate.Soak))
		}
	}
	var keys []state.Key
	for k := range s.Cells {
		if upstreams[k.Environment] {
			keys = append(keys, k)
		}
	}
	changes, err := d.lastChanges(ctx, tip, keys, d.Now().Add(-longest))
	times := map[state.Key]time.Time{}
	for k, commit := range changes {
		times[k] = commit.Committer.When
	}
	return times, err
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
