package git_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// killer is middleware that ends a child without warning when it makes its nth request.
type killer struct {
	mu       sync.Mutex
	requests []string
	child    *exec.Cmd
	dead     chan struct{} // when the child is
	served   chan struct{} // when its last request is
	nth      int           // counted from 1; 0 is never
	when     string        // before the request is served, while it is, in the middle of the answer, or after it
}

func (k *killer) middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k.mu.Lock()
		k.requests = append(k.requests, r.Method+" "+r.URL.RequestURI())
		now := len(k.requests) == k.nth
		k.mu.Unlock()
		if !now {
			next.ServeHTTP(w, r)
			return
		}
		defer close(k.served)
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if k.when == "before" {
			k.kill()
			return
		}
		answer := httptest.NewRecorder()
		if k.when == "while" {
			k.kill()
		}
		next.ServeHTTP(answer, r.WithContext(context.WithoutCancel(r.Context())))
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		n := answer.Body.Len()
		if k.when == "middle" {
			n /= 2
		}
		_, _ = w.Write(answer.Body.Bytes()[:n])
		_ = http.NewResponseController(w).Flush()
		k.kill()
	})
}

func (k *killer) kill() {
	k.mu.Lock()
	child := k.child.Process
	k.mu.Unlock()
	_ = child.Kill()
	<-k.dead
}

// spare kills no more, and returns the requests of the last child.
func (k *killer) spare() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.nth = 0
	return k.requests
}

// run starts a child and returns when it has ended.
func (k *killer) run(t testing.TB, c task, nth int, when string) {
	t.Helper()
	k.mu.Lock()
	k.requests, k.nth, k.when = nil, nth, when
	k.child, k.dead, k.served = c.command(t), make(chan struct{}), make(chan struct{})
	err := k.child.Start()
	k.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	err = k.child.Wait()
	close(k.dead)
	if nth > 0 {
		<-k.served
	}
	quick := nth > 0 && when == "after" && err == nil // it had the last answer, and was gone before it could be killed
	if (err != nil) != (nth > 0) && !quick {
		t.Errorf("killed %s request %d: the child ended with %v", when, nth, err)
	}
}

// TestKill ends a writing process at every request: the remote has the old commit or the new one, all of it is sound, and the next run finishes the work
// with what the killed one left in the cache.
func TestKill(t *testing.T) {
	t.Parallel()
	remote, _ := small(t)
	k := &killer{}
	address := remote.HTTP(t, k.middleware)
	k.run(t, task{URL: address, Cache: t.TempDir(), Name: "first"}, 0, "")
	requests := k.spare()
	if len(requests) < 5 {
		t.Fatalf("an update is made of %q", requests)
	}
	moments := []string{"before", "while", "middle", "after"}
	old, outcomes := remote.Git("rev-parse", "main"), map[string]int{}
	for i, request := range requests {
		when := moments[i%4 : i%4+1]
		if strings.HasSuffix(request, pushing) {
			when = moments
		}
		for _, when := range when {
			c := task{URL: address, Cache: t.TempDir(), Name: fmt.Sprint("file-", i, "-", when)}
			k.run(t, c, i+1, when)
			now := remote.Git("rev-parse", "main")
			switch {
			case now == old:
				outcomes["old"]++
			case remote.Git("rev-parse", "main^") == old && remote.Git("log", "-1", "--format=%s", "main") == "write "+c.Name:
				outcomes["new"]++
			default:
				t.Errorf("killed %s request %d, the branch went from %s to %s", when, i+1, old, now)
			}
			if out := remote.Git("fsck", "--strict", "--no-dangling"); out != "" {
				t.Errorf("killed %s request %d: fsck: %s", when, i+1, out)
			}
			var said notices
			repo := open(t, "", cached(address, c.Cache, &said))
			k.spare()
			commit, err := repo.Update(t.Context(), "main", put(c.Name, c.Name, "write "+c.Name))
			if err != nil || (commit == nil) != (now != old) || len(said.all) > 0 {
				t.Errorf("killed %s request %d: the next run made %v, %v, %q", when, i+1, commit, err, said.all)
			}
			old = remote.Git("rev-parse", "main")
			head := tip(t, repo, "main")
			if got := contents(t, repo.Tree(head.TreeHash)); !maps.Equal(got, remote.Files("main", ".")) || got[c.Name] != c.Name {
				t.Errorf("killed %s request %d: the files are %q", when, i+1, got)
			}
		}
	}
	subjects := remote.Log("main")
	once := map[string]bool{}
	for _, subject := range subjects {
		if once[subject] {
			t.Errorf("%q is there twice: %q", subject, subjects)
		}
		once[subject] = true
	}
	if want := len(requests) + 3 + 4; len(subjects) != want {
		t.Errorf("%d commits, want %d: %q", len(subjects), want, subjects)
	}
	if outcomes["old"] == 0 || outcomes["new"] == 0 {
		t.Errorf("outcomes are %v: the test proves nothing", outcomes)
	}
}
