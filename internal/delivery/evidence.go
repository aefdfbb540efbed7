package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/forge"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// evidence answers the questions of a plan about one tip of the state branch: from its history, from history of sources, from the forge. What was
// answered once is remembered.
type evidence struct {
	*Delivery
	ctx      context.Context
	tip      *git.Commit
	state    *state.State
	arrived  map[state.Key]promotion.Arrival
	ran      map[state.Key][]promotion.Run
	contains map[[2]string]bool
	checks   map[string]map[string]promotion.CheckState
}

func (d *Delivery) evidence(ctx context.Context, tip *git.Commit, s *state.State) (*evidence, error) {
	e := &evidence{Delivery: d, ctx: ctx, tip: tip, state: s, arrived: map[state.Key]promotion.Arrival{}, ran: map[state.Key][]promotion.Run{},
		contains: map[[2]string]bool{}, checks: map[string]map[string]promotion.CheckState{}}
	return e, e.findArrivals()
}

// findArrivals looks up which commits brought the cells that gates ask about, in as few walks as can be: one no further back than the longest time a
// gate wants, and one to wherever it ends for the few cells whose very commit is asked for.
func (e *evidence) findArrivals() error {
	timed, exact := e.askedAbout()
	longest := e.Now().Add(-e.Platform.LongestSoak())
	for _, walk := range []struct {
		keys  []state.Key
		since time.Time
	}{{timed, longest}, {exact, time.Time{}}} {
		changes, err := e.lastChanges(e.ctx, e.tip, walk.keys, walk.since)
		if err != nil {
			return err
		}
		for k, c := range changes {
			e.arrived[k] = promotion.Arrival{Commit: c.Hash.String(), When: c.When}
		}
	}
	return nil
}

// askedAbout returns the cells whose times gates ask for, and those whose commits they do. Only what has something to bring is asked about.
func (e *evidence) askedAbout() (timed, exact []state.Key) {
	for _, env := range e.Platform.Spec.Environments {
		looks, looksExactly, interval := gatesOf(env)
		for _, component := range e.pending(env) {
			key := func(environment string) state.Key { return state.Key{Environment: environment, Component: component} }
			for _, name := range looks {
				timed = append(timed, key(name))
			}
			for _, name := range looksExactly {
				exact = append(exact, key(name))
			}
			if interval {
				timed = append(timed, key(env.Name))
			}
		}
	}
	running := func(k state.Key) bool { _, runs := e.state.Cells[k]; return !runs }
	return slices.DeleteFunc(timed, running), slices.DeleteFunc(exact, running)
}

// gatesOf returns the environments that the gates of one look at: for how long they have run something, and with which commit.
func gatesOf(env config.Environment) (timed, exact []string, interval bool) {
	if env.FanIn == config.FanInAny {
		timed = env.PromoteFrom
	}
	for _, gate := range env.Gates {
		from := env.PromoteFrom
		if gate.In != "" {
			from = []string{gate.In}
		}
		switch {
		case gate.Soak > 0:
			timed = append(slices.Clone(timed), from...)
		case gate.Policy: // it judges by how long the release has run
			timed = append(slices.Clone(timed), env.PromoteFrom...)
		case len(gate.Checks) > 0:
			exact = append(exact, from...)
		case gate.MinInterval > 0:
			interval = true
		}
	}
	return timed, exact, interval
}

