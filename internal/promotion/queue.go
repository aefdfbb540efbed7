package promotion

import (
	"slices"
	"strings"
	"time"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// turn is a release that waits in a queue, and the upstream that ran it.
type turn struct {
	Run
	from string
}

// queue offers what upstream ran since, one after the other, oldest first. Left out is what upstream or an environment of a lower wave went back
// from, what is held here, and what can no longer pass a gate: else one release would keep all later ones out for ever.
func (p *planner) queue(env config.Environment, s Step) Step {
	cells, s := p.upstream(env.FanIn, s)
	if s.Action != "" {
		return s
	}
	if env.FanIn != config.FanInAny {
		cells = cells[:1] // its order counts
	}
	if !slices.ContainsFunc(cells, func(c state.Cell) bool { return !s.runs(c.Record.ID) }) {
		return s.be(Current, "runs what %s", allRun(names(cells)))
	}
	turns, err := p.turns(s, cells)
	if err != nil {
		return s.wait(failed(GateUpstream, err))
	}
	turns, held := p.unheld(s, turns)
	open, err := p.open(env, s, turns)
	switch {
	case err != nil:
		return s.wait(failed(GateUpstream, err))
	case len(open) > 0:
		return p.next(env, s, open)
	case held != nil:
		return s.offered(held.from, held.Record, held.story(held.from)) // its hold keeps it out
	case s.Running == nil:
		return s.wait(Verdict{Gate: GateUpstream, Reason: "nothing that " + allRun(names(cells)) + " can be brought here"})
	}
	if upstream := p.rolledBack(s); upstream != "" {
		return s.offered(upstream, p.State.Cells[state.Key{Environment: upstream, Component: s.Component}].Record, upstream+" runs it") // keepOut says it
	}
	return s.be(Current, "nothing that can be brought came to %s after %s", strings.Join(names(cells), " and "), s.Running.ID)
}

func names(cells []state.Cell) []string {
	var names []string
	for _, cell := range cells {
		names = append(names, cell.Environment)
	}
	return names
}

// next offers the first of a queue, or where nothing runs yet the last.
func (p *planner) next(env config.Environment, s Step, turns []turn) Step {
	if s.Running == nil {
		turns = turns[len(turns)-1:]
	}
	first, last := turns[0], turns[0]
	for _, later := range turns[1:] {
		if older, err := p.older(later.Record.Source, last.Record.Source); err == nil && older {
			continue // it will be, when the last one runs here
		}
		s.Behind, last = append(s.Behind, later.Record.ID), later
	}
	upstreams := []string{first.from}
	if env.FanIn != config.FanInAny {
		upstreams = s.From
	}
	var stories []string
	for _, upstream := range upstreams {
		runs, err := p.ran(state.Key{Environment: upstream, Component: s.Component})
		run, _ := runOf(runs, first.Record.ID)
		if _, stands := runOf(standing(runs), first.Record.ID); err != nil || !stands {
			s = s.offered(first.from, first.Record, "")
			s.Gates[0] = Verdict{Gate: GateUpstream, Reason: upstream + " has not run it yet"}
			return s
		}
		stories = append(stories, run.story(upstream))
	}
	return s.offered(first.from, first.Record, strings.Join(stories, ", "))
}

// turns returns what upstreams ran after what runs here and did not go back from, in the order in which it came.
func (p *planner) turns(s Step, cells []state.Cell) ([]turn, error) {
	var turns []turn
	var running release.ID
	if s.Running != nil {
		running = s.Running.ID
	}
	since, known := time.Time{}, false // when what runs here came to the first upstream that ran it
	for _, cell := range cells {
		runs, err := p.ran(cell.Key)
		if err != nil {
			return nil, err
		}
		for _, run := range runs {
			if run.Record.ID == running && (!known || run.When.Before(since)) {
				since, known = run.When, true
			}
		}
	}
	for _, cell := range cells {
		runs, _ := p.ran(cell.Key)
		rest, ran := tail(runs, running)
		var clock time.Time // never goes back, as the order of commits does not
		for _, run := range rest {
			if run.When.After(clock) {
				clock = run.When
			}
			run.When = clock
			if ran || !known || run.When.After(since) {
				turns = append(turns, turn{run, cell.Environment})
			}
		}
	}
	slices.SortStableFunc(turns, func(a, b turn) int { return a.When.Compare(b.When) })
	switch {
	case s.Running == nil:
		return turns, nil
	case !known:
		return p.descendants(s, turns)
	default:
		return p.notOlder(s, turns)
	}
}

// descendants returns the newest turns whose sources contain what runs here, which no upstream ran. Where there are none, it is the newest turn.
func (p *planner) descendants(s Step, turns []turn) ([]turn, error) {
	for i, t := range slices.Backward(turns) {
		contains, err := p.contains(t.Record.Source, s.Running.Source)
		if err != nil {
			return nil, err
		}
		if !contains {
			return p.notOlder(s, turns[min(i+1, len(turns)-1):])
		}
	}
	return turns, nil
}

// notOlder leaves out what is older than what runs here.
func (p *planner) notOlder(s Step, turns []turn) ([]turn, error) {
	var rest []turn
	for _, t := range turns {
		older, err := p.older(t.Record.Source, s.Running.Source)
		if err != nil {
			return nil, err
		}
		if !older {
			rest = append(rest, t)
		}
	}
	return rest, nil
}

// standing returns what an environment ran and did not go back from, oldest first.
func standing(runs []Run) []Run {
	stack, _ := tail(runs, "")
	return stack
}

// tail returns what an environment ran after a release and did not go back from, oldest first: going back to an earlier release forgets those in
// between. ran is false where it never ran the release; then all of it is returned.
func tail(runs []Run, after release.ID) (rest []Run, ran bool) {
	var stack []Run
	before := 0 // how many of the stack came before
	for _, run := range slices.Backward(runs) {
		i := slices.IndexFunc(stack, func(r Run) bool { return r.Record.ID == run.Record.ID })
		if i >= 0 {
			stack = stack[:i+1]
			before = min(before, i+1)
		} else {
			stack = append(stack, run)
		}
		if run.Record.ID == after {
			before, ran = len(stack), true
		}
	}
	return stack[before:], ran
}
