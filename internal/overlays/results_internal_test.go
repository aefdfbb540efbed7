package overlays

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/org/platform/internal/testkit"
)

// inOneFolder returns manifests of which the digests start alike, so that they lie in one folder.
func inOneFolder(n int) (all [][]byte, digests []Digest) {
	for i := 0; len(all) < n; i++ {
		manifests := fmt.Appendf(nil, "%d%4000s", i, "")
		if d := Digest(sha256.Sum256(manifests)); d[0] == 7 {
			all, digests = append(all, manifests), append(digests, d)
		}
	}
	return all, digests
}

func TestEviction(t *testing.T) {
	t.Parallel()
	now := testkit.Epoch
	r := &onDisk{dir: t.TempDir(), limit: 20 * block, now: func() time.Time { return now }, warn: func(err error) { t.Error(err) }}
	all, digests := inOneFolder(30)
	age := func(name string, age time.Duration) {
		t.Helper()
		if err := os.Chtimes(name, now, now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	half := func(name string, old time.Duration) string {
		t.Helper()
		name = filepath.Join(filepath.Dir(r.file(digests[0])), temporary+name)
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		age(name, old)
		return name
	}
	for i, d := range digests {
		r.put(d, all[i])
		age(r.file(d), time.Duration(len(digests)-i)*usedAgain*2) // the first is the oldest
	}
	if m, stored := r.get(digests[0]); !stored || string(m) != string(all[0]) {
		t.Error("the first is not stored")
	}
	killed, working := half("killed", 2*usedAgain), half("working", usedAgain/2)
	r.evict()
	for i, d := range digests {
		_, stored := r.get(d)
		if want := i == 0 || i > len(digests)-15; stored != want { // three quarters of 20, of which one is the first
			t.Errorf("file %d is stored: %v", i, stored)
		}
	}
	if _, err := os.Lstat(killed); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what a killed process left is still there: %v", err)
	}
	if _, err := os.Lstat(working); err != nil {
		t.Errorf("what another process writes is gone: %v", err)
	}
	large := make([]byte, r.limit+1)
	r.put(sha256.Sum256(large), large)
	if _, stored := r.get(sha256.Sum256(large)); stored {
		t.Error("manifests beyond the limit were stored")
	}
}

func TestInMemoryIsBounded(t *testing.T) {
	t.Parallel()
	r := newInMemory(10)
	for i, manifests := range []string{"12345", "12345", "1234", "12", "1"} {
		d := Digest(sha256.Sum256([]byte(manifests)))
		r.put(d, []byte(manifests))
		if got, stored := r.get(d); stored != (i != 3) || stored && string(got) != manifests {
			t.Errorf("%s: %q, %v", manifests, got, stored)
		}
	}
}

func TestInOrder(t *testing.T) {
	t.Parallel()
	const n, workers = 1000, 7
	var ahead, working atomic.Int64
	next := 0
	err := inOrder(t.Context(), n, workers, func(i int) int {
		if working.Add(1) > workers {
			t.Error("more work at a time than workers")
		}
		defer working.Add(-1)
		if waiting := ahead.Add(1); waiting > 6*workers {
			t.Errorf("%d results wait for their turn", waiting)
		}
		return i * i
	}, func(i, result int) error {
		ahead.Add(-1)
		if i != next || result != i*i {
			t.Errorf("got %d of %d, want that of %d", result, i, next)
		}
		next++
		return nil
	})
	if err != nil || next != n {
		t.Errorf("%d of %d results, %v", next, n, err)
	}
	stop := errors.New("stop")
	if err := inOrder(t.Context(), n, workers, func(i int) int { return i }, func(i, _ int) error {
		if i == 5 {
			return stop
		}
		return nil
	}); !errors.Is(err, stop) {
		t.Errorf("want %v, got %v", stop, err)
	}
	for range 50 {
		ctx, cancel := context.WithCancel(t.Context())
		err := inOrder(ctx, n, workers, func(i int) error {
			if i == 20 {
				cancel()
			}
			return ctx.Err()
		}, func(i int, result error) error {
			if result != nil {
				t.Errorf("%d was cancelled, and is handed over: %v", i, result)
			}
			return nil
		})
		if cancel(); !errors.Is(err, context.Canceled) {
			t.Errorf("want %v, got %v", context.Canceled, err)
		}
	}
	if err := inOrder(t.Context(), 0, 1, func(int) int { panic("no work") }, func(int, int) error { return nil }); err != nil {
		t.Error(err)
	}
}
