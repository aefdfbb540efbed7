package promotion

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// Action is what should happen to one component in one environment.
type Action string

// The actions.
const (
	Propose Action = "propose"    // a branch which a person merges
	Merge   Action = "merge"      // straight into the environment: its promotion is automatic
	Wait    Action = "wait"       // a gate does not hold yet
	Held    Action = "held"       // a hold keeps this release out
	Blocked Action = "blocked"    // the state cannot be trusted
	Current Action = "up-to-date" // nothing to do
)

// Step is the plan for one component in one environment.
type Step struct {
	state.Key
	Action  Action          `json:"action"`
	From    []string        `json:"from"`              // the environments it is promoted from
	Release release.Record  `json:"release"`           // what upstream runs; zero where upstreams disagree
	Running *release.Record `json:"running,omitempty"` // what runs now, nil for nothing
	Reason  string          `json:"reason"`
	Until   time.Time       `json:"until,omitzero"` // when a waiting gate will hold, where that is known

	Problems finding.Problems `json:"problems,omitempty"` // what is wrong with the state, where it blocks
}

// Input is all a plan depends on.
type Input struct {
	Platform *config.Platform
	State    *state.State
	Since    func(state.Key) time.Time // since when a cell is as it is; consulted for soak only
	Now      time.Time
}

// Plan returns a step for every component and environment that has an upstream with a release, in the order releases travel, components by
// name. A step only ever brings what all direct upstreams run, so no environment can be skipped.
func Plan(in Input) []Step {
	var steps []Step
	for _, env := range in.Platform.Spec.Environments {
		if len(env.PromoteFrom) == 0 {
			continue
		}
		for _, component := range upstreamComponents(in.State, env.PromoteFrom) {
			steps = append(steps, in.step(env, component))
		}
	}
	return steps
}

func upstreamComponents(s *state.State, upstreams []string) []string {
	var names []string
	collect := func(k state.Key) {
		if slices.Contains(upstreams, k.Environment) {
			names = append(names, k.Component)
		}
	}
	for k := range s.Cells {
		collect(k)
	}
	for k := range s.Problems {
		collect(k)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (in Input) step(env config.Environment, component string) Step {
	s := Step{Key: state.Key{Environment: env.Name, Component: component}, From: env.PromoteFrom}
	running, runs := in.State.Cells[s.Key]
	if runs {
		s.Running = &running.Record
	}
	if problems := in.State.Problems[s.Key]; problems != nil {
		s.Problems = problems
		return s.be(Blocked, "%s", problems)
	}
	candidate, why := in.candidate(env, component)
	if candidate == nil {
		s.Problems = why.problems
		return s.be(why.action, "%s", why.reason)
	}
	s.Release = candidate.Record
	if runs && running.Record.ID == candidate.Record.ID {
		return s.be(Current, "runs what %s", allRun(env.PromoteFrom))
	}
	hold := running.Hold
	if !runs {
		hold = in.State.Holds[s.Key]
	}
	if hold.Holds(candidate.Record.ID) {
		return s.be(Held, "%s", hold)
	}
	if upstream := in.rolledBack(s); upstream != nil {
		return s.be(Held, "%s was rolled back from %s, which still runs here: roll back %s too, or wait for another release",
			upstream.Environment, s.Running.ID, env.Name)
	}
	if wait, until := in.soak(env, component); wait != "" {
		s.Until = until
		return s.be(Wait, "%s", wait)
	}
	if env.Promotion == config.PromotionAutomatic {
		return s.be(Merge, "%s it and promotion to %s is automatic", allRun(env.PromoteFrom), env.Name)
	}
	return s.be(Propose, "%s it", allRun(env.PromoteFrom))
}

// rolledBack returns the upstream that was rolled back from what the step's environment runs. Taking its older release further down would be a
// rollback nobody asked for.
func (in Input) rolledBack(s Step) *state.Cell {
	for _, upstream := range s.From {
		cell := in.State.Cells[state.Key{Environment: upstream, Component: s.Component}]
		if s.Running != nil && cell.Hold.Holds(s.Running.ID) {
			return &cell
		}
	}
	return nil
}

// allRun returns "dev runs", "dev and qa run".
func allRun(environments []string) string {
	if len(environments) == 1 {
		return environments[0] + " runs"
	}
	return strings.Join(environments, " and ") + " run"
}

func (s Step) be(action Action, format string, args ...any) Step {
	s.Action, s.Reason = action, fmt.Sprintf(format, args...)
	return s
}

type verdict struct {
	action   Action
	reason   string
	problems finding.Problems
}

// candidate returns what every upstream runs, or why there is no such release.
func (in Input) candidate(env config.Environment, component string) (*state.Cell, verdict) {
	var first *state.Cell
	for _, upstream := range env.PromoteFrom {
		k := state.Key{Environment: upstream, Component: component}
		if problems := in.State.Problems[k]; problems != nil {
			return nil, verdict{Blocked, problems.Error(), problems}
		}
		cell, runs := in.State.Cells[k]
		if !runs {
			return nil, verdict{Wait, upstream + " does not run it yet", nil}
		}
		if first == nil {
			first = &cell
		} else if first.Record.ID != cell.Record.ID {
			return nil, verdict{Wait, fmt.Sprintf("%s runs %s, but %s runs %s", first.Environment, first.Record.ID, upstream, cell.Record.ID), nil}
		}
	}
	return first, verdict{}
}

// soak returns why a promotion has to wait for upstream to have run the release long enough, and until when: the gate and upstream that
// take longest.
func (in Input) soak(env config.Environment, component string) (why string, until time.Time) {
	for _, gate := range env.Gates {
		for _, upstream := range env.PromoteFrom {
			since := in.Since(state.Key{Environment: upstream, Component: component})
			if gate.Soak > 0 && since.IsZero() {
				return "soak: it is not known since when " + upstream + " has run it", time.Time{}
			}
			soak := time.Duration(gate.Soak)
			if end := since.Add(soak); in.Now.Before(end) && end.After(until) {
				ran := max(0, in.Now.Sub(since)).Round(time.Second) // clocks differ
				why, until = fmt.Sprintf("soak: %s has run it for %s of %s", upstream, ran, soak), end
			}
		}
	}
	return why, until
}
