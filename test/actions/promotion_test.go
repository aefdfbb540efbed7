package actions_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/org/platform/internal/command/hold"
	"github.com/org/platform/internal/command/resume"
)

// deployHello is the end of a workflow that builds an image.
const deployHello = `on: push
permissions: {contents: write, deployments: write}
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - id: deploy
        uses: org/platform/actions/deploy@v1
        with: {component: hello, image: %q}
`

// A release goes all the way, back, and is offered again: what the workflows do is seen on the server.
func testPromotion(t *testing.T, r *actRunner) {
	h := newHub(t, r)
	run := h.start(t, write(t, fmt.Sprintf(deployHello, h.image(t, "second"))), "push", h.head, map[string]any{"ref": "refs/heads/main", "after": h.head})
	run.require(true)
	release := run.output("deploy", "release")
	h.wantRelease(t, "dev", release)

	h.toStaging(t, release)
	h.toProd(t, release)
	h.back(t, release)
	h.again(t, release)
}

// toStaging needs a check, and no person.
func (h *hub) toStaging(t *testing.T, release string) {
	t.Helper()
	run := h.onMain(t, "push", nil)
	run.wantSummary("### Promotions\n", "| hello | dev ▸ staging | `"+release+"` | proposed | draft #1: checks: integration missing")
	if got := run.output("promote", "pull-requests"); !strings.HasSuffix(got, "/org/monorepo/pull/1") {
		t.Errorf("output pull-requests: %q", got)
	}
	h.want(t, 1, pull{"promoter[bot]", "promote/staging/hello", "open", true, "⏳ **Waits.** checks: integration missing"})
	h.wantDeployments(t, "dev "+h.head[:12]+" success")

	h.SetCheckRun(h.remote.Git("rev-parse", "main"), "integration", "success")
	run = h.onMain(t, "workflow_dispatch", map[string]any{"component": "hello", "to": "staging"})
	if strings.Contains(run.summary(), "▸ prod") {
		t.Errorf("a run for staging looks at prod:\n%s", run.summary())
	}
	h.want(t, 1, pull{"promoter[bot]", "promote/staging/hello", "open", false, "Brings **hello**"})
	run = h.onPull(t, "ready_for_review", 1)
	run.require(true)
	run.wantSummary("### Promotion check\n", "| hello | staging |", "| promotion | ✅ |")
	h.want(t, 1, pull{"promoter[bot]", "promote/staging/hello", "merged by promoter[bot]", false, ""})
	h.wantRelease(t, "staging", release)
}

// toProd takes time, and a person.
func (h *hub) toProd(t *testing.T, release string) {
	t.Helper()
	h.policy = true
	h.onMain(t, "push", nil)
	h.want(t, 2, pull{"promoter[bot]", "promote/prod/hello", "open", true, "⏳ **Waits.** soak: staging has run it since "})
	h.wantDeployments(t, "dev "+h.head[:12]+" success", "staging "+h.head[:12]+" success")
	h.wantGates(t, h.onPull(t, "opened", 2))
	if err := h.Merge(2, "ann", "squash"); err == nil {
		t.Error("a draft without its check was merged")
	}

	// Nobody gets rid of a gate by taking it out in the same pull request.
	h.work.Git("fetch", "-q")
	h.work.Git("checkout", "-q", "-b", "sneak", "origin/promote/prod/hello")
	h.work.Write(map[string]string{"platform.yaml": fmt.Sprintf(platformYAML, h.registry.Host), "policy/promotion/ripe.rego": "package promotion\n"})
	h.work.Commit("Take the gates out")
	h.work.Push()
	if number, err := h.Open("eve", "Faster", "", "sneak", "main"); number != 3 || err != nil {
		t.Fatalf("pull request %d: %v", number, err)
	}
	h.wantGates(t, h.onPull(t, "opened", 3))
	if err := h.Close(3, "eve"); err != nil {
		t.Fatal(err)
	}
	h.wantGates(t, h.onPull(t, "closed", 3)) // another pull request may have the same commit: its status stays what it is

	h.age(t, 25*time.Hour)
	h.onMain(t, "schedule", nil) // makes it ready, which is an event where an App does it
	if p := h.PullRequests()[1]; p.Draft || !strings.HasPrefix(p.Body, "Brings **hello**") {
		t.Errorf("after its soak: %+v", p)
	}
	run := h.onPull(t, "ready_for_review", 2)
	run.require(true)
	run.wantSummary("### Promotion check\n", "| soak | ✅ |", "| policy | ✅ |")
	h.Sync()
	run = h.promotion(t, "merge_group", h.remote.Git("rev-parse", "refs/pull/2/merge"), map[string]any{"merge_group": map[string]any{
		"base_sha": h.remote.Git("rev-parse", "main"), "base_ref": "refs/heads/main"}})
	run.require(true)
	run.wantSummary("### Promotion check\n", "| promotion | ✅ |")
	h.merge(t, 2, "squash")
	h.wantRelease(t, "prod", release)
	h.onPull(t, "closed", 2).require(true)
	h.wantDeployments(t, "dev "+h.head[:12]+" success", "staging "+h.head[:12]+" success", "prod "+h.head[:12]+" success")
}

