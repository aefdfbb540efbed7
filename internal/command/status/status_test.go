package status

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

var update = flag.Bool("update", false, "write the golden files")

var now = time.Date(2026, 1, 8, 12, 0, 0, 0, time.UTC)

func at(ago time.Duration) time.Time { return now.Add(-ago) }

const (
	newer = release.ID("r-1a2b3c4d5e6f")
	older = release.ID("r-99ffee001122")
)

func wantGolden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func runningRow(component, env string, id release.ID, age time.Duration, position delivery.Position, commits int) delivery.Row {
	upstream := map[string]string{"staging": "dev", "prod": "staging"}[env]
	return delivery.Row{Key: state.Key{Environment: env, Component: component}, Release: id, Digest: "sha256:" + strings.Repeat("a", 64), Since: at(age),
		Position: position, Commits: commits, Upstream: upstream, From: upstream}
}

func hold(expires time.Time) *state.Hold {
	return &state.Hold{Releases: []release.ID{newer}, Reason: "errors", By: "Ann", Expires: state.Expiry{Time: expires}}
}

func TestWords(t *testing.T) {
	t.Parallel()
	soak := promotion.Verdict{Gate: promotion.GateSoak, Until: now.Add(2 * time.Hour)}
	freeze := promotion.Verdict{Gate: promotion.GateFreeze, Until: now.Add(72 * time.Hour)}
	checks := promotion.Verdict{Gate: promotion.GateChecks}
	passed := promotion.Verdict{Gate: promotion.GateUpstream, Holds: true}
	waiting := func(verdicts ...promotion.Verdict) func(*delivery.Row) {
		return func(r *delivery.Row) {
			r.Next, r.Incoming, r.Gates = promotion.Wait, newer, append([]promotion.Verdict{passed}, verdicts...)
		}
	}
	for want, change := range map[string]func(*delivery.Row){
		"r-99ffee 3d 2 behind":                         func(*delivery.Row) {},
		"r-99ffee 3d 2 behind to promote":              func(r *delivery.Row) { r.Next = promotion.Merge },
		"r-99ffee 3d 2 behind merge branch":            func(r *delivery.Row) { r.Next, r.Branch = promotion.Propose, "promote/prod/a" },
		"r-99ffee 3d 2 behind PR unknown":              func(r *delivery.Row) { r.Next, r.Branch, r.PullUnknown = promotion.Propose, "promote/prod/a", true },
		"r-99ffee 3d 2 behind PR #12":                  func(r *delivery.Row) { r.Next, r.PullRequest = promotion.Propose, 12 },
		"r-99ffee 3d 2 behind ⏳ soak 14:00":            waiting(soak),
		"r-99ffee 3d 2 behind ⏳ freeze Jan 11 12:00":   waiting(soak, freeze),
		"r-99ffee 3d 2 behind ⏳ checks":                waiting(checks, soak),
		"r-99ffee 3d 2 behind ⏳ checks unknown":        waiting(soak, promotion.Verdict{Gate: promotion.GateChecks, Failed: true}),
		"r-99ffee 3d 2 behind ⏳ set shop Jan 11 12:00": func(r *delivery.Row) { r.Next, r.Set, r.Until = promotion.Wait, "shop", freeze.Until },
		"r-99ffee 3d 2 behind held":                    func(r *delivery.Row) { r.Next, r.Hold = promotion.Held, hold(time.Time{}) },
		"r-99ffee 3d 2 behind blocked":                 func(r *delivery.Row) { r.Next = promotion.Blocked },
		"r-99ffee 3d 2 behind to promote hold expired": func(r *delivery.Row) { r.Next, r.Hold = promotion.Propose, hold(at(time.Hour)) },
		"r-99ffee 3d 2 behind break-glass":             func(r *delivery.Row) { r.BreakGlass = &release.BreakGlass{By: "ann"} },
		"r-99ffee 3d 1 ahead":                          func(r *delivery.Row) { r.Position, r.Commits = delivery.Ahead, 1 },
		"r-99ffee 3d behind":                           func(r *delivery.Row) { r.Commits = 0 },
		"r-99ffee 3d differs":                          func(r *delivery.Row) { r.Position = delivery.Differs },
		"r-99ffee 3d":                                  func(r *delivery.Row) { r.Position = delivery.InStep },
		"r-99ffee 90d+ 2 behind":                       func(r *delivery.Row) { r.Since, r.Earlier = at(90*24*time.Hour), true },
		"broken":                                       func(r *delivery.Row) { r.Release, r.Position, r.Next = "", delivery.Broken, promotion.Blocked },
		"-":                                            func(r *delivery.Row) { *r = delivery.Row{Position: delivery.Empty} },
		"held":                                         func(r *delivery.Row) { *r = delivery.Row{Position: delivery.Empty, Hold: hold(time.Time{})} },
	} {
		row := runningRow("a", "prod", older, 72*time.Hour, delivery.Behind, 2)
		change(&row)
		var got []string
		for _, w := range words(now, row) {
			got = append(got, w.text)
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func matrix() ([]string, []delivery.Row) {
	waits := runningRow("größe", "prod", older, 12*24*time.Hour, delivery.Behind, 2)
	waits.Next, waits.Incoming, waits.PullRequest, waits.Draft, waits.URL = promotion.Wait, newer, 45, true, "https://github.example/org/platform/pull/45"
	waits.Gates = []promotion.Verdict{{Gate: promotion.GateSoak, Until: now.Add(2 * time.Hour)}}
	queued := runningRow("mail", "staging", older, 72*time.Hour, delivery.Behind, 1)
	queued.Next, queued.Gates = waits.Next, waits.Gates
	ready := runningRow("worker", "staging", older, 5*time.Hour, delivery.Differs, 0)
	ready.Next, ready.PullRequest, ready.URL = promotion.Propose, 12, "https://github.example/org/platform/pull/12"
	ahead := runningRow("worker", "prod", newer, time.Minute, delivery.Ahead, 1)
	ahead.BreakGlass = &release.BreakGlass{By: "ann"}
	broken := delivery.Row{Key: state.Key{Environment: "dev", Component: "zoo"}, Position: delivery.Broken, Reason: "manifests.yaml was edited by hand"}
	blocked := delivery.Row{Key: state.Key{Environment: "staging", Component: "zoo"}, Position: delivery.Empty, Next: promotion.Blocked, Reason: "dev is broken"}
	return []string{"dev", "staging", "prod"}, []delivery.Row{
		runningRow("größe", "dev", newer, 3*time.Hour, delivery.First, 0), runningRow("größe", "staging", newer, 2*time.Hour, delivery.InStep, 0), waits,
		runningRow("mail", "dev", newer, 3*time.Hour, delivery.First, 0), queued, runningRow("mail", "prod", older, 2*time.Hour, delivery.InStep, 0),
		runningRow("worker", "dev", newer, 6*time.Hour, delivery.First, 0), ready, ahead,
		broken, blocked, {Key: state.Key{Environment: "prod", Component: "zoo"}, Position: delivery.Empty},
	}
}

func printed(color bool, print func(a *app.App)) string {
	var out bytes.Buffer
	print(&app.App{Out: &out, Color: color, Now: func() time.Time { return now }})
	return out.String()
}

func TestMatrix(t *testing.T) {
	t.Parallel()
	environments, rows := matrix()
	wantGolden(t, "matrix.txt", printed(false, func(a *app.App) { printRows(a, environments, rows) }))
	wantGolden(t, "matrix-colour.txt", strings.ReplaceAll(printed(true, func(a *app.App) { printRows(a, environments, rows) }), "\x1b", "ESC"))
	wantGolden(t, "long.txt", printed(false, func(a *app.App) { printLong(a, rows) }))
	wantGolden(t, "matrix.md", matrixMarkdown(now, environments, rows, 0))
	wantGolden(t, "matrix-cut.md", matrixMarkdown(now, environments, rows, 250))
}

// A matrix that does not fit is printed as a row for each component and environment.
func TestWidth(t *testing.T) {
	t.Parallel()
	environments, rows := matrix()
	for longest, wantMatrix := range map[int]bool{widest - 84: true, widest - 83: false} {
		environments[0] = strings.Repeat("x", longest)
		out := printed(false, func(a *app.App) { printRows(a, environments, rows) })
		if got := strings.HasPrefix(out, "COMPONENT  XXX"); got != wantMatrix {
			t.Errorf("an environment of %d characters: matrix %v, want %v:\n%s", longest, got, wantMatrix, out)
		}
	}
}

func TestChain(t *testing.T) {
	t.Parallel()
	_, rows := matrix()
	rows = rows[:3]
	rows[1].Passed = []string{"soak", "freeze"}
	rows[2].BreakGlass, rows[2].Hold = &release.BreakGlass{By: "eve"}, hold(time.Time{})
	image := release.Image{Name: "größe", NewName: "registry.example/a", Digest: "sha256:" + strings.Repeat("ab", 32)}
	side := image
	side.Name = "sidecar"
	c := chain{Owner: "shop-team", Path: "services/größe", Chain: &delivery.Chain{Component: "größe", Environments: append(rows,
		delivery.Row{Key: state.Key{Environment: "prod-us"}, Position: delivery.Broken, Reason: "release.yaml\nis missing"},
		delivery.Row{Key: state.Key{Environment: "qa"}, Position: delivery.Empty}),
		Releases: []delivery.Travel{
			{Release: release.Release{ID: newer, Source: release.Source{Commit: strings.Repeat("3f", 20)}, Images: []release.Image{image}},
				Commit:       &delivery.Commit{Hash: strings.Repeat("3f", 20), Subject: "Fix \x1b[31m\"retry\"", Author: "Ann", Date: now},
				PullRequests: []delivery.SourcePull{{Number: 41, URL: "https://github.example/org/platform/pull/41"}},
				Runs:         []string{"dev", "staging"}, Waits: []string{"prod"}},
			{Release: release.Release{ID: older, Source: release.Source{Commit: strings.Repeat("1e", 20)}, Images: []release.Image{image, side}},
				PullUnknown: true, Runs: []string{"prod"}},
		}}}
	wantGolden(t, "chain.txt", printed(false, c.print))
	wantGolden(t, "chain.md", c.markdown(now))
	c.narrow(func(environment string) bool { return environment == "dev" })
	wantGolden(t, "chain-dev.txt", printed(false, c.print))
}
