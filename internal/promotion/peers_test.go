package promotion_test

import (
	"testing"
	"time"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// What users of other promotion tools report, each as the plan that would have been wrong.

func TestABaseEditReachesOneEnvironmentAtATime(t *testing.T) {
	t.Parallel()
	p := platform(env("dev", ""), env("staging", "dev", automatic), env("prod", "staging", automatic))
	in := input(p, running("dev=2 staging=1 prod=1"), nil)
	if s := stepTo(t, in, "prod"); s.Action != promotion.Current {
		t.Errorf("prod would get what staging does not run: %+v", s)
	}
}

// Neither the release that was rolled back, nor, in a queue, an older one whose arrival would lift the hold.
func TestAutomationDoesNotUndoARollback(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{config.ModeLatest, config.ModeQueue} {
		for _, fanIn := range []string{config.FanInAll, config.FanInAny} {
			p := platform(env("dev", ""), env("prod", "dev", automatic))
			p.Spec.Environments[1].Mode, p.Spec.Environments[1].FanIn = mode, fanIn
			in := input(p, holds(running("dev=3 prod=1"), "prod=3"), nil)
			in.Ran = history("dev=1:9h,2:8h,3:7h")
			if s := stepTo(t, in, "prod"); s.Action != promotion.Held {
				t.Errorf("%s, %s: got %s", mode, fanIn, short(s))
			}
		}
	}
}

func TestARollbackUpstreamIsNotCarriedDownstream(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{config.ModeLatest, config.ModeQueue} {
		p := platform(env("dev", ""), env("prod", "dev", automatic))
		p.Spec.Environments[1].Mode = mode
		in := input(p, holds(running("dev=1 prod=2"), "dev=2"), nil)
		in.Ran = history("dev=1:9h,2:8h,1:1h")
		if s := stepTo(t, in, "prod"); s.Action != promotion.Held {
			t.Errorf("%s: got %s", mode, short(s))
		}
	}
}

// Whoever waits for a time says when, so that a run can be started then.
func TestASoakSaysWhenItEnds(t *testing.T) {
	t.Parallel()
	p := platform(env("dev", ""), env("prod", "dev", soak(time.Hour), gate(config.Gate{MinInterval: config.Duration(2 * time.Hour)})))
	s := stepTo(t, input(p, running("dev=2 prod=1"), map[string]time.Duration{"dev": 10 * time.Minute, "prod": 20 * time.Minute}), "prod")
	if want := now.Add(100 * time.Minute); s.Action != promotion.Wait || !s.Until.Equal(want) {
		t.Errorf("got %s until %s, want %s", short(s), s.Until, want)
	}
}

func TestASoakCountsOneReleaseOnly(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{config.ModeLatest, config.ModeQueue} {
		p := platform(env("dev", ""), env("prod", "dev", soak(time.Hour)))
		p.Spec.Environments[1].Mode = mode
		in := input(p, running("dev=2 prod=1"), map[string]time.Duration{"dev": time.Minute})
		in.Ran = history("dev=1:90h,2:1m")
		if s := stepTo(t, in, "prod"); s.Action != promotion.Wait || !s.Until.Equal(now.Add(59*time.Minute)) {
			t.Errorf("%s: got %s until %s", mode, short(s), s.Until)
		}
	}
}

func TestAFreezeOfOneDoesNotBlockOthers(t *testing.T) {
	t.Parallel()
	p := platform(env("dev", ""), env("prod", "dev", automatic))
	p.Spec.Freezes = []config.Freeze{{Name: "audit", From: "2026-01-01T00:00", To: "2027-01-01T00:00", Components: []string{"api"}}}
	in := input(p, running("dev=2 dev/api=2"), nil)
	if hello, api := stepTo(t, in, "prod"), stepTo(t, in, "prod/api"); hello.Action != promotion.Merge || api.Action != promotion.Wait {
		t.Errorf("got %s and %s", short(hello), short(api))
	}
}

// A newer release comes on the branch of the older one, never on a second.
func TestOneBranchForEachTarget(t *testing.T) {
	t.Parallel()
	p := platform(env("dev", ""), env("prod", "dev"))
	var branches []string
	for _, number := range []string{"2", "3"} {
		for _, u := range promotion.Units(p, promotion.Plan(input(p, running("dev="+number+" prod=1"), nil))) {
			branches = append(branches, u.Branch())
		}
	}
	if len(branches) != 2 || branches[0] != branches[1] {
		t.Errorf("got %v", branches)
	}
}

// Upstream changes every 40 minutes and the soak is of 30: with latest, production gets a release only if somebody looks in the last ten minutes of
// it, and with a soak of 45 never; a queue brings each that has soaked.
func TestLatestStarvesAndAQueueDoesNot(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]promotion.Action{config.ModeLatest: promotion.Wait, config.ModeQueue: promotion.Propose} {
		p := platform(env("dev", ""), env("prod", "dev", soak(30*time.Minute)))
		p.Spec.Environments[1].Mode = mode
		in := input(p, running("dev=4 prod=1"), map[string]time.Duration{"dev": 10 * time.Minute})
		in.Ran = history("dev=1:130m,2:90m,3:50m,4:10m")
		if s := stepTo(t, in, "prod"); s.Action != want {
			t.Errorf("%s: got %s", mode, short(s))
		}
	}
}

