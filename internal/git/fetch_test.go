package git_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/testkit"
)

// snapshot lists all files below a folder with content and time.
func snapshot(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		content, err := os.ReadFile(name)
		files[name] = fmt.Sprint(info.ModTime(), info.Mode(), string(content))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestFetch reads what the clone lacks, and writes nothing to it.
func TestFetch(t *testing.T) {
	t.Parallel()
	remote, author := seeded(t, map[string]string{"dir/file": "1", "big": strings.Repeat("line\n", 20000)})
	old := author.Git("rev-parse", "HEAD")
	for i := range 3 {
		author.Write(map[string]string{"dir/file": fmt.Sprint(i + 2)})
		author.Commit("change")
	}
	author.Push()
	clones := map[string]*testkit.Clone{
		"full":    remote.Clone(t),
		"shallow": remote.Clone(t, "--depth=1"),
		"partial": remote.Clone(t, "--filter=blob:none", "--no-checkout"),
		"bare":    remote.Clone(t, "--bare"),
	}
	author.Write(map[string]string{"dir/new": "new"})
	newest := author.Commit("newest")
	author.Push()
	address := remote.HTTP(t)
	for name, clone := range clones {
		for transport, at := range map[string]string{"file": remote.Dir, "http": address} {
			t.Run(name+"/"+transport, func(t *testing.T) {
				t.Parallel()
				before := snapshot(t, clone.Dir)
				repo := open(t, clone.Dir, remoteAt(at))
				head := tip(t, repo, "main")
				if head.Hash.String() != newest || head.Subject() != "newest" {
					t.Errorf("tip is %s %q, want %s", head.Hash, head.Subject(), newest)
				}
				files := contents(t, repo.Tree(head.TreeHash))
				if files["dir/file"] != "4" || files["dir/new"] != "new" || len(files["big"]) != 100000 {
					t.Errorf("files of the tip are %q", files["dir/file"]+files["dir/new"])
				}
				hash, err := repo.FetchCommit(t.Context(), old)
				if err != nil {
					t.Fatal(err)
				}
				first, err := repo.Commit(hash)
				if err != nil {
					t.Fatal(err)
				}
				if got := contents(t, repo.Tree(first.TreeHash)); got["dir/file"] != "1" {
					t.Errorf("file of the first commit is %q", got["dir/file"])
				}
				if found, err := repo.IsAncestor(t.Context(), hash, head.Hash); err != nil || !found {
					t.Errorf("the first commit is an ancestor of the newest: %v, %v", found, err)
				}
				mustUpdate(t, repo, "state-"+name+"-"+transport, "a", "b")
				if !maps.Equal(snapshot(t, clone.Dir), before) {
					t.Error("the clone has changed")
				}
			})
		}
	}
}

// TestFetchCommitOfPartialClone needs content that the clone was made without.
func TestFetchCommitOfPartialClone(t *testing.T) {
	t.Parallel()
	remote, _ := seeded(t, map[string]string{"file": "content"})
	partial := remote.Clone(t, "--filter=blob:none", "--no-checkout")
	repo := open(t, partial.Dir)
	head, err := repo.Resolve(t.Context(), "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	tree := repo.Tree(head.TreeHash)
	if list, err := tree.ReadDir("."); err != nil || len(list) != 1 {
		t.Errorf("names need no content: %v, %v", list, err)
	}
	unreachable := open(t, partial.Dir, remoteAt(filepath.Join(t.TempDir(), "gone")))
	_, err = unreachable.Tree(head.TreeHash).ReadFile("file")
	fails(t, err, "file", "repository not found")
	if errors.Is(err, fs.ErrNotExist) {
		t.Error("what was not fetched is taken for absent")
	}
	sameFiles(t, contents(t, tree), map[string]string{"file": "content"})
}

func TestFetchCommit(t *testing.T) {
	t.Parallel()
	remote, author := seeded(t, map[string]string{"file": "1"})
	clone := remote.Clone(t)
	author.Git("switch", "-qc", "feature/x")
	author.Write(map[string]string{"file": "2"})
	feature := author.Commit("on a branch")
	author.Push()
	repo := open(t, clone.Dir)
	if hash, err := repo.FetchCommit(t.Context(), feature); err != nil || hash.String() != feature {
		t.Errorf("commit of a branch: %s, %v", hash, err)
	}
	author.Git("commit", "-q", "--amend", "-m", "rewritten")
	author.Git("push", "-qf", "origin", "HEAD")
	_, err := open(t, clone.Dir).FetchCommit(t.Context(), feature)
	fails(t, err, feature, "force-pushed away", remote.Dir)
	if !errors.Is(err, git.ErrGone) {
		t.Errorf("%v is not ErrGone", err)
	}
	for _, id := range []string{"", "main", feature[:10], strings.ToUpper(feature) + "x"} {
		_, err := repo.FetchCommit(t.Context(), id)
		fails(t, err, "not a full commit id")
	}
}

// TestFetchOfOvertaken asks for what was a branch's value when it was listed, of a remote that gives out current values only.
func TestFetchOfOvertaken(t *testing.T) {
	t.Parallel()
	remote, author := seeded(t, map[string]string{"file": "1"})
	remote.Git("config", "uploadpack.allowReachableSHA1InWant", "false")
	clone := remote.Clone(t)
	listed := git.NewHash(author.Commit("second"))
	author.Commit("third")
	author.Push()
	for _, address := range []string{remote.Dir, remote.HTTP(t)} {
		repo := open(t, clone.Dir, remoteAt(address))
		if c, err := repo.Commit(listed); err != nil || c.Subject() != "second" {
			t.Errorf("%v, %v", c, err)
		}
		missing := git.NewHash(strings.Repeat("1", 40))
		_, err := repo.Commit(missing)
		fails(t, err, "fetch from "+address, missing.String())
	}
}

func TestPublished(t *testing.T) {
	t.Parallel()
	remote, clone := seeded(t, map[string]string{"file": "1"})
	first := clone.Git("rev-parse", "HEAD")
	second := clone.Commit("second")
	clone.Push()
	local := clone.Commit("not pushed")
	clone.Git("switch", "-q", "--detach", first)
	tagged := clone.Commit("only tagged")
	clone.Git("push", "-q", "origin", "HEAD:refs/tags/v1", "HEAD:refs/pull/7/merge")
	for _, dir := range []string{clone.Dir, remote.Clone(t, "--depth=1").Dir} {
		repo := open(t, dir)
		for commit, want := range map[string]bool{first: true, second: true, local: false, tagged: false} {
			if got, err := repo.Published(t.Context(), git.NewHash(commit)); err != nil || got != want {
				t.Errorf("%s: published is %v, %v, want %v", clone.Git("log", "-1", "--format=%s", commit), got, err, want)
			}
		}
	}
}

// TestFetchAsksForWhatIsMissing counts what a complete clone is sent: not what it has.
func TestFetchAsksForWhatIsMissing(t *testing.T) {
	t.Parallel()
	noise := make([]byte, 200_000)
	_, _ = rand.NewChaCha8([32]byte{}).Read(noise)
	remote, author := seeded(t, map[string]string{"noise": string(noise)})
	clone := remote.Clone(t)
	author.Write(map[string]string{"file": "1"})
	author.Commit("second")
	author.Push()
	var sent atomic.Int64
	count := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			recorded := httptest.NewRecorder()
			next.ServeHTTP(recorded, r)
			sent.Add(int64(recorded.Body.Len()))
			maps.Copy(w.Header(), recorded.Header())
			w.WriteHeader(recorded.Code)
			_, _ = w.Write(recorded.Body.Bytes())
		})
	}
	repo := open(t, clone.Dir, remoteAt(remote.HTTP(t, count)))
	tip(t, repo, "main")
	if sent.Load() > 5000 {
		t.Errorf("%d bytes were sent for a commit of one small file", sent.Load())
	}
	sent.Store(0)
	tip(t, repo, "main")
	if sent.Load() > 1000 {
		t.Errorf("%d bytes were sent for a commit that was fetched before", sent.Load())
	}
}

