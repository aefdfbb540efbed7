package promotion_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

var now = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// env is an environment; from lists upstreams, "qa+staging".
func env(name, from string, change ...func(*config.Environment)) config.Environment {
	e := config.Environment{Name: name, Promotion: config.PromotionManual}
	if from != "" {
		e.PromoteFrom = strings.Split(from, "+")
	}
	for _, c := range change {
		c(&e)
	}
	return e
}

func automatic(e *config.Environment) { e.Promotion = config.PromotionAutomatic }

func soak(d time.Duration) func(*config.Environment) {
	return func(e *config.Environment) { e.Gates = append(e.Gates, config.Gate{Soak: config.Duration(d)}) }
}

func platform(environments ...config.Environment) *config.Platform {
	return &config.Platform{Spec: config.Spec{Environments: environments}}
}

// record is release 1, 2, … of a component; two of the same number are the same release.
func record(component, number string) release.Record {
	r := release.New(component, release.Source{Commit: strings.Repeat(number, 40), Path: "services/" + component}, nil)
	return release.NewRecord(r, "", nil)
}

func id(component, number string) string { return string(record(component, number).ID) }

func key(s string) state.Key {
	environment, component, ok := strings.Cut(s, "/")
	if !ok {
		component = "hello"
	}
	return state.Key{Environment: environment, Component: component}
}

// running is a state from "dev=1 staging/api=2 prod=!": release 1 of hello in dev, 2 of api in staging, a broken cell in prod.
func running(cells string) *state.State {
	s := &state.State{Cells: map[state.Key]state.Cell{}, Problems: map[state.Key]finding.Problems{}}
	for cell := range strings.FieldsSeq(cells) {
		where, what, _ := strings.Cut(cell, "=")
		k := key(where)
		if what == "!" {
			s.Problems[k] = finding.Problems{{File: state.Dir("environments", k), Message: "was edited by hand"}}
			continue
		}
		s.Cells[k] = state.Cell{Key: k, Record: record(k.Component, what)}
	}
	return s
}

// holdFirst holds a release out of an environment where the component does not run.
func holdFirst(s *state.State, where, number string) *state.State {
	s.Holds = map[state.Key]*state.Hold{
		{Environment: where, Component: "hello"}: {Releases: []release.ID{record("hello", number).ID}, Reason: "5xx", By: "ann"}}
	return s
}

func hold(s *state.State, where, number string) *state.State {
	cell := s.Cells[key(where)]
	cell.Hold = &state.Hold{Releases: []release.ID{record(cell.Component, number).ID}, Reason: "5xx", By: "ann"}
	s.Cells[key(where)] = cell
	return s
}

// arrivals says how long ago environments came to run what they run.
func arrivals(since map[string]time.Duration) func(state.Key) (promotion.Arrival, bool) {
	return func(k state.Key) (promotion.Arrival, bool) {
		ago, known := since[k.Environment]
		return promotion.Arrival{Commit: k.Environment + "-arrival", When: now.Add(-ago)}, known
	}
}

// plan returns the steps as lines: environment/component action release: reason.
func plan(p *config.Platform, s *state.State, since map[string]time.Duration) []string {
	var lines []string
	for _, step := range promotion.Plan(promotion.Input{Platform: p, State: s, Now: now, Arrived: arrivals(since)}) {
		line := step.Environment + "/" + step.Component + " " + string(step.Action)
		for _, n := range []string{"1", "2", "3"} {
			if step.Release.ID == record(step.Component, n).ID {
				line += " " + n
			}
		}
		line += ": " + step.Reason
		if !step.Until.IsZero() {
			line += " until " + step.Until.Format(time.TimeOnly)
		}
		lines = append(lines, line)
	}
	return lines
}

