package git_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/testkit"
)

const secret = "ghs_s3cr3t/+%"

// guarded lets in who knows the secret, and echoes to others what they sent.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if user != "x-access-token" || password != secret {
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			http.Error(w, "not you: "+user+" "+password, http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func TestToken(t *testing.T) {
	t.Parallel()
	remote, clone := seeded(t, map[string]string{"a": "1"})
	address := remote.HTTP(t, guarded)
	mustUpdate(t, open(t, clone.Dir, remoteAt(address), token(secret)), "main", "a", "2")
	sameFiles(t, remote.Files("main", "."), map[string]string{"a": "2"})
	inAddress := func(userinfo string) string { return strings.Replace(address, "://", "://"+userinfo+"@", 1) }
	for name, repo := range map[string]*git.Repository{
		"none":                 open(t, clone.Dir, remoteAt(address)),
		"wrong":                open(t, clone.Dir, remoteAt(address), token("wr0ng-token")),
		"wrong in the address": open(t, clone.Dir, remoteAt(inAddress("x-access-token:wr0ng-token"))),
		"alone in the address": open(t, clone.Dir, remoteAt(inAddress("wr0ng-token"))),
	} {
		_, err := repo.Update(t.Context(), "main", put("a", "3", "message"))
		fails(t, err, address, "authentication required", "give a token")
		hides(t, err, "wr0ng")
		if url := repo.RemoteURL(); url != address {
			t.Errorf("%s: remote is shown as %s", name, url)
		}
	}
	mustUpdate(t, open(t, clone.Dir, remoteAt(inAddress("x-access-token:ghs_s3cr3t%2F+%25"))), "main", "a", "4")
}

// TestTokenInErrors makes everything fail that can, with servers that echo what they were sent.
func TestTokenInErrors(t *testing.T) {
	t.Parallel()
	_, clone := seeded(t, map[string]string{"a": "1"})
	echo := func(w http.ResponseWriter, r *http.Request, status int) {
		user, password, _ := r.BasicAuth()
		http.Error(w, "you sent "+user+" "+password, status)
	}
	hang := func(w http.ResponseWriter, _ *http.Request) {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = conn.Close()
		}
	}
	for _, status := range []int{0, 200, 401, 403, 404, 500, 503} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if status == 0 {
				hang(w, r)
				return
			}
			echo(w, r, status)
		}))
		t.Cleanup(server.Close)
		inAddress := strings.Replace(server.URL, "://", "://s3cr3t%2Ft0ken@", 1)
		for address, given := range map[string]string{server.URL: "s3cr3t-t0ken", inAddress: ""} {
			repo := open(t, clone.Dir, remoteAt(address+"/r.git"), token(given))
			_, updating := repo.Update(t.Context(), "main", put("a", "2", "message"))
			pushing := repo.Push(t.Context(), git.RefUpdate{Ref: "refs/heads/x", New: tip(t, open(t, clone.Dir), "main").Hash})
			for _, err := range []error{updating, pushing} {
				fails(t, err, server.URL)
				hides(t, err, "s3cr3t")
			}
		}
	}
}

// TestTokenStaysOffPlainHTTP uses an address that is not a loopback one, though it leads to this machine.
func TestTokenStaysOffPlainHTTP(t *testing.T) {
	t.Parallel()
	remote, clone := seeded(t, map[string]string{"a": "1"})
	var sent atomic.Int32
	watch := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "" {
				sent.Add(1)
			}
			next.ServeHTTP(w, r)
		})
	}
	loopback := remote.HTTP(t, watch, guarded)
	_, err := open(t, clone.Dir, remoteAt(strings.Replace(loopback, "127.0.0.1", "0.0.0.0", 1)), token(secret)).Tip(t.Context(), "main")
	fails(t, err, "the token was not sent", "use https")
	if sent.Load() != 0 {
		t.Error("the token was sent in the clear")
	}
	for _, host := range []string{"127.0.0.1", "localhost"} {
		repo := open(t, clone.Dir, remoteAt(strings.Replace(loopback, "127.0.0.1", host, 1)), token(secret))
		if _, err := repo.Tip(t.Context(), "main"); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	if sent.Load() == 0 {
		t.Error("the token was not sent at all: the test proves nothing")
	}
}

