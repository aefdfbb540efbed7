package forge_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/org/platform/internal/forge"
)

const (
	token  = "ghs_s3cret"
	marker = "<!-- platform:diff -->"
)

var now = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)

type comment struct {
	ID   int64  `json:"id"`
	Body string `json:"body"`
	User user   `json:"user"`
}

type user struct {
	ID    int64  `json:"id"`
	Login string `json:"login"`
}

var (
	bot    = user{41898282, "github-actions[bot]"}
	person = user{7, "mallory"}
)

// fakeGitHub behaves like GitHub's API of comments: pages of 30 or as asked for up to 100, Link headers, 404 for what is not there.
type fakeGitHub struct {
	*httptest.Server
	base string // of the REST API: "" or "/api/v3"

	mu       sync.Mutex
	comments []comment
	next     int64
	requests []string
	// answers are given in the place of real ones, once each, by "METHOD /path" without the base. The handler may do the work all the same.
	answers map[string][]func(w http.ResponseWriter, work func())
	waited  []time.Duration
}

func newGitHub(t *testing.T, base string, comments ...comment) *fakeGitHub {
	t.Helper()
	g := &fakeGitHub{base: base, comments: comments, next: 1000, answers: map[string][]func(http.ResponseWriter, func()){}}
	g.Server = httptest.NewServer(http.HandlerFunc(g.serve))
	t.Cleanup(g.Close)
	return g
}

func (g *fakeGitHub) serve(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	path := strings.TrimPrefix(r.URL.Path, g.base)
	if g.base != "" { // a server of one's own has the other API beside the first
		path = strings.Replace(path, "/graphql", "/nothing", 1)
		path = strings.Replace(path, "/api/nothing", "/graphql", 1)
	}
	call := r.Method + " " + path
	g.requests = append(g.requests, call)
	if r.Header.Get("Authorization") != "Bearer "+token {
		fail(w, http.StatusUnauthorized, "Bad credentials")
		return
	}
	if answers := g.answers[call]; len(answers) > 0 {
		g.answers[call] = answers[1:]
		answers[0](w, func() { g.work(httptest.NewRecorder(), r, path) })
		return
	}
	g.work(w, r, path)
}

func (g *fakeGitHub) work(w http.ResponseWriter, r *http.Request, path string) {
	var sent comment
	if r.Method == http.MethodPost || r.Method == http.MethodPatch {
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			fail(w, http.StatusBadRequest, "Problems parsing JSON")
			return
		}
	}
	const one = "/repos/org/app/issues/comments/"
	switch {
	case r.Method+" "+path == "POST /graphql":
		reply(w, http.StatusOK, map[string]any{"data": map[string]any{"viewer": map[string]any{"login": bot.Login, "databaseId": bot.ID}}})
	case r.Method+" "+path == "GET /repos/org/app/issues/7/comments":
		g.list(w, r)
	case r.Method+" "+path == "POST /repos/org/app/issues/7/comments":
		g.next++
		g.comments = append(g.comments, comment{g.next, sent.Body, bot})
		reply(w, http.StatusCreated, g.comments[len(g.comments)-1])
	case strings.HasPrefix(path, one):
		for i, c := range g.comments {
			if strconv.FormatInt(c.ID, 10) != strings.TrimPrefix(path, one) {
				continue
			}
			if r.Method == http.MethodDelete {
				g.comments = append(g.comments[:i:i], g.comments[i+1:]...)
				w.WriteHeader(http.StatusNoContent)
				return
			}
			g.comments[i].Body = sent.Body
			reply(w, http.StatusOK, g.comments[i])
			return
		}
		fail(w, http.StatusNotFound, "Not Found")
	default:
		fail(w, http.StatusNotFound, "Not Found")
	}
}

func (g *fakeGitHub) list(w http.ResponseWriter, r *http.Request) {
	size, page := 30, 1
	if n, err := strconv.Atoi(r.URL.Query().Get("per_page")); err == nil {
		size = min(n, 100)
	}
	if n, err := strconv.Atoi(r.URL.Query().Get("page")); err == nil {
		page = n
	}
	last := max(1, (len(g.comments)+size-1)/size)
	if page < last {
		w.Header().Set("Link", fmt.Sprintf(`<%s%s?per_page=%d&page=%d>; rel="next", <%[1]s%[2]s?per_page=%[3]d&page=%[5]d>; rel="last"`,
			g.URL, r.URL.Path, size, page+1, last))
	}
	reply(w, http.StatusOK, g.comments[min(len(g.comments), (page-1)*size):min(len(g.comments), page*size)])
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func fail(w http.ResponseWriter, status int, message string) {
	reply(w, status, map[string]string{"message": message})
}

// answer has the server give an answer of its own to the next such call.
func (g *fakeGitHub) answer(call string, answers ...func(w http.ResponseWriter, work func())) {
	g.answers[call] = append(g.answers[call], answers...)
}

func status(code int, message string, headers ...string) func(http.ResponseWriter, func()) {
	return func(w http.ResponseWriter, _ func()) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		fail(w, code, message)
	}
}

func (g *fakeGitHub) forge(t *testing.T, change func(*forge.Options)) *forge.Forge {
	t.Helper()
	o := forge.Options{APIURL: g.URL + g.base, Token: token, Repository: "org/app", Now: func() time.Time { return now },
		Sleep: func(_ context.Context, d time.Duration) error { g.waited = append(g.waited, d); return nil }}
	if change != nil {
		change(&o)
	}
	f, err := forge.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (g *fakeGitHub) count(call string) int {
	n := 0
	for _, r := range g.requests {
		if strings.HasPrefix(r, call) {
			n++
		}
	}
	return n
}
