package delivery_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/org/platform/internal/delivery"
	fakegithub "github.com/org/platform/internal/testkit/github"
)

const prodByItself = "    - {name: prod, promoteFrom: [dev], promotion: automatic}\n"

// Where promotion is automatic, the server merges when what it requires is there; where it cannot, promote does as soon as it may.
func TestAutomaticPromotion(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options      fakegithub.Options
		first        []string // what is open after the first run
		check        string   // the state of the required check then
		second, runs string
	}{
		"nothing is required":               {fakegithub.Options{AllowAutoMerge: true}, nil, "", "", "dev/a=1 prod/a=1"},
		"the server waits for a check":      {fakegithub.Options{AllowAutoMerge: true, RequiredChecks: []string{"ci"}}, []string{"#1 promote/prod/a auto-merge"}, "success", "", "dev/a=1 prod/a=1"},
		"the check fails":                   {fakegithub.Options{AllowAutoMerge: true, RequiredChecks: []string{"ci"}}, []string{"#1 promote/prod/a auto-merge"}, "failure", "#1 promote/prod/a auto-merge", "dev/a=1"},
		"no auto-merge":                     {fakegithub.Options{}, nil, "", "", "dev/a=1 prod/a=1"},
		"no auto-merge, promote waits":      {fakegithub.Options{RequiredChecks: []string{"ci"}}, []string{"#1 promote/prod/a"}, "success", "", "dev/a=1 prod/a=1"},
		"no auto-merge, the check fails":    {fakegithub.Options{RequiredChecks: []string{"ci"}}, []string{"#1 promote/prod/a"}, "failure", "#1 promote/prod/a", "dev/a=1"},
		"branches are deleted by merges":    {fakegithub.Options{DeleteBranchOnMerge: true}, nil, "", "", "dev/a=1 prod/a=1"},
		"a check that nobody requires":      {fakegithub.Options{AllowAutoMerge: true, RequiredChecks: []string{"ci"}}, []string{"#1 promote/prod/a auto-merge"}, "success", "", "dev/a=1 prod/a=1"},
		"drafts are not in the plan at all": {fakegithub.Options{NoDrafts: true}, nil, "", "", "dev/a=1 prod/a=1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHub(t, platformOf(prodByItself, ""), c.options, "a")
			h.deploy("a", 1)
			h.all()
			h.want("first", h.pullsNow(), c.first)
			if c.check != "" {
				h.SetStatus(h.pull(1).Head, "lint", "failure") // nobody requires it
				h.SetStatus(h.pull(1).Head, "ci", c.check)
			}
			h.all()
			h.want("second", strings.Join(h.pullsNow(), ","), c.second)
			h.want("state", h.state(), c.runs)
			if c.second == "" {
				h.want("branches", h.branches(), "")
				h.want("trailers", h.remote.Git("log", "-1", "--format=%(trailers:key=Platform-Action,valueonly)", "main"), "promote\n")
				h.wantQuiet()
			}
		})
	}
}

// The server does not merge what is not automatic any more, or waits again, but what a person has told it to.
func TestAutoMergeIsTakenBack(t *testing.T) {
	t.Parallel()
	h := newHub(t, platformOf(prodByItself, "  freezes: [{name: sale, from: \"2026-01-05T12:00\", to: \"2026-01-05T14:00\"}]\n"),
		fakegithub.Options{AllowAutoMerge: true, RequiredChecks: []string{"ci"}}, "a")
	h.deploy("a", 1)
	h.all()
	h.want("open", h.pullsNow(), []string{"#1 promote/prod/a auto-merge"})
	h.now = h.now.Add(3 * time.Hour)
	h.all()
	h.want("in the freeze", h.pullsNow(), []string{"#1 promote/prod/a draft"})
	h.now = h.now.Add(3 * time.Hour)
	h.all()
	h.want("after it", h.pullsNow(), []string{"#1 promote/prod/a auto-merge"})
	h.commit("main", "By hand from now on", map[string]string{"platform.yaml": platformOf(prodByHand, "")})
	h.all()
	h.want("by hand", h.pullsNow(), []string{"#1 promote/prod/a"})
	h.do(h.EnableAutoMerge(1, "ann", "squash"))
	h.wantQuiet()
	h.want("by ann", h.pullsNow(), []string{"#1 promote/prod/a auto-merge"})
}

