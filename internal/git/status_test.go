package git_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/testkit"
)

// failing is middleware that answers the first requests whose address ends in something otherwise, and counts them all.
type failing struct {
	mu     sync.Mutex
	suffix string
	times  int
	with   http.HandlerFunc
	count  int
}

func (f *failing) middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		ours := strings.HasSuffix(r.URL.RequestURI(), f.suffix)
		if ours {
			f.count++
		}
		now := ours && f.count <= f.times
		f.mu.Unlock()
		if now {
			f.with(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		_, _ = io.Copy(io.Discard, r.Body)
		http.Error(w, "no", code)
	}
}

// sleeper notes how long a repository waited, without waiting.
type sleeper struct{ waits []time.Duration }

func (s *sleeper) option(o *git.Options) {
	o.Sleep = func(ctx context.Context, d time.Duration) error {
		s.waits = append(s.waits, d)
		return ctx.Err()
	}
}

const (
	listing  = "/info/refs?service=git-upload-pack"
	fetching = "/git-upload-pack"
	greeting = "/info/refs?service=git-receive-pack"
	pushing  = "/git-receive-pack"
)

// TestOverloadedServer fails every kind of reading request one to five times: it is repeated with growing waits up to the fifth, and no longer.
func TestOverloadedServer(t *testing.T) {
	t.Parallel()
	world, _ := small(t)
	for i, code := range []int{429, 500, 502, 503, 504} {
		for k, suffix := range []string{listing, fetching, greeting} {
			times := 1 + (i+2*k)%5
			remote := world.Fork(t, "")
			f := &failing{suffix: suffix, times: times, with: status(code)}
			var slept sleeper
			repo := open(t, "", slept.option, func(o *git.Options) { o.URL = remote.HTTP(t, f.middleware) })
			commit, err := repo.Update(t.Context(), "main", put("new", "new", "once"))
			log := remote.Log("main")
			if times == 5 {
				fails(t, err, "http://", strconv.Itoa(code))
				if remote := new(git.RemoteError); !errors.As(err, &remote) || commit != nil || len(log) != 3 || f.count != 5 {
					t.Errorf("%d to %s: %v, %v after %d requests; the history is %q", code, suffix, commit, err, f.count, log)
				}
			} else if err != nil || len(log) != 4 || log[0] != "once" {
				t.Errorf("%d to %s: %v; the history is %q", code, suffix, err, log)
			}
			if len(slept.waits) != min(times, 4) {
				t.Errorf("%d to %s %d times: waits %v", code, suffix, times, slept.waits)
			}
			for n, wait := range slept.waits {
				if step := 500 * time.Millisecond << n; wait < step/2 || wait > step*3/2 {
					t.Errorf("wait %d is %s", n, wait)
				}
			}
		}
	}
}

// TestRetryAfter waits as long as the server asks, within reason.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	remote, _ := small(t)
	for header, want := range map[string][2]time.Duration{
		"7": {7 * time.Second, 7 * time.Second}, "100000": {30 * time.Second, 30 * time.Second}, "0": {0, time.Second}, "-5": {0, time.Second},
		"soon": {0, time.Second}, "Wed, 21 Oct 2099 07:28:00 GMT": {0, time.Second}, "99999999999999999999": {0, time.Second},
	} {
		f := &failing{suffix: listing, times: 1, with: status(429, "Retry-After", header)}
		var slept sleeper
		repo := open(t, "", slept.option, func(o *git.Options) { o.URL = remote.HTTP(t, f.middleware) })
		if _, err := repo.Branch(t.Context(), "main"); err != nil {
			t.Error(err)
		}
		if len(slept.waits) != 1 || slept.waits[0] < want[0] || slept.waits[0] > want[1] {
			t.Errorf("Retry-After: %s made it wait %v", header, slept.waits)
		}
	}
}

// TestDenied is told no: it does not ask again, and takes nothing for absent.
func TestDenied(t *testing.T) {
	t.Parallel()
	remote, _ := small(t)
	old := remote.Git("rev-parse", "main~1")
	for _, code := range []int{401, 403, 404} {
		for _, suffix := range []string{listing, fetching, greeting, pushing} {
			f := &failing{suffix: suffix, times: 1 << 30, with: status(code)}
			var slept sleeper
			address := remote.HTTP(t, f.middleware)
			repo := open(t, "", slept.option, func(o *git.Options) { o.URL = address })
			commit, err := repo.Update(t.Context(), "main", put("new", "new", "message"))
			fails(t, err, address, map[int]string{401: "authentication required", 403: "authorization failed", 404: "not found"}[code])
			if remote := new(git.RemoteError); !errors.As(err, &remote) || errors.Is(err, git.ErrGone) || commit != nil || f.count != 1 || len(slept.waits) > 0 {
				t.Errorf("%d to %s: %v, %v after %d requests and %v", code, suffix, commit, err, f.count, slept.waits)
			}
			if suffix != listing && suffix != fetching {
				continue
			}
			_, err = open(t, "", slept.option, func(o *git.Options) { o.URL = address }).FetchCommit(t.Context(), old)
			if err == nil || errors.Is(err, git.ErrGone) {
				t.Errorf("%d to %s: a commit is %v", code, suffix, err)
			}
		}
	}
	if log := remote.Log("main"); len(log) != 3 {
		t.Errorf("the history is %q", log)
	}
}

