package promotion

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// Plan returns a step for every component and environment that has an upstream with a release, in the order releases travel, components by
// name. A step only ever brings what upstreams run or, in a queue or where a person asks for it, ran: no environment can be skipped. That a gate
// cannot be asked never makes it hold.
func Plan(in Input) []Step {
	p := newPlanner(in)
	var steps []Step
	for _, env := range in.Platform.Spec.Environments {
		if len(env.PromoteFrom) == 0 {
			continue
		}
		for _, component := range upstreamComponents(in.State, env.PromoteFrom) {
			s := p.offer(env, Step{Key: state.Key{Environment: env.Name, Component: component}, From: env.PromoteFrom})
			if set, found := in.Platform.SetOf(component); found {
				s.Set = set.Name
			}
			p.steps[s.Key] = s
			steps = append(steps, s)
		}
	}
	for i, s := range steps { // once it is known what the others are offered
		if s.Action == "" {
			env, _ := in.Platform.Environment(s.Environment)
			steps[i] = p.judge(env, s)
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

// offer returns a step that has an action if it is clear before any gate is asked, and else has the release to judge.
func (p *planner) offer(env config.Environment, s Step) Step {
	if running, runs := p.State.Cells[s.Key]; runs {
		s.Running = &running.Record
	}
	if problems := p.State.Problems[s.Key]; problems != nil {
		s.Problems = problems
		return s.be(Blocked, "%s", problems)
	}
	switch {
	case env.Mode == config.ModePinned:
		s = p.pinned(env, s)
	case env.Mode == config.ModeQueue:
		s = p.queue(env, s)
	case env.FanIn == config.FanInAny:
		s = p.newest(s)
	default:
		s = p.common(s)
	}
	if s.Action == "" {
		s = p.keepOut(env, s)
	}
	return s
}

// keepOut settles a step whose release runs already, or must not be brought by automation.
func (p *planner) keepOut(env config.Environment, s Step) Step {
	if s.runs(s.Release.ID) {
		return s.be(Current, "runs what %s", allRun(lookAt(env, s, "")))
	}
	if hold := p.hold(s.Key); hold.HoldsAt(s.Release.ID, p.Now) {
		s.Until = hold.Expires.Time
		return s.be(Held, "%s", hold)
	}
	if upstream := p.rolledBack(s); upstream != "" && env.Mode != config.ModePinned {
		return s.be(Held, "%s was rolled back from %s, which still runs here: roll back %s too, or wait for another release",
			upstream, s.Running.ID, s.Environment)
	}
	return s
}

// hold returns what is held out of a cell; nil is nothing.
func (p *planner) hold(k state.Key) *state.Hold {
	if cell, runs := p.State.Cells[k]; runs {
		return cell.Hold
	}
	return p.State.Holds[k]
}

// rolledBack returns the upstream that was rolled back from what the step's environment runs to what it is offered. Taking its older release
// further down would be a rollback nobody asked for.
func (p *planner) rolledBack(s Step) string {
	for _, upstream := range s.From {
		cell := p.State.Cells[state.Key{Environment: upstream, Component: s.Component}]
		if s.Running != nil && cell.Hold.Names(s.Running.ID) && cmp.Or(s.Release.ID, cell.Record.ID) == cell.Record.ID {
			return upstream
		}
	}
	return ""
}

// judge asks all gates of a step's release.
func (p *planner) judge(env config.Environment, s Step) Step {
	s.Gates = append(s.Gates, p.gates(env, s)...)
	if i := slices.IndexFunc(s.Gates, func(v Verdict) bool { return !v.Holds }); i >= 0 {
		s.Until = p.until(s)
		return s.be(Wait, "%s", s.Gates[i].line())
	}
	if env.Promotion == config.PromotionAutomatic {
		return s.be(Merge, "%s and promotion to %s is automatic", s.Gates[0].Reason, env.Name)
	}
	return s.be(Propose, "%s", s.Gates[0].Reason)
}

// allRun returns "dev runs", "dev and qa run".
func allRun(environments []string) string {
	if len(environments) == 1 {
		return environments[0] + " runs"
	}
	return strings.Join(environments, " and ") + " run"
}

// line returns the verdict with its gate, as the reason of a step.
func (v Verdict) line() string {
	if v.Gate == GateUpstream {
		return v.Reason
	}
	return string(v.Gate) + ": " + v.Reason
}

func (s Step) be(action Action, format string, args ...any) Step {
	s.Action, s.Reason = action, fmt.Sprintf(format, args...)
	return s
}

// runs says whether the environment of the step runs a release.
func (s Step) runs(id release.ID) bool { return s.Running != nil && s.Running.ID == id }

// offered returns the step with a release to judge; why says which upstreams run it.
func (s Step) offered(source string, r release.Record, why string) Step {
	s.Source, s.Release = source, r
	s.Gates = []Verdict{{Gate: GateUpstream, Holds: true, Reason: why}}
	return s
}

// wait returns the step without a release to bring, and why upstream has none.
func (s Step) wait(v Verdict) Step {
	s.Source, s.Release, s.Gates = "", release.Record{}, []Verdict{v}
	return s.be(Wait, "%s", v.line())
}
