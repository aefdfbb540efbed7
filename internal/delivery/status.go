package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// Position says how an environment stands to its upstream.
type Position string

// The positions.
const (
	First   Position = "first"   // no upstream: releases start here
	InStep  Position = "in-step" // runs what upstream runs
	Behind  Position = "behind"
	Ahead   Position = "ahead"
	Differs Position = "differs" // neither is an ancestor of the other, or the commits are the same and the images are not
	Empty   Position = "empty"   // runs nothing
	Broken  Position = "broken"  // the state cannot be trusted
)

// Row is one component in one environment.
type Row struct {
	state.Key
	Release  release.ID       `json:"release,omitempty"`
	Digest   string           `json:"digest,omitempty"`
	Source   string           `json:"source,omitempty"`
	Since    time.Time        `json:"since,omitzero"`
	Earlier  bool             `json:"earlier,omitempty"` // it runs at least since then
	Position Position         `json:"position"`
	Upstream string           `json:"upstream,omitempty"` // the environment Position compares with
	Commits  int              `json:"commits,omitempty"`  // how many commits of the component behind or ahead
	Next     promotion.Action `json:"next,omitempty"`     // what promote would do
	Reason   string           `json:"reason,omitempty"`
	Branch   string           `json:"branch,omitempty"` // open branch that proposes it
	Hold     *state.Hold      `json:"hold,omitempty"`
}

// Status returns a row for each component and environment, components by name, environments in the order releases travel. With all,
// components which run somewhere though the catalog has them no more are shown too.
func (d *Delivery) Status(ctx context.Context, components []string, all bool) ([]Row, error) {
	tip, s, err := d.readState(ctx)
	if err != nil {
		return nil, err
	}
	if all {
		components = append(slices.Clone(components), s.Components()...)
		slices.Sort(components)
		components = slices.Compact(components)
	}
	rows := []Row{}
	for _, component := range components {
		for _, env := range d.Platform.Spec.Environments {
			row, err := d.row(ctx, s, state.Key{Environment: env.Name, Component: component}, env)
			if err != nil {
				return nil, err
			}
			rows = append(rows, row)
		}
	}
	if err := d.addAge(ctx, tip, rows); err != nil {
		return nil, err
	}
	return rows, d.addPlan(ctx, tip, s, rows)
}

// Running returns the names of all components that run somewhere, in the catalog or not.
func (d *Delivery) Running(ctx context.Context) ([]string, error) {
	_, s, err := d.readState(ctx)
	if err != nil {
		return nil, err
	}
	return s.Components(), nil
}

// oldestAge is how far back ages are looked up: beyond it nobody asks whether it was a day more, and all of history would be read.
const oldestAge = 90 * 24 * time.Hour

// addAge says since when each row runs what it runs.
func (d *Delivery) addAge(ctx context.Context, tip *git.Commit, rows []Row) error {
	var keys []state.Key
	for _, row := range rows {
		if row.Release != "" {
			keys = append(keys, row.Key)
		}
	}
	changes, err := d.lastChanges(ctx, tip, keys, d.Now().Add(-oldestAge))
	for i, row := range rows {
		if c, found := changes[row.Key]; found {
			rows[i].Since, rows[i].Earlier = c.Committer.When, c.Earlier
		}
	}
	return err
}

// addPlan says what promote would do for each row, and which branch waits to be merged.
func (d *Delivery) addPlan(ctx context.Context, tip *git.Commit, s *state.State, rows []Row) error {
	steps, err := d.plan(ctx, tip, s)
	if err != nil {
		return err
	}
	refs, err := d.Repo.References(ctx)
	if err != nil {
		return err
	}
	for i := range rows {
		row := &rows[i]
		at := slices.IndexFunc(steps, func(step promotion.Step) bool { return step.Key == row.Key })
		if at < 0 || steps[at].Action == promotion.Current {
			continue
		}
		row.Next, row.Reason = steps[at].Action, steps[at].Reason
		if branch := promotion.Branch(row.Key); row.Next == promotion.Propose && refs[git.BranchRef(branch)] != git.ZeroHash {
			row.Branch = branch
		}
	}
	return nil
}

func (d *Delivery) row(ctx context.Context, s *state.State, k state.Key, env config.Environment) (Row, error) {
	row := Row{Key: k, Position: Empty}
	if problems := s.Problems[k]; problems != nil {
		row.Position, row.Reason = Broken, problems.Error()
		return row, nil
	}
	cell, runs := s.Cells[k]
	if !runs {
		row.Hold = s.Holds[k]
		return row, nil
	}
	row.Release, row.Digest, row.Source, row.Hold = cell.Record.ID, cell.Record.Digest(), cell.Record.Source.Commit, cell.Hold
	if len(env.PromoteFrom) == 0 {
		row.Position = First
		return row, nil
	}
	row.Position = InStep
	for _, upstream := range env.PromoteFrom {
		above, ok := s.Cells[state.Key{Environment: upstream, Component: k.Component}]
		row.Upstream = upstream
		if !ok { // it runs nothing, or nothing that can be trusted
			row.Position = Differs
			return row, nil
		}
		if above.Record.ID == cell.Record.ID {
			continue
		}
		var err error
		row.Position, row.Commits, err = d.compare(ctx, cell.Record.Source, above.Record.Source)
		return row, err
	}
	return row, nil
}

// compare tells how one source stands to another, in commits of the component's folder.
func (d *Delivery) compare(ctx context.Context, here, above release.Source) (Position, int, error) {
	if here.Commit == above.Commit {
		return Differs, 0, nil
	}
	var ends [2]git.Hash
	for i, commit := range []string{here.Commit, above.Commit} {
		hash, err := d.Repo.FetchCommit(ctx, commit)
		if errors.Is(err, git.ErrGone) {
			return Differs, 0, nil // what is gone cannot be compared; that is no reason to show nothing
		}
		if err != nil {
			return Differs, 0, err
		}
		ends[i] = hash
	}
	relation, err := d.Repo.Relation(ctx, ends[0], ends[1])
	if err != nil {
		return Differs, 0, err
	}
	position := Behind
	switch relation {
	case git.Behind:
	case git.Ahead:
		position, ends[0], ends[1] = Ahead, ends[1], ends[0]
	default:
		return Differs, 0, nil
	}
	commits, ok, err := d.Repo.Between(ctx, ends[0], ends[1], here.Path)
	if err != nil || !ok {
		return Differs, 0, err
	}
	return position, len(commits), nil
}

// Place describes a row's position in words.
func (r Row) Place() string {
	switch r.Position {
	case First, Empty:
		return ""
	case InStep:
		return "in step with " + r.Upstream
	case Behind, Ahead:
		unit := "commits"
		if r.Commits == 1 {
			unit = "commit"
		}
		return strings.TrimSpace(fmt.Sprintf("%d %s %s %s", r.Commits, unit, map[Position]string{Behind: "behind", Ahead: "ahead of"}[r.Position], r.Upstream))
	case Broken:
		return "cannot be trusted"
	default:
		return "differs from " + r.Upstream
	}
}