// One release that can never pass does not keep out those behind it.
func TestAReleaseThatNeverSoakedDoesNotBlockTheQueue(t *testing.T) {
	t.Parallel()
	p := platform(env("dev", ""), env("prod", "dev", mode(config.ModeQueue), soak(30*time.Minute)))
	in := input(p, running("dev=4 prod=1"), nil)
	in.Ran = history("dev=1:9h,2:91m,3:90m,4:10m")
	if s := stepTo(t, in, "prod"); s.Release.ID != record("hello", "3").ID || s.Action != promotion.Propose {
		t.Errorf("got %s", short(s))
	}
}

func TestWhatIsUpToDateBlocksNobody(t *testing.T) {
	t.Parallel()
	for _, order := range []string{config.OrderAtomic, config.OrderOrdered} {
		p := platform(env("dev", ""), env("prod", "dev", automatic))
		p.Spec.Sets = []config.Set{{Name: "shop", Components: []string{"api", "web", "hello"}, Order: order}}
		units := promotion.Units(p, promotion.Plan(input(p, running("dev=2 dev/api=1 prod=1 prod/api=1"), nil)))
		if len(units) != 1 || units[0].Action != promotion.Merge || len(units[0].Steps) != 1 {
			t.Errorf("%s: got %+v", order, units)
		}
	}
}

func TestNothingPassesAnOpenPullRequest(t *testing.T) {
	t.Parallel()
	p := platform(env("dev", ""), env("staging", "dev"), env("prod", "staging", automatic))
	in := input(p, running("dev=2 staging=1 prod=1"), nil)
	if s := stepTo(t, in, "staging"); s.Action != promotion.Propose {
		t.Errorf("got %s", short(s))
	}
	if s := stepTo(t, in, "prod"); s.Brings() {
		t.Errorf("prod is ahead of the pull request to staging: %s", short(s))
	}
}

// A forge that does not answer neither opens a gate nor makes a promotion vanish.
func TestAnErrorIsNotAnAnswer(t *testing.T) {
	t.Parallel()
	p := platform(env("dev", ""), env("prod", "dev", automatic, gate(config.Gate{Checks: []string{"e2e"}}), gate(config.Gate{Deployment: true}),
		gate(config.Gate{DependsOn: true})))
	in := input(p, running("dev=2 prod=1"), map[string]time.Duration{"dev": time.Hour})
	in.Checks = func(string) (map[string]promotion.CheckState, error) {
		return map[string]promotion.CheckState{"e2e": promotion.CheckSuccess}, errGone
	}
	in.Deployment = func(state.Key, release.ID) (string, error) { return "success", errGone }
	in.Needs = func(string) ([]string, error) { return nil, errGone }
	plan := promotion.Plan(in)
	for _, v := range plan[0].Gates[1:] {
		if v.Holds || !v.Failed {
			t.Errorf("got %+v", v)
		}
	}
	if units := promotion.Units(p, plan); len(units) != 1 || units[0].Action != promotion.Wait || units[0].Steps[0].Release.ID != record("hello", "2").ID {
		t.Errorf("got %+v", units)
	}
	queue := platform(env("dev", ""), env("prod", "dev", mode(config.ModeQueue)))
	in = input(queue, running("dev=2 prod=1"), nil)
	in.Ran = func(state.Key) ([]promotion.Run, error) { return nil, errGone }
	if s := stepTo(t, in, "prod"); s.Action != promotion.Wait || s.Brings() || !s.Gates[0].Failed {
		t.Errorf("an unknown past reads as an empty one: %+v", s)
	}
}
