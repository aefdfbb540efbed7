package promotion

import (
	"slices"
	"time"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// unheld leaves out what is held here and all that came before: it was passed by, and bringing it would lift the hold. held is the last of them.
func (p *planner) unheld(s Step, turns []turn) (rest []turn, held *turn) {
	hold := p.hold(s.Key)
	for i, t := range slices.Backward(turns) {
		if !hold.HoldsAt(t.Record.ID, p.Now) {
			continue
		}
		for _, later := range turns[i+1:] { // another upstream may run only now what came before
			if !slices.ContainsFunc(turns[:i], func(before turn) bool { return before.Record.ID == later.Record.ID }) {
				rest = append(rest, later)
			}
		}
		return rest, &turns[i]
	}
	return turns, nil
}

// open leaves out what can never pass: what an environment that must run it went back from or passed by, and what ran too short to soak.
func (p *planner) open(env config.Environment, s Step, turns []turn) ([]turn, error) {
	var open []turn
	seen := map[release.ID]bool{}
	for i, t := range turns {
		if seen[t.Record.ID] {
			continue
		}
		hopeless, err := p.hopeless(env, s, turns, i)
		if err != nil {
			return nil, err
		}
		if !hopeless {
			open, seen[t.Record.ID] = append(open, t), true
		}
	}
	return open, nil
}

// hopeless says whether a turn is one of those.
func (p *planner) hopeless(env config.Environment, s Step, turns []turn, i int) (bool, error) {
	s.Release, s.Source = turns[i].Record, turns[i].from
	must := append([]string{s.Source}, p.Platform.Before(env)...)
	if env.FanIn != config.FanInAny {
		must = append(must, s.From...)
	}
	for _, gate := range env.Gates {
		if gate.Soak == 0 {
			continue
		}
		for _, where := range lookAt(env, s, gate.In) {
			must = append(must, where)
			runs, _, err := p.runsOf(env, s, where)
			if err != nil {
				return true, err
			}
			if len(runs) == 0 {
				continue // it may come
			}
			if run, had := p.longest(runs, time.Duration(gate.Soak)); !run.To.IsZero() && had < time.Duration(gate.Soak) {
				return true, nil
			}
		}
	}
	for _, where := range must {
		if missed, err := p.missed(where, s.Component, turns, i); err != nil || missed {
			return true, err
		}
	}
	return false, nil
}

// missed says whether an environment went back from a release and holds it, or passed it by for one that came later. What went back without a hold
// may come again.
func (p *planner) missed(where, component string, turns []turn, i int) (bool, error) {
	k := state.Key{Environment: where, Component: component}
	if p.State.Cells[k].Hold.Names(turns[i].Record.ID) {
		return true, nil
	}
	runs, err := p.ran(k)
	if err != nil {
		return true, err
	}
	stands := standing(runs)
	if _, ran := runOf(stands, turns[i].Record.ID); ran {
		return false, nil
	}
	return slices.ContainsFunc(turns[i+1:], func(later turn) bool {
		_, ran := runOf(stands, later.Record.ID)
		return ran
	}), nil
}
