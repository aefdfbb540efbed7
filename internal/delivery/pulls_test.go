package delivery_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/org/platform/internal/delivery"
	fakegithub "github.com/org/platform/internal/testkit/github"
)

// platformOf is a platform.yaml with dev and more environments, and more of the spec.
func platformOf(environments, more string) string {
	return "apiVersion: platform/v1\nkind: Platform\nmetadata: {name: demo}\nspec:\n  registry: registry.example\n  components: [services/*]\n" +
		more + "  environments:\n    - name: dev\n" + environments
}

const prodByHand = "    - {name: prod, promoteFrom: [dev]}\n"

// state lists what runs where: "dev/a=1" is image 1.
func (h *hub) state() string {
	h.t.Helper()
	var all []string
	for file, content := range h.remote.Files("main", "environments") {
		if cell, found := strings.CutSuffix(strings.TrimPrefix(file, "environments/"), "/manifests.yaml"); found {
			_, digest, _ := strings.Cut(content, "@sha256:")
			all = append(all, cell+"="+strings.TrimLeft(digest[:64], "0"))
		}
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func (h *hub) pull(number int) fakegithub.PullRequest {
	h.t.Helper()
	all := h.PullRequests()
	if len(all) < number {
		h.t.Fatalf("there is no pull request %d", number)
	}
	return all[number-1]
}

// said returns the bodies of the comments on a pull request.
func (h *hub) said(number int) string {
	var all []string
	for _, c := range h.Comments(number) {
		all = append(all, c.Body)
	}
	return strings.Join(all, "\n")
}

// branches lists the branches of promotions.
func (h *hub) branches() string {
	h.t.Helper()
	return strings.Join(strings.Fields(h.remote.Git("for-each-ref", "--format=%(refname:short)", "refs/heads/promote")), " ")
}

// commit pushes a commit with files to a branch as a person does; a nil content removes the path.
func (h *hub) commit(branch, message string, files map[string]string, removed ...string) string {
	h.t.Helper()
	c := h.remote.Clone(h.t)
	c.When = h.now
	c.Git("checkout", "-q", branch)
	c.Write(files)
	for _, path := range removed {
		c.Git("rm", "-rq", path)
	}
	id := c.Commit(message)
	c.Git("push", "-q", "origin", "HEAD:"+branch)
	h.Sync()
	if branch == "main" {
		h.clone.Git("pull", "-q", "--no-rebase", "origin", "main")
	}
	return id
}

// writes runs promote and returns the requests that changed something.
func (h *hub) writes(o delivery.PromoteOptions) []string {
	h.t.Helper()
	h.Requests()
	h.promote(o)
	return slices.DeleteFunc(h.Requests(), func(r string) bool { return strings.HasPrefix(r, "GET ") || strings.Contains(r, "viewer") })
}

// wantQuiet runs promote again, which has to leave everything as it is.
func (h *hub) wantQuiet() {
	h.t.Helper()
	before := h.remote.Git("for-each-ref")
	if writes := h.writes(delivery.PromoteOptions{}); len(writes) > 0 {
		h.t.Errorf("a run with nothing to do sends %v", writes)
	}
	h.want("the references after a run with nothing to do", h.remote.Git("for-each-ref"), before)
}

// all promotes everything.
func (h *hub) all() *delivery.Promotion {
	h.t.Helper()
	return h.promote(delivery.PromoteOptions{})
}

func (h *hub) do(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// A newer release upstream takes the place of the one that is proposed, in the same pull request and on a branch with one commit.
func TestPullRequestIsUpdatedInPlace(t *testing.T) {
	t.Parallel()
	h := newHub(t, platformOf(prodByHand, "  pullRequests: {labels: [deployment]}\n"), fakegithub.Options{}, "a")
	h.deploy("a", 1)
	h.all()
	first := h.pull(1)
	h.want("labels", first.Labels, []string{"promotion", "deployment"})
	h.now = h.now.Add(time.Hour)
	h.deploy("a", 2)
	h.all()
	second := h.pull(1)
	h.want("open", h.pullsNow(), []string{"#1 promote/prod/a"})
	if second.Title == first.Title || second.Body == first.Body || second.Head == first.Head {
		t.Errorf("the pull request is as before: %s", second.Title)
	}
	if id, _, _ := strings.Cut(h.remote.Git("log", "-1", "--format=%(trailers:key=Platform-Release,valueonly)", second.Head), "\n"); !strings.Contains(second.Title, id) {
		t.Errorf("title %q does not name %s", second.Title, id)
	}
	h.want("commits on the branch", h.remote.Git("rev-list", "--count", "main..promote/prod/a"), "1")
	h.wantQuiet()
}

// What is on a person's commit is never written over, and a comment says so, once.
func TestPullRequestWithCommitOfPerson(t *testing.T) {
	t.Parallel()
	h := newHub(t, platformOf(prodByHand, ""), fakegithub.Options{}, "a")
	h.deploy("a", 1)
	h.all()
	mine := h.commit("promote/prod/a", "By hand", map[string]string{"note.txt": "x"})
	h.deploy("a", 2)
	h.all()
	h.all()
	h.want("branch", h.remote.Git("rev-parse", "promote/prod/a"), mine)
	h.want("comments", len(h.Comments(1)), 1)
	if said := h.said(1); !strings.Contains(said, "did not make commit "+mine) {
		t.Errorf("the comment says %q", said)
	}
	h.want("open", h.pullsNow(), []string{"#1 promote/prod/a"})
	h.wantQuiet()
	h.do(h.Push("ann", "promote/prod/a", mine, "")) // and so makes way
	h.all()
	h.want("open", h.pullsNow(), []string{"#2 promote/prod/a"})
	h.wantQuiet()
}

// A commit that a person pushes while promote replaces the branch wins.
func TestPersonPushesMeanwhile(t *testing.T) {
	t.Parallel()
	h := newHub(t, platformOf(prodByHand, ""), fakegithub.Options{}, "a")
	h.deploy("a", 1)
	h.all()
	old := h.pull(1).Head
	mine := h.remote.Git("commit-tree", "-p", old, "-m", "By hand", old+"^{tree}")
	h.now = h.now.Add(time.Hour)
	h.deploy("a", 2)
	pushed := false
	h.Fault(func(r *http.Request, _ int) fakegithub.Fault {
		if !pushed && r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/git-receive-pack") {
			pushed = true
			h.remote.Git("update-ref", "refs/heads/promote/prod/a", mine, old)
		}
		return fakegithub.None
	})
	h.all()
	h.Fault(nil)
	h.want("pushed and kept", []any{pushed, h.remote.Git("rev-parse", "promote/prod/a")}, []any{true, mine})
	h.want("comments", len(h.Comments(1)), 1)
	h.wantQuiet()
}

// What is no longer wanted is closed with the reason, and its branch deleted.
func TestPullRequestsAreClosed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do   func(h *hub)
		says string
	}{
		"held": {func(h *hub) {
			d, _, _ := h.open()
			_, err := d.Hold(t.Context(), delivery.HoldOptions{Asked: delivery.Asked{Reason: "it leaks", By: "ann", Direct: true}, Component: "a", Environment: "prod"})
			h.do(err)
		}, "it leaks"},
		"already equal": {func(h *hub) { // somebody brings it by hand
			files := map[string]string{}
			for path, content := range h.remote.Files("promote/prod/a", "environments/prod") {
				files[path] = content
			}
			h.commit("main", "By hand", files)
		}, "runs"},
		"gone": {func(h *hub) { h.commit("main", "Retire a", nil, "environments/dev/a", "services/a") }, "nothing is promoted"},
		"rolled back upstream": {func(h *hub) {
			h.do(h.Merge(1, "ann", "squash"))
			h.deploy("a", 2)
			h.all()
			h.want("the next one", h.pullsNow(), []string{"#2 promote/prod/a"})
			d, _, _ := h.open()
			_, err := d.Rollback(t.Context(), delivery.RollbackOptions{Asked: delivery.Asked{Reason: "bad", By: "ann", Direct: true}, Component: "a", Environment: "dev"})
			h.do(err)
		}, "runs"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHub(t, platformOf(prodByHand, ""), fakegithub.Options{}, "a", "b")
			h.deploy("a", 1)
			h.all()
			h.want("open", h.pullsNow(), []string{"#1 promote/prod/a"})
			c.do(h)
			h.all()
			h.want("open", h.pullsNow(), []string(nil))
			h.want("branches", h.branches(), "")
			last := len(h.PullRequests())
			if pr := h.pull(last); pr.Merged || !strings.Contains(h.said(last), c.says) || !strings.Contains(h.said(last), "Closed") {
				t.Errorf("pull request %d, merged %v: %q", last, pr.Merged, h.said(last))
			}
			h.wantQuiet()
		})
	}
}

