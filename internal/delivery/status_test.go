package delivery_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/delivery"
	fakegithub "github.com/org/platform/internal/testkit/github"
)

// tell describes rows in a line each.
func tell(rows []delivery.Row) string {
	var b strings.Builder
	for _, row := range rows {
		fmt.Fprintf(&b, "%s %s next=%s", row.Environment, row.Position, row.Next)
		if row.From != "" {
			fmt.Fprintf(&b, " from=%s passed=%s", row.From, strings.Join(row.Passed, ","))
		}
		for _, v := range row.Gates {
			fmt.Fprintf(&b, " %s=%v", v.Gate, v.Holds)
		}
		if !row.Until.IsZero() {
			fmt.Fprintf(&b, " until=%s", row.Until.UTC().Format("15:04"))
		}
		if row.PullRequest != 0 || row.PullUnknown || row.Branch != "" {
			fmt.Fprintf(&b, " branch=%s pr=%d draft=%v unknown=%v", row.Branch, row.PullRequest, row.Draft, row.PullUnknown)
		}
		if row.BreakGlass != nil {
			fmt.Fprintf(&b, " broken by %s", row.BreakGlass.By)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func (h *hub) status(component string) []delivery.Row {
	h.t.Helper()
	d, _, _ := h.open()
	rows, err := d.Status(context.Background(), []string{component}, true)
	if err != nil {
		h.t.Fatal(err)
	}
	return rows
}

// Rows name the pull requests that the server lists, by their branches, and the gates that they wait for.
func TestStatusOnAServer(t *testing.T) {
	t.Parallel()
	h := newHub(t, forgePlatform, fakegithub.Options{Teams: map[string][]string{"org/sre": {"ann"}}}, "a")
	h.deploy("a", 1)
	h.promote(delivery.PromoteOptions{})
	h.Sync()
	h.want("while it soaks", tell(h.status("a")), `dev first next=
staging empty next=wait upstream=true soak=false until=09:30 branch=promote/staging/a pr=1 draft=true unknown=false
prod empty next=
`)
	h.Requests()
	h.status("a")
	var asked []string
	for _, request := range h.Requests() {
		if !strings.Contains(request, "git-upload-pack") && !strings.Contains(request, ".git/") {
			asked = append(asked, request)
		}
	}
	if len(asked) != 1 || asked[0] != "GET /repos/org/platform/pulls" {
		t.Errorf("asked the server for %q, want one list of pull requests", asked)
	}
	h.now = h.now.Add(30 * time.Minute)
	h.promote(delivery.PromoteOptions{})
	h.Sync()
	h.want("after 30 minutes", tell(h.status("a")), `dev first next=
staging in-step next= from=dev passed=soak
prod empty next=wait upstream=true soak=false until=10:30 branch=promote/prod/a pr=2 draft=true unknown=false
`)
	h.now = h.now.Add(time.Hour)
	h.promote(delivery.PromoteOptions{})
	h.Sync()
	if rows := h.status("a"); rows[2].Next != "propose" || rows[2].PullRequest != 2 || rows[2].Draft || !strings.HasSuffix(rows[2].URL, "/org/platform/pull/2") ||
		rows[2].Incoming != rows[0].Release || rows[2].Release != "" {
		t.Errorf("ready: %+v", rows[2])
	}
}

// What the server does not say is unknown, and not absent: the rest is shown.
func TestStatusOfAServerThatFails(t *testing.T) {
	t.Parallel()
	h := newHub(t, forgePlatform, fakegithub.Options{}, "a")
	h.deploy("a", 1)
	h.promote(delivery.PromoteOptions{})
	h.Sync()
	h.notices = nil
	h.Fault(func(r *http.Request, _ int) fakegithub.Fault {
		if strings.HasSuffix(r.URL.Path, "/pulls") {
			return fakegithub.ServerError
		}
		return fakegithub.None
	})
	rows := h.status("a")
	if !rows[1].PullUnknown || rows[1].PullRequest != 0 || rows[1].Branch != "promote/staging/a" || rows[1].Next != "wait" || rows[2].PullUnknown {
		t.Errorf("got\n%s", tell(rows))
	}
	if !slices.ContainsFunc(h.notices, func(s string) bool { return strings.Contains(s, "not known which pull requests are open") }) {
		t.Errorf("notices %q", h.notices)
	}
}

// chain describes the chain of component a: each release with its commit, pull requests and environments.
func (h *hub) chain() (described []string) {
	h.t.Helper()
	d, _, _ := h.open()
	c, err := d.Chain(context.Background(), "a")
	if err != nil {
		h.t.Fatal(err)
	}
	for _, t := range c.Releases {
		s := fmt.Sprintf("%q by %s", t.Commit.Subject, t.Commit.Author)
		for _, pr := range t.PullRequests {
			s += fmt.Sprintf(" #%d %s %s", pr.Number, pr.Title, strings.TrimPrefix(pr.URL, h.URL))
		}
		described = append(described, fmt.Sprintf("%s unknown=%v runs=%v waits=%v", s, t.PullUnknown, t.Runs, t.Waits))
	}
	return described
}

// A release is traced back to its commit and the pull request which brought that, and forth to the environments.
func TestChainOnAServer(t *testing.T) {
	t.Parallel()
	h := newHub(t, forgePlatform, fakegithub.Options{}, "a")
	h.deploy("a", 1)
	h.now = h.now.Add(30 * time.Minute)
	h.promote(delivery.PromoteOptions{})
	h.clone.Git("fetch", "-q", "origin")
	h.clone.Git("switch", "-qc", "fix", "origin/main")
	h.clone.Write(map[string]string{"services/a/retry.go": "package a"})
	h.clone.Commit("Try again (#99)") // a number that it does not have
	h.clone.Git("push", "-q", "origin", "fix")
	number, err := h.Open("ann", "Fix retry", "", "fix", "main")
	if err != nil {
		t.Fatal(err)
	}
	h.clone.Git("commit", "-q", "--allow-empty", "-m", "More")
	h.clone.Git("push", "-q", "origin", "HEAD:more")
	if _, err := h.Open("ann", "Has the commit too, and is open", "", "more", "main"); err != nil {
		t.Fatal(err)
	}
	h.clone.Git("reset", "-q", "--hard", "HEAD~1")
	if err := h.Merge(number, "ann", "merge"); err != nil {
		t.Fatal(err)
	}
	h.deploy("a", 2)
	h.promote(delivery.PromoteOptions{})
	h.Sync()
	h.want("chain", h.chain(), []string{
		fmt.Sprintf(`"Try again (#99)" by Ada Author #%d Fix retry /org/platform/pull/%d unknown=false runs=[dev] waits=[staging]`, number, number),
		`"Configure" by Ada Author unknown=false runs=[staging] waits=[prod]`,
	})
	h.clone.Git("switch", "-q", "--detach", "origin/more")
	h.deploy("a", 3)
	h.want("from a pull request that is open", h.chain()[0], `"More" by Ada Author unknown=false runs=[dev] waits=[staging]`)
	h.notices = nil
	h.Fault(func(r *http.Request, _ int) fakegithub.Fault {
		if strings.Contains(r.URL.Path, "/commits/") {
			return fakegithub.ServerError
		}
		return fakegithub.None
	})
	h.want("chain of a server that fails", h.chain()[0], `"More" by Ada Author unknown=true runs=[dev] waits=[staging]`)
	if len(h.notices) != 2 {
		t.Errorf("notices %q", h.notices)
	}
}

// Without a server, subjects tell the pull requests.
func TestChainWithoutAServer(t *testing.T) {
	t.Parallel()
	for subject, want := range map[string][]delivery.SourcePull{
		"Fix retry (#41)":                            {{Number: 41, URL: "https://github.example/o/r/pull/41"}},
		"Merge pull request #42 from ann/fix":        {{Number: 42, URL: "https://github.example/o/r/pull/42"}},
		"Revert \"Fix retry (#41)\"":                 nil,
		"Fix #41":                                    nil,
		"Fix retry (#0)":                             nil,
		"Fix retry (#99999999999999999999999999999)": nil,
	} {
		f := newFixture(t, "a")
		f.clone.Commit(subject)
		f.clone.Git("push", "-q", "origin", "HEAD:main")
		if err := f.deploy("", "a", 1); err != nil {
			t.Fatal(err)
		}
		d, _, _ := f.open("")
		d.Web = "https://github.example/o/r"
		c, err := d.Chain(context.Background(), "a")
		if err != nil || len(c.Releases) != 1 || c.Releases[0].Commit.Subject != subject {
			t.Fatalf("%s: %+v, %v", subject, c, err)
		}
		if diff := cmp.Diff(want, c.Releases[0].PullRequests); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", subject, diff)
		}
	}
}
