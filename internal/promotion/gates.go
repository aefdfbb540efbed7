package promotion

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/schedule"
	"github.com/org/platform/internal/state"
)

// gates asks all gates of a step's release but upstream. Which there are depends on the configuration alone, so that the record of a promotion is
// the same whatever they say.
func (p *planner) gates(env config.Environment, s Step) []Verdict {
	var verdicts []Verdict
	if lower := p.Platform.Before(env); len(lower) > 0 {
		verdicts = append(verdicts, p.wave(env, s, lower))
	}
	if before := p.before(s.Component); len(before) > 0 {
		verdicts = append(verdicts, p.set(s, before))
	}
	if freezes := p.freezesOf(s.Key); len(freezes) > 0 {
		verdicts = append(verdicts, p.freeze(freezes))
	}
	for _, gate := range env.Gates {
		verdicts = append(verdicts, p.gate(env, s, gate))
	}
	return verdicts
}

func (p *planner) gate(env config.Environment, s Step, gate config.Gate) Verdict {
	switch {
	case gate.Soak > 0:
		return everywhere(GateSoak, lookAt(env, s, gate.In), func(where string) Verdict { return p.soak(env, s, where, time.Duration(gate.Soak)) })
	case gate.MinInterval > 0:
		return p.minInterval(s, time.Duration(gate.MinInterval))
	case gate.DependsOn:
		return p.dependsOn(env, s)
	case len(gate.Checks) > 0:
		return everywhere(GateChecks, lookAt(env, s, gate.In), func(where string) Verdict { return p.checks(env, s, where, gate.Checks) })
	case gate.Deployment:
		return everywhere(GateDeployment, lookAt(env, s, gate.In), func(where string) Verdict { return p.deployment(s, where) })
	case gate.Policy:
		return p.policy(s)
	default: // configuration is validated; what slips through must not open the way
		return Verdict{Gate: "unknown", Reason: "the gate says nothing that this version understands"}
	}
}

// lookAt returns the environments that a gate looks at: the one it names, else those that the release comes from.
func lookAt(env config.Environment, s Step, in string) []string {
	switch {
	case in != "":
		return []string{in}
	case env.FanIn == config.FanInAny:
		return []string{s.Source}
	default:
		return s.From
	}
}

// everywhere asks a gate of several environments. It returns the verdict that takes longest to hold, or one of all reasons if each holds.
func everywhere(gate Gate, environments []string, ask func(environment string) Verdict) Verdict {
	all := Verdict{Gate: gate, Holds: true}
	var reasons []string
	for _, environment := range environments {
		v := ask(environment)
		v.Gate = gate
		reasons = append(reasons, v.Reason)
		// An unknown time is later than any.
		if !v.Holds && (all.Holds || !all.Until.IsZero() && (v.Until.IsZero() || v.Until.After(all.Until))) {
			all = v
		}
	}
	if all.Holds {
		all.Reason = strings.Join(reasons, ", ")
	}
	return all
}

// until returns when all gates of a step will hold that do not yet: zero where that is not known. What becomes ready in a freeze waits for its end.
func (p *planner) until(s Step) time.Time {
	at := p.Now
	for _, v := range s.Gates {
		switch {
		case v.Holds:
		case v.Until.IsZero():
			return time.Time{}
		case v.Until.After(at):
			at = v.Until
		}
	}
	var schedules []schedule.Schedule
	for _, f := range p.freezesOf(s.Key) {
		schedules = append(schedules, f.schedule)
	}
	if open, known := schedule.NextOpen(schedules, at); known {
		return open
	}
	return time.Time{}
}

// runsOf returns the runs of a step's release in an environment that count for its gates, newest first: the present one, and, where releases are
// brought that upstream ran before, the earlier ones. Without any, why says so.
func (p *planner) runsOf(env config.Environment, s Step, where string) (runs []Run, why string, err error) {
	k := state.Key{Environment: where, Component: s.Component}
	cell, runsSomething := p.State.Cells[k]
	switch {
	case p.State.Problems[k] != nil:
		return nil, "what " + where + " runs cannot be trusted", nil
	case env.Mode == config.ModeQueue || env.Mode == config.ModePinned:
		all, err := p.ran(k)
		if err != nil {
			return nil, "", err
		}
		runs = slices.DeleteFunc(slices.Clone(all), func(r Run) bool { return r.Record.ID != s.Release.ID })
		if len(runs) == 0 {
			why = where + " has not run it"
		}
		return runs, why, nil
	case !runsSomething || cell.Record.ID != s.Release.ID:
		return nil, where + " does not run it", nil
	}
	a, known := p.arrived(k)
	if !known {
		return nil, "it is not known since when " + where + " has run it", nil
	}
	return []Run{{Record: cell.Record, Arrival: a}}, "", nil
}

// span writes a duration as people do: 20m, 1h30m, 26h. It is cut, not rounded: what has not run for an hour has run for 59m59s.
func span(d time.Duration) string {
	d = max(0, d).Truncate(time.Second)
	if d < time.Minute {
		return fmt.Sprintf("%ds", d/time.Second)
	}
	text := d.String()
	text = strings.TrimSuffix(text, "m0s") + map[bool]string{true: "m"}[strings.HasSuffix(text, "m0s")]
	return strings.TrimSuffix(text, "h0m") + map[bool]string{true: "h"}[strings.HasSuffix(text, "h0m")]
}
