package promotion

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// planner makes one plan.
type planner struct {
	Input
	steps   map[state.Key]Step // as they are offered, before their gates are asked
	pasts   map[state.Key]past
	freezes []freeze
}

// past is an answer of Input.Ran.
type past struct {
	runs []Run
	err  error
}

func newPlanner(in Input) *planner {
	return &planner{Input: in, steps: map[state.Key]Step{}, pasts: map[state.Key]past{}, freezes: parseFreezes(in.Platform.Spec.Freezes)}
}

var errNoHistory = errors.New("history is not known")

// ran returns what a cell ran, newest first.
func (p *planner) ran(k state.Key) ([]Run, error) {
	known, asked := p.pasts[k]
	if !asked {
		known.err = errNoHistory
		if p.Ran != nil {
			known.runs, known.err = p.Ran(k)
		}
		p.pasts[k] = known
	}
	return known.runs, known.err
}

// arrived returns when a cell came to run what it runs.
func (p *planner) arrived(k state.Key) (Arrival, bool) {
	if p.Arrived == nil {
		return Arrival{}, false
	}
	a, known := p.Arrived(k)
	return a, known && !a.When.IsZero()
}

// older says whether one source is an ancestor of the other, and not the same.
func (p *planner) older(a, b release.Source) (bool, error) {
	if a.Commit == b.Commit {
		return false, nil
	}
	return p.contains(b, a)
}

func (p *planner) contains(newer, older release.Source) (bool, error) {
	if p.Contains == nil {
		return false, errNoHistory
	}
	contains, err := p.Contains(newer, older)
	if err != nil {
		return false, fmt.Errorf("compare %.12s with %.12s: %w", newer.Commit, older.Commit, err)
	}
	return contains, nil
}

// failed is the verdict of a gate that could not be asked.
func failed(g Gate, err error) Verdict {
	return Verdict{Gate: g, Reason: strings.Join(strings.Fields(err.Error()), " "), Failed: true}
}

// runOf returns the newest run of a release, of runs newest first.
func runOf(runs []Run, id release.ID) (Run, bool) {
	i := slices.IndexFunc(runs, func(r Run) bool { return r.Record.ID == id })
	if i < 0 {
		return Run{}, false
	}
	return runs[i], true
}
