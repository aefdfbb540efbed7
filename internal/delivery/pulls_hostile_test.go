package delivery_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/promotion"
	fakegithub "github.com/org/platform/internal/testkit/github"
)

// A branch of a fork may have any name, and what people write into a pull request is not believed.
func TestPullRequestsOfOthers(t *testing.T) {
	t.Parallel()
	h := newHub(t, platformOf("    - {name: prod, promoteFrom: [dev], gates: [{soak: 1h}]}\n", ""), fakegithub.Options{}, "a")
	h.deploy("a", 1)
	evil := h.commit("main", "Evil", map[string]string{"x": "y"})
	_, err := h.OpenFork("mallory", "Promote a", "mallory/platform", "promote/prod/a", h.remote.Git("commit-tree", "-p", evil, "-m", "x", evil+"^{tree}"), "main")
	h.do(err)
	h.all()
	h.want("open", h.pullsNow(), []string{"#1 promote/prod/a", "#2 promote/prod/a draft"})
	h.want("the fork's title", h.pull(1).Title, "Promote a")
	before := h.pull(2)
	h.do(h.Edit(2, "Merged already", "all gates hold\n"+promotion.Proposal{}.Marker()))
	for _, label := range []string{"ready", "approved", "gates-hold"} {
		h.do(h.Label(2, "mallory", label))
	}
	h.do(h.SetDraft(2, "mallory", false))
	h.do(h.Comment(2, "mallory", "<!-- platform:promote -->\nClosed: it is merged."))
	h.all()
	after := h.pull(2)
	h.want("title, body, head and draft", []any{after.Title, after.Body, after.Head, after.Draft}, []any{before.Title, before.Body, before.Head, true})
	h.wantQuiet()
}

// Where there are no drafts, a promotion that waits is open all the same: its required check keeps it from being merged.
func TestWithoutDrafts(t *testing.T) {
	t.Parallel()
	gates := "    - {name: prod, promoteFrom: [dev], gates: [{soak: 1h}], reviewers: [ann]}\n"
	h := newHub(t, platformOf(gates, ""), fakegithub.Options{NoDrafts: true, Teams: map[string][]string{"org/sre": {"ann"}}}, "a", "b")
	h.deploy("a", 1)
	h.deploy("b", 2)
	h.all()
	h.want("open", h.pullsNow(), []string{"#1 promote/prod/a", "#2 promote/prod/b"})
	h.want("writes while they wait", h.writes(delivery.PromoteOptions{}), []string{"GRAPHQL convertPullRequestToDraft"})
	h.want("notices", slices.ContainsFunc(h.notices, func(n string) bool { return strings.Contains(n, "no draft pull requests") }), true)
	h.now = h.now.Add(time.Hour)
	h.all()
	h.want("reviewers", [][]string{h.pull(1).Reviewers, h.pull(2).Reviewers}, [][]string{{"ann"}, {"ann"}})
	h.wantQuiet()
}

// Checks of what GITHUB_TOKEN opens do not start by themselves: the pull request and the log say so. Those of an App do.
func TestTokenOfWorkflow(t *testing.T) {
	t.Parallel()
	for app, want := range map[string]bool{"github-actions[bot]": true, "promoter[bot]": false} {
		h := newHub(t, platformOf(prodByHand, ""), fakegithub.Options{App: app}, "a")
		h.deploy("a", 1)
		h.all()
		h.want("body of "+app, strings.Contains(h.pull(1).Body, "GITHUB\\_TOKEN") || strings.Contains(h.pull(1).Body, "GITHUB_TOKEN"), want)
		h.want("notice of "+app, slices.ContainsFunc(h.notices, func(n string) bool { return strings.Contains(n, "GITHUB_TOKEN") }), want)
	}
}

// The label of break-glass by one who may makes a promotion ready that waits, and is recorded; by others it does nothing.
func TestBreakGlassOnPullRequest(t *testing.T) {
	t.Parallel()
	more := "  breakGlass: {teams: [org/sre]}\n"
	h := newHub(t, platformOf("    - {name: prod, promoteFrom: [dev], gates: [{soak: 9h}]}\n", more),
		fakegithub.Options{Teams: map[string][]string{"org/sre": {"ann"}}}, "a")
	h.deploy("a", 1)
	h.all()
	head := h.pull(1).Head
	h.do(h.Label(1, "mallory", "break-glass"))
	h.all()
	h.want("of mallory", h.pullsNow(), []string{"#1 promote/prod/a draft"})
	h.want("head", h.pull(1).Head, head)
	h.do(h.Unlabel(1, "mallory", "break-glass"))
	h.do(h.Label(1, "ann", "Break-Glass"))
	h.all()
	h.want("of ann", h.pullsNow(), []string{"#1 promote/prod/a"})
	h.wantQuiet()
	h.do(h.Merge(1, "ann", "squash"))
	h.all()
	h.want("state", h.state(), "dev/a=1 prod/a=1")
	h.want("trailer", h.remote.Git("log", "-1", "--format=%(trailers:key=Platform-Break-Glass,valueonly)", "main"), "ann\n")
	h.want("record", strings.Contains(h.remote.Files("main", "environments/prod/a")["environments/prod/a/release.yaml"], "breakGlass"), true)
	h.wantQuiet()
}

