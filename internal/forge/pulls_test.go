package forge_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/forge"
	fakegithub "github.com/org/platform/internal/testkit/github"
)

func TestPullRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, fakegithub.Options{})
	pr := w.open(t, "b1", true)
	if err := w.AddLabels(t.Context(), pr.Number, "promotion", "env/prod eu"); err != nil {
		t.Fatal(err)
	}
	want := forge.PullRequest{Number: 1, NodeID: "PR_1", URL: w.github.URL + "/org/app/pull/1", Title: "promote b1", Body: "text", Branch: "b1",
		Head: w.remote.Git("rev-parse", "b1"), Base: "main", Draft: true, Labels: []string{"promotion", "env/prod eu"}, Author: "github-actions[bot]", Open: true, Updated: now}
	got, err := w.PullRequest(t.Context(), 1)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
	list, err := w.OpenPullRequests(t.Context(), "main")
	if diff := cmp.Diff([]forge.PullRequest{want}, list); err != nil || diff != "" {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
	if none, err := w.OpenPullRequests(t.Context(), "other"); err != nil || len(none) > 0 {
		t.Errorf("got %v, %v", none, err)
	}
	if err := errors.Join(w.github.SetDraft(1, "ada", false), w.github.Merge(1, "ada", "squash")); err != nil {
		t.Fatal(err)
	}
	want.Open, want.Draft, want.Merged, want.MergedBy, want.Merge = false, false, true, "ada", w.remote.Git("rev-parse", "main")
	got, err = w.PullRequest(t.Context(), 1)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
	want.MergedBy = ""
	list, err = w.PullRequestsOf(t.Context(), want.Merge)
	if diff := cmp.Diff([]forge.PullRequest{want}, list); err != nil || diff != "" {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
	if list, err = w.OpenPullRequests(t.Context(), "main"); err != nil || len(list) > 0 {
		t.Errorf("got %v, %v", list, err)
	}
}

// A list has many pages, and those of forks.
func TestOpenPullRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, fakegithub.Options{})
	head := w.remote.Git("rev-parse", "b1")
	for n := range 103 {
		if _, err := w.github.OpenFork("mallory", "mine", "mallory/app", fmt.Sprint("x", n), head, "main"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.github.OpenFork("mallory", "the same name", "org/fork", "b2", head, "main"); err != nil {
		t.Fatal(err)
	}
	w.github.Requests()
	list, err := w.OpenPullRequests(t.Context(), "main")
	if err != nil || len(list) != 104 || !slices.IsSortedFunc(list, func(a, b forge.PullRequest) int { return a.Number - b.Number }) {
		t.Fatalf("got %d, %v", len(list), err)
	}
	if requests := w.github.Requests(); len(requests) != 2 {
		t.Errorf("requests %v", requests)
	}
	if pr := list[103]; !pr.Fork || pr.Branch != "b2" || pr.Head != head || pr.Author != "mallory" {
		t.Errorf("got %+v", pr)
	}
	if pr, found, err := w.FindPullRequest(t.Context(), "b2", "main"); err != nil || found {
		t.Errorf("a fork's was found: %+v, %v", pr, err)
	}
	own := w.open(t, "b2", false)
	if pr, found, err := w.FindPullRequest(t.Context(), "b2", "main"); err != nil || !found || pr.Number != own.Number || pr.Fork {
		t.Errorf("got %+v, %v, %v", pr, found, err)
	}
	if pr, found, err := w.FindPullRequest(t.Context(), "b2", "other"); err != nil || found {
		t.Errorf("got %+v, %v", pr, err)
	}
}

func TestCreatePullRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, fakegithub.Options{NoDrafts: true})
	n := forge.NewPullRequest{Title: "t", Body: "b", Branch: "b1", Base: "main", Draft: true}
	pr, created, err := w.CreatePullRequest(t.Context(), n)
	if err != nil || !created || pr.Draft || !pr.Open || pr.Number != 1 || pr.Title != "t" {
		t.Fatalf("got %+v, %v, %v", pr, created, err)
	}
	n.Title, n.Draft = "other", false
	again, created, err := w.CreatePullRequest(t.Context(), n)
	if err != nil || created || again.Number != 1 || again.Title != "t" {
		t.Errorf("got %+v, %v, %v", again, created, err)
	}
	n.Draft = true // the refusal of drafts comes after that of a second one
	if again, created, err = w.CreatePullRequest(t.Context(), n); err != nil || created || again.Number != 1 {
		t.Errorf("got %+v, %v, %v", again, created, err)
	}
	if err := w.SetDraft(t.Context(), pr, true); !errors.Is(err, forge.ErrNoDrafts) {
		t.Errorf("got %v", err)
	}
	w.remote.Git("branch", "empty", "main")
	_, _, err = w.CreatePullRequest(t.Context(), forge.NewPullRequest{Title: "t", Branch: "empty", Base: "main"})
	if !errors.Is(err, forge.ErrNoCommits) || !strings.Contains(err.Error(), "No commits between main and empty") {
		t.Errorf("got %v", err)
	}
	_, _, err = w.CreatePullRequest(t.Context(), forge.NewPullRequest{Title: "t", Branch: "gone", Base: "main"})
	if err == nil || errors.Is(err, forge.ErrNoCommits) || err.Error() != "open a pull request of gone for main of org/app: Validation Failed: head is invalid (422)" {
		t.Errorf("got %v", err)
	}
	if len(w.waited) > 0 {
		t.Errorf("waited %v", w.waited)
	}
}

