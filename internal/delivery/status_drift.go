package delivery

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/git"
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

// drifts tells how environments stand to their upstreams.
type drifts struct {
	*Delivery
	known   map[sources]drift
	at      map[string]int   // places of commits on the first-parent line of the newest source, from 0 for that; empty where few are compared
	changed map[string][]int // the places at which folders of components changed
}

type sources struct{ here, above release.Source }

type drift struct {
	position Position
	commits  int
}

// fewPairs is up to how many comparisons each looks into history by itself.
const fewPairs = 2

// newDrifts walks once along the line that most sources are on, where there is much to compare.
func (d *Delivery) newDrifts(ctx context.Context, s *state.State) (*drifts, error) {
	drifts := &drifts{Delivery: d, known: map[sources]drift{}, at: map[string]int{}, changed: map[string][]int{}}
	pairs, paths, commits := d.outOfStep(s)
	if pairs <= fewPairs {
		return drifts, nil
	}
	var newest, oldest *git.Commit
	for _, id := range commits {
		hash, err := d.Repo.FetchCommit(ctx, id)
		if errors.Is(err, git.ErrGone) {
			continue
		}
		if err != nil {
			return nil, err
		}
		commit, err := d.Repo.Commit(hash)
		if err != nil {
			return nil, err
		}
		if newest == nil || commit.Committer.When.After(newest.Committer.When) {
			newest = commit
		}
		if oldest == nil || commit.Committer.When.Before(oldest.Committer.When) {
			oldest = commit
		}
	}
	if newest == nil {
		return drifts, nil
	}
	for commit, err := range d.Repo.Line(ctx, newest.Hash, paths, oldest.Committer.When.AddDate(0, 0, -1)) {
		if err != nil {
			return nil, err
		}
		place := len(drifts.at)
		drifts.at[commit.Hash.String()] = place
		for _, path := range commit.Changed {
			drifts.changed[path] = append(drifts.changed[path], place)
		}
	}
	return drifts, nil
}

// outOfStep returns how many cells run another release than an upstream, with the folders and the source commits that are compared for them.
func (d *Delivery) outOfStep(s *state.State) (pairs int, paths, commits []string) {
	for _, env := range d.Platform.Spec.Environments {
		for k, cell := range s.Cells {
			if k.Environment != env.Name {
				continue
			}
			for _, upstream := range env.PromoteFrom {
				above, runs := s.Cells[state.Key{Environment: upstream, Component: k.Component}]
				if here := cell.Record.Source; runs && above.Record.Source.Commit != here.Commit {
					pairs++
					paths = append(paths, here.Path)
					commits = append(commits, here.Commit, above.Record.Source.Commit)
				}
			}
		}
	}
	return pairs, unique(paths), unique(commits)
}

// onLine compares sources that are both on the line. As everywhere, the commits that count are those of the first-parent line.
func (d *drifts) onLine(here, above release.Source) (answer drift, found bool) {
	from, known := d.at[here.Commit]
	to, aboveKnown := d.at[above.Commit]
	if !known || !aboveKnown || from == to {
		return answer, false
	}
	answer.position = Behind
	if from < to {
		answer.position, from, to = Ahead, to, from
	}
	for _, place := range d.changed[here.Path] {
		if to <= place && place < from {
			answer.commits++
		}
	}
	return answer, true
}

func (d *drifts) row(ctx context.Context, s *state.State, k state.Key, env config.Environment) (Row, error) {
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
	row.From, row.Passed, row.BreakGlass, row.running = cell.Record.From, cell.Record.Gates, cell.Record.BreakGlass, cell.Record.Release
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
		row.Position, row.Commits, err = d.between(ctx, cell.Record.Source, above.Record.Source)
		return row, err
	}
	return row, nil
}

// between is compare, which environments that run the same and share an upstream ask once.
func (d *drifts) between(ctx context.Context, here, above release.Source) (Position, int, error) {
	pair := sources{here, above}
	answer, known := d.known[pair]
	if !known {
		answer, known = d.onLine(here, above)
	}
	if !known {
		var err error
		if answer.position, answer.commits, err = d.compare(ctx, here, above); err != nil {
			return answer.position, answer.commits, err
		}
		d.known[pair] = answer
	}
	return answer.position, answer.commits, nil
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
