package git_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/testkit"
)

func TestOpen(t *testing.T) {
	t.Parallel()
	remote, clone := seeded(t, map[string]string{"dir/sub/file": "x"})
	clone.Git("branch", "other")
	worktree := filepath.Join(filepath.Dir(clone.Dir), "worktree")
	clone.Git("worktree", "add", "-q", worktree, "other")
	if err := os.Symlink(clone.Dir, clone.Dir+".link"); err != nil {
		t.Fatal(err)
	}
	bareInside := filepath.Join(clone.Dir, "dir", "bare")
	clone.Git("init", "-q", "--bare", bareInside)
	for _, test := range []struct{ name, dir, root, remote string }{
		{"clone", clone.Dir, clone.Dir, remote.Dir},
		{"subfolder", filepath.Join(clone.Dir, "dir", "sub"), clone.Dir, remote.Dir},
		{"symlink", clone.Dir + ".link", clone.Dir, remote.Dir},
		{"worktree", worktree, worktree, remote.Dir},
		{"bare", remote.Dir, "", remote.Dir},
		{"folder of bare", filepath.Join(remote.Dir, "refs", "heads"), "", remote.Dir},
		{"bare in a clone", bareInside, "", bareInside},
	} {
		repo := open(t, test.dir)
		if repo.Root() != test.root || repo.RemoteURL() != test.remote {
			t.Errorf("%s: root %q, remote %q, want %q, %q", test.name, repo.Root(), repo.RemoteURL(), test.root, test.remote)
		}
		if test.name == "bare in a clone" {
			continue
		}
		head, err := repo.Resolve(t.Context(), "HEAD")
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		sameFiles(t, contents(t, repo.Tree(head.TreeHash)), map[string]string{"dir/sub/file": "x"})
	}
	t.Run("update from a worktree", func(t *testing.T) {
		t.Parallel()
		mustUpdate(t, open(t, worktree), "state", "a", "b")
		sameFiles(t, remote.Files("state", "."), map[string]string{"a": "b"})
	})
}

func TestOpenElsewhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := git.Open(t.Context(), git.Options{Dir: dir})
	fails(t, err, dir+" is not in a Git repository", "-C")
	_, err = git.Open(t.Context(), git.Options{Dir: filepath.Join(dir, "none")})
	fails(t, err, "not in a Git repository")
	if err := os.WriteFile(filepath.Join(dir, ".git"), []byte("nonsense"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = git.Open(t.Context(), git.Options{Dir: dir})
	fails(t, err, "open Git repository at "+dir)
	sha256 := filepath.Join(dir, "sha256")
	testkit.NewRemote(t).Git("init", "-q", "--object-format=sha256", sha256)
	_, err = git.Open(t.Context(), git.Options{Dir: sha256})
	fails(t, err, "open Git repository at "+sha256)
}

func TestRemoteResolution(t *testing.T) {
	t.Parallel()
	remote, clone := seeded(t, map[string]string{"dir/file": "x"})
	parent := filepath.Dir(clone.Dir)
	clone.Git("remote", "add", "named", "git@github.com:org/repo.git")
	clone.Git("remote", "add", "near", "../near.git")
	clone.Git("remote", "add", "inside", "mirrors/inside.git")
	alone := filepath.Join(parent, "alone")
	clone.Git("init", "-q", alone)
	for _, test := range []struct{ dir, remote, want string }{
		{clone.Dir, "", remote.Dir},
		{clone.Dir, "origin", remote.Dir},
		{clone.Dir, "named", "git@github.com:org/repo.git"},
		{clone.Dir, "near", filepath.Join(parent, "near.git")},
		{clone.Dir + "/dir", "near", filepath.Join(parent, "near.git")},
		{clone.Dir, "inside", filepath.Join(clone.Dir, "mirrors/inside.git")},
		{clone.Dir, "https://github.com/org/repo.git", "https://github.com/org/repo.git"},
		{clone.Dir, "https://user:password@github.com/org/repo", "https://github.com/org/repo"},
		{clone.Dir, "ssh://git@github.com/org/repo", "ssh://github.com/org/repo"},
		{clone.Dir, "file://" + remote.Dir, "file://" + remote.Dir},
		{clone.Dir, remote.Dir, remote.Dir},
		{clone.Dir + "/dir", "../../other.git", filepath.Join(parent, "other.git")},
		{alone, "", alone},
	} {
		if got := open(t, test.dir, remoteAt(test.remote)).RemoteURL(); got != test.want {
			t.Errorf("remote %q of %s is %s, want %s", test.remote, test.dir, got, test.want)
		}
	}
	_, err := git.Open(t.Context(), git.Options{Dir: clone.Dir, Remote: "upstraem"})
	fails(t, err, `"upstraem" is neither a configured remote nor a URL or path`)
	_, err = git.Open(t.Context(), git.Options{Dir: clone.Dir, Remote: "https://user:sec%zzret@host/x"})
	fails(t, err, "address of the remote")
	hides(t, err, "sec", "ret")
}

func TestModulePath(t *testing.T) {
	t.Parallel()
	clone := testkit.NewRemote(t).Clone(t)
	for remote, want := range map[string]string{
		"https://github.com/org/platform.git": "github.com/org/platform", "git@github.com:org/platform.git": "github.com/org/platform",
		"ssh://git@github.com:22/org/platform/": "github.com/org/platform", "": "fallback", "file:///srv/platform.git": "fallback",
	} {
		if got := open(t, clone.Dir, remoteAt(remote)).ModulePath("fallback"); got != want {
			t.Errorf("%s: module path is %s, want %s", remote, got, want)
		}
	}
}

func TestUserName(t *testing.T) {
	t.Parallel()
	clone := testkit.NewRemote(t).Clone(t)
	if got := open(t, clone.Dir).UserName(); got != "robot" {
		t.Errorf("without configuration the user is %q", got)
	}
	clone.Git("config", "user.name", "Grace")
	if got := open(t, clone.Dir).UserName(); got != "Grace" {
		t.Errorf("the user is %q", got)
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	_, clone := seeded(t, map[string]string{"a": "1"})
	clone.Git("tag", "-a", "-m", "annotated", "v1")
	clone.Write(map[string]string{"a": "2"})
	second := clone.Commit("second")
	clone.Git("branch", "feature/x")
	repo := open(t, clone.Dir)
	for _, revision := range []string{"HEAD", "main", "feature/x", "v1", "HEAD~1", "main^", "origin/main", "refs/heads/main", second, second[:8]} {
		got, err := repo.Resolve(t.Context(), revision)
		if want := clone.Git("rev-parse", revision+"^{commit}"); err != nil || got.Hash.String() != want {
			t.Errorf("%s is %v, %v, want %s", revision, got, err, want)
		}
	}
	for _, revision := range []string{"", "nope", "HEAD~9", "HEAD~99999999999999999999", "^", "@{", "HEAD:a", "main..", "--all", "\x00", "a b", "~", ":/x["} {
		if c, err := repo.Resolve(t.Context(), revision); err == nil {
			t.Errorf("%q is read as %s", revision, c.Hash)
		} else {
			fails(t, err, "names no commit of this clone")
		}
	}
}
