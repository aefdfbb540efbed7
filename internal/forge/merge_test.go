package forge_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/org/platform/internal/forge"
	fakegithub "github.com/org/platform/internal/testkit/github"
)

func TestMergePullRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, fakegithub.Options{RequiredChecks: []string{"gate"}})
	pr := w.open(t, "b1", true)
	merge := func(head string) (string, error) {
		return w.MergePullRequest(t.Context(), pr.Number, head, "merge", "title", "text\n\nTrailer: 1")
	}
	if _, err := merge(pr.Head); !errors.Is(err, forge.ErrNotMergeable) || !strings.Contains(err.Error(), "merge pull request 1 of org/app: Pull Request is not mergeable (405)") {
		t.Errorf("a draft: %v", err)
	}
	if err := w.SetDraft(t.Context(), pr, false); err != nil {
		t.Fatal(err)
	}
	if _, err := merge(pr.Head); !errors.Is(err, forge.ErrNotMergeable) || !strings.Contains(err.Error(), `Required status check "gate" is expected.`) {
		t.Errorf("without the check: %v", err)
	}
	w.github.SetCheckRun(pr.Head, "gate", "success")
	if _, err := merge(w.remote.Git("rev-parse", "b2")); !errors.Is(err, forge.ErrHeadMoved) || errors.Is(err, forge.ErrNotMergeable) {
		t.Errorf("another head: %v", err)
	}
	commit, err := merge(pr.Head)
	if main := w.remote.Git("rev-parse", "main"); err != nil || commit != main {
		t.Fatalf("got %s, %v; main is %s", commit, err, main)
	}
	if got := w.remote.Git("log", "-1", "--format=%B%P%n%an", "main"); got != "title\n\ntext\n\nTrailer: 1\n"+w.remote.Git("rev-parse", "main~1")+" "+pr.Head+"\ngithub-actions[bot]" {
		t.Errorf("got %q", got)
	}
	if again, err := merge(pr.Head); err != nil || again != commit {
		t.Errorf("got %s, %v", again, err)
	}
	if _, err := merge(w.remote.Git("rev-parse", "b2")); !errors.Is(err, forge.ErrHeadMoved) && !errors.Is(err, forge.ErrNotMergeable) {
		t.Errorf("merged as another head: %v", err)
	}
	if _, err := w.MergePullRequest(t.Context(), 9, pr.Head, "merge", "", ""); err == nil || !strings.Contains(err.Error(), "give the job `permissions: {contents: write, pull-requests: write}`") {
		t.Errorf("got %v", err)
	}
}

func TestAutoMerge(t *testing.T) {
	t.Parallel()
	w := newWorld(t, fakegithub.Options{RequiredChecks: []string{"gate"}, AllowAutoMerge: true})
	pr := w.open(t, "b1", false)
	if err := w.EnableAutoMerge(t.Context(), pr, "squash"); err != nil {
		t.Fatal(err)
	}
	if pr, err := w.PullRequest(t.Context(), 1); err != nil || !pr.AutoMerge {
		t.Errorf("got %+v, %v", pr, err)
	}
	if err := errors.Join(w.DisableAutoMerge(t.Context(), pr), w.DisableAutoMerge(t.Context(), pr), w.EnableAutoMerge(t.Context(), pr, "squash")); err != nil {
		t.Error(err)
	}
	w.github.SetStatus(pr.Head, "gate", "success")
	if now, err := w.PullRequest(t.Context(), 1); err != nil || !now.Merged || now.AutoMerge || now.Merge != w.remote.Git("rev-parse", "main") {
		t.Errorf("got %+v, %v", now, err)
	}
	if err := w.EnableAutoMerge(t.Context(), pr, "squash"); err != nil {
		t.Errorf("it was merged since: %v", err)
	}
	if err := w.DisableAutoMerge(t.Context(), pr); err == nil {
		t.Error("it was merged: no error")
	}
	clean := w.open(t, "b2", false)
	w.github.SetStatus(clean.Head, "gate", "success")
	if err := w.EnableAutoMerge(t.Context(), clean, "merge"); !errors.Is(err, forge.ErrCleanStatus) {
		t.Errorf("got %v", err)
	}
	w.github.SetStatus(clean.Head, "slow", "pending")
	if err := w.EnableAutoMerge(t.Context(), clean, "merge"); !errors.Is(err, forge.ErrUnstableStatus) {
		t.Errorf("got %v", err)
	}
	stale := w.open(t, "b3", false)
	stale.Head = pr.Head
	if err := w.EnableAutoMerge(t.Context(), stale, "merge"); err == nil || w.the(t).AutoMerge != "" {
		t.Errorf("another head: %v", err)
	}
	off := newWorld(t, fakegithub.Options{RequiredChecks: []string{"gate"}})
	if err := off.EnableAutoMerge(t.Context(), off.open(t, "b1", false), "merge"); !errors.Is(err, forge.ErrAutoMergeOff) ||
		!strings.HasPrefix(err.Error(), "enable auto-merge of pull request 1 of org/app: the repository does not allow auto-merge: ") {
		t.Errorf("got %v", err)
	}
	if err := off.SetDraft(t.Context(), forge.PullRequest{Number: 9, NodeID: "PR_9"}, true); err == nil ||
		!strings.Contains(err.Error(), "(NOT_FOUND): it does not exist, or the token may not see it; give the job `permissions: {pull-requests: write}`") {
		t.Errorf("got %v", err)
	}
}

func TestCommitChecks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, fakegithub.Options{})
	head := w.remote.Git("rev-parse", "b1")
	for context, states := range map[string][]string{"s-good": {"failure", "success"}, "s-bad": {"success", "failure"}, "s-error": {"error"}, "s-wait": {"pending"}, "both": {"success"}, "both2": {"failure"}} {
		for _, state := range states {
			w.github.SetStatus(head, context, state)
		}
	}
	for name, conclusion := range map[string]string{"r-good": "success", "r-skipped": "skipped", "r-neutral": "neutral", "r-bad": "failure", "r-late": "timed_out",
		"r-asks": "action_required", "r-gone": "cancelled", "r-wait": "", "both": "", "both2": "success"} {
		w.github.SetCheckRun(head, name, conclusion)
	}
	w.github.SetCheckRun(head, "r-again", "failure")
	w.github.SetCheckRun(head, "r-again", "success")
	for n := range 120 { // more than a page of both
		w.github.SetStatus(head, fmt.Sprint("p", n), "success")
		w.github.SetCheckRun(head, fmt.Sprint("q", n), "success")
	}
	got, err := w.CommitChecks(t.Context(), head)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	pages := 0
	for name, state := range got {
		if state == forge.CheckSuccess && (name[0] == 'p' || name[0] == 'q') {
			pages++
			continue
		}
		list = append(list, name+" "+state.String())
	}
	slices.Sort(list)
	want := []string{"both pending", "both2 failure", "r-again success", "r-asks failure", "r-bad failure", "r-gone failure", "r-good success",
		"r-late failure", "r-neutral pending", "r-skipped pending", "r-wait pending", "s-bad failure", "s-error failure", "s-good success", "s-wait pending"}
	if !slices.Equal(list, want) || pages != 240 {
		t.Errorf("got %d and %q", pages, list)
	}
	if none, err := w.CommitChecks(t.Context(), w.remote.Git("rev-parse", "b2")); err != nil || len(none) > 0 {
		t.Errorf("got %v, %v", none, err)
	}
	if _, err := w.CommitChecks(t.Context(), strings.Repeat("0", 40)); err == nil || !strings.Contains(err.Error(), "No commit found") {
		t.Errorf("got %v", err)
	}
}
