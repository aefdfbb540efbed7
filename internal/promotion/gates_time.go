package promotion

import (
	"fmt"
	"strings"
	"time"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/schedule"
	"github.com/org/platform/internal/state"
)

// soak wants an environment to have run the release for some time, without a break.
func (p *planner) soak(env config.Environment, s Step, where string, want time.Duration) Verdict {
	runs, why, err := p.runsOf(env, s, where)
	if err != nil {
		return failed(GateSoak, err)
	}
	if why != "" {
		return Verdict{Reason: why}
	}
	run, had := p.longest(runs, want)
	switch {
	case run.To.IsZero():
		return Verdict{Holds: had >= want, Reason: fmt.Sprintf("%s has run it for %s of %s", where, span(had), span(want)), Until: p.later(run.When.Add(want)),
			Lasting: fmt.Sprintf("%s has run it since %s, and %s is wanted", where, moment(run.When), span(want))}
	case had >= want:
		return Verdict{Holds: true, Reason: fmt.Sprintf("%s ran it for %s of %s", where, span(had), span(want))}
	default:
		return Verdict{Reason: fmt.Sprintf("%s ran it for %s of %s only", where, span(had), span(want))}
	}
}

// longest returns a run that is long enough, else the present one, else the longest, and how long it was.
func (p *planner) longest(runs []Run, want time.Duration) (best Run, had time.Duration) {
	for i, run := range runs {
		lasted := run.To.Sub(run.When)
		if run.To.IsZero() {
			lasted = p.Now.Sub(run.When)
		}
		if i == 0 || lasted > had && (lasted >= want || !best.To.IsZero()) {
			best, had = run, lasted
		}
	}
	return best, had
}

// later returns a time that is yet to come, else zero.
func (p *planner) later(t time.Time) time.Time {
	if t.After(p.Now) {
		return t
	}
	return time.Time{}
}

// minInterval wants some time between two releases here.
func (p *planner) minInterval(s Step, want time.Duration) Verdict {
	if s.Running == nil {
		return Verdict{Gate: GateMinInterval, Holds: true, Reason: "nothing runs here yet"}
	}
	a, known := p.arrived(s.Key)
	if !known {
		return Verdict{Gate: GateMinInterval, Reason: "it is not known when the last release came to " + s.Environment}
	}
	had := p.Now.Sub(a.When)
	return Verdict{Gate: GateMinInterval, Holds: had >= want, Until: p.later(a.When.Add(want)),
		Reason:  fmt.Sprintf("the last release came %s ago, of %s", span(had), span(want)),
		Lasting: fmt.Sprintf("the last release came %s, and %s is wanted between two", moment(a.When), span(want))}
}

// freeze is one of the configuration, parsed.
type freeze struct {
	config.Freeze
	schedule schedule.Schedule
	err      error
}

func parseFreezes(configured []config.Freeze) []freeze {
	freezes := make([]freeze, len(configured))
	for i, f := range configured {
		s, err := schedule.Parse(f.Window())
		freezes[i] = freeze{f, s, err}
	}
	return freezes
}

// freezesOf returns those that are for a cell.
func (p *planner) freezesOf(k state.Key) []freeze {
	var freezes []freeze
	for _, f := range p.freezes {
		if f.Applies(k.Environment, k.Component) {
			freezes = append(freezes, f)
		}
	}
	return freezes
}

// freeze wants no window to forbid it.
func (p *planner) freeze(freezes []freeze) Verdict {
	var names []string
	var schedules []schedule.Schedule
	for _, f := range freezes {
		if f.err != nil {
			return failed(GateFreeze, fmt.Errorf("%s: %w", f.Name, f.err))
		}
		names, schedules = append(names, f.Name), append(schedules, f.schedule)
	}
	d := schedule.Decide(schedules, p.Now)
	if d.Open {
		return Verdict{Gate: GateFreeze, Holds: true, Reason: "open under " + strings.Join(names, ", ")}
	}
	return Verdict{Gate: GateFreeze, Reason: d.Reason, Until: d.Until}
}
