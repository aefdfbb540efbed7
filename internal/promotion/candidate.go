package promotion

import (
	"fmt"
	"strings"
	"time"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// upstream returns what the environments run that a step is promoted from. With fan-in all, each must run something that can be trusted; with any,
// one. Else the step returned has an action.
func (p *planner) upstream(fanIn string, s Step) ([]state.Cell, Step) {
	var cells []state.Cell
	var broken, empty string
	for _, from := range s.From {
		k := state.Key{Environment: from, Component: s.Component}
		if cell, runs := p.State.Cells[k]; runs {
			cells = append(cells, cell)
		} else if p.State.Problems[k] != nil && broken == "" {
			broken = from
		} else if p.State.Problems[k] == nil && empty == "" {
			empty = from
		}
	}
	switch {
	case fanIn == config.FanInAny && len(cells) > 0:
	case broken != "":
		s.Problems = p.State.Problems[state.Key{Environment: broken, Component: s.Component}]
		s = s.be(Blocked, "%s", s.Problems)
	case empty != "":
		s = s.wait(Verdict{Gate: GateUpstream, Reason: empty + " does not run it yet"})
	}
	return cells, s
}

// common offers what all upstreams run.
func (p *planner) common(s Step) Step {
	cells, s := p.upstream(config.FanInAll, s)
	if s.Action != "" {
		return s
	}
	for _, cell := range cells[1:] {
		if cell.Record.ID != cells[0].Record.ID {
			return s.wait(Verdict{Gate: GateUpstream, Reason: fmt.Sprintf("%s runs %s, but %s runs %s",
				cells[0].Environment, cells[0].Record.ID, cell.Environment, cell.Record.ID)})
		}
	}
	return s.offered(cells[0].Environment, cells[0].Record, allRun(s.From)+" it")
}

// newest offers the newest release that any upstream runs, unless a newer one runs here.
func (p *planner) newest(s Step) Step {
	cells, s := p.upstream(config.FanInAny, s)
	if s.Action != "" {
		return s
	}
	cell, err := p.newestOf(cells)
	if err != nil {
		return s.wait(failed(GateUpstream, err))
	}
	s = s.offered(cell.Environment, cell.Record, cell.Environment+" runs it")
	if s.Running == nil || s.runs(cell.Record.ID) || p.rolledBack(s) != "" {
		return s
	}
	older, err := p.older(cell.Record.Source, s.Running.Source)
	if err != nil {
		return s.wait(failed(GateUpstream, err))
	}
	if older {
		return s.be(Current, "runs a newer release than %s, which %s runs", cell.Record.ID, cell.Environment)
	}
	return s
}

// newestOf returns the cell whose source no other contains; of several the one whose release came last. What runs here counts as one of them, so
// that two unrelated releases do not replace each other for ever.
func (p *planner) newestOf(cells []state.Cell) (state.Cell, error) {
	var top []state.Cell
	for i, cell := range cells {
		beaten := false
		for j, other := range cells {
			older, err := false, error(nil)
			if i != j && cell.Record.ID != other.Record.ID {
				older, err = p.older(cell.Record.Source, other.Record.Source)
			}
			if err != nil {
				return state.Cell{}, err
			}
			beaten = beaten || older
		}
		if !beaten {
			top = append(top, cell)
		}
	}
	best, came, err := state.Cell{}, time.Time{}, error(nil)
	for i, cell := range top {
		a, known := p.arrived(cell.Key)
		if !known && cell.Record.ID != top[0].Record.ID {
			err = fmt.Errorf("%s and %s run different releases, and it is not known which came later", top[0].Environment, cell.Environment)
		}
		if same := cell.Record.ID == best.Record.ID; i == 0 || known && (a.When.After(came) && !same || a.When.Before(came) && same) {
			best, came = cell, a.When
		}
	}
	return best, err
}

// pinned offers what a person asked for, if upstream ran it.
func (p *planner) pinned(env config.Environment, s Step) Step {
	asked := p.Asked[s.Key]
	if asked == "" {
		return s.be(Current, "pinned: promote --component %s --to %s --release R brings another", s.Component, s.Environment)
	}
	if s.runs(asked) {
		return s.be(Current, "runs %s, as asked for", asked)
	}
	var source string
	var record release.Record
	var ran, missing []string
	for _, from := range s.From {
		k := state.Key{Environment: from, Component: s.Component}
		if problems := p.State.Problems[k]; problems != nil {
			s.Problems = problems
			return s.be(Blocked, "%s", problems)
		}
		runs, err := p.ran(k)
		if err != nil {
			return s.wait(failed(GateUpstream, err))
		}
		run, found := runOf(runs, asked)
		switch {
		case !found:
			missing = append(missing, from)
			continue
		case source == "":
			source, record = from, run.Record
		}
		ran = append(ran, run.story(from))
	}
	if source == "" || len(missing) > 0 && env.FanIn != config.FanInAny {
		return s.wait(Verdict{Gate: GateUpstream, Reason: fmt.Sprintf("%s never ran %s", strings.Join(missing, " and "), asked)})
	}
	if env.FanIn == config.FanInAny && s.Running != nil {
		older, err := p.older(record.Source, s.Running.Source)
		if err != nil {
			return s.wait(failed(GateUpstream, err))
		}
		if older {
			return s.wait(Verdict{Gate: GateUpstream, Reason: fmt.Sprintf("%s is older than what runs here: rollback %s --env %s --to %s brings it",
				asked, s.Component, s.Environment, asked)})
		}
	}
	return s.offered(source, record, strings.Join(ran, ", "))
}

// story says when an environment ran a release.
func (r Run) story(environment string) string {
	if r.To.IsZero() {
		return environment + " runs it"
	}
	return fmt.Sprintf("%s ran it from %s to %s", environment, moment(r.When), moment(r.To))
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
