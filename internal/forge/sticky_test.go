package forge_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/forge"
)

const (
	list   = "GET /repos/org/app/issues/7/comments"
	create = "POST /repos/org/app/issues/7/comments"
	edit   = "PATCH /repos/org/app/issues/comments/"
	remove = "DELETE /repos/org/app/issues/comments/"
)

// chatter are comments that have nothing to do with ours.
func chatter(n int) []comment {
	var list []comment
	for i := range n {
		list = append(list, comment{int64(i + 1), "I think so too", person})
	}
	return list
}

func TestSticky(t *testing.T) {
	t.Parallel()
	const body = marker + "\nnew"
	for name, c := range map[string]struct {
		before    []comment
		want      forge.Action
		after     []comment // those that are not chatter
		edits     int
		deletions int
	}{
		"the first comment":       {nil, forge.Created, []comment{{1001, body, bot}}, 0, 0},
		"among others":            {chatter(3), forge.Created, []comment{{1001, body, bot}}, 0, 0},
		"an older one":            {[]comment{{500, marker + "\nold", bot}}, forge.Updated, []comment{{500, body, bot}}, 1, 0},
		"the same":                {[]comment{{500, marker + "\r\nnew\n", bot}}, forge.Unchanged, []comment{{500, marker + "\r\nnew\n", bot}}, 0, 0},
		"behind two full pages":   {append(chatter(203), comment{500, marker + "\nold", bot}), forge.Updated, []comment{{500, body, bot}}, 1, 0},
		"a person's with marker":  {[]comment{{500, marker + "\nold", person}}, forge.Created, []comment{{500, marker + "\nold", person}, {1001, body, bot}}, 0, 0},
		"ours that quotes it":     {[]comment{{500, "see " + marker, bot}}, forge.Created, []comment{{500, "see " + marker, bot}, {1001, body, bot}}, 0, 0},
		"ours of another command": {[]comment{{500, "<!-- platform:other -->\nx", bot}}, forge.Created, []comment{{500, "<!-- platform:other -->\nx", bot}, {1001, body, bot}}, 0, 0},
		"duplicates": {[]comment{{700, body, bot}, {500, marker + "\nold", bot}, {600, marker, person}}, forge.Updated,
			[]comment{{500, body, bot}, {600, marker, person}}, 1, 1},
		"a person's before ours": {[]comment{{400, marker + "\nforged", person}, {500, marker + "\nold", bot}}, forge.Updated,
			[]comment{{400, marker + "\nforged", person}, {500, body, bot}}, 1, 0},
		"known by id": {[]comment{{500, marker + "\nold", user{bot.ID, "renamed[bot]"}}}, forge.Updated, []comment{{500, body, user{bot.ID, "renamed[bot]"}}}, 1, 0},
	} {
		for _, base := range []string{"", "/api/v3"} {
			g := newGitHub(t, base, append([]comment{}, c.before...)...)
			got, err := g.forge(t, nil).Sticky(t.Context(), 7, marker, "new")
			if err != nil || got != c.want {
				t.Errorf("%s: got %q, %v; want %q", name, got, err, c.want)
			}
			var after []comment
			for _, left := range g.comments {
				if !strings.HasPrefix(left.Body, "I think") {
					after = append(after, left)
				}
			}
			if diff := cmp.Diff(c.after, after); diff != "" {
				t.Errorf("%s: -want +got:\n%s", name, diff)
			}
			if g.count(edit) != c.edits || g.count(remove) != c.deletions {
				t.Errorf("%s: requests %v", name, g.requests)
			}
			if again, err := g.forge(t, nil).Sticky(t.Context(), 7, marker, "new"); err != nil || again != forge.Unchanged {
				t.Errorf("%s, again: got %q, %v", name, again, err)
			}
		}
	}
}

