package promotion

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// dependsOn wants the component's dependencies to run at least what they ran where the release comes from, when it ran there.
func (p *planner) dependsOn(env config.Environment, s Step) Verdict {
	if p.Needs == nil {
		return failed(GateDependsOn, errors.New("the dependencies of components are not known"))
	}
	needs, err := p.Needs(s.Component)
	if err != nil {
		return failed(GateDependsOn, err)
	}
	var there, missing []string
	for _, component := range needs {
		if component == s.Component {
			continue
		}
		why, asked, err := p.lacks(env, s, component)
		switch {
		case err != nil:
			return failed(GateDependsOn, err)
		case why != "":
			missing = append(missing, why+p.circle(s, component))
		case asked:
			there = append(there, component)
		}
	}
	switch {
	case len(missing) > 0:
		return Verdict{Gate: GateDependsOn, Reason: strings.Join(missing, ", ")}
	case len(there) == 0:
		return Verdict{Gate: GateDependsOn, Holds: true, Reason: "nothing that it depends on runs in " + s.Source}
	default:
		return Verdict{Gate: GateDependsOn, Holds: true, Reason: fmt.Sprintf("%s: as new as in %s", strings.Join(there, ", "), s.Source)}
	}
}

// lacks says why a dependency is not there yet. What does not run upstream is not asked for.
func (p *planner) lacks(env config.Environment, s Step, component string) (why string, asked bool, err error) {
	here, above := state.Key{Environment: s.Environment, Component: component}, state.Key{Environment: s.Source, Component: component}
	for _, k := range []state.Key{above, here} {
		if p.State.Problems[k] != nil {
			return fmt.Sprintf("what %s runs of %s cannot be trusted", k.Environment, component), true, nil
		}
	}
	want, asked, err := p.verifiedWith(env, s, above)
	if err != nil || !asked {
		return "", false, err
	}
	have, runs := p.willRun(s.Component, here)
	if !runs {
		return fmt.Sprintf("%s must run %s here, and does not run", component, want.ID), true, nil
	}
	if have.ID == want.ID {
		return "", true, nil
	}
	enough, err := p.contains(have.Source, want.Source)
	if err == nil && !enough {
		why = fmt.Sprintf("%s must run %s here or a newer release, and runs %s", component, want.ID, have.ID)
	}
	return why, true, err
}

// verifiedWith returns what a dependency runs upstream: now, or where the release is one that upstream ran before, at the end of that time.
func (p *planner) verifiedWith(env config.Environment, s Step, above state.Key) (release.Record, bool, error) {
	cell, runs := p.State.Cells[above]
	if !runs || env.Mode != config.ModeQueue && env.Mode != config.ModePinned {
		return cell.Record, runs, nil
	}
	own, err := p.ran(state.Key{Environment: s.Source, Component: s.Component})
	if err != nil {
		return release.Record{}, false, err
	}
	run, found := runOf(own, s.Release.ID)
	if !found || run.To.IsZero() {
		return cell.Record, true, nil
	}
	others, err := p.ran(above)
	if err != nil {
		return release.Record{}, false, err
	}
	for _, other := range others {
		if other.When.Before(run.To) && (other.To.IsZero() || !other.To.Before(run.To)) {
			return other.Record, true, nil
		}
	}
	return cell.Record, true, nil
}

// willRun returns what a cell runs when the promotion of a component is merged: its own promotion comes with it if they are in one atomic set.
func (p *planner) willRun(component string, k state.Key) (release.Record, bool) {
	set, atomic := atomicSet(p.Platform, component)
	if other := p.steps[k]; atomic && slices.Contains(set.Components, k.Component) && other.Action == "" && other.Release.ID != "" {
		return other.Release, true
	}
	cell, runs := p.State.Cells[k]
	return cell.Record, runs
}

// circle says what to do where two components wait for each other.
func (p *planner) circle(s Step, component string) string {
	set, atomic := atomicSet(p.Platform, s.Component)
	needs, err := p.Needs(component)
	if err != nil || !slices.Contains(needs, s.Component) || atomic && slices.Contains(set.Components, component) {
		return ""
	}
	return fmt.Sprintf(" (it depends on %s, too: put both into an atomic set)", s.Component)
}