// wantGates looks for a check that fails because of soak and policy, on the line of the release.
func (h *hub) wantGates(t *testing.T, run *result) {
	t.Helper()
	run.require(false)
	for _, want := range []string{"soak does not hold: staging has run it for ", "policy does not hold: ripe: hello is not ripe"} {
		if !slices.ContainsFunc(run.annotations(), func(e entry) bool {
			return e.Command == "error" && strings.HasPrefix(e.Arg, want) && e.Pairs["file"] == "environments/prod/hello/release.yaml" &&
				e.Pairs["line"] == "4" && e.Pairs["title"] == "promotion-gate"
		}) {
			t.Errorf("no annotation %q:\n%s", want, run)
		}
	}
	run.wantSummary("| promotion | ❌ |")
}

// back goes back by hand, and no automation brings it forward.
func (h *hub) back(t *testing.T, release string) {
	t.Helper()
	tip := h.remote.Git("rev-parse", "main")
	run := h.start(t, write(t, example(t, "rollback")), "workflow_dispatch", tip, map[string]any{"ref": "refs/heads/main",
		"inputs": map[string]any{"component": "hello", "env": "prod", "reason": "errors since 14:10"}})
	run.require(true)
	h.want(t, 4, pull{"github-actions[bot]", "rollback/prod/hello", "open", false, ""})
	before := run.output("rollback", "release")
	if before == release || run.output("rollback", "changed") != "true" || run.output("rollback", "branch") != "rollback/prod/hello" ||
		!strings.HasSuffix(run.output("rollback", "pull-request"), "/pull/4") || run.output("rollback", "commit") != h.PullRequests()[3].Head {
		t.Errorf("outputs of rollback:\n%s", run)
	}
	run.wantSummary("### Rollback of hello in prod\n", "| to | `"+before+"` |", "| from | `"+release+"`, held out of prod |")
	run = h.onPull(t, "opened", 4)
	run.require(true)
	run.wantSummary("| rollback | ✅ |")
	h.merge(t, 4, "merge")
	h.wantRelease(t, "prod", before)
	hold := h.remote.Files("main", "environments/prod")["environments/prod/hello.hold.yaml"]
	for _, want := range []string{release, "errors since 14:10", "by: ada"} {
		if !strings.Contains(hold, want) {
			t.Errorf("no %q in the hold:\n%s", want, hold)
		}
	}
	run = h.onMain(t, "push", nil)
	run.wantSummary("| hello | staging ▸ prod | `" + release + "` | held |")
	h.want(t, 4, pull{"github-actions[bot]", "rollback/prod/hello", "merged by ann", false, ""})
}

// again offers it once the hold is lifted, and takes the offer back when there is another.
func (h *hub) again(t *testing.T, release string) {
	t.Helper()
	h.command(t, time.Now(), resume.New, "hello", "--env", "prod", "--direct")
	h.onMain(t, "schedule", nil)
	h.want(t, 5, pull{"promoter[bot]", "promote/prod/hello", "open", false, "Brings **hello**"})

	h.command(t, time.Now(), hold.New, "hello", "--env", "prod", "--reason", "fair until Sunday", "--direct")
	tip := h.remote.Git("rev-parse", "main")
	run := h.start(t, write(t, example(t, "promote")), "schedule", tip, map[string]any{}, "--var", "PROMOTER_ID=1", "--secret", "PROMOTER_KEY="+appToken)
	run.require(true)
	run.wantSummary("| hello | staging ▸ prod | `" + release + "` | held |")
	h.want(t, 5, pull{"promoter[bot]", "promote/prod/hello", "closed", false, ""})
	if comments := h.Comments(5); len(comments) != 1 || !strings.Contains(comments[0].Body, "fair until Sunday") {
		t.Errorf("comments on the pull request that was closed: %+v", comments)
	}
}
