package delivery_test

import (
	"strings"
	"testing"
	"time"

	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/state"
	"github.com/org/platform/internal/testkit"
)

// soakOfProd is what a plan says of the way of a to prod at some time.
func (f *fixture) soakOfProd(now time.Time) string {
	f.t.Helper()
	f.sync()
	d, _, _ := f.open("")
	d.Now = func() time.Time { return now }
	p, err := d.Promote(f.t.Context(), delivery.PromoteOptions{DryRun: true})
	if err != nil {
		f.t.Fatal(err)
	}
	for _, o := range p.Outcomes {
		if o.Environment == "prod" {
			return string(o.Action) + ": " + o.Reason
		}
	}
	f.t.Fatal("nothing is said of prod")
	return ""
}

func (f *fixture) pushReadme() {
	f.t.Helper()
	f.clone.Write(map[string]string{"README.md": f.clone.When.String()})
	f.clone.Commit("Fix a typo")
	f.clone.Git("push", "-q", "origin", "HEAD:main")
}

// What was taken away in between has not run without a break.
func TestSoakInAQueueStartsAnewAfterABreak(t *testing.T) {
	t.Parallel()
	f := gated(t, strings.Replace(gatedYAML, "gates: [{soak: 6h}]", "gates: [{soak: 6h}]\n      mode: queue", 1), "a")
	f.sync()
	began := testkit.Epoch.Add(time.Hour)
	f.clone.Git("rm", "-q", "-r", "environments/staging/a")
	f.clone.When = began.Add(2 * time.Hour)
	f.clone.Commit("Take it away")
	f.clone.Git("checkout", "-q", "HEAD~1", "--", "environments/staging/a")
	f.clone.When = began.Add(4 * time.Hour)
	f.clone.Commit("Put it back")
	f.clone.Git("push", "-q", "origin", "HEAD:main")
	if got, want := f.soakOfProd(began.Add(7*time.Hour)), "wait: soak: staging has run it for 3h of 6h"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A commit whose clock is behind, by mistake or not, makes nothing older: neither what came before it, nor what it brings.
func TestClocksOpenNoGate(t *testing.T) {
	t.Parallel()
	longAgo := testkit.Epoch.Add(-30 * 24 * time.Hour)
	t.Run("on top", func(t *testing.T) {
		t.Parallel()
		f := gated(t, gatedYAML, "a")
		const want = "wait: soak: staging has run it for 1h of 6h"
		if got := f.soakOfProd(testkit.Epoch.Add(2 * time.Hour)); got != want {
			t.Errorf("before: %q", got)
		}
		f.clone.When = longAgo
		for range 3 {
			f.pushReadme()
		}
		if got := f.soakOfProd(testkit.Epoch.Add(2 * time.Hour)); got != want {
			t.Errorf("after: %q, want %q", got, want)
		}
	})
	t.Run("of the merge", func(t *testing.T) {
		t.Parallel()
		f := onlyDev(t, strings.Replace(gatedYAML, "gates: [{soak: 6h}]", "gates: [{soak: 6h}]\n      mode: queue", 1))
		f.clone.When = longAgo
		f.merge("staging")
		if got, want := f.soakOfProd(testkit.Epoch.Add(90*time.Minute)), "wait: soak: staging has run it for 30m of 6h"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	})
	t.Run("of the last promotion", func(t *testing.T) {
		t.Parallel()
		f := gated(t, strings.Replace(gatedYAML, "soak: 6h", "minInterval: 6h", 1), "a")
		f.clone.When = longAgo
		f.pushReadme()
		if got := f.soakOfProd(testkit.Epoch.Add(2 * time.Hour)); !strings.HasPrefix(got, "wait: minInterval") {
			t.Errorf("%q", got)
		}
	})
}

// onlyDev is a platform whose dev runs a release, with the branch that brings it to staging: made an hour after the first commit.
func onlyDev(t *testing.T, yaml string) *fixture {
	t.Helper()
	f := newFixture(t, "a")
	f.clone.Write(map[string]string{"platform.yaml": yaml})
	f.clone.Commit("Configure")
	f.clone.Git("push", "-q", "origin", "HEAD:main")
	f.release("a", 1)
	f.promoteAt(testkit.Epoch.Add(time.Hour))
	return f
}

// A release has run since the state branch has it, in every mode: not since the branch was made that brought it.
func TestSoakCountsFromTheMerge(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"latest", "queue"} {
		f := onlyDev(t, strings.Replace(gatedYAML, "gates: [{soak: 6h}]", "gates: [{soak: 6h}]\n      mode: "+mode, 1))
		f.clone.When = testkit.Epoch.Add(10 * time.Hour)
		f.merge("staging")
		if got, want := f.soakOfProd(testkit.Epoch.Add(10*time.Hour+5*time.Minute)), "wait: soak: staging has run it for 5m of 6h"; got != want {
			t.Errorf("%s: %q, want %q", mode, got, want)
		}
	}
}

// What a queue offers is what the state branch had, not what a branch that was merged went through.
func TestQueueOffersNothingForged(t *testing.T) {
	t.Parallel()
	f := gated(t, strings.Replace(gatedYAML, "gates: [{soak: 6h}]", "mode: queue", 1), "a")
	f.merge("prod")
	f.release("a", 3)
	f.promoteAt(soaked)
	f.sync()
	forged := f.evil("staging")
	f.clone.Commit("wip")
	f.restore("origin/promote/staging/a", "environments/staging/a")
	promotion := f.commit()
	f.sync()
	f.clone.Git("merge", "-q", "--no-ff", "-m", "Merge pull request #1", promotion)
	f.clone.Git("push", "-q", "origin", "HEAD:main")
	f.sync()
	d, _, _ := f.open("")
	d.Now = func() time.Time { return soaked }
	p, err := d.Promote(t.Context(), delivery.PromoteOptions{DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	running := f.remote.Files("main", "environments/staging")["environments/staging/a/"+state.ReleaseFile]
	for _, o := range p.Outcomes {
		if o.Environment == "prod" && (o.Release.ID == forged.ID || !strings.Contains(running, string(o.Release.ID))) {
			t.Errorf("it offers %s of %s: %s %s", o.Release.ID, forged.ID, o.Action, o.Reason)
		}
	}
}

// An audit loses no move behind a commit whose clock is behind, nor the moves of such a commit.
func TestClocksHideNoMove(t *testing.T) {
	t.Parallel()
	f := onlyDev(t, gatedYAML)
	f.clone.When = testkit.Epoch.Add(-30 * 24 * time.Hour)
	f.merge("staging")
	f.pushReadme()
	f.sync()
	d, _, _ := f.open("")
	moves, err := d.Audit(t.Context(), delivery.AuditOptions{Since: testkit.Epoch.Add(-24 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range moves {
		got = append(got, m.Environment+" "+m.When.Format(time.TimeOnly))
	}
	if got, want := strings.Join(got, ", "), "staging 09:00:00, dev 09:00:00"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
