package delivery_test

import (
	"strings"
	"testing"

	"github.com/org/platform/internal/delivery"
	fakegithub "github.com/org/platform/internal/testkit/github"
)

// With a forge there is one pull request, which a rerun brings up to date; who merges it is told apart from who asked.
func TestRollbackOpensAPullRequest(t *testing.T) {
	t.Parallel()
	h := newHub(t, forgePlatform, fakegithub.Options{}, "a")
	h.deploy("a", 1)
	h.deploy("a", 2)
	roll := func(reason string) *delivery.RolledBack {
		d, _, _ := h.open()
		o := back("a")
		o.Reason = reason
		result, err := d.Rollback(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
	first := roll("bad @ann")
	open := h.PullRequests()
	if len(open) != 1 || !strings.HasPrefix(open[0].Title, "rollback(dev): a r-") || !strings.Contains(open[0].Body, "**Why:** bad `@ann` (asked for by Ada)") ||
		strings.Join(open[0].Labels, " ") != "rollback" || first.PullRequest == "" {
		t.Fatalf("got %+v and %+v", open, first)
	}
	if again := roll("bad @ann"); again.Changed || again.PullRequest != first.PullRequest {
		t.Errorf("the same again: %+v", again.Landing)
	}
	if worse := roll("worse"); !worse.Changed || len(h.PullRequests()) != 1 || !strings.Contains(h.PullRequests()[0].Body, "**Why:** worse") {
		t.Errorf("for another reason: %+v", worse.Landing)
	}
	if err := h.Merge(open[0].Number, "ann", "merge"); err != nil {
		t.Fatal(err)
	}
	d, _, _ := h.open()
	moves, err := d.Audit(t.Context(), delivery.AuditOptions{Component: "a"})
	if err != nil || len(moves) != 3 || moves[0].Action != delivery.ActionRollback || moves[0].By != "Ada" || moves[0].MergedBy != "ann" ||
		moves[0].PullRequest != open[0].Number || moves[0].To != first.Release.ID {
		t.Errorf("audit: %+v, %v", moves, err)
	}
	asked := delivery.Asked{Reason: "mended", By: "Ada"}
	resumed, err := d.Resume(t.Context(), delivery.ResumeOptions{Asked: asked, Component: "a", Environment: "dev"})
	if err != nil || resumed.Branch != "resume/dev/a" || resumed.PullRequest == "" {
		t.Errorf("resume: %+v, %v", resumed, err)
	}
}
