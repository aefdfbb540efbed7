package git_test

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/testkit"
)

func TestMain(m *testing.M) {
	if part := os.Getenv(childPart); part != "" {
		os.Exit(child(part))
	}
	home, err := os.MkdirTemp("", "home")
	if err == nil {
		err = os.Setenv("HOME", home)
	}
	if err == nil {
		err = testkit.IsolateGit()
	}
	stop := func() {}
	if err == nil {
		stop, err = testkit.SSHAgent(home)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	stop()
	_ = os.RemoveAll(home)
	os.Exit(code)
}

var robot = git.Identity{Name: "robot", Email: "robot@example.com"}

// open opens a repository; retries do not wait.
func open(t testing.TB, dir string, change ...func(*git.Options)) *git.Repository {
	t.Helper()
	o := git.Options{
		Dir: dir, Committer: robot,
		Now:   func() time.Time { return testkit.Epoch.Add(time.Hour) },
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	for _, c := range change {
		c(&o)
	}
	r, err := git.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func remoteAt(address string) func(*git.Options) {
	return func(o *git.Options) { o.Remote = address }
}

func token(secret string) func(*git.Options) { return func(o *git.Options) { o.Token = secret } }

// seeded returns a remote whose main has one commit, and a clone of it.
func seeded(t testing.TB, files map[string]string) (*testkit.Remote, *testkit.Clone) {
	t.Helper()
	remote := testkit.NewRemote(t)
	clone := remote.Clone(t)
	clone.Write(files)
	clone.Commit("seed")
	clone.Push()
	return remote, clone
}

// put is the proposal that sets one file.
func put(name, content, message string) func(context.Context, *git.Commit) (*git.Change, error) {
	return func(context.Context, *git.Commit) (*git.Change, error) {
		return &git.Change{Edit: git.Edit{name: {File: []byte(content)}}, Message: message}, nil
	}
}

func mustUpdate(t testing.TB, r *git.Repository, branch, name, content string) *git.Commit {
	t.Helper()
	c, err := r.Update(t.Context(), branch, put(name, content, "write "+name))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func tip(t testing.TB, r *git.Repository, branch string) *git.Commit {
	t.Helper()
	c, err := r.Tip(t.Context(), branch)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// contents reads every regular file of a file system.
func contents(t testing.TB, fsys fs.FS) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := fs.ReadFile(fsys, name)
		files[name] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func sameFiles(t testing.TB, got, want map[string]string) {
	t.Helper()
	if !maps.Equal(got, want) {
		t.Errorf("files are %q, want %q", got, want)
	}
}

// fails checks that an error says all of the given.
func fails(t testing.TB, err error, want ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want %q", want)
		return
	}
	for _, s := range want {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("error %q does not say %q", err, s)
		}
	}
}

// answers replaces the server's answer to the requests that end in a path.
func answers(suffix string, answer http.HandlerFunc) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.RequestURI(), suffix) {
				answer(w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// hides checks that an error says none of the given.
func hides(t testing.TB, err error, secrets ...string) {
	t.Helper()
	for _, s := range secrets {
		if err != nil && strings.Contains(err.Error(), s) {
			t.Errorf("error %q shows %q", err, s)
		}
	}
}
