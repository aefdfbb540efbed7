package promotion_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// The promise of the product for every mode, way to fan in, wave and set, from its definition and not from the code.
func TestNothingIsSkippedInAnyMode(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := anyWorld(t, allGates...)
		steps := promotion.Plan(w.Input)
		for _, s := range steps {
			env, _ := w.Platform.Environment(s.Environment)
			checkVerdicts(t, s)
			if moves(s) {
				checkMove(t, w, env, s)
				checkOrder(t, w, env, s, steps)
			}
		}
		checkUnits(t, w, steps)
	})
}

// A step moves if all verdicts hold, and waits if not. What it says is one line.
func checkVerdicts(t *rapid.T, s promotion.Step) {
	if s.Reason == "" || strings.Contains(s.Reason, "\n") {
		t.Fatalf("reason of %v: %q", s.Key, s.Reason)
	}
	hold := !slices.ContainsFunc(s.Gates, func(v promotion.Verdict) bool { return !v.Holds })
	for _, v := range s.Gates {
		if v.Gate == "" || v.Reason == "" || strings.Contains(v.Reason, "\n") || v.Holds && !v.Until.IsZero() {
			t.Fatalf("verdict on %v: %+v", s.Key, v)
		}
	}
	if moves(s) && (!hold || s.Gates[0].Gate != promotion.GateUpstream) || s.Action == promotion.Wait && hold {
		t.Fatalf("%v %s with %+v", s.Key, s.Action, s.Gates)
	}
	if moves(s) && s.Source == "" || s.Brings() != (moves(s) || s.Action == promotion.Wait && s.Release.ID != "") {
		t.Fatalf("%v comes from nowhere", s.Key)
	}
}

func checkMove(t *rapid.T, w world, env config.Environment, s promotion.Step) {
	target := w.State.Cells[s.Key]
	if w.State.Problems[s.Key] != nil || target.Hold.HoldsAt(s.Release.ID, now) || target.Record.ID == s.Release.ID {
		t.Fatalf("%v must be left alone: %+v", s.Key, s)
	}
	if !slices.Contains(env.PromoteFrom, s.Source) || s.Action == promotion.Merge != (env.Promotion == config.PromotionAutomatic) {
		t.Fatalf("%v: %s from %s", s.Key, s.Action, s.Source)
	}
	from := env.PromoteFrom
	if env.FanIn == config.FanInAny {
		from = []string{s.Source}
	}
	past := env.Mode == config.ModeQueue || env.Mode == config.ModePinned
	for _, upstream := range from {
		if w.State.Problems[state.Key{Environment: upstream, Component: s.Component}] != nil {
			t.Fatalf("%v comes from %s, which is broken", s.Key, upstream)
		}
		if runs := w.at(upstream, s.Component) == s.Release.ID; !runs && !(past && w.ranFor(upstream, s.Release.Release, true) > 0) {
			t.Fatalf("%v would get %s, which %s does not run", s.Key, s.Release.ID, upstream)
		}
		if env.Mode == config.ModeQueue && !w.stands(upstream, s.Release.Release) {
			t.Fatalf("%v would get %s, from which %s went back", s.Key, s.Release.ID, upstream)
		}
	}
	older := func() bool { b, _ := contains(target.Record.Source, s.Release.Source); return b }
	if target.Record.ID != "" && (env.FanIn == config.FanInAny || env.Mode == config.ModeQueue) && older() {
		t.Fatalf("%v would go back from %s to %s", s.Key, target.Record.Source.Commit, s.Release.Source.Commit)
	}
	if env.Mode == config.ModePinned && w.Asked[s.Key] != s.Release.ID {
		t.Fatalf("%v is pinned, and nobody asked for %s", s.Key, s.Release.ID)
	}
	for _, gate := range env.Gates {
		looks := from
		if gate.In != "" {
			looks = []string{gate.In}
		}
		for _, where := range looks {
			if gate.Soak > 0 && w.ranFor(where, s.Release.Release, past) < time.Duration(gate.Soak) {
				t.Fatalf("%v would get %s before it has soaked in %s", s.Key, s.Release.ID, where)
			}
		}
		if gate.MinInterval > 0 && target.Record.ID != "" && w.ranFor(s.Environment, target.Record.Release, false) < time.Duration(gate.MinInterval) {
			t.Fatalf("%v would get %s too soon", s.Key, s.Release.ID)
		}
	}
}

