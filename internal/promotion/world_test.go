package promotion_test

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// world is an input with all that a plan may ask about, and what it was drawn from.
type world struct {
	promotion.Input
	runs map[state.Key][]promotion.Run // newest first
}

// anyWorld draws a platform with all modes, ways to fan in, waves, sets and gates, and a past of each cell. Time is in whole minutes.
func anyWorld(t *rapid.T, gates ...string) world {
	w := world{runs: map[state.Key][]promotion.Run{}}
	s := &state.State{Cells: map[state.Key]state.Cell{}, Holds: map[state.Key]*state.Hold{}, Problems: map[state.Key]finding.Problems{}}
	var environments []config.Environment
	for i := range rapid.IntRange(2, 6).Draw(t, "environments") {
		e := anyEnvironment(t, environments, gates, i)
		environments = append(environments, e)
		for _, component := range components {
			w.anyPast(t, s, state.Key{Environment: e.Name, Component: component})
		}
	}
	denied, missing := rapid.Bool().Draw(t, "denied"), rapid.Bool().Draw(t, "missing")
	w.Input = promotion.Input{Platform: platform(environments...), State: s, Now: now, Contains: contains, Asked: map[state.Key]release.ID{},
		Arrived: func(k state.Key) (promotion.Arrival, bool) {
			if runs := w.runs[k]; len(runs) > 0 && runs[0].To.IsZero() {
				return runs[0].Arrival, true
			}
			return promotion.Arrival{}, false
		},
		Ran:    func(k state.Key) ([]promotion.Run, error) { return w.runs[k], nil },
		Needs:  func(component string) ([]string, error) { return components, nil },
		Denied: func(state.Key, release.ID) ([]string, bool) { return map[bool][]string{true: {"no"}}[denied], !missing },
		Checks: func(commit string) (map[string]promotion.CheckState, error) {
			if missing {
				return nil, errGone
			}
			return map[string]promotion.CheckState{"e2e": map[bool]promotion.CheckState{true: "failure", false: "success"}[denied]}, nil
		},
	}
	for _, e := range environments {
		if number := rapid.SampledFrom([]string{"", "1", "2", "3"}).Draw(t, "asked"); e.Mode == config.ModePinned && number != "" {
			w.Asked[state.Key{Environment: e.Name, Component: "hello"}] = record("hello", number).ID
		}
	}
	if order := rapid.SampledFrom([]string{"", config.OrderAtomic, config.OrderOrdered}).Draw(t, "order"); order != "" {
		w.Platform.Spec.Sets = []config.Set{{Name: "set", Components: rapid.Permutation(components).Draw(t, "set"), Order: order}}
	}
	return w
}

func anyEnvironment(t *rapid.T, earlier []config.Environment, gates []string, i int) config.Environment {
	e := config.Environment{Name: fmt.Sprintf("e%d", i), Promotion: rapid.SampledFrom([]string{config.PromotionManual, config.PromotionAutomatic}).Draw(t, "promotion"),
		Mode:  rapid.SampledFrom([]string{"", config.ModeLatest, config.ModeQueue, config.ModeQueue, config.ModePinned}).Draw(t, "mode"),
		FanIn: rapid.SampledFrom([]string{"", config.FanInAll, config.FanInAny}).Draw(t, "fan-in"),
		Wave:  rapid.IntRange(0, 2).Draw(t, "wave")}
	for _, other := range earlier {
		if rapid.Bool().Draw(t, "edge") {
			e.PromoteFrom = append(e.PromoteFrom, other.Name)
		}
	}
	if len(e.PromoteFrom) == 0 {
		return e
	}
	minutes := func() config.Duration {
		return config.Duration(rapid.IntRange(1, 90).Draw(t, "minutes")) * config.Duration(time.Minute)
	}
	for range rapid.IntRange(0, 2).Draw(t, "gates") {
		in := ""
		if rapid.IntRange(0, 3).Draw(t, "in") == 0 {
			in = earlier[0].Name
		}
		switch rapid.SampledFrom(gates).Draw(t, "gate") {
		case "soak":
			e.Gates = append(e.Gates, config.Gate{Soak: minutes(), In: in})
		case "minInterval":
			e.Gates = append(e.Gates, config.Gate{MinInterval: minutes()})
		case "dependsOn":
			e.Gates = append(e.Gates, config.Gate{DependsOn: true})
		case "policy":
			e.Gates = append(e.Gates, config.Gate{Policy: true})
		case "checks":
			e.Gates = append(e.Gates, config.Gate{Checks: []string{"e2e"}, In: in})
		}
	}
	return e
}

// anyPast draws what a cell ran, and the state that this ends in.
func (w world) anyPast(t *rapid.T, s *state.State, k state.Key) {
	ago := time.Duration(0)
	to := time.Time{}
	for i := range rapid.IntRange(0, 5).Draw(t, "runs") {
		number := rapid.SampledFrom([]string{"1", "2", "3", "4", "5", "a"}).Draw(t, "number")
		if n := len(w.runs[k]); n > 0 && w.runs[k][n-1].Record.ID == record(k.Component, number).ID {
			continue
		}
		ago += time.Duration(rapid.IntRange(1, 60).Draw(t, "minutes")) * time.Minute
		run := promotion.Run{Record: record(k.Component, number), Arrival: promotion.Arrival{Commit: fmt.Sprint(k, i), When: now.Add(-ago)}, To: to}
		w.runs[k] = append(w.runs[k], run)
		to = run.When
	}
	if len(w.runs[k]) == 0 {
		return
	}
	if rapid.IntRange(0, 9).Draw(t, "broken") == 0 {
		s.Problems[k] = finding.Problems{{Message: "edited"}}
		return
	}
	cell := state.Cell{Key: k, Record: w.runs[k][0].Record}
	if held := rapid.SampledFrom([]string{"", "", "", "1", "2", "3", "*"}).Draw(t, "held"); held != "" {
		cell.Hold = &state.Hold{Releases: []release.ID{record(k.Component, held).ID}, Reason: "r", By: "b"}
		if held == "*" {
			cell.Hold.Releases = []release.ID{state.Everything}
		}
	}
	s.Cells[k] = cell
}

func (w world) at(environment, component string) release.ID {
	return w.State.Cells[state.Key{Environment: environment, Component: component}].Record.ID
}

// stands says whether an environment ran a release and did not go back from it: after forgetting, again and again, what lies between two runs of one
// release.
func (w world) stands(environment string, r release.Release) bool {
	var line []release.ID
	for _, run := range slices.Backward(w.runs[state.Key{Environment: environment, Component: r.Component}]) {
		line = append(line, run.Record.ID)
	}
again:
	for j := range line {
		if i := slices.Index(line[:j], line[j]); i >= 0 {
			line = slices.Delete(line, i, j)
			goto again
		}
	}
	return slices.Contains(line, r.ID)
}

// ranFor returns how long an environment ran a release at a stretch, at most.
func (w world) ranFor(environment string, r release.Release, past bool) time.Duration {
	longest := time.Duration(-1)
	for _, run := range w.runs[state.Key{Environment: environment, Component: r.Component}] {
		if run.To.IsZero() {
			run.To = w.Now
		} else if !past {
			continue
		}
		if run.Record.ID == r.ID {
			longest = max(longest, run.To.Sub(run.When))
		}
	}
	return longest
}

var allGates = []string{"soak", "minInterval", "dependsOn", "policy", "checks"}
