package forge_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/org/platform/internal/forge"
	"github.com/org/platform/internal/testkit"
	fakegithub "github.com/org/platform/internal/testkit/github"
)

// world is a repository on a fake GitHub with main and branches b1 to b20, each with a commit that main lacks.
type world struct {
	branch string // the one that a test of many is about
	number int    // the pull request that was opened last
	github *fakegithub.Server
	remote *testkit.Remote
	*forge.Forge
	hung    chan struct{} // told where a request hangs
	waited  []time.Duration
	notices []string
}

func newWorld(t *testing.T, o fakegithub.Options) *world {
	t.Helper()
	w := &world{branch: "b1", hung: make(chan struct{}, 1), remote: testkit.NewRemote(t)}
	var stream strings.Builder
	commit := func(branch, parent, file string) {
		fmt.Fprintf(&stream, "commit refs/heads/%s\ncommitter Ada Author <ada@example.com> 1767600000 +0000\ndata <<E\n%s\nE\n", branch, branch)
		if parent != "" {
			fmt.Fprintf(&stream, "from refs/heads/%s\n", parent)
		}
		fmt.Fprintf(&stream, "M 100644 inline %s\ndata <<E\n%s\nE\n\n", file, branch)
	}
	commit("main", "", "README")
	for n := range 20 {
		branch := fmt.Sprint("b", n+1)
		commit(branch, "main", branch)
	}
	w.remote.Import(stream.String())
	if o.Now == nil {
		o.Now = func() time.Time { return now }
	}
	if o.Users == nil {
		o.Users = map[string]string{"t-mallory": "mallory", "t-ada": "ada"}
	}
	o.Owner, o.Name, o.Token = "org", "app", token
	w.github = fakegithub.New(t, w.remote, o)
	w.Forge = w.forge(t)
	return w
}

func (w *world) forge(t *testing.T) *forge.Forge {
	t.Helper()
	f, err := forge.New(forge.Options{APIURL: w.github.APIURL, Token: token, Repository: "org/app", Now: func() time.Time { return now },
		HTTP:   &http.Client{Transport: impatient{w.hung}},
		Sleep:  func(_ context.Context, d time.Duration) error { w.waited = append(w.waited, d); return nil },
		Notice: func(format string, args ...any) { w.notices = append(w.notices, fmt.Sprintf(format, args...)) }})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// open opens a pull request of a branch.
func (w *world) open(t *testing.T, branch string, draft bool) forge.PullRequest {
	t.Helper()
	pr, created, err := w.CreatePullRequest(t.Context(), forge.NewPullRequest{Title: "promote " + branch, Body: "text", Branch: branch, Base: "main", Draft: draft})
	if err != nil || !created {
		t.Fatalf("open %s: %v, %v", branch, created, err)
	}
	w.number = pr.Number
	return pr
}

// the returns the pull request that was opened last. There is one for every branch that was opened.
func (w *world) the(t *testing.T) fakegithub.PullRequest {
	t.Helper()
	all := w.github.PullRequests()
	if len(all) != w.number {
		t.Fatalf("%d pull requests, want %d", len(all), w.number)
	}
	return all[len(all)-1]
}

// impatient gives up a request that hangs, without waiting for a clock.
type impatient struct{ hung chan struct{} }

func (i impatient) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	answered := make(chan struct{})
	defer close(answered)
	go func() {
		select {
		case <-i.hung:
			cancel()
		case <-answered: // its body is still to be read
		}
	}()
	return http.DefaultTransport.RoundTrip(r.WithContext(ctx))
}