// TestUncertainPush has the server break off a push before or after it took it, once or each time: in the end the commit is there exactly once and is
// known to be, or it is not there and that is an error. The clock goes on, so that no two tries make the same commit.
func TestUncertainPush(t *testing.T) {
	t.Parallel()
	world, _ := small(t)
	const always = 1 << 30
	abort := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	for name, end := range map[string]http.HandlerFunc{
		"500": status(500), "502": status(502), "503": status(503), "429": status(429), "cut": abort, "empty": status(200),
		"half": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("0030\x01000eunpa"))
			abort(w, nil)
		},
	} {
		for _, taken := range []bool{false, true} {
			for _, times := range []int{1, always} {
				remote := world.Fork(t, "")
				backend := remote.HTTP(t)
				f := &failing{suffix: pushing, times: times, with: func(w http.ResponseWriter, r *http.Request) {
					if taken {
						forward(t, backend, r)
					}
					end(w, r)
				}}
				now := testkit.Epoch
				var slept sleeper
				repo := open(t, "", slept.option, func(o *git.Options) {
					o.URL = remote.HTTP(t, f.middleware)
					o.Now = func() time.Time { now = now.Add(time.Second); return now }
				})
				commit, err := repo.Update(t.Context(), "main", adding("log", "line\n", "once"))
				log := strings.Join(remote.Log("main"), " ")
				switch {
				case times == always && !taken:
					fails(t, err, "push to http://")
					if commit != nil || log != "c2 c1 c0" || f.count != 5 {
						t.Errorf("%s, never taken: %v after %d requests; the history is %s", name, commit, f.count, log)
					}
				case err != nil || commit == nil || log != "once c2 c1 c0" || commit.Hash.String() != remote.Git("rev-parse", "main"):
					t.Errorf("%s, taken %v, %d times: %v, %v; the history is %s", name, taken, times, commit, err, log)
				case (f.count == 1) != taken:
					t.Errorf("%s, taken %v: pushed %d times", name, taken, f.count)
				}
			}
		}
	}
}

// adding is the proposal that adds to a file, so that it is seen where it is done twice.
func adding(name, line, message string) proposal {
	return func(ctx context.Context, tip *git.Commit) (*git.Change, error) {
		if tip.Subject() == message {
			return nil, errors.New("it would be done twice")
		}
		return put(name, line, message)(ctx, tip)
	}
}

// forward sends a request on and drops the answer.
func forward(t testing.TB, address string, r *http.Request) {
	base, _, _ := strings.Cut(address, "/remote.git")
	req, err := http.NewRequestWithContext(r.Context(), r.Method, base+r.URL.RequestURI(), r.Body)
	if err != nil {
		t.Error(err)
		return
	}
	req.Header, req.ContentLength = r.Header, r.ContentLength
	response, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
}

// TestTokenAndRedirects has a server send some requests elsewhere: the token stays with the server it is for, there and on every later request.
func TestTokenAndRedirects(t *testing.T) {
	t.Parallel()
	world, _ := small(t)
	for _, redirected := range [][]string{{listing}, {greeting}, {listing, greeting}, {fetching}, {pushing}} {
		remote := world.Fork(t, "")
		var mu sync.Mutex
		seen := map[string][]string{}
		note := func(where string) func(http.Handler) http.Handler {
			return func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					mu.Lock()
					seen[where] = append(seen[where], fmt.Sprint(r.Header.Get("Authorization") != "", r.URL.User != nil))
					mu.Unlock()
					next.ServeHTTP(w, r)
				})
			}
		}
		other := strings.TrimSuffix(remote.HTTP(t, note("other")), "/remote.git")
		origin := remote.HTTP(t, note("origin"), func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if slices.ContainsFunc(redirected, func(s string) bool { return strings.HasSuffix(r.URL.RequestURI(), s) }) {
					http.Redirect(w, r, other+r.URL.RequestURI(), http.StatusTemporaryRedirect)
					return
				}
				next.ServeHTTP(w, r)
			})
		})
		repo := open(t, "", token(secret), func(o *git.Options) { o.URL = origin })
		var errs []error
		for i := range 3 {
			_, err := repo.Update(t.Context(), "main", put("new", fmt.Sprint(i), "message"))
			_, err2 := repo.Tip(t.Context(), "main")
			errs = append(errs, err, err2)
		}
		hides(t, errors.Join(errs...), secret)
		if posts := redirected[0] == fetching || redirected[0] == pushing; (errs[0] != nil) != posts {
			t.Errorf("%s elsewhere: %v", redirected, errs)
		}
		if slices.Contains(seen["other"], "true false") || slices.Contains(seen["other"], "true true") {
			t.Errorf("%s elsewhere: the other server has seen the token: %q", redirected, seen["other"])
		}
		if slices.Contains(seen["origin"], "false false") || len(seen["origin"]) == 0 {
			t.Errorf("%s elsewhere: the server itself was not given the token: %q", redirected, seen["origin"])
		}
	}
}
