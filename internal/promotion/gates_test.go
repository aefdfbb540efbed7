package promotion_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// gate adds a gate to an environment.
func gate(g config.Gate) func(*config.Environment) {
	return func(e *config.Environment) { e.Gates = append(e.Gates, g) }
}

func mode(name string) func(*config.Environment) {
	return func(e *config.Environment) { e.Mode = name }
}

func wave(n int) func(*config.Environment) { return func(e *config.Environment) { e.Wave = n } }

func fanInAny(e *config.Environment) { e.FanIn = config.FanInAny }

var errGone = errors.New("502\nBad Gateway")

// history is what cells ran, from "dev=1:5h,2:20m": release 1 came to dev 5h ago and 2 replaced it 20m ago. Releases of other components than hello
// are "dev/api=…".
func history(cells string) func(state.Key) ([]promotion.Run, error) {
	runs := map[state.Key][]promotion.Run{}
	for cell := range strings.FieldsSeq(cells) {
		where, what, _ := strings.Cut(cell, "=")
		k := key(where)
		for one := range strings.SplitSeq(what, ",") {
			number, ago, _ := strings.Cut(one, ":")
			d, err := time.ParseDuration(ago)
			if err != nil {
				panic(err)
			}
			run := promotion.Run{Record: record(k.Component, number), Arrival: promotion.Arrival{Commit: k.Environment + "-" + number, When: now.Add(-d)}}
			if len(runs[k]) > 0 {
				runs[k][0].To = run.When
			}
			runs[k] = append([]promotion.Run{run}, runs[k]...)
		}
	}
	return func(k state.Key) ([]promotion.Run, error) { return runs[k], nil }
}

// contains: release 3 was made from a descendant of the source of 2, and so on; those with letters are of no relation to any other.
func contains(newer, older release.Source) (bool, error) {
	a, b := newer.Commit[0], older.Commit[0]
	return a == b || a <= '9' && b <= '9' && a > b, nil
}

func input(p *config.Platform, s *state.State, since map[string]time.Duration) promotion.Input {
	return promotion.Input{Platform: p, State: s, Now: now, Arrived: arrivals(since), Contains: contains,
		Needs: func(string) ([]string, error) { return nil, nil }}
}

func stepTo(t testing.TB, in promotion.Input, where string) promotion.Step {
	t.Helper()
	for _, s := range promotion.Plan(in) {
		if s.Key == key(where) {
			return s
		}
	}
	t.Fatalf("no step to %s", where)
	return promotion.Step{}
}

