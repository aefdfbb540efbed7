package git_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/org/platform/internal/git"
)

// stall is how long remotes may be silent in these tests.
const stall = time.Second

func stalling(address string) func(*git.Options) {
	return func(o *git.Options) { o.URL, o.Stall = address, stall }
}

// silence is middleware that answers requests whose address ends in something only up to a number of bytes (-1: not even headers), and then says
// nothing until the client goes away.
func silence(suffix string, after int) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.RequestURI(), suffix) {
				next.ServeHTTP(w, r)
				return
			}
			body, _ := io.ReadAll(r.Body) // or the server would not notice that the client is gone
			r.Body = io.NopCloser(bytes.NewReader(body))
			answer := httptest.NewRecorder()
			next.ServeHTTP(answer, r)
			if after >= 0 {
				w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
				w.WriteHeader(answer.Code)
				_, _ = w.Write(answer.Body.Bytes()[:min(after, answer.Body.Len())])
				_ = http.NewResponseController(w).Flush()
			}
			<-r.Context().Done()
		})
	}
}

// TestStall has a server fall silent at every stage: the run ends in an error that says so, and nothing is written or it is known to be.
func TestStall(t *testing.T) {
	t.Parallel()
	world, _ := small(t)
	upload, receive := "/info/refs?service=git-upload-pack", "/info/refs?service=git-receive-pack"
	var runs sync.WaitGroup // which do nothing but wait
	for name, test := range map[string]struct {
		suffix string
		after  int
		writes bool // the server has taken the update by then
	}{
		"list, headers":     {upload, -1, false},
		"list, body":        {upload, 0, false},
		"list, middle":      {upload, 100, false},
		"pack, headers":     {"/git-upload-pack", -1, false},
		"pack, body":        {"/git-upload-pack", 0, false},
		"pack, middle":      {"/git-upload-pack", 100, false},
		"push list headers": {receive, -1, false},
		"push list, middle": {receive, 100, false},
		"push, headers":     {"/git-receive-pack", -1, true},
		"push, body":        {"/git-receive-pack", 0, true},
		"push, middle":      {"/git-receive-pack", 20, true},
	} {
		remote := world.Fork(t, "")
		repo := open(t, "", stalling(remote.HTTP(t, silence(test.suffix, test.after))))
		runs.Go(func() {
			commit, err := repo.Update(t.Context(), "main", put("new", "new", "written once"))
			log := strings.Join(remote.Log("main"), " ")
			if test.writes {
				if err != nil || commit == nil || log != "written once c2 c1 c0" {
					t.Errorf("%s: it came to %v, %v; the history is %s", name, commit, err, log)
				}
				return
			}
			fails(t, err, "http://", "it sent nothing for ")
			if commit != nil || log != "c2 c1 c0" {
				t.Errorf("%s: it came to %v; the history is %s", name, commit, log)
			}
		})
	}
	runs.Wait()
}

// TestStallOverSSH has an SSH server fall silent at every stage.
func TestStallOverSSH(t *testing.T) {
	t.Parallel()
	remote, _ := small(t)
	over := make(chan struct{})
	t.Cleanup(func() { close(over) })
	deaf, err := net.Listen("tcp", "127.0.0.1:0") // the kernel accepts connections, nobody answers
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = deaf.Close() })
	silent := remote.SSH(t, func(_ string, _ io.ReadWriter) bool {
		<-over
		return true
	})
	list := remote.Git("upload-pack", "--advertise-refs", remote.Dir)
	listing := func(n int) string {
		return remote.SSH(t, func(command string, c io.ReadWriter) bool {
			if strings.Contains(command, "receive") {
				_, _ = io.WriteString(c, list[:100])
			} else {
				_, _ = io.WriteString(c, list[:n])
			}
			<-over
			return true
		})
	}
	var runs sync.WaitGroup
	for _, address := range []string{"ssh://git@" + deaf.Addr().String() + remote.Dir, silent, listing(100), listing(len(list))} {
		repo := open(t, "", stalling(address))
		runs.Go(func() {
			_, err := repo.Tip(t.Context(), "main")
			fails(t, err, "ssh://", "it sent nothing for "+stall.String())
		})
		runs.Go(func() {
			err := repo.Push(t.Context(), git.RefUpdate{Ref: git.BranchRef("main")})
			fails(t, err, "ssh://", "it sent nothing for ")
		})
	}
	runs.Wait()
}

// TestCancel ends what waits for a silent remote at once.
func TestCancel(t *testing.T) {
	t.Parallel()
	remote, _ := small(t)
	for _, suffix := range []string{"/info/refs?service=git-upload-pack", "/git-upload-pack", "/info/refs?service=git-receive-pack"} {
		ctx, cancel := context.WithCancel(t.Context())
		hang := func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.RequestURI(), suffix) {
					cancel()
				}
				silence(suffix, -1)(next).ServeHTTP(w, r)
			})
		}
		repo := open(t, "", func(o *git.Options) { o.URL = remote.HTTP(t, hang) })
		if _, err := repo.Update(ctx, "main", put("new", "new", "message")); err == nil || !strings.Contains(err.Error(), "context canceled") {
			t.Errorf("%s: %v", suffix, err)
		}
	}
	if log := strings.Join(remote.Log("main"), " "); log != "c2 c1 c0" {
		t.Errorf("the history is %s", log)
	}
}

// TestSlowIsNotSilent has a server that needs longer than the limit in all, but never is silent for so long.
func TestSlowIsNotSilent(t *testing.T) {
	t.Parallel()
	remote, _ := small(t)
	drip := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			answer := httptest.NewRecorder()
			next.ServeHTTP(answer, r)
			w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
			body := answer.Body.Bytes()
			if !strings.HasSuffix(r.URL.Path, "/git-upload-pack") {
				_, _ = w.Write(body)
				return
			}
			ticks := time.NewTicker(50 * time.Millisecond)
			defer ticks.Stop()
			for k := range 24 {
				_, _ = w.Write(body[len(body)*k/24 : len(body)*(k+1)/24])
				_ = http.NewResponseController(w).Flush()
				<-ticks.C
			}
		})
	}
	repo := open(t, "", func(o *git.Options) { o.URL, o.Stall = remote.HTTP(t, drip), time.Second })
	began := time.Now()
	c, err := repo.FetchCommit(t.Context(), remote.Git("rev-parse", "main"))
	if took := time.Since(began); err != nil || took < time.Second {
		t.Errorf("%s, %v, after %s", c, err, took)
	}
}

// TestPatienceIsNoSilence waits as long as a server asks to, which is longer than it may be silent.
func TestPatienceIsNoSilence(t *testing.T) {
	t.Parallel()
	remote, _ := small(t)
	var asked atomic.Int32
	busy := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if asked.Add(1) == 1 {
				w.Header().Set("Retry-After", "1")
				http.Error(w, "busy", http.StatusServiceUnavailable)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	repo := open(t, "", stalling(remote.HTTP(t, busy)), func(o *git.Options) {
		o.Sleep = func(ctx context.Context, _ time.Duration) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(stall * 5 / 4):
				return nil
			}
		}
	})
	if _, err := repo.Tip(t.Context(), "main"); err != nil {
		t.Error(err)
	}
}
