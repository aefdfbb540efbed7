package git_test

import (
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/testkit"
)

// small is a remote of three commits, and what readMain reads of it.
func small(t testing.TB) (remote *testkit.Remote, want map[string]string) {
	t.Helper()
	remote, want = testkit.NewRemote(t), map[string]string{}
	var s stream
	files, marks := map[string]string{}, []string(nil)
	for i := range 3 {
		changed := map[string]string{fmt.Sprintf("dir%d/file", i): strings.Repeat(fmt.Sprintln("line", i), 40), "top": fmt.Sprint(i), "dir0/sub/x": fmt.Sprint("x", i)}
		maps.Copy(files, changed)
		for name, content := range files {
			want[fmt.Sprintf("%d/%s", 2-i, name)] = content
		}
		marks = []string{s.commit("refs/heads/main", i, fmt.Sprint("c", i), marks, changed)}
	}
	remote.Import(s.String())
	return remote, want
}

// cached opens a remote with a cache.
func cached(address, dir string, said *notices) func(*git.Options) {
	return func(o *git.Options) {
		o.URL, o.Cache = address, dir
		said.option(o)
	}
}

func mustReadMain(t testing.TB, repo *git.Repository, want map[string]string) {
	t.Helper()
	got, err := readMain(t.Context(), repo)
	if err != nil {
		t.Error(err)
		return
	}
	sameFiles(t, got, want)
}