// checkOrder looks at waves, ordered sets and dependencies.
func checkOrder(t *rapid.T, w world, env config.Environment, s promotion.Step, steps []promotion.Step) {
	past := env.Mode == config.ModeQueue || env.Mode == config.ModePinned
	for _, other := range w.Platform.Spec.Environments {
		if other.Wave >= env.Wave || !slices.Equal(other.PromoteFrom, env.PromoteFrom) {
			continue
		}
		if w.at(other.Name, s.Component) != s.Release.ID && !(past && w.stands(other.Name, s.Release.Release)) {
			t.Fatalf("%v would get %s before %s", s.Key, s.Release.ID, other.Name)
		}
	}
	set, found := w.Platform.SetOf(s.Component)
	for _, other := range steps {
		if other.Environment != s.Environment || other.Component == s.Component {
			continue
		}
		first := found && slices.Index(set.Components, other.Component) < slices.Index(set.Components, s.Component)
		if set.Order == config.OrderOrdered && first && other.Action != promotion.Current {
			t.Fatalf("%v would come before %s: %s", s.Key, other.Component, other.Action)
		}
	}
	for _, gate := range env.Gates {
		for _, need := range components {
			upstream := w.State.Cells[state.Key{Environment: s.Source, Component: need}].Record
			if !gate.DependsOn || need == s.Component || upstream.ID == "" {
				continue
			}
			if past {
				upstream = w.besides(s, need, upstream)
			}
			have := w.State.Cells[state.Key{Environment: s.Environment, Component: need}].Record
			enough := have.ID == upstream.ID
			if !enough && have.ID != "" {
				enough, _ = contains(have.Source, upstream.Source)
			}
			if !enough && (!found || set.Order != config.OrderAtomic) {
				t.Fatalf("%v would come before %s", s.Key, need)
			}
		}
	}
}

// besides returns what another component ran upstream in the last minute in which that ran the release.
func (w world) besides(s promotion.Step, component string, now release.Record) release.Record {
	for _, run := range w.runs[state.Key{Environment: s.Source, Component: s.Component}] {
		if run.Record.ID != s.Release.ID {
			continue
		}
		for _, other := range w.runs[state.Key{Environment: s.Source, Component: component}] {
			if last := run.To.Add(-time.Minute); !run.To.IsZero() && !other.When.After(last) && (other.To.IsZero() || other.To.After(last)) {
				return other.Record
			}
		}
		break
	}
	return now
}

// What is merged together is all ready, and each step that brings something is in one unit.
func checkUnits(t *rapid.T, w world, steps []promotion.Step) {
	count, branches := map[state.Key]int{}, map[string]bool{}
	for _, u := range promotion.Units(w.Platform, steps) {
		if branches[u.Branch()] {
			t.Fatalf("two units on %s", u.Branch())
		}
		branches[u.Branch()] = true
		if len(u.Steps) == 0 || u.Reason == "" {
			t.Fatalf("an empty unit: %+v", u)
		}
		for _, s := range u.Steps {
			count[s.Key]++
			if !s.Brings() || u.Action != promotion.Wait && !moves(s) || u.Action == promotion.Merge && s.Action != promotion.Merge || s.Environment != u.Environment {
				t.Fatalf("%s of %+v", u.Action, s)
			}
		}
		set, _ := w.Platform.SetOf(u.Steps[0].Component)
		for _, s := range steps {
			if u.Atomic && u.Action != promotion.Wait && s.Environment == u.Environment && slices.Contains(set.Components, s.Component) && !moves(s) && s.Action != promotion.Current {
				t.Fatalf("%s goes without %s, which is %s", u.Name, s.Component, s.Action)
			}
		}
	}
	for _, s := range steps {
		if (count[s.Key] == 1) != s.Brings() {
			t.Fatalf("%v is in %d units: %+v", s.Key, count[s.Key], s)
		}
	}
}
