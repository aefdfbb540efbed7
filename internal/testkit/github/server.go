package github

import (
	"bytes"
	"cmp"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/org/platform/internal/testkit"
)

// Options say what repository a server has and who there is.
type Options struct {
	Owner, Name string           // empty: org and platform
	Now         func() time.Time // nil: always testkit.Epoch
	Token       string           // of the app; empty: DefaultToken
	App         string           // the login of that token; empty: github-actions[bot]
	Users       map[string]string
	Teams       map[string][]string // logins by "org/team"; "login:pending" has not accepted yet

	RequiredChecks      []string // statuses or check runs without which nothing is merged
	AllowAutoMerge      bool
	NoDrafts            bool // as the plan of a private repository may be
	DeleteBranchOnMerge bool
}

// DefaultToken is accepted where no other is given.
const DefaultToken = "ghs_t0ken"

// Server is a GitHub server with one repository. It is laid out as one of one's own: the APIs are below /api.
type Server struct {
	URL, APIURL, GitURL string // of the server, its REST API and the repository, which is read without a token and written with one
	Token               string // of the app

	t        testing.TB
	o        Options
	dir      string // of the bare repository
	document *document
	git      http.Handler

	mu          sync.Mutex
	id          int64 // the last one given
	pulls       []*PullRequest
	past        [][]PullRequest // after each write, the newest last
	lag         int
	comments    map[int][]Comment
	events      map[int][]event
	statuses    []status
	runs        []*checkRun
	deployments []*Deployment
	fault       func(*http.Request, int) Fault
	faultable   int
	requests    []string
}

// New serves a repository for the time of a test. A request or an answer that GitHub's description forbids fails the test.
func New(t testing.TB, remote *testkit.Remote, o Options) *Server {
	t.Helper()
	o.Owner, o.Name = cmp.Or(o.Owner, "org"), cmp.Or(o.Name, "platform")
	o.Token, o.App = cmp.Or(o.Token, DefaultToken), cmp.Or(o.App, "github-actions[bot]")
	if o.Now == nil {
		o.Now = func() time.Time { return testkit.Epoch }
	}
	program, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	remote.Git("config", "receive.hideRefs", "refs/pull")
	s := &Server{Token: o.Token, t: t, o: o, dir: remote.Dir, git: backend(program, remote.Dir), id: 1000,
		past: [][]PullRequest{nil}, comments: map[int][]Comment{}, events: map[int][]event{}}
	if s.document, err = description(); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(server.Close)
	s.URL, s.APIURL = server.URL, server.URL+apiRoot
	s.GitURL = s.page() + ".git"
	return s
}

// page is the address of the repository's page.
func (s *Server) page() string { return s.URL + "/" + s.o.Owner + "/" + s.o.Name }

// api is the address of something of the repository in the REST API.
func (s *Server) api(path string) string {
	return s.APIURL + "/repos/" + s.o.Owner + "/" + s.o.Name + path
}

func (s *Server) nextID() int64 {
	s.id++
	return s.id
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body) // else the end of the connection is not seen, and CGI wants a length
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body, r.ContentLength, r.TransferEncoding = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	s.log(r, body)
	switch fault := s.faultOf(r); fault {
	case None:
		s.answer(w, r, body)
	case CutAfter:
		s.answer(httptest.NewRecorder(), r, body)
		panic(http.ErrAbortHandler)
	default:
		fault.answer(w, r)
	}
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, body []byte) {
	login, known := s.login(r)
	isAPI := strings.HasPrefix(r.URL.Path, "/api/")
	switch {
	case !known && isAPI:
		write(w, http.StatusUnauthorized, refusal{Message: "Bad credentials", Documentation: documentation, Status: "401"})
	case !known:
		w.Header().Set("WWW-Authenticate", `Basic realm="GitHub"`)
		http.Error(w, "Invalid username or token.", http.StatusUnauthorized)
	case r.URL.Path == "/api/graphql":
		s.serveGraphQL(w, login, body)
	case isAPI:
		s.serveREST(w, r, login, body)
	default:
		s.serveGit(w, r, login)
	}
}

// login returns who sends a request. Git may be read without a token.
func (s *Server) login(r *http.Request) (login string, known bool) {
	header := r.Header.Get("Authorization")
	token, bearer := strings.CutPrefix(header, "Bearer ")
	if !bearer {
		token, bearer = strings.CutPrefix(header, "token ")
	}
	if _, password, basic := r.BasicAuth(); basic {
		token = password
	} else if !bearer {
		writes := strings.HasPrefix(r.URL.Path, "/api/") || strings.Contains(r.URL.RequestURI(), "git-receive-pack")
		return "", header == "" && !writes
	}
	if token == s.o.Token {
		return s.o.App, true
	}
	login, known = s.o.Users[token]
	return login, known
}

// Requests returns "METHOD /path" of every REST request since the last call, without the root of the API, and "GRAPHQL name" of every other.
// Those for Git are left out.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := s.requests
	s.requests = nil
	return seen
}

func (s *Server) log(r *http.Request, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if path, isREST := strings.CutPrefix(r.URL.EscapedPath(), apiRoot); isREST {
		s.requests = append(s.requests, r.Method+" "+path)
	} else if r.URL.Path == "/api/graphql" {
		s.requests = append(s.requests, "GRAPHQL "+operationName(body))
	}
}