// TestTokenStaysWithItsServer follows a redirect without taking the token along.
func TestTokenStaysWithItsServer(t *testing.T) {
	t.Parallel()
	remote, clone := seeded(t, map[string]string{"a": "1"})
	var sent atomic.Int32
	elsewhere := remote.HTTP(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "" {
				sent.Add(1)
			}
			next.ServeHTTP(w, r)
		})
	})
	moved := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, strings.TrimSuffix(elsewhere, "/remote.git")+r.URL.RequestURI(), http.StatusFound)
	}))
	t.Cleanup(moved.Close)
	repo := open(t, clone.Dir, remoteAt(moved.URL+"/remote.git"), token(secret))
	if _, err := repo.Tip(t.Context(), "main"); err != nil {
		t.Fatal(err)
	}
	if sent.Load() != 0 {
		t.Error("the token went to another server")
	}
}

// TestFailureIsNotAbsence answers the list of branches wrongly in every way: nobody may conclude that the branch does not exist.
func TestFailureIsNotAbsence(t *testing.T) {
	t.Parallel()
	remote, clone := seeded(t, map[string]string{"a": "1"})
	send := func(status int, kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	smart := "application/x-git-upload-pack-advertisement"
	head := clone.Git("rev-parse", "HEAD")
	line := fmt.Sprintf("%s refs/heads/another\x00ofs-delta\n", head)
	list := "001e# service=git-upload-pack\n0000" + fmt.Sprintf("%04x%s", len(line)+4, line)
	for name, answer := range map[string]http.HandlerFunc{
		"404": send(404, "text/plain", "not found"), "403": send(403, "text/plain", "no"), "500": send(500, "text/plain", "oops"),
		"502": send(502, "text/html", ""), "429": send(429, "text/plain", ""), "204": send(204, smart, ""),
		"empty": send(200, smart, ""), "page": send(200, "text/html", "<html>log in</html>"), "half": send(200, smart, list[:30]),
		"no list": send(200, smart, list[:34]), "cut line": send(200, smart, list[:60]), "no end": send(200, smart, list),
		"error": send(200, smart, "001e# service=git-upload-pack\n00000010ERR oh no\n\n"),
	} {
		calls := 0
		repo := open(t, clone.Dir, remoteAt(remote.HTTP(t, answers("/info/refs?service=git-upload-pack", answer))))
		commit, err := repo.Update(t.Context(), "main", counted(&calls, put("a", "2", "message")))
		if err == nil || commit != nil || calls != 0 {
			t.Errorf("%s: %v, %v after %d proposals", name, commit, err, calls)
		}
		if hash, err := repo.Branch(t.Context(), "main"); err == nil {
			t.Errorf("%s: the branch is at %s", name, hash)
		}
	}
	for _, address := range []string{remote.Dir + "-gone", "http://127.0.0.1:1/r.git", t.TempDir()} {
		_, err := open(t, clone.Dir, remoteAt(address)).Tip(t.Context(), "main")
		fails(t, err, address)
	}
	sameFiles(t, remote.Files("main", "."), map[string]string{"a": "1"})
}

// TestSilentPush takes the update but does not say so: the branch tells, and nothing is written twice. Where it was not taken either, the end
// is an error.
func TestSilentPush(t *testing.T) {
	t.Parallel()
	remote, clone := seeded(t, map[string]string{"a": "1"})
	silent := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/git-receive-pack") {
				next.ServeHTTP(httptest.NewRecorder(), r)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	repo := open(t, clone.Dir, remoteAt(remote.HTTP(t, silent)))
	commit, err := repo.Update(t.Context(), "main", put("a", "2", "message"))
	if err != nil || commit == nil || remote.Git("rev-parse", "main") != commit.Hash.String() {
		t.Errorf("the push came to %v, %v", commit, err)
	}
	deaf := open(t, clone.Dir, remoteAt(remote.HTTP(t, answers("/git-receive-pack", func(http.ResponseWriter, *http.Request) {}))))
	_, err = deaf.Update(t.Context(), "main", put("a", "3", "message"))
	fails(t, err, "push to http://")
	if commit, err := repo.Update(t.Context(), "main", put("a", "2", "message")); commit != nil || err != nil {
		t.Errorf("the rerun made %v, %v", commit, err)
	}
	if log := remote.Log("main"); len(log) != 2 {
		t.Errorf("history is %q", log)
	}
}

func TestEmptyRemoteHasNoBranches(t *testing.T) {
	t.Parallel()
	remote := testkit.NewRemote(t)
	clone := remote.Clone(t)
	for branch, address := range map[string]string{"main": remote.Dir, "other": remote.HTTP(t)} {
		repo := open(t, clone.Dir, remoteAt(address))
		if commit := tip(t, repo, branch); commit != nil {
			t.Errorf("%s is at %s", branch, commit.Hash)
		}
		mustUpdate(t, repo, branch, "a", branch)
		sameFiles(t, remote.Files(branch, "."), map[string]string{"a": branch})
	}
}