// A check that nobody requires and that fails keeps GitHub from auto-merge, and does not keep promote from merging.
func TestUnstablePullRequestIsMerged(t *testing.T) {
	t.Parallel()
	gate := "    - {name: prod, promoteFrom: [dev], promotion: automatic, gates: [{soak: 1h}]}\n"
	h := newHub(t, platformOf(gate, ""), fakegithub.Options{AllowAutoMerge: true}, "a")
	h.deploy("a", 1)
	h.all()
	h.SetStatus(h.pull(1).Head, "lint", "failure")
	h.now = h.now.Add(time.Hour)
	h.all()
	h.want("state", h.state(), "dev/a=1 prod/a=1")
}

// What another run has merged between branch and pull request gets no second one.
func TestMergedMeanwhile(t *testing.T) {
	t.Parallel()
	h := newHub(t, platformOf(prodByItself, ""), fakegithub.Options{}, "a")
	h.deploy("a", 1)
	merged := false
	h.Fault(func(r *http.Request, _ int) fakegithub.Fault {
		if !merged && strings.HasSuffix(r.URL.Path, "/graphql") {
			merged = true
			h.remote.Git("update-ref", "refs/heads/main", h.remote.Git("commit-tree", "-p", "main", "-m", "Squash", "promote/prod/a^{tree}"))
		}
		return fakegithub.None
	})
	h.all()
	h.Fault(nil)
	h.want("merged", []any{merged, h.state()}, []any{true, "dev/a=1 prod/a=1"})
	h.want("pull requests", len(h.PullRequests()), 0)
	h.want("branches", h.branches(), "")
	h.wantQuiet()
}

// A release that changes no manifests is recorded without a pull request, whoever promotes.
func TestPassThroughHasNoPullRequest(t *testing.T) {
	t.Parallel()
	h := newHub(t, platformOf(prodByHand, ""), fakegithub.Options{}, "a")
	h.deploy("a", 1)
	h.all()
	h.do(h.Merge(1, "ann", "rebase"))
	h.commit("main", "Document", map[string]string{"services/a/README.md": "x"})
	h.deploy("a", 1)
	h.all()
	h.want("pull requests", len(h.PullRequests()), 1)
	h.want("subject", strings.HasPrefix(h.remote.Log("main")[0], "pass-through(prod): a "), true)
	h.want("branches", h.branches(), "")
	h.wantQuiet()
}

// shape is what there is after some deploys: open pull requests and what runs.
func (h *hub) shape() []string {
	h.t.Helper()
	return append(h.pullsNow(), h.state())
}

