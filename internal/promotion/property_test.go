package promotion_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

var components = []string{"api", "hello"}

// anyInput draws a platform of up to six environments, in the order releases travel, and any state of two components in it.
func anyInput(t *rapid.T) promotion.Input {
	n := rapid.IntRange(1, 6).Draw(t, "environments")
	environments := make([]config.Environment, n)
	s := &state.State{Cells: map[state.Key]state.Cell{}, Problems: map[state.Key]finding.Problems{}}
	since := map[state.Key]time.Time{}
	for i := range environments {
		e := config.Environment{Name: fmt.Sprintf("e%d", i), Promotion: rapid.SampledFrom([]string{config.PromotionManual, config.PromotionAutomatic}).Draw(t, "promotion")}
		for j := range i {
			if rapid.Bool().Draw(t, "edge") {
				e.PromoteFrom = append(e.PromoteFrom, environments[j].Name)
			}
		}
		if rapid.IntRange(0, 3).Draw(t, "gate") == 0 {
			e.Gates = []config.Gate{{Soak: config.Duration(time.Hour)}}
		}
		environments[i] = e
		for _, component := range components {
			k := state.Key{Environment: e.Name, Component: component}
			anyCell(t, s, k)
			if age := rapid.IntRange(-10, 120).Draw(t, "age in minutes"); age > 0 {
				since[k] = now.Add(-time.Duration(age) * time.Minute)
			}
		}
	}
	return promotion.Input{Platform: platform(environments...), State: s, Now: now, Arrived: func(k state.Key) (promotion.Arrival, bool) {
		at, known := since[k]
		return promotion.Arrival{When: at}, known
	}}
}

func anyCell(t *rapid.T, s *state.State, k state.Key) {
	number := rapid.SampledFrom([]string{"1", "2", "3", "", "!"}).Draw(t, "runs")
	switch number {
	case "":
	case "!":
		s.Problems[k] = finding.Problems{{Message: "edited"}}
	default:
		cell := state.Cell{Key: k, Record: record(k.Component, number)}
		if held := rapid.SampledFrom([]string{"", "", "1", "2"}).Draw(t, "held"); held != "" {
			cell.Hold = &state.Hold{Releases: []release.ID{record(k.Component, held).ID}, Reason: "r", By: "b"}
		}
		s.Cells[k] = cell
	}
}

func moves(s promotion.Step) bool {
	return s.Action == promotion.Propose || s.Action == promotion.Merge
}

// The promise of the product, from its definition and not from the code: what is brought anywhere, every direct upstream runs, nothing
// doubtful is touched, and gates and holds hold.
func TestNothingIsSkipped(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		seen := map[state.Key]bool{}
		for _, step := range promotion.Plan(in) {
			if seen[step.Key] {
				t.Fatalf("two steps for %v", step.Key)
			}
			seen[step.Key] = true
			env, _ := in.Platform.Environment(step.Environment)
			if len(env.PromoteFrom) == 0 {
				t.Fatalf("%s is promoted to without an upstream", env.Name)
			}
			if !moves(step) {
				continue
			}
			target := in.State.Cells[step.Key]
			if in.State.Problems[step.Key] != nil {
				t.Fatalf("%v is broken and would be written", step.Key)
			}
			if target.Hold.Holds(step.Release.ID) {
				t.Fatalf("%v would get what is held back", step.Key)
			}
			if target.Record.ID == step.Release.ID {
				t.Fatalf("%v would get what it runs", step.Key)
			}
			if step.Action == promotion.Merge && env.Promotion != config.PromotionAutomatic {
				t.Fatalf("%v would be merged without a person", step.Key)
			}
			for _, upstream := range env.PromoteFrom {
				k := state.Key{Environment: upstream, Component: step.Component}
				if in.State.Cells[k].Record.ID != step.Release.ID || in.State.Problems[k] != nil {
					t.Fatalf("%v would get %s, which %s does not run", step.Key, step.Release.ID, upstream)
				}
				if since, _ := in.Arrived(k); len(env.Gates) > 0 && (since.When.IsZero() || now.Sub(since.When) < time.Hour) {
					t.Fatalf("%v would get %s before it has soaked in %s", step.Key, step.Release.ID, upstream)
				}
			}
		}
	})
}

