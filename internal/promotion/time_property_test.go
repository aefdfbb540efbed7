package promotion_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// If nothing but time passes and there are no windows, what holds goes on to hold.
func TestTimeOpensGates(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := anyWorld(t, allGates...)
		before := promotion.Plan(w.Input)
		w.Now = now.Add(time.Duration(rapid.IntRange(1, 120).Draw(t, "later")) * time.Minute)
		after := promotion.Plan(w.Input)
		for i, s := range before {
			if after[i].Key != s.Key || after[i].Release.ID != s.Release.ID || len(after[i].Gates) != len(s.Gates) {
				t.Fatalf("another step: %+v, was %+v", after[i], s)
			}
			if moves(s) && !moves(after[i]) {
				t.Fatalf("%v was ready and is not: %s", s.Key, after[i].Reason)
			}
			for j, v := range s.Gates {
				if v.Holds && !after[i].Gates[j].Holds {
					t.Fatalf("%v: %+v no longer holds: %+v", s.Key, v, after[i].Gates[j])
				}
			}
		}
	})
}

// Whatever cannot be asked, nothing moves that would not have moved.
func TestErrorsOpenNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := anyWorld(t, allGates...)
		before := promotion.Plan(w.Input)
		fails := func(what string) bool { return rapid.Bool().Draw(t, what) }
		whole := w.Input
		if fails("arrivals") {
			w.Arrived = func(k state.Key) (promotion.Arrival, bool) {
				return promotion.Arrival{When: now.AddDate(-1, 0, 0)}, false
			}
		}
		if where := rapid.SampledFrom([]string{"", "e0", "e1", "e2"}).Draw(t, "history"); where != "" {
			w.Ran = func(k state.Key) ([]promotion.Run, error) {
				runs, err := whole.Ran(k)
				if k.Environment == where {
					err = errGone
				}
				return runs, err
			}
		}
		if commit := rapid.SampledFrom([]string{"", "1", "2", "a"}).Draw(t, "sources"); commit != "" {
			w.Contains = func(newer, older release.Source) (bool, error) {
				answer, _ := contains(newer, older)
				return answer, map[bool]error{true: errGone}[newer.Commit[:1] == commit || older.Commit[:1] == commit]
			}
		}
		if fails("needs") {
			w.Needs = func(string) ([]string, error) { return nil, errGone }
		}
		if fails("checks") {
			w.Checks = nil
		}
		if fails("policies") {
			w.Denied = nil
		}
		for i, s := range promotion.Plan(w.Input) {
			if moves(s) && (!moves(before[i]) || before[i].Release.ID != s.Release.ID) {
				t.Fatalf("an error opens the way: %+v, was %+v", s, before[i])
			}
			if s.Action == promotion.Current && before[i].Action != promotion.Current {
				t.Fatalf("an error reads as up to date: %+v, was %+v", s, before[i])
			}
		}
	})
}

// The same input gives the same plan, and is left as it was.
func TestPlanOfAnyWorldIsRepeatable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := anyWorld(t, allGates...)
		cells := maps.Clone(w.State.Cells)
		runs := map[state.Key][]promotion.Run{}
		for k, r := range w.runs {
			runs[k] = slices.Clone(r)
		}
		want := promotion.Plan(w.Input)
		units := promotion.Units(w.Platform, want)
		for range 3 {
			again := promotion.Plan(w.Input)
			if diff := cmp.Diff(want, again) + cmp.Diff(units, promotion.Units(w.Platform, again)); diff != "" {
				t.Fatalf("a second plan differs:\n%s", diff)
			}
		}
		if diff := cmp.Diff(cells, w.State.Cells) + cmp.Diff(runs, w.runs); diff != "" {
			t.Fatalf("the plan changed its input:\n%s", diff)
		}
	})
}

