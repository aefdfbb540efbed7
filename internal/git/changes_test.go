package git_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/testkit"
)

// drawTree makes up a tree of files, executables, symlinks and submodules as path → mode and content. Few names make one path a file here and
// a folder there; odd ones sort differently as files and as folders.
func drawTree(t *rapid.T, base map[string]string) map[string]string {
	tree := maps.Clone(base)
	names := rapid.SampledFrom([]string{"a", "b", "a-b", "a.b", "a0", "Straße", "\xff"})
	for range rapid.IntRange(0, 8).Draw(t, "edits") {
		name := strings.Join(rapid.SliceOfN(names, 1, 4).Draw(t, "path"), "/")
		maps.DeleteFunc(tree, func(other, _ string) bool {
			return other == name || strings.HasPrefix(other, name+"/") || strings.HasPrefix(name, other+"/")
		})
		switch kind := rapid.SampledFrom([]string{"100644", "100755", "120000", "160000", ""}).Draw(t, "mode"); kind {
		case "":
		case "160000":
			tree[name] = kind + " " + strings.Repeat(rapid.SampledFrom([]string{"1", "2"}).Draw(t, "commit"), 40)
		default:
			tree[name] = kind + " " + rapid.SampledFrom([]string{"x", "y", "a/b"}).Draw(t, "content")
		}
	}
	return tree
}

