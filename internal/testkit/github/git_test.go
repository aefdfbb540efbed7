package github_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/org/platform/internal/testkit/github"
)

// A clone over HTTP has the merge of every pull request, and a push is by who the token is of.
func TestGit(t *testing.T) {
	t.Parallel()
	s, remote := newServer(t, github.Options{Users: map[string]string{"t-eve": "eve"}}, "a", "b1", "b2")
	open(t, s, "a")
	dir := t.TempDir()
	git := func(args ...string) (string, error) {
		cmd := exec.Command("git", append([]string{"-c", "user.name=Eve", "-c", "user.email=eve@example.com", "-c", "credential.helper="}, args...)...)
		cmd.Dir, cmd.Env = dir, append(cmd.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0")
		out, err := cmd.CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	must := func(args ...string) string {
		t.Helper()
		out, err := git(args...)
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return out
	}
	address := strings.Replace(s.GitURL, "http://", "http://eve:t-eve@", 1)
	must("clone", "-q", strings.TrimSuffix(address, ".git"), ".")
	must("fetch", "-q", "origin", "refs/pull/1/merge")
	if got := must("log", "-1", "--format=%P", "FETCH_HEAD"); got != remote.Git("rev-parse", "main")+" "+remote.Git("rev-parse", "a") {
		t.Errorf("merge of %s", got)
	}
	must("push", "-q", address, "origin/a:main")
	if p := s.PullRequests()[0]; !p.Merged || p.MergedBy != "eve" {
		t.Errorf("got %+v", p)
	}
	if out, err := git("push", address, "origin/b1:refs/pull/1/head"); err == nil || !strings.Contains(out, "deny updating a hidden ref") {
		t.Errorf("refs/pull was pushed: %v, %s", err, out)
	}
	if out, err := git("push", strings.Replace(address, "t-eve", "wrong", 1), "origin/b1:x"); err == nil {
		t.Errorf("a wrong token writes %s", out)
	}
	if out, err := git("ls-remote", strings.Replace(address, "platform", "other", 1)); err == nil {
		t.Errorf("another repository has %s", out)
	}
	must("checkout", "-q", "-b", "large")
	must("commit", "-q", "--allow-empty", "-m", "large")
	must("-c", "http.postBuffer=1", "push", "-q", address, "large") // in chunks, which CGI does not know
	if got := remote.Git("log", "-1", "--format=%s", "large"); got != "large" {
		t.Errorf("got %s", got)
	}
}
