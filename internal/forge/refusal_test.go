package forge_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/org/platform/internal/forge"
)

// scripted answers requests in turn, the last answer for ever.
func scripted(t *testing.T, waited *[]time.Duration, answers ...func(http.ResponseWriter, func())) *forge.Forge {
	t.Helper()
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		answers[min(n, len(answers)-1)](w, nil)
		n++
	}))
	t.Cleanup(server.Close)
	f, err := forge.New(forge.Options{APIURL: server.URL, Token: token, Repository: "org/app", Now: func() time.Time { return now },
		Sleep: func(_ context.Context, d time.Duration) error { *waited = append(*waited, d); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// calls are all that ask something, with the permission that they need.
func calls() map[string]struct {
	needs string
	do    func(context.Context, *forge.Forge) (zero bool, err error)
} {
	pr := forge.PullRequest{Number: 1, NodeID: "PR_1"}
	type call = struct {
		needs string
		do    func(context.Context, *forge.Forge) (bool, error)
	}
	none := func(do func(context.Context, *forge.Forge) error) func(context.Context, *forge.Forge) (bool, error) {
		return func(ctx context.Context, f *forge.Forge) (bool, error) { return true, do(ctx, f) }
	}
	return map[string]call{
		"list": {"pull-requests: read", func(ctx context.Context, f *forge.Forge) (bool, error) {
			list, err := f.OpenPullRequests(ctx, "main")
			return list == nil, err
		}},
		"of": {"pull-requests: read", func(ctx context.Context, f *forge.Forge) (bool, error) {
			list, err := f.PullRequestsOf(ctx, "main")
			return list == nil, err
		}},
		"get": {"pull-requests: read", func(ctx context.Context, f *forge.Forge) (bool, error) {
			got, err := f.PullRequest(ctx, 1)
			return got.Number == 0, err
		}},
		"find": {"pull-requests: read", func(ctx context.Context, f *forge.Forge) (bool, error) {
			got, found, err := f.FindPullRequest(ctx, "b", "main")
			return !found && got.Number == 0, err
		}},
		"last": {"pull-requests: read", func(ctx context.Context, f *forge.Forge) (bool, error) {
			got, found, err := f.LastClosedPullRequest(ctx, "b", "main")
			return !found && got.Number == 0, err
		}},
		"create": {"pull-requests: write", func(ctx context.Context, f *forge.Forge) (bool, error) {
			got, created, err := f.CreatePullRequest(ctx, forge.NewPullRequest{Title: "t", Branch: "b", Base: "main"})
			return !created && got.Number == 0, err
		}},
		"edit":      {"pull-requests: write", none(func(ctx context.Context, f *forge.Forge) error { return f.EditPullRequest(ctx, 1, "t", "b") })},
		"close":     {"pull-requests: write", none(func(ctx context.Context, f *forge.Forge) error { return f.ClosePullRequest(ctx, 1) })},
		"draft":     {"pull-requests: write", none(func(ctx context.Context, f *forge.Forge) error { return f.SetDraft(ctx, pr, true) })},
		"label":     {"issues: write", none(func(ctx context.Context, f *forge.Forge) error { return f.AddLabels(ctx, 1, "l") })},
		"unlabel":   {"issues: write", none(func(ctx context.Context, f *forge.Forge) error { return f.RemoveLabel(ctx, 1, "l") })},
		"reviewers": {"pull-requests: write", none(func(ctx context.Context, f *forge.Forge) error { return f.RequestReviewers(ctx, 1, []string{"a"}, nil) })},
		"auto":      {"contents: write", none(func(ctx context.Context, f *forge.Forge) error { return f.EnableAutoMerge(ctx, pr, "merge") })},
		"no auto":   {"contents: write", none(func(ctx context.Context, f *forge.Forge) error { return f.DisableAutoMerge(ctx, pr) })},
		"merge": {"contents: write", func(ctx context.Context, f *forge.Forge) (bool, error) {
			c, err := f.MergePullRequest(ctx, 1, "a", "merge", "", "")
			return c == "", err
		}},
		"checks": {"checks: read, statuses: read", func(ctx context.Context, f *forge.Forge) (bool, error) {
			c, err := f.CommitChecks(ctx, "a")
			return c == nil, err
		}},
		"deployments": {"deployments: read", func(ctx context.Context, f *forge.Forge) (bool, error) {
			c, err := f.Deployments(ctx, "", "", now)
			return c == nil, err
		}},
		"state": {"deployments: read", func(ctx context.Context, f *forge.Forge) (bool, error) {
			c, err := f.DeploymentState(ctx, 1)
			return c == "", err
		}},
		"deploy": {"deployments: write", func(ctx context.Context, f *forge.Forge) (bool, error) {
			c, err := f.CreateDeployment(ctx, forge.NewDeployment{})
			return c.ID == 0, err
		}},
		"team": {"members: read", func(ctx context.Context, f *forge.Forge) (bool, error) {
			in, err := f.InTeam(ctx, "o", "t", "u")
			return !in, err
		}},
		"labelled": {"issues: read", func(ctx context.Context, f *forge.Forge) (bool, error) {
			who, on, err := f.LabelledBy(ctx, 1, "l")
			return who == "" && !on, err
		}},
		"login": {"", func(ctx context.Context, f *forge.Forge) (bool, error) {
			who, err := f.Login(ctx)
			return who == "", err
		}},
	}
}

// No refusal is read as "there is none", every one says what is lacking, and none shows the token.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range calls() {
		for code, want := range map[int]string{401: "not valid (any more)", 403: c.needs, 404: c.needs, 410: "(410)", 451: "(451)", 500: "(500)", 503: "(503)"} {
			var waited []time.Duration
			zero, err := c.do(t.Context(), scripted(t, &waited, status(code, "no, "+token)))
			if err == nil || !zero || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), token) {
				t.Errorf("%s: %d: got %v", name, code, err)
			}
			if attempts := len(waited); attempts != 5*min(1, code/500) {
				t.Errorf("%s: %d: waited %v", name, code, waited)
			}
		}
		var waited []time.Duration
		garbage := func(w http.ResponseWriter, _ func()) { _, _ = w.Write([]byte(`<html>`)) }
		if name == "edit" || name == "close" || strings.Contains(name, "label") {
			continue // what they answer is not read
		}
		if zero, err := c.do(t.Context(), scripted(t, &waited, garbage)); (err == nil || !zero) && name != "reviewers" {
			t.Errorf("%s: no JSON: got %v", name, err)
		}
	}
}

