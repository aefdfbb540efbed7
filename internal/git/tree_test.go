package git_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/testkit"
)

// oddNames are names that quoting, sorting or splitting could get wrong.
var oddNames = []string{
	"a", "a.b", "a-b", "a b", "-dash", "Straße", "日本語", "tab\there", "line\nbreak", `quo"te`, "$HOME", "..a", "...",
	strings.Repeat("x", 200),
}

// randomFiles makes up a tree of files in folders with odd names.
func randomFiles(rng *rand.Rand, names []string, n int) map[string]string {
	folders := []string{"."}
	files := map[string]string{}
	for i := range n {
		name := path.Join(folders[rng.IntN(len(folders))], fmt.Sprintf("%s%d", names[rng.IntN(len(names))], i%5))
		taken := slices.Contains(folders, name)
		if _, exists := files[name]; exists || taken {
			continue
		}
		if rng.IntN(4) == 0 && strings.Count(name, "/") < 4 {
			folders = append(folders, name)
			files[name+"/first"] = fmt.Sprint(i)
			continue
		}
		files[name] = strings.Repeat(fmt.Sprintf("%d\n", i), rng.IntN(50))
	}
	return files
}

// randomClone makes a repository with odd names, executables and symlinks, committed.
func randomClone(t *testing.T, names ...string) *testkit.Clone {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	clone := testkit.NewRemote(t).Clone(t)
	files := randomFiles(rng, names, 120)
	clone.Write(files)
	for name := range files {
		if strings.HasSuffix(name, "1") {
			if err := os.Chmod(filepath.Join(clone.Dir, name), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if strings.HasSuffix(name, "2") {
			if err := os.Symlink(path.Base(name), filepath.Join(clone.Dir, name+".link")); err != nil {
				t.Fatal(err)
			}
		}
	}
	clone.Commit("random")
	return clone
}

func TestTreeIsAFileSystem(t *testing.T) {
	t.Parallel()
	clone := randomClone(t, oddNames...)
	repo := open(t, clone.Dir)
	head, err := repo.Resolve(t.Context(), "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	tree := repo.Tree(head.TreeHash)
	names := slices.Collect(maps.Keys(contents(t, tree)))
	if len(names) < 50 {
		t.Fatalf("only %d files", len(names))
	}
	if err := fstest.TestFS(tree, names...); err != nil {
		t.Error(err)
	}
}

// TestTreeEqualsGit compares names, types, ids and contents with what git itself reads.
func TestTreeEqualsGit(t *testing.T) {
	t.Parallel()
	clone := randomClone(t, append([]string{`back\slash`}, oddNames...)...)
	clone.Git("repack", "-adq")
	want := map[string]string{}
	for line := range strings.SplitSeq(strings.TrimSuffix(clone.Git("ls-tree", "-rz", "HEAD"), "\x00"), "\x00") {
		meta, name, _ := strings.Cut(line, "\t")
		want[name] = strings.Replace(meta, " blob ", " ", 1)
	}
	repo := open(t, clone.Dir)
	head, err := repo.Resolve(t.Context(), "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	tree := repo.Tree(head.TreeHash)
	got := map[string]string{}
	err = fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		hash, err := tree.EntryHash(name)
		if err != nil {
			return err
		}
		mode := map[fs.FileMode]string{0o644: "100644", 0o755: "100755", fs.ModeSymlink | 0o777: "120000"}[info.Mode()]
		got[name] = mode + " " + hash.String()
		onDisk, err := os.Lstat(filepath.Join(clone.Dir, name))
		if err == nil && onDisk.Size() != info.Size() {
			t.Errorf("%q has %d bytes, on disk %d", name, info.Size(), onDisk.Size())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	sameFiles(t, got, want)
	for name, content := range contents(t, tree) {
		onDisk, err := os.ReadFile(filepath.Join(clone.Dir, name))
		if err != nil || string(onDisk) != content {
			t.Errorf("%q reads %q, on disk %q, %v", name, content, onDisk, err)
		}
	}
}

// links returns a tree with symlinks of every kind and the clone it comes from.
func links(t *testing.T) (*git.Tree, *testkit.Clone) {
	t.Helper()
	clone := testkit.NewRemote(t).Clone(t)
	clone.Write(map[string]string{"dir/file": "content", "dir/deep/er/file": "deep", "top": "top"})
	for link, target := range map[string]string{
		"to-file": "dir/file", "to-dir": "dir", "dir/up": "../top", "dir/self": ".", "chain": "to-dir/up", "far": "dir/deep/er",
		"physical": "far/../file", // as the kernel reads it: the parent of what far points to
		"loop":     "loop", "ping": "pong", "pong": "ping", "gone": "nowhere", "through": "top/x", "back": "top/../top",
		"absolute": "/etc/passwd", "out": "../outside", "out-and-in": "../clone/top", "dir/out": "../../x", "rich": "dir//./file",
		"double": "to-dir/self/self/up", "far-out": "far/../../../../x",
	} {
		if err := os.Symlink(target, filepath.Join(clone.Dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	clone.Write(map[string]string{"dir/deep/file": "beside er"})
	clone.Commit("links")
	repo := open(t, clone.Dir)
	head, err := repo.Resolve(t.Context(), "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	return repo.Tree(head.TreeHash), clone
}

func TestSymlinksInside(t *testing.T) {
	t.Parallel()
	tree, clone := links(t)
	for name, want := range map[string]string{
		"to-file": "content", "to-dir/file": "content", "dir/up": "top", "dir/self/self/file": "content", "chain": "top",
		"to-dir/deep/er/file": "deep", "far/file": "deep", "physical": "beside er", "rich": "content", "double": "top",
	} {
		got, err := fs.ReadFile(tree, name)
		if err != nil || string(got) != want {
			t.Errorf("%s reads %q, %v, want %q", name, got, err, want)
		}
		onDisk, err := os.ReadFile(filepath.Join(clone.Dir, name))
		if err != nil || string(onDisk) != want {
			t.Errorf("%s on disk reads %q, %v: the expectation is wrong", name, onDisk, err)
		}
	}
	list, err := fs.ReadDir(tree, "to-dir")
	if err != nil || len(list) != 5 {
		t.Errorf("to-dir lists %v, %v", list, err)
	}
}

func TestSymlinksElsewhere(t *testing.T) {
	t.Parallel()
	tree, _ := links(t)
	for name, want := range map[string]string{
		"loop": "too many symlinks", "ping": "too many symlinks", "gone": "not exist", "through": "not exist", "back": "not exist",
		"absolute": "leaves the repository", "out": "leaves the repository", "out-and-in": "leaves the repository",
		"dir/out": "leaves the repository", "far-out": "leaves the repository", "top/x": "not exist",
		"../x": "invalid", "/top": "invalid", "": "invalid", "dir/": "invalid", "to-dir": "is a directory",
	} {
		content, err := tree.ReadFile(name)
		fails(t, err, want)
		if content != nil {
			t.Errorf("%s reads %q", name, content)
		}
		if _, err := tree.Open(name); name != "to-dir" {
			fails(t, err, want)
		}
	}
	if target, err := fs.ReadLink(tree, "out"); err != nil || target != "../outside" {
		t.Errorf("out points to %q, %v", target, err)
	}
	if info, err := fs.Lstat(tree, "loop"); err != nil || info.Mode().Type() != fs.ModeSymlink {
		t.Errorf("loop is %v, %v", info, err)
	}
	if _, err := fs.ReadLink(tree, "top"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("top is read as a link: %v", err)
	}
}

func TestSubmodulesAreEmptyFolders(t *testing.T) {
	t.Parallel()
	clone := testkit.NewRemote(t).Clone(t)
	clone.Git("update-index", "--add", "--cacheinfo", "160000,"+strings.Repeat("1", 40)+",vendor/module")
	clone.Git("commit", "-qm", "submodule")
	repo := open(t, clone.Dir)
	head, err := repo.Resolve(t.Context(), "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	tree := repo.Tree(head.TreeHash)
	if err := fstest.TestFS(tree, "vendor/module"); err != nil {
		t.Error(err)
	}
	if list, err := fs.ReadDir(tree, "vendor/module"); err != nil || len(list) != 0 {
		t.Errorf("submodule lists %v, %v", list, err)
	}
	_, err = fs.ReadFile(tree, "vendor/module/file")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("file of a submodule: %v", err)
	}
	_, err = fs.ReadFile(tree, "vendor/module")
	fails(t, err, "vendor/module", "is a directory")
}

func TestEntryHash(t *testing.T) {
	t.Parallel()
	_, clone := seeded(t, map[string]string{"dir/file": "x"})
	repo := open(t, clone.Dir)
	head := tip(t, repo, "main")
	tree := repo.Tree(head.TreeHash)
	for name, want := range map[string]string{".": head.TreeHash.String(), "dir": "HEAD:dir", "dir/file": "HEAD:dir/file"} {
		if name != "." {
			want = clone.Git("rev-parse", want)
		}
		if got, err := tree.EntryHash(name); err != nil || got.String() != want {
			t.Errorf("%s is %s, %v, want %s", name, got, err, want)
		}
	}
	for _, name := range []string{"none", "dir/none", "dir/file/below"} {
		if got, err := tree.EntryHash(name); err != nil || !got.IsZero() {
			t.Errorf("%s is %s, %v", name, got, err)
		}
	}
	if _, err := tree.EntryHash("../x"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a path outside: %v", err)
	}
	if _, err := repo.Tree(head.Hash).ReadDir("."); err == nil {
		t.Error("a commit was read as a tree")
	}
}