// A pull request that a person has closed stays closed until there is something else to bring. One whose branch is deleted too is made anew.
func TestPullRequestIsDeclined(t *testing.T) {
	t.Parallel()
	h := newHub(t, platformOf(prodByHand, ""), fakegithub.Options{}, "a")
	h.deploy("a", 1)
	h.all()
	h.do(h.Close(1, "ann"))
	if p := h.all(); p.Outcomes[0].Result != delivery.Declined {
		t.Errorf("got %+v", p.Outcomes[0])
	}
	h.want("open", h.pullsNow(), []string(nil))
	h.wantQuiet()
	h.now = h.now.Add(time.Hour)
	h.deploy("a", 2)
	h.all()
	h.want("open", h.pullsNow(), []string{"#2 promote/prod/a"})
	h.do(h.Close(2, "ann"))
	h.all()
	h.do(h.Reopen(2, "ann"))
	h.all()
	h.want("open", h.pullsNow(), []string{"#2 promote/prod/a"})
	h.do(h.Close(2, "ann"))
	h.do(h.Push("ann", "promote/prod/a", h.pull(2).Head, ""))
	h.now = h.now.Add(time.Hour)
	h.all()
	h.want("open", h.pullsNow(), []string{"#3 promote/prod/a"})
	h.wantQuiet()
}