// GraphQL refuses with status 200.
func TestGraphQLErrors(t *testing.T) {
	t.Parallel()
	refused := func(kind, message string, headers ...string) func(http.ResponseWriter, func()) {
		return func(w http.ResponseWriter, _ func()) {
			for i := 0; i < len(headers); i += 2 {
				w.Header().Set(headers[i], headers[i+1])
			}
			reply(w, http.StatusOK, map[string]any{"data": nil, "errors": []any{map[string]any{"type": kind, "message": message}}})
		}
	}
	good := func(w http.ResponseWriter, _ func()) {
		reply(w, http.StatusOK, map[string]any{"data": map[string]any{"viewer": map[string]any{"login": "x"}}})
	}
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter, func())
		want   string // error, empty: the second attempt is good
		waited []time.Duration
	}{
		"forbidden":       {refused("FORBIDDEN", "Resource not accessible by integration "+token), "Resource not accessible by integration *** (FORBIDDEN): the token may not do this; give the job", nil},
		"scopes":          {refused("INSUFFICIENT_SCOPES", "Your token"), "the token may not do this", nil},
		"missing":         {refused("NOT_FOUND", "Could not resolve"), "it does not exist, or the token may not see it", nil},
		"unprocessable":   {refused("UNPROCESSABLE", "Pull request is closed"), "Pull request is closed (UNPROCESSABLE)", nil},
		"no kind":         {refused("", "Variable $id was provided invalid value"), "invalid value", nil},
		"broken":          {refused("", "Something went wrong while executing your query."), "", []time.Duration{time.Second}},
		"internal":        {refused("INTERNAL", "x"), "", []time.Duration{time.Second}},
		"limit":           {refused("RATE_LIMITED", "x", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "1767600090"), "", []time.Duration{90 * time.Second}},
		"secondary":       {refused("", "You have exceeded a secondary rate limit", "Retry-After", "7"), "", []time.Duration{7 * time.Second}},
		"secondary, 403":  {abuse, "", []time.Duration{5 * time.Second}},
		"limit, no times": {refused("RATE_LIMITED", "x"), "", []time.Duration{time.Minute}},
	} {
		var waited []time.Duration
		login, err := scripted(t, &waited, c.answer, good).Login(t.Context())
		if c.want == "" && (err != nil || login != "x") || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) || err != nil && strings.Contains(err.Error(), token) {
			t.Errorf("%s: got %q, %v", name, login, err)
		}
		if !slices.Equal(waited, c.waited) {
			t.Errorf("%s: waited %v", name, waited)
		}
	}
}

// A base that moved while GitHub merged is tried again; a merge that it does not do is not taken for one.
func TestMergeAnswers(t *testing.T) {
	t.Parallel()
	open := func(w http.ResponseWriter, _ func()) {
		reply(w, http.StatusOK, map[string]any{"number": 1, "state": "open", "head": map[string]any{"sha": "h"}})
	}
	merged := func(w http.ResponseWriter, _ func()) {
		reply(w, http.StatusOK, map[string]any{"merged": true, "sha": "c", "message": "done"})
	}
	var waited []time.Duration
	f := scripted(t, &waited, status(405, "Base branch was modified. Review and try the merge again."), open, merged)
	if commit, err := f.MergePullRequest(t.Context(), 1, "h", "merge", "", ""); err != nil || commit != "c" || len(waited) != 1 || waited[0] != time.Second {
		t.Errorf("got %q, %v after %v", commit, err, waited)
	}
	not := func(w http.ResponseWriter, _ func()) {
		reply(w, http.StatusOK, map[string]any{"merged": false, "message": "not today"})
	}
	if _, err := scripted(t, &waited, not, open).MergePullRequest(t.Context(), 1, "h", "merge", "", ""); !errors.Is(err, forge.ErrNotMergeable) ||
		!strings.Contains(err.Error(), "not today") {
		t.Errorf("got %v", err)
	}
	if _, err := scripted(t, &waited, status(409, "Merge already in progress"), status(500, "x")).MergePullRequest(t.Context(), 1, "h", "merge", "", ""); !errors.Is(err, forge.ErrHeadMoved) {
		t.Errorf("got %v", err)
	}
}
