package github_test

import (
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/org/platform/internal/testkit/github"
)

// Of all faults one does the work, and each answers as it says.
func TestFaults(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t, github.Options{}, "a")
	number := open(t, s, "a")
	for fault, want := range map[github.Fault]string{github.None: "200 OK ", github.ServerError: "502 Bad Gateway ", github.RateLimited: "403 Forbidden 1",
		github.TooMany: "429 Too Many Requests 1", github.CutBefore: "EOF", github.CutAfter: "EOF", github.Hang: "deadline exceeded"} {
		s.Fault(func(_ *http.Request, n int) github.Fault {
			if n > 0 {
				return github.None
			}
			return fault
		})
		label := fmt.Sprint("l", fault)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, fmt.Sprint(s.APIURL, "/repos/org/platform/issues/", number, "/labels"),
			strings.NewReader(`{"labels":["`+label+`"]}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+s.Token)
		r.Header.Set("Content-Type", "application/json")
		client := http.Client{}
		if fault == github.Hang {
			client.Timeout = 50 * time.Millisecond
		}
		var got string
		if response, err := client.Do(r); err != nil {
			got = err.Error()
		} else {
			got = response.Status + " " + response.Header.Get("Retry-After")
			response.Body.Close()
		}
		if !strings.Contains(got, want) {
			t.Errorf("fault %d: got %s, want %s", fault, got, want)
		}
		done := strings.Contains(fmt.Sprint(s.PullRequests()[0].Labels), label)
		if done != (fault == github.None || fault == github.CutAfter) {
			t.Errorf("fault %d: done %v", fault, done)
		}
	}
}

// A push whose answer is lost is done.
func TestCutPush(t *testing.T) {
	t.Parallel()
	s, remote := newServer(t, github.Options{}, "a", "b")
	for branch, fault := range map[string]github.Fault{"before": github.CutBefore, "after": github.CutAfter} {
		s.Fault(func(r *http.Request, _ int) github.Fault {
			if strings.HasSuffix(r.URL.Path, "/git-receive-pack") {
				return fault
			}
			return github.None
		})
		address := strings.Replace(s.GitURL, "http://", "http://x-access-token:"+s.Token+"@", 1)
		cmd := exec.Command("git", "push", "-q", address, "a:"+branch)
		cmd.Dir, cmd.Env = remote.Dir, append(cmd.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0")
		if out, err := cmd.CombinedOutput(); err == nil {
			t.Errorf("%s: no error: %s", branch, out)
		}
		if done := remote.Git("for-each-ref", "refs/heads/"+branch) != ""; done != (fault == github.CutAfter) {
			t.Errorf("%s: done %v", branch, done)
		}
	}
}

// An answer that GitHub would not give fails the test, here of a conclusion that its description lacks.
func TestBadAnswer(t *testing.T) {
	t.Parallel()
	r := &recorder{TB: t}
	s, remote := newServer(r, github.Options{}, "a")
	head := remote.Git("rev-parse", "a")
	s.SetCheckRun(head, "x", "stale")
	request(t, s, http.MethodGet, s.APIURL+"/repos/org/platform/commits/"+head+"/check-runs", "")
	if len(r.errors) != 1 || !strings.Contains(r.errors[0], "/check_runs/0/conclusion: value is not one of the allowed values") {
		t.Errorf("got %q", r.errors)
	}
}