// An error of the API is never read as "there is none": nothing is opened or closed then, and one pull request's trouble is not another's.
func TestErrorsOfAPIAreNotAbsence(t *testing.T) {
	t.Parallel()
	for _, fault := range []fakegithub.Fault{fakegithub.ServerError, fakegithub.RateLimited, fakegithub.TooMany, fakegithub.CutBefore} {
		h := newHub(t, platformOf(prodByHand, ""), fakegithub.Options{}, "a", "b")
		h.deploy("a", 1)
		h.all()
		h.now = h.now.Add(time.Hour)
		h.deploy("a", 2)
		h.deploy("b", 3)
		before := h.remote.Git("for-each-ref")
		h.Fault(func(r *http.Request, _ int) fakegithub.Fault {
			if strings.HasSuffix(r.URL.Path, "/pulls") && r.Method == http.MethodGet {
				return fault
			}
			return fakegithub.None
		})
		d, _, _ := h.open()
		p, err := d.Promote(t.Context(), delivery.PromoteOptions{})
		if err == nil {
			t.Errorf("fault %v: promoted %+v", fault, p)
		}
		h.Fault(nil)
		h.want("references", h.remote.Git("for-each-ref"), before)
		h.want("open", h.pullsNow(), []string{"#1 promote/prod/a"})
	}
}

// A run with nothing to do asks the same of the API however many pull requests are open, and whenever it is.
func TestRequestsOfQuietRun(t *testing.T) {
	t.Parallel()
	prod := "    - {name: prod, promoteFrom: [dev], gates: [{soak: 9h}]}\n"
	for _, components := range [][]string{{"a"}, {"a", "b", "c", "d", "e"}} {
		h := newHub(t, platformOf(prod, ""), fakegithub.Options{}, components...)
		for i, name := range components {
			h.deploy(name, 1+i)
		}
		h.all()
		h.want("open", len(h.pullsNow()), len(components))
		for range 3 {
			h.now = h.now.Add(17 * time.Minute)
			h.Requests()
			h.want("counted", h.all().Requests, 2)
			h.want("requests", h.Requests(), []string{"GET /repos/org/platform/pulls", "GRAPHQL viewer", "GET /repos/org/platform/deployments"})
		}
	}
}

// What GitHub refuses for one pull request does not keep the others from moving.
func TestTroubleOfOnePullRequest(t *testing.T) {
	t.Parallel()
	more := "  breakGlass: {teams: [org/nobody]}\n"
	h := newHub(t, platformOf("    - {name: prod, promoteFrom: [dev], gates: [{soak: 9h}]}\n", more), fakegithub.Options{}, "a", "b")
	h.deploy("a", 1)
	h.all()
	h.do(h.Label(1, "mallory", "break-glass")) // the server does not say who is in that team
	h.deploy("b", 2)
	d, _, _ := h.open()
	p, err := d.Promote(t.Context(), delivery.PromoteOptions{})
	h.do(err)
	if err := p.Err(); err == nil || !strings.Contains(err.Error(), "promote a to prod") || strings.Contains(err.Error(), "promote b") {
		t.Errorf("errors: %v", err)
	}
	h.want("open", h.pullsNow(), []string{"#1 promote/prod/a draft", "#2 promote/prod/b draft"})
}

// Deployments are recorded once for each cell, and a token that may not record them does not stop anything.
func TestDeploymentsAreRecordedOnce(t *testing.T) {
	t.Parallel()
	h := newHub(t, platformOf(prodByItself, ""), fakegithub.Options{}, "a", "b")
	h.deploy("a", 1)
	h.deploy("b", 2)
	for range 3 {
		h.all()
	}
	var list []string
	for _, d := range h.Deployments() {
		list = append(list, d.Environment+" "+d.State())
	}
	slices.Sort(list)
	h.want("deployments", list, []string{"dev success", "dev success", "prod success", "prod success"})
	h.now = h.now.Add(23 * time.Hour)
	h.all()
	h.want("a day later", len(h.Deployments()), 4)
	h.now = h.now.Add(48 * time.Hour)
	h.all()
	h.want("three days later", len(h.Deployments()), 4)
}
