package git_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/testkit"
)

// recording is what a server answered, to be played again with faults: a request costs microseconds then, where git takes milliseconds.
type recording struct {
	mu      sync.Mutex
	answers map[string][]byte
	order   []string // requests for objects, in the order in which they came
	change  func(request string, body []byte) (changed []byte, abort bool)
	strange int // requests nobody made before
}

func (r *recording) record(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		req.Body = io.NopCloser(bytes.NewReader(body))
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, req)
		key := req.URL.RequestURI() + " " + string(body)
		r.mu.Lock()
		if r.answers[key] == nil && req.Method == http.MethodPost {
			r.order = append(r.order, key)
		}
		r.answers[key] = answer.Body.Bytes()
		r.mu.Unlock()
		w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
		_, _ = w.Write(answer.Body.Bytes())
	})
}

func (r *recording) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	key := req.URL.RequestURI() + " " + string(body)
	r.mu.Lock()
	answer, known := r.answers[key]
	change := r.change
	if !known {
		r.strange++
	}
	r.mu.Unlock()
	if !known {
		http.Error(w, "no such recording", http.StatusTeapot)
		return
	}
	answer, abort := change(key, answer)
	_, _ = w.Write(answer)
	if abort {
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// recorded has some work done once and returns its recording and the address where it plays.
func recorded(t testing.TB, remote *testkit.Remote, work func(context.Context, *git.Repository) error) (*recording, string) {
	t.Helper()
	r := &recording{answers: map[string][]byte{}}
	address := remote.HTTP(t, r.record)
	if err := work(t.Context(), at(t, address)); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	return r, server.URL + "/remote.git"
}

func at(t testing.TB, address string) *git.Repository {
	t.Helper()
	return open(t, "", func(o *git.Options) { o.URL = address })
}

// reading reads one file of an old commit, in three requests for objects.
func reading(id, name, want string) func(context.Context, *git.Repository) error {
	return func(ctx context.Context, repo *git.Repository) error {
		hash, err := repo.FetchCommit(ctx, id)
		if err != nil {
			return err
		}
		c, err := repo.Commit(hash)
		if err != nil {
			return err
		}
		content, err := repo.Tree(c.TreeHash).ReadFile(name)
		if err == nil && string(content) != want {
			err = fmt.Errorf("WRONG CONTENT %q", content)
		}
		return err
	}
}

// failure checks that an error speaks of the remote, not of what it has.
func failure(err error) error {
	remote := new(git.RemoteError)
	switch {
	case err == nil:
		return errors.New("no error")
	case errors.Is(err, git.ErrGone), strings.Contains(err.Error(), "WRONG CONTENT"):
		return fmt.Errorf("a fault is read as %w", err)
	case !errors.As(err, &remote):
		return fmt.Errorf("%w is no error of the remote", err)
	}
	return nil
}

// TestFaultyAnswers cuts every answer off at every byte, in the middle of it and of the connection, and changes every byte of the packs: each time there
// is an error or the right content, and the same repository reads right afterwards.
func TestFaultyAnswers(t *testing.T) {
	t.Parallel()
	remote, want := small(t)
	old := remote.Git("rev-parse", "main~2")
	work := reading(old, "top", want["2/top"])
	r, address := recorded(t, remote, work)
	if len(r.order) != 3 {
		t.Fatalf("recorded %q", r.order)
	}
	sound := func(_ string, body []byte) ([]byte, bool) { return body, false }
	try := func(what, key string, may bool, change func(body []byte) ([]byte, bool)) {
		r.mu.Lock()
		r.change = func(request string, body []byte) ([]byte, bool) {
			if request == key {
				return change(body)
			}
			return body, false
		}
		r.mu.Unlock()
		repo := at(t, address)
		err := work(t.Context(), repo)
		if err == nil && may {
			return
		}
		if err := failure(err); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		r.mu.Lock()
		r.change = sound
		r.mu.Unlock()
		if err := work(t.Context(), repo); err != nil {
			t.Errorf("%s, and then not: %v", what, err)
		}
	}
	for key, body := range maps.All(r.answers) {
		name, _, _ := strings.Cut(key, "\n")
		isPack := slices.Contains(r.order, key)
		for n := range body {
			for _, abort := range []bool{false, true} {
				if abort && n%4 != 0 {
					continue
				}
				try(fmt.Sprintf("%s: cut at %d of %d, %v", name, n, len(body), abort), key, isPack && n >= packEnd(body),
					func(body []byte) ([]byte, bool) { return body[:n], abort })
			}
			if isPack { // a list of branches has no checksum
				try(fmt.Sprintf("%s: byte %d of %d changed", name, n, len(body)), key, true, func(body []byte) ([]byte, bool) {
					body = bytes.Clone(body)
					body[n] ^= 1 << (n % 8)
					return body, false
				})
			}
		}
	}
	if r.strange > 0 {
		t.Errorf("%d requests were made that are not recorded", r.strange)
	}
}

// packEnd returns where the pack of an answer ends; what git says about its progress may come behind it.
func packEnd(answer []byte) (end int) {
	for at := 0; at+4 <= len(answer); {
		n, err := strconv.ParseUint(string(answer[at:at+4]), 16, 16)
		if err != nil {
			break
		}
		n = max(n, 4)
		if at += int(n); n > 4 && answer[at-int(n)+4] == 1 {
			end = at
		}
	}
	return end
}

// TestOtherObjects answers with sound packs of objects that were not asked for.
func TestOtherObjects(t *testing.T) {
	t.Parallel()
	remote, want := small(t)
	work := reading(remote.Git("rev-parse", "main~2"), "top", want["2/top"])
	r, address := recorded(t, remote, work)
	for i, asked := range r.order {
		for k, given := range r.order {
			r.change = func(request string, body []byte) ([]byte, bool) {
				if request == asked && i != k {
					return otherPack(body, r.answers[given]), false
				}
				return body, false
			}
			err := work(t.Context(), at(t, address))
			if i == k {
				if err != nil {
					t.Error(err)
				}
				continue
			}
			if err := failure(err); err != nil {
				t.Errorf("%d for %d: %v", k, i, err)
			}
			fails(t, err, "which it was asked for")
		}
	}
}

// otherPack is an answer with the pack of another one.
func otherPack(answer, other []byte) []byte {
	at := func(body []byte) int { return bytes.Index(body, []byte("NAK\n")) + 4 }
	return slices.Concat(answer[:at(answer)], other[at(other):])
}
