package testkit

import (
	"archive/tar"
	"errors"
	"io"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Epoch is the date of the first commit of every Clone.
var Epoch = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)

// Remote is a bare repository with default branch main, set up like one of a Git host: partial clones and fetches by hash are served,
// and malformed objects are refused.
type Remote struct {
	Dir string
	t   testing.TB
}

// NewRemote makes an empty remote in a temporary folder.
func NewRemote(t testing.TB) *Remote {
	t.Helper()
	r := &Remote{Dir: filepath.Join(t.TempDir(), "remote.git"), t: t}
	runGit(t, filepath.Dir(r.Dir), Epoch, "init", "-q", "--bare", "--template=", "--initial-branch=main", r.Dir)
	settings := `[uploadpack]
	allowFilter = true
	allowReachableSHA1InWant = true
[receive]
	fsckObjects = true
	autogc = false
[http]
	receivepack = true
[core]
	fsync = none
`
	config, err := os.OpenFile(filepath.Join(r.Dir, "config"), os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	_, err = config.WriteString(settings)
	if err := errors.Join(err, config.Close()); err != nil {
		t.Fatal(err)
	}
	return r
}

// URL returns the remote's address, a path.
func (r *Remote) URL() string { return r.Dir }

// HTTP serves the remote through git http-backend for the time of a test and returns its address. Middleware stands before it, the
// first outermost.
func (r *Remote) HTTP(t testing.TB, middleware ...func(http.Handler) http.Handler) string {
	t.Helper()
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	var handler http.Handler = &cgi.Handler{
		Path:   git,
		Args:   []string{"http-backend"},
		Dir:    r.Dir,
		Env:    append(gitEnv(Epoch), "GIT_PROJECT_ROOT="+filepath.Dir(r.Dir), "GIT_HTTP_EXPORT_ALL=1"),
		Stderr: io.Discard,
	}
	for _, wrap := range slices.Backward(middleware) {
		handler = wrap(handler)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL + "/" + filepath.Base(r.Dir)
}

// Hook installs a hook of the remote, such as pre-receive or update, as a shell script.
func (r *Remote) Hook(name, script string) {
	r.t.Helper()
	file := filepath.Join(r.Dir, "hooks", name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		r.t.Fatal(err)
	}
}

// Git runs git in the remote and returns its output without the last line break.
func (r *Remote) Git(args ...string) string {
	r.t.Helper()
	return runGit(r.t, r.Dir, Epoch, args...)
}

// Files returns the files of a revision at and below a path ("." for all) by their path from the root. A path without files gives
// an empty map.
func (r *Remote) Files(ref, path string) map[string]string {
	r.t.Helper()
	archive := tar.NewReader(strings.NewReader(r.Git("archive", "--format=tar", ref)))
	files := map[string]string{}
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			r.t.Fatalf("files of %s: %v", ref, err)
		}
		inside := path == "." || header.Name == path || strings.HasPrefix(header.Name, path+"/")
		if header.Typeflag != tar.TypeReg || !inside {
			continue
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			r.t.Fatalf("files of %s: %v", ref, err)
		}
		files[header.Name] = string(content)
	}
}

// Log returns the subjects of a revision's whole history, newest first.
func (r *Remote) Log(ref string) []string {
	r.t.Helper()
	return strings.Split(r.Git("log", "--format=%s", ref), "\n")
}

// Clone is a clone with a working tree.
type Clone struct {
	Dir  string
	When time.Time // date of the next commit; every commit moves it on by a minute
	t    testing.TB
}

// Clone clones the remote as over a network, with options of git clone such as --depth=1.
func (r *Remote) Clone(t testing.TB, options ...string) *Clone {
	t.Helper()
	c := &Clone{Dir: filepath.Join(t.TempDir(), "clone"), When: Epoch, t: t}
	args := append([]string{"clone", "-q", "--no-local", "--template="}, options...)
	runGit(t, filepath.Dir(c.Dir), c.When, append(args, "--", r.Dir, c.Dir)...)
	return c
}

// Write writes files of the working tree.
func (c *Clone) Write(files map[string]string) {
	c.t.Helper()
	for name, content := range files {
		file := filepath.Join(c.Dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			c.t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			c.t.Fatal(err)
		}
	}
}

// Commit commits everything in the working tree, be it nothing, and returns the commit's id.
func (c *Clone) Commit(message string) string {
	c.t.Helper()
	c.Git("add", "-A")
	c.Git("commit", "-q", "--allow-empty", "-m", message)
	return c.Git("rev-parse", "HEAD")
}

// Push pushes the current branch to the remote.
func (c *Clone) Push() {
	c.t.Helper()
	c.Git("push", "-q", "origin", "HEAD")
}

// Git runs git in the clone and returns its output without the last line break. A commit it makes is dated When.
func (c *Clone) Git(args ...string) string {
	c.t.Helper()
	out := runGit(c.t, c.Dir, c.When, args...)
	if len(args) > 0 && (args[0] == "commit" || args[0] == "merge") {
		c.When = c.When.Add(time.Minute)
	}
	return out
}

// IsolateGit takes the user's and the system's Git configuration away from this process and those it starts. Call it from TestMain
// where the code under test starts git by itself.
func IsolateGit() error {
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "GIT_") {
			if err := os.Unsetenv(name); err != nil {
				return err
			}
		}
	}
	return errors.Join(os.Setenv("GIT_CONFIG_NOSYSTEM", "1"), os.Setenv("GIT_CONFIG_GLOBAL", os.DevNull))
}

func runGit(t testing.TB, dir string, when time.Time, args ...string) string {
	t.Helper()
	var stderr strings.Builder
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env, cmd.Stderr = dir, gitEnv(when), &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return strings.TrimSuffix(string(out), "\n")
}

// gitEnv is the whole environment of git programs in tests: nothing of the machine but where programs are.
func gitEnv(when time.Time) []string {
	date := when.Format(time.RFC3339)
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.DevNull, "LC_ALL=C", "TZ=UTC",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=Ada Author", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_AUTHOR_DATE=" + date,
		"GIT_COMMITTER_NAME=Ada Author", "GIT_COMMITTER_EMAIL=ada@example.com", "GIT_COMMITTER_DATE=" + date,
	}
}
