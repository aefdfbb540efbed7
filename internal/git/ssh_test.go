package git_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/org/platform/internal/git"
)

// TestSSH writes over SSH, and to nobody whose key is not known.
func TestSSH(t *testing.T) {
	t.Parallel()
	remote, _ := small(t)
	address := remote.SSH(t)
	repo := at(t, address)
	if repo.IsLocal() || strings.Contains(repo.RemoteURL(), "git@") {
		t.Errorf("the remote is shown as %s, local %v", repo.RemoteURL(), repo.IsLocal())
	}
	c := mustUpdate(t, repo, "main", "new", "over ssh")
	if got := remote.Git("rev-parse", "main"); got != c.Hash.String() {
		t.Errorf("the branch is at %s, want %s", got, c.Hash)
	}
	_, err := at(t, remote.SSH(t)+"-gone").Tip(t.Context(), "main")
	fails(t, err, "ssh://", "not found")
	stranger := strings.Replace(address, "127.0.0.1", "localhost", 1)
	_, err = at(t, stranger).Tip(t.Context(), "main")
	fails(t, err, "connect to ssh://localhost", "key is unknown")
}

// TestRefusalIsHeard asks programs for what they do not have. They end while they are still being told, which must not hide why: this is what tells a
// commit that is gone from a remote that does not answer.
func TestRefusalIsHeard(t *testing.T) {
	t.Parallel()
	remote, _ := small(t)
	for _, address := range []string{remote.Dir, remote.SSH(t)} {
		repo := at(t, address)
		var askers sync.WaitGroup
		for range 3 { // at once, since it is a matter of luck
			askers.Go(func() {
				for range 15 {
					if _, err := repo.FetchCommit(t.Context(), strings.Repeat("12", 20)); !errors.Is(err, git.ErrGone) {
						t.Errorf("%s: %v", address, err)
					}
				}
			})
		}
		askers.Wait()
	}
}

// TestAddressIsNoAnswer has the words of git's refusals in the address of a remote that fails otherwise.
func TestAddressIsNoAnswer(t *testing.T) {
	t.Parallel()
	remote, _ := small(t)
	folder := filepath.Join(t.TempDir(), "filter")
	if err := os.Symlink(filepath.Dir(remote.Dir), folder); err != nil {
		t.Fatal(err)
	}
	named := *remote
	named.Dir = filepath.Join(folder, "not our ref "+strings.Repeat("1", 40)+" filter.git")
	if err := os.Symlink(remote.Dir, named.Dir); err != nil {
		t.Fatal(err)
	}
	for _, code := range []int{403, 500} {
		f := &failing{suffix: fetching, times: 1 << 30, with: status(code)}
		var said notices
		calls := 0
		address := strings.ReplaceAll(named.HTTP(t, f.middleware), " ", "%20")
		repo := open(t, "", said.option, func(o *git.Options) { o.URL = address })
		_, err := repo.Update(t.Context(), "main", counted(&calls, put("new", "new", "message")))
		fails(t, err, "fetch from http://")
		if most := map[int]int{403: 1, 500: 5}[code]; len(said.all) > 0 || calls > 0 || f.count != most {
			t.Errorf("%d: %d requests, want %d; it says %q", code, f.count, most, said.all)
		}
		_, err = repo.FetchCommit(t.Context(), remote.Git("rev-parse", "main~1"))
		if err == nil || errors.Is(err, git.ErrGone) {
			t.Errorf("%d: a commit is %v", code, err)
		}
	}
}

// TestSharedOverHTTP reads and writes with one repository from several goroutines; the race detector judges.
func TestSharedOverHTTP(t *testing.T) {
	t.Parallel()
	remote, want := small(t)
	remote.Git("config", "uploadpackfilter.tree.allow", "false") // so that they fall back in the middle of it
	var said notices
	repo := open(t, "", cached(remote.HTTP(t), t.TempDir(), &said))
	var users sync.WaitGroup
	for _, branch := range []string{"one", "two", "three"} {
		users.Go(func() {
			mustReadMain(t, repo, want)
			if _, err := repo.Update(t.Context(), branch, put("file", branch, "write")); err != nil {
				t.Error(err)
			}
		})
	}
	users.Wait()
	for _, branch := range []string{"one", "two", "three"} {
		sameFiles(t, remote.Files(branch, "."), map[string]string{"file": branch})
	}
	if len(said.all) != 1 {
		t.Errorf("it says %q", said.all)
	}
}