func TestPlanDependsOnItsInputOnly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		before := maps.Clone(in.State.Cells)
		want := promotion.Plan(in)
		for range 3 {
			// Maps made in another order, as another process would make them.
			again := &state.State{Cells: map[state.Key]state.Cell{}, Problems: map[state.Key]finding.Problems{}}
			for _, k := range rapid.Permutation(slices.SortedFunc(maps.Keys(in.State.Cells), byKey)).Draw(t, "cells") {
				again.Cells[k] = in.State.Cells[k]
			}
			for _, k := range rapid.Permutation(slices.SortedFunc(maps.Keys(in.State.Problems), byKey)).Draw(t, "problems") {
				again.Problems[k] = in.State.Problems[k]
			}
			same := in
			same.State = again
			if diff := cmp.Diff(want, promotion.Plan(same)); diff != "" {
				t.Fatalf("a second plan differs:\n%s", diff)
			}
		}
		if !cmp.Equal(before, in.State.Cells) {
			t.Fatal("the plan changed the state")
		}

		// Environments listed in another order give the same steps in another order.
		shuffled := in
		shuffled.Platform = platform(rapid.Permutation(in.Platform.Spec.Environments).Draw(t, "environments")...)
		got := promotion.Plan(shuffled)
		byStep := func(a, b promotion.Step) int { return byKey(a.Key, b.Key) }
		slices.SortFunc(got, byStep)
		slices.SortFunc(want, byStep)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("the order of environments matters:\n%s", diff)
		}
	})
}

func byKey(a, b state.Key) int {
	return slices.Compare([]string{a.Environment, a.Component}, []string{b.Environment, b.Component})
}

// Doing what the plan says, again and again, ends: after as many rounds as there are environments nothing is left to do.
func TestApplyingPlansConverges(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		in.Arrived = func(state.Key) (promotion.Arrival, bool) {
			return promotion.Arrival{When: now.Add(-24 * time.Hour)}, true
		} // all have soaked
		for range len(in.Platform.Spec.Environments) {
			for _, step := range promotion.Plan(in) {
				if moves(step) {
					in.State.Cells[step.Key] = state.Cell{Key: step.Key, Record: step.Release} // a new release lifts the hold
				}
			}
		}
		for _, step := range promotion.Plan(in) {
			if moves(step) || step.Action == promotion.Wait && !disagree(in, step) {
				t.Fatalf("still wanted: %+v", step)
			}
		}
	})
}

// disagree says whether upstreams run different releases, or one runs none: then downstream waits for ever, rightly.
func disagree(in promotion.Input, step promotion.Step) bool {
	for _, upstream := range step.From {
		first := in.State.Cells[state.Key{Environment: step.From[0], Component: step.Component}]
		cell, runs := in.State.Cells[state.Key{Environment: upstream, Component: step.Component}]
		if !runs || cell.Record.ID != first.Record.ID {
			return true
		}
	}
	return false
}

func TestBranch(t *testing.T) {
	t.Parallel()
	if got := promotion.Branch(key("staging/hello")); got != "promote/staging/hello" {
		t.Errorf("got %s", got)
	}
	name := rapid.StringMatching(`[a-zA-Z0-9]+([-_.][A-Za-z0-9]+)*`)
	rapid.Check(t, func(t *rapid.T) {
		k := state.Key{Environment: name.Draw(t, "environment"), Component: name.Draw(t, "component")}
		if got, ours := promotion.ParseBranch(promotion.Branch(k)); !ours || got != k {
			t.Errorf("got %v, %v; want %v", got, ours, k)
		}
	})
	for _, other := range []string{"", "main", "promote", "promote/", "promote/staging", "promote/staging/", "promote//hello", "promote/a/b/c", "x/promote/a/b", "Promote/a/b", "promoted/a/b"} {
		if k, ours := promotion.ParseBranch(other); ours {
			t.Errorf("%q is no promotion, got %v", other, k)
		}
	}
}
