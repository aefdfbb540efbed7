package promotion

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/state"
)

// wave wants the environments of lower waves to run the release, or, where releases come in turn, to have run it and not gone back.
func (p *planner) wave(env config.Environment, s Step, lower []string) Verdict {
	for _, where := range lower {
		k := state.Key{Environment: where, Component: s.Component}
		cell, runs := p.State.Cells[k]
		if runs && cell.Record.ID == s.Release.ID {
			continue
		}
		if env.Mode != config.ModeQueue && env.Mode != config.ModePinned || p.State.Problems[k] != nil {
			return Verdict{Gate: GateWave, Reason: where + " comes first and does not run it"}
		}
		past, err := p.ran(k)
		if err != nil {
			return failed(GateWave, err)
		}
		if _, ran := runOf(standing(past), s.Release.ID); !ran {
			return Verdict{Gate: GateWave, Reason: where + " comes first and has not run it"}
		}
	}
	return Verdict{Gate: GateWave, Holds: true, Reason: allRun(lower) + " it"}
}

// before returns the components that come before one in its set, where that has an order.
func (p *planner) before(component string) []string {
	set, found := p.Platform.SetOf(component)
	if !found || set.Order != config.OrderOrdered {
		return nil
	}
	return set.Components[:slices.Index(set.Components, component)]
}

// set wants the components before this one to be up to date here.
func (p *planner) set(s Step, before []string) Verdict {
	for _, component := range before {
		other, planned := p.steps[state.Key{Environment: s.Environment, Component: component}]
		switch {
		case !planned || other.Action == Current:
		case other.Release.ID == "":
			return Verdict{Gate: GateSet, Reason: fmt.Sprintf("%s comes first and is not up to date: %s", component, other.Reason)}
		default:
			return Verdict{Gate: GateSet, Reason: fmt.Sprintf("%s comes first and does not run %s here", component, other.Release.ID)}
		}
	}
	return Verdict{Gate: GateSet, Holds: true, Reason: strings.Join(before, ", ") + " up to date here"}
}
