package git

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
)

// TestDamagedPack changes every byte of whatever a remote sends, all its life long: nobody may conclude that it does not have what was asked for. Remotes
// that give all they have are the ones to be careful with.
func TestDamagedPack(t *testing.T) {
	t.Parallel()
	for _, offers := range [][]capability.Capability{newFake().offers, nil} {
		f := newFake()
		f.offers = offers
		old := f.commit(f.files(map[string]string{"file": "1"}), 1, "old")
		f.refs["refs/heads/main"] = f.commit(f.files(map[string]string{"file": "2"}), 2, "new", old)
		longest, wrong, right := 0, 0, 0
		for n := 0; n <= longest; n++ {
			for _, flip := range []byte{1, 0x10, 0x80} {
				f.damage = func(pack []byte) []byte {
					longest = max(longest, len(pack)-1)
					pack = bytes.Clone(pack)
					pack[min(n, len(pack)-1)] ^= flip
					return pack
				}
				repo := f.open(t)
				hash, err := repo.FetchCommit(t.Context(), old.String())
				if remote := new(RemoteError); err != nil {
					if wrong++; errors.Is(err, ErrGone) || !errors.As(err, &remote) {
						t.Errorf("byte %d changed by %x is read as: %v", n, flip, err)
					}
					continue
				}
				right++
				if c, err := repo.Commit(hash); err != nil || c.Subject() != "old" {
					t.Errorf("byte %d changed by %x gives %v, %v", n, flip, c, err)
				}
			}
		}
		if wrong < 300 || right > 0 {
			t.Errorf("%d times wrong and %d times right: the test proves nothing", wrong, right)
		}
		f.damage = func([]byte) []byte { return nil }
		if _, err := f.open(t).FetchCommit(t.Context(), old.String()); err == nil || errors.Is(err, ErrGone) {
			t.Errorf("no answer is read as: %v", err)
		}
		f.damage = nil
		if _, err := f.open(t).FetchCommit(t.Context(), strings.Repeat("1", 40)); !errors.Is(err, ErrGone) {
			t.Errorf("what is nowhere is %v", err)
		}
		if _, err := f.open(t).FetchCommit(t.Context(), f.blob("1").String()); err == nil || errors.Is(err, ErrGone) {
			t.Errorf("a file is fetched as a commit: %v", err)
		}
	}
}