// Drafts wait for gates: they become ready when these hold, and drafts again when one does not any more.
func TestDraftsFollowGates(t *testing.T) {
	t.Parallel()
	prod := "    - {name: prod, promoteFrom: [dev], gates: [{soak: 1h}], reviewers: [ann, owner]}\n"
	freeze := "  freezes: [{name: sale, from: \"2026-01-05T12:00\", to: \"2026-01-05T14:00\"}]\n" // the clock starts at 9:00
	h := newHub(t, platformOf(prod, freeze), fakegithub.Options{Teams: map[string][]string{"org/team": {"ann"}}}, "a")
	step := func(clock string, want string) {
		t.Helper()
		at, err := time.Parse("2006-01-02T15:04", "2026-01-05T"+clock)
		h.do(err)
		h.now = at
		h.all()
		h.want("open at "+clock, h.pullsNow(), []string{want})
		h.wantQuiet()
	}
	h.deploy("a", 1)
	step("09:10", "#1 promote/prod/a draft")
	h.want("nobody is asked for a draft", len(h.pull(1).Reviewers)+len(h.pull(1).Teams), 0)
	step("10:00", "#1 promote/prod/a")
	h.want("reviewers", append(h.pull(1).Reviewers, h.pull(1).Teams...), []string{"ann", "team"})
	step("12:00", "#1 promote/prod/a draft")
	step("14:00", "#1 promote/prod/a")
}

// Reviewers are asked once, and who cannot review does not stop a promotion.
func TestReviewers(t *testing.T) {
	t.Parallel()
	prod := "    - {name: prod, promoteFrom: [dev], reviewers: [stranger]}\n"
	h := newHub(t, platformOf(prod, ""), fakegithub.Options{}, "a")
	h.deploy("a", 1)
	h.all()
	h.want("open", h.pullsNow(), []string{"#1 promote/prod/a"})
	if !slices.ContainsFunc(h.notices, func(n string) bool { return strings.Contains(n, "collaborators") }) {
		t.Errorf("notices: %q", h.notices)
	}
	h.wantQuiet()
}

// A killed run leaves a pull request without reviewers or labels: the next one sees to them.
func TestOpeningIsCompleted(t *testing.T) {
	t.Parallel()
	prod := "    - {name: prod, promoteFrom: [dev], gates: [{soak: 1h}], reviewers: [ann]}\n"
	for n := 0; ; n++ {
		for _, draft := range []bool{true, false} {
			h := newHub(t, platformOf(prod, ""), fakegithub.Options{Teams: map[string][]string{"org/sre": {"ann"}}}, "a")
			h.deploy("a", 1)
			if draft {
				h.all()
			}
			h.now = h.now.Add(time.Hour)
			died := h.dieAt(n)
			h.all()
			h.want(fmt.Sprintf("after dying at %d", n), h.pullsNow(), []string{"#1 promote/prod/a"})
			pr := h.pull(1)
			h.want(fmt.Sprintf("reviewers and labels after dying at %d, draft before: %v", n, draft), append(pr.Reviewers, pr.Labels...), []string{"ann", "promotion"})
			h.wantQuiet()
			if !died && !draft {
				return
			}
		}
	}
}