// Where the list does not show yet what is there, the server's refusal of a second one is believed, and asked again.
func TestCreatePullRequestLag(t *testing.T) {
	t.Parallel()
	w := newWorld(t, fakegithub.Options{})
	w.github.Lag(1)
	first := w.open(t, "b1", false)
	if _, found, err := w.FindPullRequest(t.Context(), "b1", "main"); err != nil || found {
		t.Fatalf("the list does not lag: %v", err)
	}
	_, _, err := w.CreatePullRequest(t.Context(), forge.NewPullRequest{Title: "t", Branch: "b1", Base: "main"})
	if err == nil || !strings.Contains(err.Error(), "which the server does not list yet") || len(w.waited) != 5 {
		t.Errorf("got %v after %v", err, w.waited)
	}
	w.open(t, "b2", false) // the list moves on
	pr, created, err := w.CreatePullRequest(t.Context(), forge.NewPullRequest{Title: "t", Branch: "b1", Base: "main"})
	if err != nil || created || pr.Number != first.Number {
		t.Errorf("got %+v, %v, %v", pr, created, err)
	}
}

// The one that was closed last is found, whatever was said of others since.
func TestLastClosedPullRequest(t *testing.T) {
	t.Parallel()
	clock := now
	w := newWorld(t, fakegithub.Options{Now: func() time.Time { clock = clock.Add(time.Minute); return clock }})
	last := func(want int) {
		t.Helper()
		if pr, found, err := w.LastClosedPullRequest(t.Context(), "b1", "main"); err != nil || found != (want > 0) || pr.Number != want {
			t.Errorf("got %+v, %v, %v; want %d", pr, found, err, want)
		}
	}
	w.open(t, "b1", false)
	last(0)
	if err := w.github.Close(1, "ada"); err != nil {
		t.Fatal(err)
	}
	last(1)
	w.open(t, "b2", false)
	w.open(t, "b1", false)
	if err := errors.Join(w.github.Close(2, "ada"), w.github.Merge(3, "ada", "merge"), w.github.Edit(1, "later", "text")); err != nil {
		t.Fatal(err)
	}
	last(3)
}

func TestRequestReviewers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, fakegithub.Options{Teams: map[string][]string{"org/sre": {"ada"}}})
	pr := w.open(t, "b1", false)
	if err := w.RequestReviewers(t.Context(), 1, nil, nil); err != nil {
		t.Error(err)
	}
	if err := w.RequestReviewers(t.Context(), 1, []string{"ada"}, []string{"sre"}); err != nil {
		t.Error(err)
	}
	for _, users := range [][]string{{"mallory", "nobody"}, {pr.Author}} {
		if err := w.RequestReviewers(t.Context(), 1, users, nil); !errors.Is(err, forge.ErrNotReviewer) || !strings.Contains(err.Error(), "request") {
			t.Errorf("got %v", err)
		}
	}
	if err := w.RequestReviewers(t.Context(), 1, nil, []string{"strangers"}); !errors.Is(err, forge.ErrNotReviewer) {
		t.Errorf("got %v", err)
	}
	if got := w.the(t); !slices.Equal(got.Reviewers, []string{"ada"}) || !slices.Equal(got.Teams, []string{"sre"}) {
		t.Errorf("got %+v", got)
	}
}

func TestLabels(t *testing.T) {
	t.Parallel()
	w := newWorld(t, fakegithub.Options{})
	w.open(t, "b1", false)
	who := func(user string, on bool) {
		t.Helper()
		if got, labelled, err := w.LabelledBy(t.Context(), 1, "Break/Glass"); err != nil || got != user || labelled != on {
			t.Errorf("got %q, %v, %v", got, labelled, err)
		}
	}
	who("", false)
	if err := w.github.Label(1, "mallory", "break/glass"); err != nil {
		t.Fatal(err)
	}
	who("mallory", true)
	for n := range 120 { // many pages
		if err := errors.Join(w.github.Label(1, "ada", fmt.Sprint(n)), w.github.Unlabel(1, "ada", fmt.Sprint(n))); err != nil {
			t.Fatal(err)
		}
	}
	who("mallory", true)
	if err := errors.Join(w.RemoveLabel(t.Context(), 1, "break/glass"), w.RemoveLabel(t.Context(), 1, "break/glass")); err != nil {
		t.Error(err)
	}
	who("", false)
	if err := errors.Join(w.AddLabels(t.Context(), 1, "break/glass", "x"), w.AddLabels(t.Context(), 1), w.github.Label(1, "ada", "break/glass")); err != nil {
		t.Error(err)
	}
	who("github-actions[bot]", true) // it was on when ada put it on
	for _, err := range []error{w.RemoveLabel(t.Context(), 7, "x"), w.AddLabels(t.Context(), 7, "x")} {
		if err == nil || !strings.Contains(err.Error(), "Not Found (404): it does not exist, or the token may not see it; give the job `permissions: {issues: write,") {
			t.Errorf("got %v", err)
		}
	}
	if user, labelled, err := w.LabelledBy(t.Context(), 7, "x"); err == nil || labelled || user != "" {
		t.Errorf("got %q, %v, %v", user, labelled, err)
	}
}