// said returns what a gate says: "holds: reason", "waits: reason until 13:00:00".
func said(s promotion.Step, gate promotion.Gate) string {
	var lines []string
	for _, v := range s.Gates {
		if v.Gate != gate {
			continue
		}
		line := map[bool]string{true: "holds: ", false: "waits: "}[v.Holds] + v.Reason
		if v.Failed {
			line = "fails: " + v.Reason
		}
		if !v.Until.IsZero() {
			line += " until " + v.Until.UTC().Format("15:04:05")
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestGates(t *testing.T) {
	t.Parallel()
	const h = time.Hour
	prod := func(from string, change ...func(*config.Environment)) *config.Platform {
		return platform(env("dev", ""), env("qa", "dev"), env("perf", "dev"), env("prod", from, change...))
	}
	soakIn := func(d time.Duration, in string) func(*config.Environment) {
		return gate(config.Gate{Soak: config.Duration(d), In: in})
	}
	checks := func(in string) func(*config.Environment) {
		return gate(config.Gate{Checks: []string{"e2e", "load"}, In: in})
	}
	outcomes := func(byCommit map[string]map[string]promotion.CheckState) func(*promotion.Input) {
		return func(in *promotion.Input) {
			in.Checks = func(commit string) (map[string]promotion.CheckState, error) { return byCommit[commit], nil }
		}
	}
	type states = map[string]promotion.CheckState
	source := strings.Repeat("2", 40)
	deployed := func(outcome string) func(*promotion.Input) {
		return func(in *promotion.Input) {
			in.Deployment = func(k state.Key, r release.ID) (string, error) {
				if k.Environment != "qa" || string(r) != id("hello", "2") {
					return "wrong question", nil
				}
				return outcome, nil
			}
		}
	}
	denied := func(known bool, reasons ...string) func(*promotion.Input) {
		return func(in *promotion.Input) {
			in.Denied = func(k state.Key, r release.ID) ([]string, bool) {
				return reasons, known && k.Environment == "prod" && string(r) == id("hello", "2")
			}
		}
	}
	ran := func(cells string) func(*promotion.Input) {
		return func(in *promotion.Input) { in.Ran = history(cells) }
	}
	needs := func(names ...string) func(*promotion.Input) {
		return func(in *promotion.Input) { in.Needs = func(string) ([]string, error) { return names, nil } }
	}
	since := func(in *promotion.Input) {
		in.Arrived = arrivals(map[string]time.Duration{"dev": 30 * h, "qa": 26 * h, "perf": 20 * time.Minute, "prod": 3 * h})
	}
	weekend := func(f config.Freeze) func(*promotion.Input) {
		return func(in *promotion.Input) { in.Platform.Spec.Freezes = append(in.Platform.Spec.Freezes, f) }
	}
	noon := config.Freeze{Name: "lunch", From: "2026-05-04T11:30", To: "2026-05-04T13:00"}
	for name, c := range map[string]struct {
		platform *config.Platform
		state    string
		change   []func(*promotion.Input)
		gate     promotion.Gate
		want     string
	}{
		"soak in the direct upstream":        {prod("qa", soak(24*h)), "qa=2", nil, "soak", "holds: qa has run it for 26h of 24h"},
		"soak in a named one":                {prod("qa", soakIn(36*h, "dev")), "dev=2 qa=2", nil, "soak", "waits: dev has run it for 30h of 36h until 18:00:00"},
		"soak in a named one that went on":   {prod("qa", soakIn(h, "dev")), "dev=3 qa=2", nil, "soak", "waits: dev does not run it"},
		"soak in a named one that is broken": {prod("qa", soakIn(h, "dev")), "dev=! qa=2", nil, "soak", "waits: what dev runs cannot be trusted"},
		"soak where it is seen no more":      {prod("qa", soakIn(h, "dev")), "dev=3 qa=2", []func(*promotion.Input){ran("dev=2:30h,3:1h")}, "soak", "waits: dev does not run it"},
		"soak since no time at all": {prod("qa", soak(h)), "qa=2", []func(*promotion.Input){func(in *promotion.Input) {
			in.Arrived = func(state.Key) (promotion.Arrival, bool) { return promotion.Arrival{}, true }
		}}, "soak", "waits: it is not known since when qa has run it"},
		"soak in all upstreams":                 {prod("qa+perf", soak(h)), "qa=2 perf=2", nil, "soak", "waits: perf has run it for 20m of 1h until 12:40:00"},
		"soak in all upstreams held":            {prod("qa+perf", soak(10*time.Minute)), "qa=2 perf=2", nil, "soak", "holds: qa has run it for 26h of 10m, perf has run it for 20m of 10m"},
		"soak with any looks at the one":        {prod("perf+qa", soak(h), fanInAny), "qa=3 perf=2", nil, "soak", "holds: qa has run it for 26h of 1h"},
		"soak in a queue: a run that is over":   {prod("qa", soak(h), mode("queue")), "qa=3 prod=1", []func(*promotion.Input){ran("qa=1:9h,2:4h,3:90m")}, "soak", "holds: qa ran it for 2h30m of 1h"},
		"soak in a queue: still running":        {prod("qa", soak(h), mode("queue")), "qa=2 prod=1", []func(*promotion.Input){ran("qa=1:9h,2:90s")}, "soak", "waits: qa has run it for 1m30s of 1h until 12:58:30"},
		"soak in a queue: an earlier run":       {prod("qa", soak(h), mode("queue")), "qa=2 prod=1", []func(*promotion.Input){ran("qa=1:9h,2:4h,3:10m,2:5m")}, "soak", "holds: qa ran it for 3h50m of 1h"},
		"soak in a queue: again, and not yet":   {prod("qa", soak(h), mode("queue")), "qa=2 prod=1", []func(*promotion.Input){ran("qa=1:9h,2:70m,3:50m,2:5m")}, "soak", "waits: qa has run it for 5m of 1h until 12:55:00"},
		"soak in a queue: elsewhere, not yet":   {prod("qa", soakIn(h, "perf"), mode("queue")), "qa=2 perf=1 prod=1", []func(*promotion.Input){ran("qa=1:9h,2:4h perf=1:9h")}, "soak", "waits: perf has not run it"},
		"soak in a queue: no history elsewhere": {prod("qa", soakIn(h, "perf"), mode("queue")), "qa=2 perf=! prod=1", []func(*promotion.Input){ran("qa=1:9h,2:4h")}, "soak", "waits: what perf runs cannot be trusted"},
		"soak of what was asked for":            {prod("qa", soak(h), mode("pinned")), "qa=3 prod=1", []func(*promotion.Input){ran("qa=1:9h,2:4h,3:1h"), asked("prod", "2")}, "soak", "holds: qa ran it for 3h of 1h"},
		"soak that was too short":               {prod("qa", soak(4*h), mode("pinned")), "qa=3 prod=1", []func(*promotion.Input){ran("qa=1:9h,2:4h,3:1h"), asked("prod", "2")}, "soak", "waits: qa ran it for 3h of 4h only"},

		"interval over":         {prod("qa", gate(config.Gate{MinInterval: config.Duration(2 * h)})), "qa=2 prod=1", nil, "minInterval", "holds: the last release came 3h ago, of 2h"},
		"interval not over":     {prod("qa", gate(config.Gate{MinInterval: config.Duration(4 * h)})), "qa=2 prod=1", nil, "minInterval", "waits: the last release came 3h ago, of 4h until 13:00:00"},
		"interval of the first": {prod("qa", gate(config.Gate{MinInterval: config.Duration(4 * h)})), "qa=2", nil, "minInterval", "holds: nothing runs here yet"},
		"interval unknown": {prod("qa", gate(config.Gate{MinInterval: config.Duration(4 * h)})), "qa=2 prod=1", []func(*promotion.Input){func(in *promotion.Input) { in.Arrived = nil }}, "minInterval",
			"waits: it is not known when the last release came to prod"},

		"freeze":                        {prod("qa"), "qa=2", []func(*promotion.Input){weekend(noon)}, "freeze", "waits: frozen by lunch until Mon 2026-05-04 13:00 UTC until 13:00:00"},
		"freeze is over":                {prod("qa"), "qa=2", []func(*promotion.Input){weekend(config.Freeze{Name: "lunch", From: "2026-05-04T11:30", To: "2026-05-04T12:00"})}, "freeze", "holds: open under lunch"},
		"freeze of another environment": {prod("qa"), "qa=2", []func(*promotion.Input){weekend(config.Freeze{Name: "lunch", From: noon.From, To: noon.To, Environments: []string{"qa", "dev"}})}, "freeze", ""},
		"freeze of this environment": {prod("qa"), "qa=2", []func(*promotion.Input){weekend(config.Freeze{Name: "lunch", From: noon.From, To: noon.To, Environments: []string{"prod"}, Components: []string{"hello"}})}, "freeze",
			"waits: frozen by lunch until Mon 2026-05-04 13:00 UTC until 13:00:00"},
		"freeze of another component": {prod("qa"), "qa=2", []func(*promotion.Input){weekend(config.Freeze{Name: "lunch", From: noon.From, To: noon.To, Components: []string{"api"}})}, "freeze", ""},
		"allow window": {prod("qa"), "qa=2", []func(*promotion.Input){weekend(config.Freeze{Name: "train", Allow: true, Cron: "0 14 * * *", Duration: config.Duration(h)})}, "freeze",
			"waits: outside train, which opens Mon 2026-05-04 14:00 UTC until 14:00:00"},
		"freeze that cannot be read": {prod("qa"), "qa=2", []func(*promotion.Input){weekend(config.Freeze{Name: "lunch", TimeZone: "Mars/Olympus", From: noon.From, To: noon.To})}, "freeze", "fails: lunch: "},

		"depends on nothing":          {prod("qa", gate(config.Gate{DependsOn: true})), "qa=2", nil, "dependsOn", "holds: nothing that it depends on runs in qa"},
		"depends on what is there":    {prod("qa", gate(config.Gate{DependsOn: true})), "qa=2 qa/api=2 prod/api=2 qa/db=1 prod/db=3", []func(*promotion.Input){needs("api", "db", "cache")}, "dependsOn", "holds: api, db: as new as in qa"},
		"depends on what is older":    {prod("qa", gate(config.Gate{DependsOn: true})), "qa=2 qa/api=2 prod/api=1", []func(*promotion.Input){needs("api")}, "dependsOn", "waits: api must run " + id("api", "2") + " here or a newer release, and runs " + id("api", "1")},
		"depends on what is not here": {prod("qa", gate(config.Gate{DependsOn: true})), "qa=2 qa/api=2", []func(*promotion.Input){needs("api")}, "dependsOn", "waits: api must run " + id("api", "2") + " here, and does not run"},
		"depends on what is broken":   {prod("qa", gate(config.Gate{DependsOn: true})), "qa=2 qa/api=2 prod/api=!", []func(*promotion.Input){needs("api")}, "dependsOn", "waits: what prod runs of api cannot be trusted"},
		"depends on what is broken upstream": {prod("qa", gate(config.Gate{DependsOn: true})), "qa=2 qa/api=! prod/api=1", []func(*promotion.Input){needs("api")}, "dependsOn",
			"waits: what qa runs of api cannot be trusted"},
		"depends on two": {prod("qa", gate(config.Gate{DependsOn: true})), "qa=2 qa/api=2 qa/db=2 prod/db=1", []func(*promotion.Input){needs("api", "db")}, "dependsOn",
			"waits: api must run " + id("api", "2") + " here, and does not run, db must run " + id("db", "2") + " here or a newer release, and runs " + id("db", "1")},
		"depends on what depends on it": {prod("qa", gate(config.Gate{DependsOn: true})), "qa=2 qa/api=2", []func(*promotion.Input){func(in *promotion.Input) {
			in.Needs = func(component string) ([]string, error) {
				return map[string][]string{"hello": {"api"}, "api": {"hello"}}[component], nil
			}
		}}, "dependsOn", "waits: api must run " + id("api", "2") + " here, and does not run (it depends on hello, too: put both into an atomic set)"},
		"depends on what it was verified with": {prod("qa", gate(config.Gate{DependsOn: true}), mode("queue")), "qa=3 prod=1 qa/api=3 prod/api=2",
			[]func(*promotion.Input){needs("api"), ran("qa=1:9h,2:4h,3:1h qa/api=1:9h,2:3h,3:1h")}, "dependsOn", "holds: api: as new as in qa"},
		"depends on what it was last verified with": {prod("qa", gate(config.Gate{DependsOn: true}), mode("queue")), "qa=3 prod=1 qa/api=3 prod/api=1",
			[]func(*promotion.Input){needs("api"), ran("qa=1:9h,2:4h,3:1h qa/api=1:9h,2:3h,3:1h")}, "dependsOn", "waits: api must run " + id("api", "2") + " here or a newer release, and runs " + id("api", "1")},
		"depends on what runs, as it does": {prod("qa", gate(config.Gate{DependsOn: true}), mode("queue")), "qa=2 prod=1 qa/api=3 prod/api=2",
			[]func(*promotion.Input){needs("api"), ran("qa=1:9h,2:4h qa/api=1:9h,2:3h,3:1h")}, "dependsOn", "waits: api must run " + id("api", "3") + " here or a newer release, and runs " + id("api", "2")},
		"depends on itself":        {prod("qa", gate(config.Gate{DependsOn: true})), "qa=2", []func(*promotion.Input){needs("hello")}, "dependsOn", "holds: nothing that it depends on runs in qa"},
		"dependencies are unknown": {prod("qa", gate(config.Gate{DependsOn: true})), "qa=2", []func(*promotion.Input){func(in *promotion.Input) { in.Needs = nil }}, "dependsOn", "fails: the dependencies of components are not known"},
		"dependencies fail": {prod("qa", gate(config.Gate{DependsOn: true})), "qa=2", []func(*promotion.Input){func(in *promotion.Input) {
			in.Needs = func(string) ([]string, error) { return nil, errGone }
		}}, "dependsOn", "fails: 502 Bad Gateway"},
		"sources cannot be compared": {prod("qa", gate(config.Gate{DependsOn: true})), "qa=2 qa/api=2 prod/api=1", []func(*promotion.Input){needs("api"), func(in *promotion.Input) {
			in.Contains = func(release.Source, release.Source) (bool, error) { return true, errGone }
		}}, "dependsOn", "fails: compare 111111111111 with 222222222222: 502 Bad Gateway"},

		"checks on the arrival and the source": {prod("qa", checks("")), "qa=2", []func(*promotion.Input){outcomes(map[string]map[string]promotion.CheckState{"qa-arrival": {"e2e": "success"}, source: {"load": "success"}})}, "checks",
			"holds: e2e, load succeeded"},
		"checks pending and missing": {prod("qa", checks("")), "qa=2", []func(*promotion.Input){outcomes(map[string]map[string]promotion.CheckState{"qa-arrival": {"e2e": "pending"}})}, "checks",
			"waits: e2e pending, load missing (on qa-arrival of qa or source 222222222222)"},
		"checks failed": {prod("qa", checks("")), "qa=2", []func(*promotion.Input){outcomes(map[string]map[string]promotion.CheckState{"qa-arrival": states{"e2e": "success", "load": "success"}, source: {"e2e": "failure"}})}, "checks",
			"waits: e2e failure (on qa-arrival of qa or source 222222222222)"},
		"checks failed, and succeeded elsewhere": {prod("qa", checks("")), "qa=2", []func(*promotion.Input){outcomes(map[string]map[string]promotion.CheckState{"qa-arrival": states{"e2e": "failure", "load": "success"}, source: {"e2e": "success"}})}, "checks",
			"waits: e2e failure (on qa-arrival of qa or source 222222222222)"},
		"checks of an outcome nobody knows": {prod("qa", checks("")), "qa=2", []func(*promotion.Input){outcomes(map[string]map[string]promotion.CheckState{"qa-arrival": states{"e2e": "neutral", "load": "success"}})}, "checks",
			"waits: e2e missing (on qa-arrival of qa or source 222222222222)"},
		"checks of another environment":      {prod("qa", checks("dev")), "dev=2 qa=2", []func(*promotion.Input){outcomes(map[string]map[string]promotion.CheckState{"dev-arrival": {"e2e": "success", "load": "success"}})}, "checks", "holds: e2e, load succeeded"},
		"checks of one that does not run it": {prod("qa", checks("dev")), "dev=3 qa=2", []func(*promotion.Input){outcomes(map[string]map[string]promotion.CheckState{source: {"e2e": "success", "load": "success"}})}, "checks", "waits: dev does not run it"},
		"checks of each upstream": {prod("qa+perf", checks("")), "qa=2 perf=2", []func(*promotion.Input){outcomes(map[string]map[string]promotion.CheckState{"qa-arrival": {"e2e": "success", "load": "success"}})}, "checks",
			"waits: e2e missing, load missing (on perf-arrival of perf or source 222222222222)"},
		"checks in a queue": {prod("qa", checks(""), mode("queue")), "qa=3 prod=1", []func(*promotion.Input){ran("qa=1:9h,2:4h,3:1h"), outcomes(map[string]map[string]promotion.CheckState{"qa-2": {"e2e": "success", "load": "success"}})}, "checks",
			"holds: e2e, load succeeded"},
		"checks without a forge": {prod("qa", checks("")), "qa=2", nil, "checks", "fails: needs a forge: a plain Git remote has no statuses and check runs"},
		"checks fail": {prod("qa", checks("")), "qa=2", []func(*promotion.Input){func(in *promotion.Input) {
			in.Checks = func(string) (map[string]promotion.CheckState, error) {
				return states{"e2e": "success", "load": "success"}, errGone
			}
		}}, "checks", "fails: checks of qa-arrival: 502 Bad Gateway"},
		"checks of an unknown commit": {prod("qa", checks("")), "qa=2", []func(*promotion.Input){outcomes(map[string]map[string]promotion.CheckState{source: {"e2e": "success", "load": "success"}}), func(in *promotion.Input) {
			in.Arrived = func(state.Key) (promotion.Arrival, bool) { return promotion.Arrival{When: now}, true }
		}}, "checks", "waits: it is not known which commit brought it to qa"},

		"deployed":                  {prod("qa", gate(config.Gate{Deployment: true})), "qa=2", []func(*promotion.Input){deployed("success")}, "deployment", "holds: the deployment to qa is success"},
		"being deployed":            {prod("qa", gate(config.Gate{Deployment: true})), "qa=2", []func(*promotion.Input){deployed("in_progress")}, "deployment", "waits: the deployment to qa is in_progress"},
		"never deployed":            {prod("qa", gate(config.Gate{Deployment: true})), "qa=2", []func(*promotion.Input){deployed("")}, "deployment", "waits: there is no deployment to qa"},
		"deployments elsewhere":     {prod("perf", gate(config.Gate{Deployment: true, In: "qa"})), "perf=2", []func(*promotion.Input){deployed("success")}, "deployment", "holds: the deployment to qa is success"},
		"deployments without forge": {prod("qa", gate(config.Gate{Deployment: true})), "qa=2", nil, "deployment", "fails: needs a forge: a plain Git remote has no deployments"},
		"deployments cannot be seen": {prod("qa", gate(config.Gate{Deployment: true})), "qa=2", []func(*promotion.Input){func(in *promotion.Input) {
			in.Deployment = func(state.Key, release.ID) (string, error) { return "success", errGone }
		}}, "deployment", "fails: deployment to qa: 502 Bad Gateway"},

		"policies let it pass":    {prod("qa", gate(config.Gate{Policy: true})), "qa=2", []func(*promotion.Input){denied(true)}, "policy", "holds: the policies let it pass"},
		"policies deny it":        {prod("qa", gate(config.Gate{Policy: true})), "qa=2", []func(*promotion.Input){denied(true, "not on\nFridays", "too big")}, "policy", "waits: not on Fridays; too big"},
		"policies were not asked": {prod("qa", gate(config.Gate{Policy: true})), "qa=2", []func(*promotion.Input){denied(false)}, "policy", "waits: the policies were not asked: promote --verdicts says what they said"},
		"there are no policies":   {prod("qa", gate(config.Gate{Policy: true})), "qa=2", nil, "policy", "waits: the policies were not asked: promote --verdicts says what they said"},

		"a gate of a later version": {prod("qa", gate(config.Gate{In: "qa"})), "qa=2", nil, "unknown", "waits: the gate says nothing that this version understands"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := input(c.platform, running(c.state), nil)
			for _, change := range append([]func(*promotion.Input){since}, c.change...) {
				change(&in)
			}
			s := stepTo(t, in, "prod")
			got := said(s, c.gate)
			if strings.HasSuffix(c.want, ": ") {
				got = got[:min(len(got), len(c.want))]
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if waits := c.want != "" && !strings.HasPrefix(c.want, "holds"); waits != (s.Action == promotion.Wait) || s.Release.ID == "" {
				t.Errorf("got %s of %s", s.Action, s.Release.ID)
			}
			if s.Action == promotion.Wait && !strings.HasPrefix(s.Reason, string(c.gate)+": ") || strings.Contains(s.Reason, "\n") {
				t.Errorf("got reason %q", s.Reason)
			}
		})
	}
}

func asked(environment, number string) func(*promotion.Input) {
	return func(in *promotion.Input) {
		in.Asked = map[state.Key]release.ID{key(environment): record("hello", number).ID}
	}
}

// All gates are asked, in one order, and the reason is the first that does not hold.
func TestEveryGateSpeaks(t *testing.T) {
	t.Parallel()
	p := platform(env("dev", ""), env("eu", "dev"), env("us", "dev", wave(1), soak(time.Hour), gate(config.Gate{MinInterval: config.Duration(time.Hour)}),
		gate(config.Gate{Policy: true}), soak(2*time.Hour)))
	p.Spec.Sets = []config.Set{{Name: "all", Components: []string{"api", "hello"}, Order: config.OrderOrdered}}
	p.Spec.Freezes = []config.Freeze{{Name: "lunch", From: "2026-05-04T11:30", To: "2026-05-04T13:00"}}
	s := stepTo(t, input(p, running("dev=2 eu=2"), map[string]time.Duration{"dev": time.Minute}), "us")
	var got []string
	for _, v := range s.Gates {
		got = append(got, string(v.Gate)+map[bool]string{true: " holds", false: " waits"}[v.Holds])
	}
	want := []string{"upstream holds", "wave holds", "set holds", "freeze waits", "soak waits", "minInterval holds", "policy waits", "soak waits"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if s.Reason != "freeze: frozen by lunch until Mon 2026-05-04 13:00 UTC" || s.Set != "all" {
		t.Errorf("got %q, %q", s.Reason, s.Set)
	}
	if !s.Until.IsZero() {
		t.Error("nobody knows when a policy changes its mind")
	}
}

func TestUntil(t *testing.T) {
	t.Parallel()
	freeze := func(from, to string) config.Freeze { return config.Freeze{Name: from, From: from, To: to} }
	for name, c := range map[string]struct {
		freezes []config.Freeze
		gates   []func(*config.Environment)
		want    string
	}{
		"a soak":                        {nil, []func(*config.Environment){soak(time.Hour)}, "2026-05-04T12:40:00Z"},
		"the longest":                   {nil, []func(*config.Environment){soak(time.Hour), soak(2 * time.Hour), soak(30 * time.Minute)}, "2026-05-04T13:40:00Z"},
		"a freeze":                      {[]config.Freeze{freeze("2026-05-04T12:00", "2026-05-04T14:00")}, nil, "2026-05-04T14:00:00Z"},
		"a soak that ends in a freeze":  {[]config.Freeze{freeze("2026-05-04T12:30", "2026-05-04T14:00")}, []func(*config.Environment){soak(time.Hour)}, "2026-05-04T14:00:00Z"},
		"a soak before a freeze":        {[]config.Freeze{freeze("2026-05-04T12:50", "2026-05-04T14:00")}, []func(*config.Environment){soak(time.Hour)}, "2026-05-04T12:40:00Z"},
		"a soak after a freeze":         {[]config.Freeze{freeze("2026-05-04T12:00", "2026-05-04T12:30")}, []func(*config.Environment){soak(time.Hour)}, "2026-05-04T12:40:00Z"},
		"one freeze after the other":    {[]config.Freeze{freeze("2026-05-04T12:00", "2026-05-04T14:00"), freeze("2026-05-04T13:00", "2026-05-05T14:00")}, nil, "2026-05-05T14:00:00Z"},
		"a soak that ends in the other": {[]config.Freeze{freeze("2026-05-04T12:00", "2026-05-04T12:10"), freeze("2026-05-04T12:40", "2026-05-04T12:41")}, []func(*config.Environment){soak(time.Hour)}, "2026-05-04T12:41:00Z"},
		"what is not known":             {nil, []func(*config.Environment){soak(time.Hour), gate(config.Gate{Policy: true})}, ""},
		"a freeze without end":          {[]config.Freeze{freeze("2026-05-04T12:00", "2046-05-04T14:00")}, []func(*config.Environment){soak(time.Hour)}, ""},
		"a freeze that cannot be read":  {[]config.Freeze{freeze("2026-05-04T12:00", "tomorrow")}, []func(*config.Environment){soak(time.Hour)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := platform(env("dev", ""), env("prod", "dev", c.gates...))
			p.Spec.Freezes = c.freezes
			s := stepTo(t, input(p, running("dev=1"), map[string]time.Duration{"dev": 20 * time.Minute}), "prod")
			got := ""
			if !s.Until.IsZero() {
				got = s.Until.UTC().Format(time.RFC3339)
			}
			if s.Action != promotion.Wait || got != c.want {
				t.Errorf("got %s until %q, want %q", s.Action, got, c.want)
			}
		})
	}
}