// pending returns the components of which an upstream runs another release than an environment, or which it does not run: those that may be brought.
func (e *evidence) pending(env config.Environment) []string {
	var names []string
	for k, cell := range e.state.Cells {
		if !slices.Contains(env.PromoteFrom, k.Environment) {
			continue
		}
		running, runs := e.state.Cells[state.Key{Environment: env.Name, Component: k.Component}]
		if !runs || running.Record.ID != cell.Record.ID {
			names = append(names, k.Component)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// input is what a plan depends on.
func (e *evidence) input(asked map[state.Key]release.ID) promotion.Input {
	in := promotion.Input{Platform: e.Platform, State: e.state, Now: e.Now(), Asked: asked,
		Arrived: func(k state.Key) (promotion.Arrival, bool) { a, known := e.arrived[k]; return a, known },
		Ran:     e.runs, Needs: e.Needs, Contains: e.sourceContains, Denied: e.Denied}
	if e.Needs == nil {
		in.Needs = func(string) ([]string, error) { return nil, errors.New("the catalog is not known") }
	}
	if e.Denied == nil {
		in.Denied = func(state.Key, release.ID) ([]string, bool) { return nil, false }
	}
	if e.Forge != nil {
		in.Checks, in.Deployment = e.commitChecks, e.deploymentState
	}
	return in
}

// runs returns what a cell ran, newest first, as far back as what the environments after it run.
func (e *evidence) runs(k state.Key) ([]promotion.Run, error) {
	if runs, known := e.ran[k]; known {
		return runs, nil
	}
	dir := state.Dir(e.Platform.Spec.State.Path, k)
	var runs []promotion.Run
	var until time.Time
	unbroken := false // the version before, which is the later one, had a release too
	open := e.downstream(k)
	for version, err := range e.Repo.Versions(e.ctx, e.tip.Hash, dir) {
		if err != nil {
			return nil, fmt.Errorf("history of %s: %w", dir, err)
		}
		if err := e.Repo.Prefetch(e.ctx, []git.Hash{version.Entry}, state.ReleaseFile); err != nil && version.Entry != git.ZeroHash {
			return nil, err
		}
		record, found, err := e.recordAt(version, dir)
		if err != nil {
			return nil, err
		}
		began := version.When
		if n := len(runs); found && unbroken && runs[n-1].Record.ID == record.ID { // the same release, written again
			runs[n-1].Arrival = promotion.Arrival{Commit: version.Commit.Hash.String(), When: began}
		} else if found {
			runs = append(runs, promotion.Run{Record: record, Arrival: promotion.Arrival{Commit: version.Commit.Hash.String(), When: began}, To: until})
		}
		until, unbroken = began, found
		delete(open, record.ID)
		if open != nil && len(open) == 0 && found {
			break
		}
	}
	e.ran[k] = runs
	return runs, nil
}

// downstream returns the releases that environments after a cell's, or beside it, run: what came before them is of no interest. nil is everything.
func (e *evidence) downstream(k state.Key) map[release.ID]bool {
	open := map[release.ID]bool{}
	for _, env := range e.Platform.Spec.Environments {
		if env.Name == k.Environment || e.leads(env.Name, k.Environment) {
			continue
		}
		if env.Mode == config.ModePinned && slices.Contains(env.PromoteFrom, k.Environment) {
			return nil // it may be asked for anything that ever ran
		}
		if cell, runs := e.state.Cells[state.Key{Environment: env.Name, Component: k.Component}]; runs {
			open[cell.Record.ID] = true
		}
	}
	return open
}

// leads says whether releases travel from one environment to another.
func (e *evidence) leads(from, to string) bool {
	env, _ := e.Platform.Environment(to)
	return slices.ContainsFunc(env.PromoteFrom, func(upstream string) bool { return upstream == from || e.leads(from, upstream) })
}

// sourceContains says whether one source's commit is the other's or has it in its history.
func (e *evidence) sourceContains(newer, older release.Source) (bool, error) {
	if newer.Commit == older.Commit {
		return true, nil
	}
	pair := [2]string{newer.Commit, older.Commit}
	if answer, known := e.contains[pair]; known {
		return answer, nil
	}
	var ends [2]git.Hash
	for i, commit := range pair {
		hash, err := e.Repo.FetchCommit(e.ctx, commit)
		if err != nil {
			return false, fmt.Errorf("compare sources %.12s and %.12s: %w", newer.Commit, older.Commit, err)
		}
		ends[i] = hash
	}
	answer, err := e.Repo.IsAncestor(e.ctx, ends[1], ends[0])
	if err != nil {
		return false, fmt.Errorf("compare sources %.12s and %.12s: %w", newer.Commit, older.Commit, err)
	}
	e.contains[pair] = answer
	return answer, nil
}

func (e *evidence) commitChecks(commit string) (map[string]promotion.CheckState, error) {
	if known, asked := e.checks[commit]; asked {
		return known, nil
	}
	answer, err := e.Forge.CommitChecks(e.ctx, commit)
	if err != nil {
		return nil, err
	}
	words := map[forge.CheckState]promotion.CheckState{forge.CheckSuccess: promotion.CheckSuccess, forge.CheckPending: promotion.CheckPending,
		forge.CheckFailure: promotion.CheckFailure}
	states := map[string]promotion.CheckState{}
	for name, s := range answer {
		states[name] = words[s]
	}
	e.checks[commit] = states
	return states, nil
}