// What is worth another try gets one, from the start: an attempt that failed may have done its work.
func TestRetry(t *testing.T) {
	t.Parallel()
	gone := func(w http.ResponseWriter, work func()) { work(); fail(w, http.StatusBadGateway, "Server Error") }
	cut := func(w http.ResponseWriter, _ func()) { panic(http.ErrAbortHandler) }
	reset := "1767600090" // 90 s from now
	for name, c := range map[string]struct {
		call   string
		answer func(http.ResponseWriter, func())
		waited time.Duration
	}{
		"5xx of a list":                     {list, status(503, "Unicorn"), time.Second},
		"5xx that says how long":            {list, status(503, "Unicorn", "Retry-After", "3"), 3 * time.Second},
		"5xx of a creation that was made":   {create, gone, time.Second},
		"5xx that is no JSON":               {create, func(w http.ResponseWriter, _ func()) { http.Error(w, "<html>", http.StatusBadGateway) }, time.Second},
		"connection closed":                 {list, cut, time.Second},
		"secondary limit":                   {create, status(403, "You have exceeded a secondary rate limit", "Retry-After", "7"), 7 * time.Second},
		"secondary limit, 429, no time":     {create, status(429, "slow down"), time.Minute},
		"primary limit":                     {list, status(403, "API rate limit exceeded", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset), 90 * time.Second},
		"secondary limit as GitHub says it": {list, abuse, 5 * time.Second},
	} {
		g := newGitHub(t, "")
		g.answer(c.call, c.answer)
		got, err := g.forge(t, nil).Sticky(t.Context(), 7, marker, "new")
		want := forge.Created
		if name == "5xx of a creation that was made" {
			want = forge.Unchanged
		}
		if err != nil || got != want {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
		if len(g.comments) != 1 {
			t.Errorf("%s: comments %v", name, g.comments)
		}
		if len(g.waited) != 1 || g.waited[0] != c.waited {
			t.Errorf("%s: waited %v, want %v", name, g.waited, c.waited)
		}
	}
}

func abuse(w http.ResponseWriter, _ func()) {
	w.Header().Set("Retry-After", "5")
	reply(w, http.StatusForbidden, map[string]string{"message": "You have exceeded a secondary rate limit.",
		"documentation_url": "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"})
}

// A comment that goes away between reading and writing is made again.
func TestRaces(t *testing.T) {
	t.Parallel()
	g := newGitHub(t, "", comment{500, marker + "\nold", bot})
	g.answer(edit+"500", func(w http.ResponseWriter, _ func()) { g.comments = nil; fail(w, http.StatusNotFound, "Not Found") })
	if got, err := g.forge(t, nil).Sticky(t.Context(), 7, marker, "new"); err != nil || got != forge.Created || len(g.comments) != 1 {
		t.Errorf("got %q, %v, %v", got, err, g.comments)
	}
	g = newGitHub(t, "", comment{500, marker + "\nnew", bot}, comment{600, marker + "\nnew", bot})
	g.answer(remove+"600", status(404, "Not Found"))
	if got, err := g.forge(t, nil).Sticky(t.Context(), 7, marker, "new"); err != nil || got != forge.Unchanged {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	always := func(answer func(http.ResponseWriter, func())) []func(http.ResponseWriter, func()) {
		list := make([]func(http.ResponseWriter, func()), 20)
		for i := range list {
			list[i] = answer
		}
		return list
	}
	for name, c := range map[string]struct {
		call     string
		answer   func(http.ResponseWriter, func())
		want     string
		attempts int
	}{
		"read-only token": {create, status(403, "Resource not accessible by integration"),
			"Resource not accessible by integration (403): the token may not do this; give the job `permissions: {pull-requests: write}`. The token of a pull request from a fork is read-only", 1},
		"no such pull request": {list, status(404, "Not Found"), "Not Found (404): it does not exist, or the token may not see it", 1},
		"bad token":            {list, status(401, "Bad credentials "+token), "Bad credentials *** (401): the token is not valid (any more)", 1},
		"invalid":              {create, status(422, "Validation Failed"), "Validation Failed (422)", 1},
		"down":                 {list, status(500, "Server Error"), "Server Error (500)", 6},
		"limit beyond the budget": {list, status(403, "API rate limit exceeded", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "1767603600"),
			"API rate limit exceeded (403): the limit of requests is spent until 09:00:00 UTC; the server wants a pause of 1h0m0s, which is longer than this run waits", 1},
		"limits that add up": {list, status(429, "slow down", "Retry-After", "50"), "the server wants a pause of 50s, which is longer than this run waits", 3},
	} {
		g := newGitHub(t, "")
		g.answer(c.call, always(c.answer)...)
		var notices []string
		_, err := g.forge(t, func(o *forge.Options) {
			o.Notice = func(format string, _ ...any) { notices = append(notices, format) }
		}).Sticky(t.Context(), 7, marker, "new")
		if err == nil || !strings.HasPrefix(err.Error(), "comment on pull request 7 of org/app: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want …%s…", name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), token) {
			t.Errorf("%s: the token is in the error: %v", name, err)
		}
		if g.count(c.call) != c.attempts || len(notices) != len(g.waited) || len(g.comments) > 0 {
			t.Errorf("%s: %d attempts, want %d; notices %v, waited %v", name, g.count(c.call), c.attempts, notices, g.waited)
		}
	}
}

// Nobody's comment is touched where it is not known whose they are.
func TestUnknownViewer(t *testing.T) {
	t.Parallel()
	g := newGitHub(t, "", comment{500, marker + "\nold", bot}, comment{600, marker + "\nold", user{}})
	for range 6 {
		g.answer("POST /graphql", func(w http.ResponseWriter, _ func()) {
			reply(w, http.StatusOK, map[string]any{"data": nil, "errors": []any{map[string]any{"message": "no"}}})
		})
	}
	_, err := g.forge(t, nil).Sticky(t.Context(), 7, marker, "new")
	if err == nil || !strings.Contains(err.Error(), "ask who the token belongs to: ") || g.count(edit)+g.count(create)+g.count(remove) > 0 {
		t.Errorf("got %v, requests %v", err, g.requests)
	}
}

// A redirect to another server takes the request there, but not the token.
func TestTokenStaysOnItsServer(t *testing.T) {
	t.Parallel()
	var seen []string
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Get("Authorization"))
		fail(w, http.StatusForbidden, "no")
	}))
	t.Cleanup(other.Close)
	g := newGitHub(t, "")
	g.answer(list, func(w http.ResponseWriter, _ func()) {
		w.Header().Set("Location", other.URL+"/x")
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	if _, err := g.forge(t, nil).Sticky(t.Context(), 7, marker, "new"); err == nil || len(seen) != 1 || seen[0] != "" {
		t.Errorf("got %v, the other server saw %q", err, seen)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	g := newGitHub(t, "")
	g.answer(list, status(500, "x"), status(500, "x"))
	ctx, cancel := context.WithCancel(t.Context())
	f := g.forge(t, func(o *forge.Options) {
		o.Sleep = func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }
	})
	if _, err := f.Sticky(ctx, 7, marker, "new"); !errors.Is(err, context.Canceled) || g.count(list) != 1 {
		t.Errorf("got %v after %v", err, g.requests)
	}
}

func TestBadOptions(t *testing.T) {
	t.Parallel()
	for _, o := range []forge.Options{{Repository: "app"}, {Repository: "a/b/c"}, {Repository: "/b"}, {Repository: "a/b", APIURL: "github.com"}, {Repository: "a/b", APIURL: "https://me:pw@github.com"}} {
		if _, err := forge.New(o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
	f, err := forge.New(forge.Options{Repository: "a/b"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Sticky(t.Context(), 7, "platform", "x"); err == nil || !strings.Contains(err.Error(), "is not an HTML comment") {
		t.Errorf("got %v", err)
	}
	if _, err := f.Sticky(t.Context(), 7, marker, strings.Repeat("ü", forge.MaxBody)); err == nil || !strings.Contains(err.Error(), "more than the 65536") {
		t.Errorf("got %v", err)
	}
}