func TestPlan(t *testing.T) {
	t.Parallel()
	chain := platform(env("dev", ""), env("staging", "dev"), env("prod", "staging"))
	pipeline := platform(env("dev", ""), env("staging", "dev", automatic), env("prod", "staging", automatic))
	fanIn := platform(env("dev", ""), env("qa", "dev"), env("perf", "dev"), env("prod", "qa+perf"))
	for name, c := range map[string]struct {
		platform *config.Platform
		state    *state.State
		want     []string
	}{
		"nothing runs":                  {chain, running(""), nil},
		"the first release":             {chain, running("dev=1"), []string{"staging/hello propose 1: dev runs it"}},
		"nothing passes an environment": {chain, running("dev=2 staging=1"), []string{"staging/hello propose 2: dev runs it", "prod/hello propose 1: staging runs it"}},
		"all run it":                    {chain, running("dev=1 staging=1 prod=1"), []string{"staging/hello up-to-date 1: runs what dev runs", "prod/hello up-to-date 1: runs what staging runs"}},
		"an older release comes, too":   {chain, running("dev=1 staging=2"), []string{"staging/hello propose 1: dev runs it", "prod/hello propose 2: staging runs it"}},
		"downstream only":               {chain, running("prod=1"), nil},
		"upstream is gone":              {chain, running("staging=1 prod=1"), []string{"prod/hello up-to-date 1: runs what staging runs"}},
		"automatic":                     {pipeline, running("dev=2 staging=1"), []string{"staging/hello merge 2: dev runs it and promotion to staging is automatic", "prod/hello merge 1: staging runs it and promotion to prod is automatic"}},
		"components by name": {chain, running("dev/b=1 dev/a=1 staging/c=1 dev/c=1"), []string{"staging/a propose 1: dev runs it", "staging/b propose 1: dev runs it",
			"staging/c up-to-date 1: runs what dev runs", "prod/c propose 1: staging runs it"}},
		"not an environment": {chain, running("removed=1"), nil},

		"fan-in of one release":    {fanIn, running("dev=2 qa=1 perf=1"), []string{"qa/hello propose 2: dev runs it", "perf/hello propose 2: dev runs it", "prod/hello propose 1: qa and perf run it"}},
		"fan-in of two releases":   {fanIn, running("qa=1 perf=2"), []string{"prod/hello wait: qa runs " + id("hello", "1") + ", but perf runs " + id("hello", "2")}},
		"fan-in of one upstream":   {fanIn, running("perf=1"), []string{"prod/hello wait: qa does not run it yet"}},
		"fan-in with a broken one": {fanIn, running("qa=1 perf=!"), []string{"prod/hello blocked: environments/perf/hello: was edited by hand"}},
		"fan-in up to date":        {fanIn, running("qa=1 perf=1 prod=1"), []string{"prod/hello up-to-date 1: runs what qa and perf run"}},
		// prod may not jump to what only one of its upstreams runs, nor be told that it is up to date.
		"fan-in half way": {fanIn, running("qa=2 perf=1 prod=1"), []string{"prod/hello wait: qa runs " + id("hello", "2") + ", but perf runs " + id("hello", "1")}},

		"blocked upstream": {chain, running("dev=! staging=1"), []string{"staging/hello blocked: environments/dev/hello: was edited by hand", "prod/hello propose 1: staging runs it"}},
		"blocked target":   {chain, running("dev=1 staging=!"), []string{"staging/hello blocked: environments/staging/hello: was edited by hand", "prod/hello blocked: environments/staging/hello: was edited by hand"}},

		"held": {chain, hold(running("dev=2 staging=1"), "staging", "2"), []string{"staging/hello held 2: " + id("hello", "2") + " held: 5xx (ann)", "prod/hello propose 1: staging runs it"}},
		"held before the first": {chain, holdFirst(running("dev=2"), "staging", "2"), []string{
			"staging/hello held 2: " + id("hello", "2") + " held: 5xx (ann)"}},
		"held and automatic": {pipeline, hold(running("dev=2 staging=1"), "staging", "2"), []string{"staging/hello held 2: " + id("hello", "2") + " held: 5xx (ann)", "prod/hello merge 1: staging runs it and promotion to prod is automatic"}},
		"hold of another":    {chain, hold(running("dev=3 staging=1"), "staging", "2"), []string{"staging/hello propose 3: dev runs it", "prod/hello propose 1: staging runs it"}},
		"upstream rolled back": {chain, hold(running("dev=2 staging=1 prod=2"), "staging", "2"), []string{
			"staging/hello held 2: " + id("hello", "2") + " held: 5xx (ann)",
			"prod/hello held 1: staging was rolled back from " + id("hello", "2") + ", which still runs here: roll back prod too, or wait for another release"}},
		"hold of what runs":    {chain, hold(running("dev=1 staging=1 prod=1"), "staging", "1"), []string{"staging/hello up-to-date 1: runs what dev runs", "prod/hello up-to-date 1: runs what staging runs"}},
		"hold of the upstream": {chain, hold(running("dev=2"), "dev", "2"), []string{"staging/hello propose 2: dev runs it"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, plan(c.platform, c.state, nil)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestSoak(t *testing.T) {
	t.Parallel()
	one := platform(env("dev", ""), env("prod", "dev", automatic, soak(time.Hour)))
	two := platform(env("qa", ""), env("perf", ""), env("prod", "qa+perf", soak(30*time.Minute), soak(time.Hour)))
	for name, c := range map[string]struct {
		platform *config.Platform
		state    *state.State
		since    map[string]time.Duration
		want     string
	}{
		"too early":                   {one, running("dev=1"), map[string]time.Duration{"dev": 20*time.Minute + 400*time.Millisecond}, "prod/hello wait 1: soak: dev has run it for 20m of 1h until 12:39:59"},
		"just too early":              {one, running("dev=1"), map[string]time.Duration{"dev": time.Hour - 1}, "prod/hello wait 1: soak: dev has run it for 59m59s of 1h until 12:00:00"},
		"long enough":                 {one, running("dev=1"), map[string]time.Duration{"dev": time.Hour}, "prod/hello merge 1: dev runs it and promotion to prod is automatic"},
		"clocks differ":               {one, running("dev=1"), map[string]time.Duration{"dev": -time.Minute}, "prod/hello wait 1: soak: dev has run it for 0s of 1h until 13:01:00"},
		"nobody knows":                {one, running("dev=1"), nil, "prod/hello wait 1: soak: it is not known since when dev has run it"},
		"up to date":                  {one, running("dev=1 prod=1"), nil, "prod/hello up-to-date 1: runs what dev runs"},
		"held is said first":          {one, hold(running("dev=2 prod=1"), "prod", "2"), nil, "prod/hello held 2: " + id("hello", "2") + " held: 5xx (ann)"},
		"the longest counts":          {two, running("qa=1 perf=1"), map[string]time.Duration{"qa": 10 * time.Minute, "perf": time.Minute}, "prod/hello wait 1: soak: perf has run it for 1m of 30m until 12:59:00"},
		"the longest is first":        {two, running("qa=1 perf=1"), map[string]time.Duration{"qa": time.Minute, "perf": 10 * time.Minute}, "prod/hello wait 1: soak: qa has run it for 1m of 30m until 12:59:00"},
		"the second gate":             {two, running("qa=1 perf=1"), map[string]time.Duration{"qa": 45 * time.Minute, "perf": 2 * time.Hour}, "prod/hello wait 1: soak: qa has run it for 45m of 1h until 12:15:00"},
		"both long enough":            {two, running("qa=1 perf=1"), map[string]time.Duration{"qa": time.Hour, "perf": 2 * time.Hour}, "prod/hello propose 1: qa and perf run it"},
		"one is not known":            {two, running("qa=1 perf=1"), map[string]time.Duration{"qa": 2 * time.Hour}, "prod/hello wait 1: soak: it is not known since when perf has run it"},
		"one waits, one is not known": {two, running("qa=1 perf=1"), map[string]time.Duration{"qa": time.Minute}, "prod/hello wait 1: soak: it is not known since when perf has run it"},
		"releases that differ":        {two, running("qa=1 perf=2"), nil, "prod/hello wait: qa runs " + id("hello", "1") + ", but perf runs " + id("hello", "2")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff([]string{c.want}, plan(c.platform, c.state, c.since)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestStep(t *testing.T) {
	t.Parallel()
	steps := promotion.Plan(promotion.Input{Platform: platform(env("dev", ""), env("prod", "dev")), State: running("dev=2 dev/new=1 prod=1"), Now: now})
	before := record("hello", "1")
	want := []promotion.Step{
		{Key: key("prod/hello"), Action: promotion.Propose, From: []string{"dev"}, Source: "dev", Release: record("hello", "2"), Running: &before, Reason: "dev runs it",
			Gates: []promotion.Verdict{{Gate: promotion.GateUpstream, Holds: true, Reason: "dev runs it"}}},
		{Key: key("prod/new"), Action: promotion.Propose, From: []string{"dev"}, Source: "dev", Release: record("new", "1"), Reason: "dev runs it",
			Gates: []promotion.Verdict{{Gate: promotion.GateUpstream, Holds: true, Reason: "dev runs it"}}},
	}
	if diff := cmp.Diff(want, steps); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