// What is said of when a step will be ready is so, to the second.
func TestUntilIsWhenItIsReady(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := anyWorld(t, "soak", "minInterval")
		for i := range rapid.IntRange(0, 2).Draw(t, "freezes") {
			from := now.Add(time.Duration(rapid.IntRange(-60, 60).Draw(t, "from")) * time.Minute)
			to := from.Add(time.Duration(rapid.IntRange(1, 90).Draw(t, "to")) * time.Minute)
			f := config.Freeze{Name: fmt.Sprint("f", i), From: from.Format(time.RFC3339), To: to.Format(time.RFC3339), Allow: rapid.IntRange(0, 4).Draw(t, "allow") == 0}
			w.Platform.Spec.Freezes = append(w.Platform.Spec.Freezes, f)
		}
		for i, s := range promotion.Plan(w.Input) {
			if s.Until.IsZero() {
				continue
			}
			if s.Action != promotion.Wait || !s.Until.After(now) {
				t.Fatalf("%v is %s until %s", s.Key, s.Action, s.Until)
			}
			w.Now = s.Until
			if then := promotion.Plan(w.Input)[i]; !moves(then) {
				t.Fatalf("%v is not ready at %s: %s", s.Key, s.Until, then.Reason)
			}
			w.Now = s.Until.Add(-time.Second)
			if then := promotion.Plan(w.Input)[i]; then.Action != promotion.Wait || !then.Until.Equal(s.Until) {
				t.Fatalf("%v is %s a second earlier, until %s instead of %s", s.Key, then.Action, then.Until, s.Until)
			}
			w.Now = now
		}
	})
}

// A queue brings all that upstream ran and did not go back from, in its order, once each, and comes to an end.
func TestQueueBringsAllInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		straight := rapid.Bool().Draw(t, "straight")
		var numbers []string
		for i := range rapid.IntRange(1, 9).Draw(t, "runs") {
			if straight {
				numbers = append(numbers, fmt.Sprint(i+1))
			} else {
				numbers = append(numbers, fmt.Sprint(rapid.IntRange(1, 5).Draw(t, "number")))
			}
		}
		numbers = slices.Compact(numbers)
		var past []string
		for i, n := range numbers {
			past = append(past, fmt.Sprintf("%s:%dm", n, 10*(len(numbers)-i)))
		}
		ran := history("dev=" + strings.Join(past, ","))
		first := rapid.SampledFrom(numbers).Draw(t, "runs here")
		s := running("dev=" + numbers[len(numbers)-1] + " prod=" + first)
		p := platform(env("dev", ""), env("prod", "dev", mode("queue")))
		w := world{runs: map[state.Key][]promotion.Run{}}
		w.runs[key("dev")], _ = ran(key("dev"))
		var brought []release.ID
		var behind []release.ID
		for range 20 {
			in := input(p, s, nil)
			in.Ran = ran
			step := promotion.Plan(in)[0]
			if step.Action == promotion.Current {
				break
			}
			if !moves(step) || !w.stands("dev", step.Release.Release) || slices.Contains(brought, step.Release.ID) {
				t.Fatalf("after %v: %+v", brought, step)
			}
			if len(brought) > 0 && !slices.Equal(behind, append([]release.ID{step.Release.ID}, step.Behind...)) {
				t.Fatalf("said that %v come, and then %s and %v", behind, step.Release.ID, step.Behind)
			}
			if older, _ := contains(step.Running.Source, step.Release.Source); older {
				t.Fatalf("back from %s to %s", step.Running.Source.Commit[:1], step.Release.Source.Commit[:1])
			}
			brought, behind = append(brought, step.Release.ID), step.Behind
			s.Cells[key("prod")] = state.Cell{Key: key("prod"), Record: step.Release}
		}
		if len(brought) == 20 || len(behind) > 0 {
			t.Fatalf("no end after %v, %v", brought, behind)
		}
		if straight {
			var want []release.ID
			for _, n := range numbers[slices.Index(numbers, first)+1:] {
				want = append(want, record("hello", n).ID)
			}
			if !slices.Equal(want, brought) {
				t.Fatalf("brought %v, want %v", brought, want)
			}
		}
	})
}