// TestBrokenPack cuts the pack short: an error, and nothing of it passes for a commit with its whole history afterwards.
func TestBrokenPack(t *testing.T) {
	t.Parallel()
	remote, author := seeded(t, map[string]string{"file": "1"})
	clone := remote.Clone(t, "--depth=1")
	for i := range 20 {
		author.Write(map[string]string{"file": strings.Repeat(fmt.Sprint(i), 1000)})
		author.Commit("change")
	}
	author.Push()
	keep := -1
	cut := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			recorded := httptest.NewRecorder()
			next.ServeHTTP(recorded, r)
			body := recorded.Body.Bytes()
			maps.Copy(w.Header(), recorded.Header())
			w.WriteHeader(recorded.Code)
			if strings.HasSuffix(r.URL.Path, "/git-upload-pack") && keep >= 0 {
				body = body[:min(keep, len(body))]
			}
			_, _ = w.Write(body)
		})
	}
	repo := open(t, clone.Dir, remoteAt(remote.HTTP(t, cut)))
	for _, keep = range []int{0, 4, 8, 20, 40, 300, 1000} {
		commit, err := repo.Tip(t.Context(), "main")
		fails(t, err, "fetch from http://")
		if commit != nil {
			t.Errorf("%d bytes of the pack gave commit %s", keep, commit.Hash)
		}
	}
	keep = -1
	head := tip(t, repo, "main")
	first := git.NewHash(author.Git("rev-list", "--max-parents=0", "HEAD"))
	if got, err := repo.IsAncestor(t.Context(), first, head.Hash); !got || err != nil {
		t.Errorf("the history is not whole: %v, %v", got, err)
	}
}