// importTrees commits trees and returns the ids of their tree objects.
func importTrees(t testing.TB, dir string, trees []map[string]string) []git.Hash {
	t.Helper()
	var in bytes.Buffer
	for i, tree := range trees {
		fmt.Fprintf(&in, "commit refs/heads/t%d\ncommitter A <a@example.com> %d +0000\ndata 0\ndeleteall\n", i, i)
		for name, entry := range tree {
			mode, content, _ := strings.Cut(entry, " ")
			if mode == "160000" {
				fmt.Fprintf(&in, "M %s %s %s\n", mode, content, name)
				continue
			}
			fmt.Fprintf(&in, "M %s inline %s\ndata %d\n%s\n", mode, name, len(content), content)
		}
	}
	run := func(stdin []byte, args ...string) string {
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Dir, cmd.Stdin = dir, bytes.NewReader(stdin)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	run(in.Bytes(), "fast-import", "--quiet", "--force")
	var ids []git.Hash
	for i := range trees {
		ids = append(ids, git.NewHash(strings.TrimSpace(run(nil, "rev-parse", fmt.Sprintf("t%d^{tree}", i)))))
	}
	return ids
}

// diffTree returns what git says differs, in the form of PathChange. Where a file became a folder, git tells of two changes.
func diffTree(t testing.TB, dir string, from, to git.Hash) []git.PathChange {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", "diff-tree", "-r", "-t", "-z", "--no-renames", "--no-abbrev", from.String(), to.String())
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	byPath := map[string]*git.PathChange{}
	fields := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	kinds := map[string]git.Kind{"100644": git.File, "100755": git.Executable, "120000": git.Symlink, "040000": git.Folder, "160000": git.Submodule}
	for i := 0; i+1 < len(fields); i += 2 {
		meta, name := strings.Fields(strings.TrimPrefix(fields[i], ":")), fields[i+1]
		if meta[0] == "040000" && meta[1] == "040000" {
			continue
		}
		change := byPath[name]
		if change == nil {
			change = &git.PathChange{Path: name}
			byPath[name] = change
		}
		if kind := kinds[meta[0]]; kind != git.Absent {
			change.Before = git.Entry{Kind: kind, Hash: git.NewHash(meta[2])}
		}
		if kind := kinds[meta[1]]; kind != git.Absent {
			change.After = git.Entry{Kind: kind, Hash: git.NewHash(meta[3])}
		}
	}
	var changes []git.PathChange
	for _, name := range slices.Sorted(maps.Keys(byPath)) {
		changes = append(changes, *byPath[name])
	}
	return changes
}

func TestChangesEqualGit(t *testing.T) {
	t.Parallel()
	var kinds [git.Unreadable]int
	rapid.Check(t, func(rt *rapid.T) {
		dir := filepath.Join(t.TempDir(), "r.git")
		if out, err := exec.CommandContext(t.Context(), "git", "init", "-q", "--bare", "--template=", dir).CombinedOutput(); err != nil {
			rt.Fatalf("%v\n%s", err, out)
		}
		trees := []map[string]string{{}}
		for range rapid.IntRange(1, 5).Draw(rt, "trees") {
			trees = append(trees, drawTree(rt, trees[len(trees)-1]))
		}
		ids := importTrees(t, dir, trees)
		repo := open(t, dir)
		for i, to := range ids[1:] {
			want := diffTree(t, dir, ids[i], to)
			got, err := repo.Changes(t.Context(), ids[i], to)
			if err != nil {
				rt.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				rt.Fatalf("%v\nto %v (-git +ours):\n%s", trees[i], trees[i+1], diff)
			}
			for _, c := range got {
				kinds[c.Before.Kind]++
				entry, err := repo.Tree(to).Entry(c.Path)
				if valid := strings.ToValidUTF8(c.Path, "") == c.Path; valid && (err != nil || entry != c.After) {
					rt.Fatalf("entry at %q is %v, %v, want %v", c.Path, entry, err, c.After)
				}
			}
		}
	})
	for kind, n := range kinds {
		if n == 0 {
			t.Errorf("nothing of kind %d was changed", kind)
		}
	}
}

func TestChangesOfHostileTrees(t *testing.T) {
	t.Parallel()
	remote := testkit.NewRemote(t)
	repo := open(t, remote.Dir)
	mktree := func(entries ...string) git.Hash { // git mktree would find fault with some
		var content []byte
		for _, e := range entries {
			meta, id, _ := strings.Cut(e, "@")
			hash := git.NewHash(id)
			content = append(append(append(content, meta...), 0), hash[:]...)
		}
		cmd := exec.CommandContext(t.Context(), "git", "hash-object", "-t", "tree", "-w", "--literally", "--stdin")
		cmd.Dir, cmd.Stdin = remote.Dir, bytes.NewReader(content)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return git.NewHash(strings.TrimSpace(string(out)))
	}
	blob := strings.Repeat("1", 40)
	bomb := mktree("100644 f@" + blob)
	for range 12 { // 10^12 files
		var entries []string
		for i := range 10 {
			entries = append(entries, fmt.Sprintf("40000 %d@%s", i, bomb))
		}
		bomb = mktree(entries...)
	}
	if _, err := repo.Changes(t.Context(), git.ZeroHash, bomb); !errors.Is(err, git.ErrTooManyChanges) {
		t.Errorf("want %v, got %v", git.ErrTooManyChanges, err)
	}
	if changes, err := repo.Changes(t.Context(), bomb, bomb); err != nil || len(changes) > 0 {
		t.Errorf("a tree differs from itself: %d changes, %v", len(changes), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := repo.Changes(ctx, git.ZeroHash, bomb); !errors.Is(err, context.Canceled) {
		t.Errorf("want %v, got %v", context.Canceled, err)
	}
	// A submodule may claim to be at the commit whose id is that of the folder it replaced.
	folder := mktree("100644 f@" + blob)
	before, after := mktree("40000 d@"+folder.String()), mktree("160000 d@"+folder.String())
	got, err := repo.Changes(t.Context(), before, after)
	want := []git.PathChange{
		{Path: "d", Before: git.Entry{Kind: git.Folder, Hash: folder}, After: git.Entry{Kind: git.Submodule, Hash: folder}},
		{Path: "d/f", Before: git.Entry{Kind: git.File, Hash: git.NewHash(blob)}},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// BenchmarkChanges compares two trees of a large repository that differ in one file.
func BenchmarkChanges(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "r.git")
	if out, err := exec.CommandContext(b.Context(), "git", "init", "-q", "--bare", "--template=", dir).CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	tree := map[string]string{}
	for service := range 1000 {
		for file := range 57 {
			tree[fmt.Sprintf("services/s%d/src/p%d/f%d.go", service, file/10, file)] = fmt.Sprintf("100644 %d", file)
		}
	}
	changed := maps.Clone(tree)
	changed["services/s500/src/p3/f30.go"] = "100644 changed"
	ids := importTrees(b, dir, []map[string]string{tree, changed})
	for b.Loop() {
		changes, err := open(b, dir).Changes(b.Context(), ids[0], ids[1]) // a new process has read no tree yet
		if err != nil || len(changes) != 1 {
			b.Fatal(changes, err)
		}
	}
}
