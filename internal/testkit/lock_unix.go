//go:build unix

package testkit

import (
	"os"
	"syscall"
	"testing"
)

// lock keeps test processes from writing the same program at once. The kernel lets go of it when the process ends.
func lock(t testing.TB, path string) (unlock func()) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		t.Fatalf("lock %s: %v", path, err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatalf("lock %s: %v", path, err)
	}
	return func() { _ = f.Close() }
}