func TestShapesOfPromotions(t *testing.T) {
	t.Parallel()
	two := "    - {name: prod-eu, promoteFrom: [dev]}\n    - {name: prod-us, promoteFrom: [dev]}\n"
	for name, c := range map[string]struct {
		environments, more string
		then               func(h *hub) // after a and b were deployed and promoted
		want               []string
	}{
		"an atomic set is one pull request": {prodByHand, "  sets: [{name: shop, components: [a, b]}]\n", func(*hub) {},
			[]string{"#1 promote/prod/shop", "dev/a=1 dev/b=2"}},
		"merged, it brings both": {prodByHand, "  sets: [{name: shop, components: [a, b]}]\n", func(h *hub) { h.do(h.Merge(1, "ann", "squash")) },
			[]string{"dev/a=1 dev/b=2 prod/a=1 prod/b=2"}},
		"an ordered set begins with its first": {prodByHand, "  sets: [{name: shop, components: [b, a], order: ordered}]\n", func(*hub) {},
			[]string{"#1 promote/prod/a draft", "#2 promote/prod/b", "dev/a=1 dev/b=2"}},
		"and goes on with the next": {prodByHand, "  sets: [{name: shop, components: [b, a], order: ordered}]\n", func(h *hub) { h.do(h.Merge(2, "ann", "merge")) },
			[]string{"#1 promote/prod/a", "dev/a=1 dev/b=2 prod/b=2"}},
		"environments side by side": {two, "", func(*hub) {},
			[]string{"#1 promote/prod-eu/a", "#2 promote/prod-eu/b", "#3 promote/prod-us/a", "#4 promote/prod-us/b", "dev/a=1 dev/b=2"}},
		"one does not wait for the other": {two, "", func(h *hub) { h.do(h.Merge(3, "ann", "squash")) },
			[]string{"#1 promote/prod-eu/a", "#2 promote/prod-eu/b", "#4 promote/prod-us/b", "dev/a=1 dev/b=2 prod-us/a=1"}},
		"waves": {strings.Replace(two, "us, promoteFrom: [dev]", "us, promoteFrom: [dev], wave: 1", 1), "", func(h *hub) { h.do(h.Merge(1, "ann", "squash")) },
			[]string{"#2 promote/prod-eu/b", "#3 promote/prod-us/a", "#4 promote/prod-us/b draft", "dev/a=1 dev/b=2 prod-eu/a=1"}},
		"pinned brings nothing by itself": {strings.Replace(prodByHand, "[dev]", "[dev], mode: pinned", 1), "", func(*hub) {},
			[]string{"dev/a=1 dev/b=2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHub(t, platformOf(c.environments, c.more), fakegithub.Options{}, "a", "b")
			h.deploy("a", 1)
			h.deploy("b", 2)
			h.all()
			c.then(h)
			h.all()
			h.want("shape", h.shape(), c.want)
			h.wantQuiet()
		})
	}
}

// The release that a queue offers stays the same while newer ones come; after it comes the next.
func TestQueueKeepsWhatItOffers(t *testing.T) {
	t.Parallel()
	h := newHub(t, platformOf(strings.Replace(prodByHand, "[dev]", "[dev], mode: queue", 1), ""), fakegithub.Options{}, "a")
	deploy := func(image int) {
		h.now = h.now.Add(time.Hour)
		h.deploy("a", image)
		h.all()
	}
	deploy(1)
	h.do(h.Merge(1, "ann", "squash"))
	deploy(2)
	head := h.pull(2).Head
	deploy(3)
	h.want("head", h.pull(2).Head, head)
	h.want("open", h.shape(), []string{"#2 promote/prod/a", "dev/a=3 prod/a=1"})
	h.wantQuiet()
	h.do(h.Merge(2, "ann", "squash"))
	h.all()
	h.want("next", h.shape(), []string{"#3 promote/prod/a", "dev/a=3 prod/a=2"})
	h.wantQuiet()
}

// What was asked for by name stays wanted while its branch is there, and no longer.
func TestPinned(t *testing.T) {
	t.Parallel()
	prod := "    - {name: prod, promoteFrom: [dev], mode: pinned}\n"
	for name, more := range map[string]string{"alone": "", "in a set": "  sets: [{name: shop, components: [a, b]}]\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHub(t, platformOf(prod, more), fakegithub.Options{}, "a", "b")
			branch := map[bool]string{true: "promote/prod/a", false: "promote/prod/shop"}[more == ""]
			h.deploy("a", 1)
			h.all()
			h.now = h.now.Add(time.Hour)
			h.deploy("a", 2)
			h.want("nobody asked", h.pullsNow(), []string(nil))
			first := regexp.MustCompile(`r-[0-9a-f]{12}`).FindString(h.remote.Git("log", "--format=%s", "--grep=deploy", "--reverse", "main"))
			h.promote(delivery.PromoteOptions{Component: "a", To: "prod", Release: first})
			h.want("asked", h.pullsNow(), []string{"#1 " + branch})
			h.wantQuiet()
			h.do(h.Merge(1, "ann", "squash"))
			h.all()
			h.want("merged", h.shape(), []string{"dev/a=2 prod/a=1"})
			h.wantQuiet()
		})
	}
}
