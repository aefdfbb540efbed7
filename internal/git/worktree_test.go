package git_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/testkit"
)

// staged returns the tree that git itself makes of all that is in a working folder.
func staged(c *testkit.Clone) string {
	c.Git("add", "--all", ".")
	return strings.TrimSpace(c.Git("write-tree"))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestWorkingTree(t *testing.T) {
	t.Parallel()
	committed := map[string]string{"a.txt": "a\n", "dir/b.txt": "b\n", "dir/deep/c.txt": "c\n", "log/kept.log": "tracked though ignored\n", "tool.sh": "#!/bin/sh\n"}
	for name, change := range map[string]func(t *testing.T, c *testkit.Clone){
		"nothing":          func(*testing.T, *testkit.Clone) {},
		"modified":         func(_ *testing.T, c *testkit.Clone) { c.Write(map[string]string{"dir/b.txt": "B\n"}) },
		"same size":        func(_ *testing.T, c *testkit.Clone) { c.Write(map[string]string{"dir/b.txt": "x\n"}) },
		"staged, not more": func(_ *testing.T, c *testkit.Clone) { c.Write(map[string]string{"new.txt": "n\n"}); c.Git("add", ".") },
		"new": func(_ *testing.T, c *testkit.Clone) {
			c.Write(map[string]string{"dir/new/n.txt": "n\n", "-odd name": ""})
		},
		"intent to add": func(_ *testing.T, c *testkit.Clone) {
			c.Write(map[string]string{"soon.txt": "s\n"})
			c.Git("add", "--intent-to-add", "soon.txt")
		},
		"deleted": func(t *testing.T, c *testkit.Clone) { remove(t, c, "dir/deep", "a.txt") },
		"everything deleted": func(t *testing.T, c *testkit.Clone) {
			remove(t, c, "dir", "a.txt", "log", "tool.sh")
		},
		"file becomes folder": func(t *testing.T, c *testkit.Clone) {
			remove(t, c, "a.txt")
			c.Write(map[string]string{"a.txt/inside": "i\n"})
		},
		"executable": func(t *testing.T, c *testkit.Clone) { must(t, os.Chmod(filepath.Join(c.Dir, "tool.sh"), 0o700)) },
		"symlinks": func(t *testing.T, c *testkit.Clone) {
			must(t, os.Symlink("../a.txt", filepath.Join(c.Dir, "dir", "link")))
			must(t, os.Symlink("nowhere", filepath.Join(c.Dir, "dangling")))
		},
		"ignored": func(_ *testing.T, c *testkit.Clone) {
			c.Write(map[string]string{".gitignore": "*.log\nout/\n# comment\n/root-only\n!kept/*.log\n", "x.log": "", "out/x": "", "dir/out/x": "",
				"dir/root-only": "", "root-only": "", "kept/y.log": "", "dir/.gitignore": "deep/*.tmp\n", "dir/deep/t.tmp": "", "t.tmp": "", "log/kept.log": "!\n"})
		},
		"excluded": func(_ *testing.T, c *testkit.Clone) {
			c.Write(map[string]string{".git/info/exclude": "secret\n", "secret": "", "dir/secret": "", "open": ""})
		},
		"repository inside": func(t *testing.T, c *testkit.Clone) {
			must(t, os.MkdirAll(filepath.Join(c.Dir, "vendor"), 0o700))
			c.Git("init", "--quiet", "vendor/other")
			must(t, os.WriteFile(filepath.Join(c.Dir, "vendor/other/x"), nil, 0o600))
			c.Write(map[string]string{".git/info/exclude": "vendor/other\n"}) // git would ask for a submodule
		},
		"sparse": func(t *testing.T, c *testkit.Clone) { // as sparse-checkout does it
			c.Git("update-index", "--skip-worktree", "dir/b.txt", "dir/deep/c.txt")
			remove(t, c, "dir")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := testkit.NewRemote(t).Clone(t)
			c.Write(committed)
			c.Git("add", "--force", ".")
			c.Commit("first")
			change(t, c)
			got, err := open(t, c.Dir).WorkingTree(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if want := staged(c); got.String() != want {
				r := open(t, c.Dir)
				made, err := r.WorkingTree(t.Context())
				must(t, err)
				changes, err := r.Changes(t.Context(), git.NewHash(want), made)
				t.Errorf("got tree %s, git makes %s; between them: %+v, %v", got, want, changes, err)
			}
		})
	}
}

// A file that was not written since the index was is not read again: who would notice a folder of 57,000 otherwise.
func TestWorkingTreeTrustsTheIndex(t *testing.T) {
	t.Parallel()
	c := testkit.NewRemote(t).Clone(t)
	c.Write(map[string]string{"a.txt": "one\n"})
	file := filepath.Join(c.Dir, "a.txt")
	old := time.Now().Add(-time.Hour).Truncate(time.Second)
	must(t, os.Chtimes(file, old, old))
	c.Commit("first")
	before, err := open(t, c.Dir).WorkingTree(t.Context())
	must(t, err)
	must(t, os.WriteFile(file, []byte("two\n"), 0o600)) // of the same size, and made to look as old
	must(t, os.Chtimes(file, old, old))
	if after, err := open(t, c.Dir).WorkingTree(t.Context()); err != nil || after != before {
		t.Errorf("%s, then %s, %v", before, after, err)
	}
}

func TestWorkingTreeWithoutOne(t *testing.T) {
	t.Parallel()
	remote := testkit.NewRemote(t)
	r := open(t, "", func(o *git.Options) { o.URL = remote.URL() })
	if _, err := r.WorkingTree(t.Context()); err == nil || err.Error() != "read the working tree: there is none" {
		t.Errorf("got %v", err)
	}
}

func remove(t *testing.T, c *testkit.Clone, names ...string) {
	t.Helper()
	for _, name := range names {
		must(t, os.RemoveAll(filepath.Join(c.Dir, name)))
	}
}