// cacheFiles lists what is in a cache.
func cacheFiles(t testing.TB, dir string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestCacheServesTheNextRun counts what a second run has to fetch: what is new.
func TestCacheServesTheNextRun(t *testing.T) {
	t.Parallel()
	remote, want := small(t)
	var traffic testkit.Traffic
	address, dir := remote.HTTP(t, traffic.Middleware), t.TempDir()
	for _, run := range []string{"first", "second", "without"} {
		var said notices
		repo := open(t, "", cached(address, dir, &said))
		if run == "without" {
			repo = open(t, "", cached(address, "", &said))
		}
		mustReadMain(t, repo, want)
		if fetches := traffic.Fetches(); (len(fetches) == 0) != (run == "second") {
			t.Errorf("the %s run asked for %v", run, fetches)
		}
		if len(said.all) > 0 {
			t.Errorf("the %s run says %q", run, said.all)
		}
	}
	other := open(t, "", cached(address, "", &notices{}))
	mustUpdate(t, other, "main", "dir1/file", "new")
	traffic.Fetches()
	repo := open(t, "", cached(address, dir, &notices{}))
	head := tip(t, repo, "main")
	if err := repo.Tree(head.TreeHash).Prefetch(t.Context(), "**"); err != nil {
		t.Fatal(err)
	}
	if got, err := repo.Tree(head.TreeHash).ReadFile("dir1/file"); err != nil || string(got) != "new" {
		t.Errorf("the new file reads %q, %v", got, err)
	}
	if fetches := traffic.Fetches(); len(fetches) > 2 {
		t.Errorf("for one new file it asked for %v", fetches)
	}
	for _, local := range []string{remote.Dir, "file://" + remote.Dir} {
		empty := t.TempDir()
		if _, err := readMain(t.Context(), open(t, "", cached(local, empty, &notices{}))); err != nil {
			t.Error(err)
		}
		if files := cacheFiles(t, empty); len(files) > 0 {
			t.Errorf("of a folder on this machine it cached %q", files)
		}
	}
}

// damages are what can become of a file.
var damages = []func(name string) error{
	func(name string) error { return os.Truncate(name, 0) },
	func(name string) error { return os.Truncate(name, 11) },
	func(name string) error { return os.WriteFile(name, []byte("nonsense"), 0o600) },
	func(name string) error { // an object as good as any, but another
		files, err := filepath.Glob(filepath.Join(filepath.Dir(filepath.Dir(name)), "*", "*"))
		if err != nil || len(files) == 0 {
			return err
		}
		other, _ := os.ReadFile(files[len(files)/2]) // nothing, where that is damaged too
		return os.WriteFile(name, other, 0o600)
	},
	func(name string) error {
		content, err := os.ReadFile(name)
		if err != nil || len(content) == 0 {
			return err
		}
		content[len(content)/2] ^= 0x10
		return os.WriteFile(name, content, 0o600)
	},
	os.Remove,
	func(name string) error {
		_ = os.Remove(name)
		return os.Mkdir(name, 0o700)
	},
	func(name string) error { return os.Chmod(name, 0) },
}

// TestDamagedCache damages every file: the run is right, says nothing, and leaves a sound cache behind.
func TestDamagedCache(t *testing.T) {
	t.Parallel()
	remote, want := small(t)
	var traffic testkit.Traffic
	address, dir := remote.HTTP(t, traffic.Middleware), t.TempDir()
	for round := range len(damages) {
		var said notices
		mustReadMain(t, open(t, "", cached(address, dir, &said)), want)
		if len(said.all) > 0 {
			t.Errorf("round %d says %q", round, said.all)
		}
		for again := 0; ; again++ { // what comes unasked with a folder does not replace what is there before somebody has seen that it is damaged
			traffic.Fetches()
			mustReadMain(t, open(t, "", cached(address, dir, &notices{})), want)
			if fetches := traffic.Fetches(); len(fetches) == 0 {
				break
			} else if again == 3 {
				t.Fatalf("round %d: the cache is not repaired: %v", round, fetches)
			}
		}
		files := cacheFiles(t, dir)
		if len(files) < 15 {
			t.Errorf("round %d: only %d files are cached: the test proves nothing", round, len(files))
		}
		for i, name := range files {
			if err := damages[(i+round)%len(damages)](name); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestUnusableCache cannot write: that is said once, and the run is right.
func TestUnusableCache(t *testing.T) {
	t.Parallel()
	remote, want := small(t)
	address, dir := remote.HTTP(t), t.TempDir()
	file := filepath.Join(dir, "file")
	inFile := filepath.Join(dir, "in-file")
	readOnly := filepath.Join(dir, "read-only")
	for _, err := range []error{os.WriteFile(file, nil, 0o600), os.Mkdir(inFile, 0o700),
		os.WriteFile(filepath.Join(inFile, "objects"), nil, 0o600), os.Mkdir(readOnly, 0o500)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	folders := map[string]string{"file": file, "file inside": inFile, "device": "/dev/null/cache", "no such file system": "/proc/cache"}
	if os.Geteuid() != 0 { // who may write everywhere has no read-only folders
		folders["read-only"] = readOnly
	}
	for name, folder := range folders {
		var said notices
		mustReadMain(t, open(t, "", cached(address, folder, &said)), want)
		if len(said.all) != 1 || !strings.HasPrefix(said.all[0], "objects are not cached: ") {
			t.Errorf("%s: it says %q", name, said.all)
		}
	}
}

// TestFullDisk may write files of a few bytes only, as where a disk is all but full.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	remote, want := small(t)
	var traffic testkit.Traffic
	address, dir := remote.HTTP(t, traffic.Middleware), t.TempDir()
	for _, limit := range []uint64{1, 60} {
		said := task{URL: address, Cache: dir, FileLimit: limit}.run(t)
		sameFiles(t, said.Files, want)
		if said.Error != "" || len(said.Notices) != 1 || !strings.Contains(said.Notices[0], "file too large") {
			t.Errorf("with files of %d bytes: %q, %q", limit, said.Error, said.Notices)
		}
		for _, name := range cacheFiles(t, dir) {
			if info, err := os.Stat(name); err != nil || len(filepath.Base(name)) != 38 || info.Size() == 0 {
				t.Errorf("with files of %d bytes it left %s, %v", limit, name, err)
			}
		}
	}
	mustReadMain(t, open(t, "", cached(address, dir, &notices{})), want)
	traffic.Fetches()
	mustReadMain(t, open(t, "", cached(address, dir, &notices{})), want)
	if fetches := traffic.Fetches(); len(fetches) > 0 {
		t.Errorf("the cache was not filled: %v", fetches)
	}
}

// TestSharedCache has processes and goroutines work with one cache while somebody damages it.
func TestSharedCache(t *testing.T) {
	t.Parallel()
	remote, want := small(t)
	address, dir := remote.HTTP(t), t.TempDir()
	mustReadMain(t, open(t, "", cached(address, dir, &notices{})), want)
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			said := task{URL: address, Cache: dir}.run(t)
			if said.Error != "" || len(said.Notices) > 0 || !maps.Equal(said.Files, want) {
				t.Errorf("a process read %d files, %q, %q", len(said.Files), said.Error, said.Notices)
			}
		})
		readers.Go(func() {
			for range 3 {
				var said notices
				got, err := readMain(t.Context(), open(t, "", cached(address, dir, &said)))
				if err != nil || len(said.all) > 0 || !maps.Equal(got, want) {
					t.Errorf("a goroutine read %d files, %v, %q", len(got), err, said.all)
				}
			}
		})
	}
	readers.Go(func() {
		rng := rand.New(rand.NewPCG(1, 1))
		for range 40 {
			files, _ := filepath.Glob(filepath.Join(dir, "objects", "*", "[0-9a-f]*[0-9a-f]")) // what is being written is its writer's own
			for range 5 {
				if len(files) > 0 {
					_ = damages[rng.IntN(6)](files[rng.IntN(len(files))]) // which may have gone
				}
			}
		}
	})
	readers.Wait()
	for _, name := range cacheFiles(t, dir) {
		if strings.HasPrefix(filepath.Base(name), "new-") {
			t.Errorf("%s was left", name)
		}
	}
}
