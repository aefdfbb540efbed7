package git

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"time"
)

// hostile are trees that git itself would not make, by what is wrong with them, in a remote that hands them out.
func hostile(f *fake) map[string]Hash {
	blob, sub := f.blob("inside"), f.files(map[string]string{"file": "inside", "sub/file": "inside"})
	missing := NewHash(strings.Repeat("1", 40))
	link := func(target string) Hash { return f.blob(target) }
	ok := item{"100644", "ok", blob}
	return map[string]Hash{
		"dot dot":         f.tree(item{"40000", "..", sub}, item{"100644", "..", blob}, ok),
		"dot":             f.tree(item{"40000", ".", sub}, ok),
		"no name":         f.tree(item{"40000", "", sub}, ok),
		"slashes":         f.tree(item{"100644", "../../escape", blob}, item{"40000", "a/b", sub}, item{"100644", "/etc/passwd", blob}, ok),
		"git folder":      f.tree(item{"40000", ".git", sub}, item{"40000", ".GIT", sub}, item{"40000", "git~1", sub}, ok),
		"links out":       f.tree(item{"120000", "a", link("../../etc/passwd")}, item{"120000", "b", link("/etc/passwd")}, item{"120000", "c", link("..")}, ok),
		"links in rings":  f.tree(item{"120000", "a", link("b/x")}, item{"120000", "b", link("a/x")}, item{"120000", "c", link("c")}, ok),
		"link to nothing": f.tree(item{"120000", "a", link("")}, item{"120000", "b", link("none")}, item{"120000", "c", missing}, ok),
		"link is long":    f.tree(item{"120000", "a", link(strings.Repeat("./", 1<<19) + "ok")}, ok),
		"link is a tree":  f.tree(item{"120000", "a", sub}, ok),
		"case":            f.tree(item{"100644", "OK", f.blob("upper")}, item{"40000", "Sub", sub}, ok, item{"40000", "sub", f.tree()}),
		"module":          f.tree(item{"160000", "a", missing}, item{"160000", "b", blob}, ok),
		"200 characters":  f.tree(ok, item{"100644", strings.Repeat("x", 200), blob}, item{"40000", strings.Repeat("y", 200), sub}),
		"4000 characters": f.tree(ok, item{"100644", strings.Repeat("x", 4000), blob}, item{"40000", strings.Repeat("y", 4000), sub}),
		"not UTF-8":       f.tree(ok, item{"100644", "\xff\xfe", blob}, item{"40000", "\xc3\x28", sub}),
		"control":         f.tree(item{"100644", "\x1b[2J", blob}, item{"40000", "new\nline", sub}, ok),
		"backslash":       f.tree(item{"40000", `..\..`, sub}, item{"100644", `a\b`, blob}, ok),
		"twice":           f.tree(ok, item{"100644", "ok", f.blob("other")}, item{"40000", "ok", sub}),
		"unsorted":        f.tree(item{"40000", "z", sub}, ok, item{"40000", "a", sub}),
		"file as folder":  f.tree(item{"40000", "a", blob}, ok),
		"folder as file":  f.tree(item{"100644", "a", sub}, ok),
		"modes":           f.tree(item{"0", "a", blob}, item{"777777", "b", blob}, item{"100000", "c", blob}, item{"040000", "d", sub}, item{"100664", "e", blob}, ok),
		"missing":         f.tree(item{"40000", "a", missing}, item{"100644", "b", missing}, ok),
		"not a tree":      blob,
		"empty":           f.tree(),
	}
}

// hostilePaths are asked for in every tree: none of them may lead anywhere that is not in it.
var hostilePaths = []string{"..", "../ok", "../../etc/passwd", "/etc/passwd", "/", "", ".", "./ok", "ok/", "ok/..", "ok/../ok", "a/../ok", "a//b", "a/b", "a\x00b",
	"..\\ok", "ok", "OK", "a", "b", "c", "a/x/x", "sub/file", "Sub/file", ".git/file", "\xff\xfe", strings.Repeat("a/", 3000) + "a", strings.Repeat("x", 4000), "none"}

// readable is what may be read anywhere.
var readable = []string{"inside", "upper", "other", ""}

// TestHostileTrees reads each tree in every way there is, without anything of it being here before.
func TestHostileTrees(t *testing.T) {
	t.Parallel()
	f := newFake()
	for name, root := range hostile(f) {
		repo := f.open(t)
		tree := repo.Tree(root)
		for _, pattern := range []string{"**", "*", "**/file", "../*", "a/../../*", "/**", "*/*/*", "\xff*", "[", "a/**"} {
			if err := tree.Prefetch(t.Context(), pattern); err != nil && !slices.Contains([]string{"missing", "link to nothing", "not a tree", "file as folder", "no name"}, name) {
				t.Errorf("%s: %s: %v", name, pattern, err)
			}
		}
		for _, p := range hostilePaths {
			content, err := tree.ReadFile(p)
			if err == nil && (!fs.ValidPath(p) || !slices.Contains(readable, string(content))) {
				t.Errorf("%s: %q reads %q", name, p, content)
			}
			for _, err := range everyWay(tree, p) {
				if err == nil && !fs.ValidPath(p) {
					t.Errorf("%s: %q is taken", name, p)
				}
			}
		}
		for _, p := range listed(t, tree, ".") {
			if !fs.ValidPath(p) || strings.Contains("/"+p+"/", "/../") {
				t.Errorf("%s: lists %q", name, p)
			}
		}
		if content, err := tree.ReadFile("ok"); name != "not a tree" && name != "empty" && name != "no name" && (err != nil || string(content) != "inside") {
			t.Errorf("%s: the sound file reads %q, %v", name, content, err)
		}
	}
}

func everyWay(tree *Tree, name string) []error {
	file, err := tree.Open(name)
	if err == nil {
		_ = file.Close()
	}
	_, stat := tree.Stat(name)
	_, lstat := tree.Lstat(name)
	_, link := tree.ReadLink(name)
	_, list := tree.ReadDir(name)
	_, hash := tree.EntryHash(name)
	return []error{err, stat, lstat, link, list, hash}
}

// listed walks a tree by its lists.
func listed(t testing.TB, tree *Tree, dir string) (paths []string) {
	entries, err := tree.ReadDir(dir)
	if err != nil {
		return nil
	}
	seen := map[string]bool{}
	for _, e := range entries {
		if seen[e.Name()] {
			t.Errorf("%q is listed twice", e.Name())
		}
		seen[e.Name()] = true
		paths = append(paths, path.Join(dir, e.Name()))
		if strings.Contains(e.Name(), "/") {
			t.Errorf("lists %q", e.Name())
		}
		if e.IsDir() {
			paths = append(paths, listed(t, tree, path.Join(dir, e.Name()))...)
		}
	}
	return paths
}

// TestEditsOfHostileTrees writes into each tree: what is written can be read, what was sound stays, and nothing is written where the tree leads astray.
func TestEditsOfHostileTrees(t *testing.T) {
	t.Parallel()
	f := newFake()
	for name, root := range hostile(f) {
		repo := f.open(t)
		for _, p := range []string{"new", "ok", "a/new", "sub/file", "c/../new", "../new", ".git/config", strings.Repeat("y", 200) + "/new", "\xff\xfe"} {
			edited, err := repo.Apply(root, Edit{p: {File: []byte("written")}})
			if err != nil {
				if p == "new" && name != "not a tree" && name != "no name" {
					t.Errorf("%s: %v", name, err)
				}
				continue
			}
			if !editable(p) {
				t.Errorf("%s: %q was written", name, p)
			}
			if got, err := repo.Tree(edited).ReadFile(p); err != nil || string(got) != "written" {
				t.Errorf("%s: %q reads %q, %v", name, p, got, err)
			}
			before, err1 := repo.Tree(root).ReadFile("ok")
			after, err2 := repo.Tree(edited).ReadFile("ok")
			if p != "ok" && (string(before) != string(after) || (err1 == nil) != (err2 == nil)) {
				t.Errorf("%s: with %q the sound file went from %q to %q", name, p, before, after)
			}
		}
	}
}

// nested is a tree of that many folders, one in the other, with a file at the end.
func nested(f *fake, levels int) (root Hash, dir string) {
	root = f.files(map[string]string{"leaf": "deep"})
	for range levels {
		root = f.tree(item{"40000", "d", root})
	}
	return root, strings.TrimSuffix(strings.Repeat("d/", levels), "/")
}

// TestDeepTree has ten thousand folders in each other.
func TestDeepTree(t *testing.T) {
	t.Parallel()
	f := newFake()
	root, dir := nested(f, 10_000)
	repo := f.open(t)
	if err := repo.Tree(root).Prefetch(t.Context(), "**"); err != nil || len(f.requests()) != 1 {
		t.Fatal(err)
	}
	for _, p := range []string{dir + "/leaf", dir} {
		if info, err := repo.Tree(root).Stat(p); err != nil || info.IsDir() != (p == dir) {
			t.Errorf("%v, %v", info, err)
		}
	}
	edited, err := repo.Apply(root, Edit{dir + "/leaf": {File: []byte("new")}, dir + "/more/leaf": {File: []byte("new")}})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{"/leaf", "/more/leaf"} {
		if got, err := repo.Tree(edited).ReadFile(dir + p); err != nil || string(got) != "new" {
			t.Errorf("%s reads %q, %v", p, got, err)
		}
	}
	commit, err := repo.CommitTree(edited, nil, "deep")
	if err != nil {
		t.Fatal(err)
	}
	if err := repo.Push(t.Context(), RefUpdate{Ref: "refs/heads/main", New: commit.Hash}); err != nil {
		t.Fatal(err)
	}
	if got, err := repo.Tree(root).ReadFile(dir + "/d/leaf"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("below the end is %q, %v", got, err)
	}
}

// TestWalkOfDeepTree costs what there is to see at each level, not the way there from the top over and over.
func TestWalkOfDeepTree(t *testing.T) {
	t.Parallel()
	f := newFake()
	root, dir := nested(f, 2000)
	tree := f.open(t).Tree(root)
	if err := tree.Prefetch(t.Context(), "**/leaf"); err != nil || len(f.requests()) > 2002 {
		t.Fatal(err)
	}
	began, last := time.Now(), ""
	err := fs.WalkDir(tree, ".", func(name string, _ fs.DirEntry, err error) error {
		last = name
		return err
	})
	if err != nil || last != dir+"/leaf" {
		t.Errorf("it ended after %d levels: %v", strings.Count(last, "/"), err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}

// TestWideTree has a hundred thousand files in one folder.
func TestWideTree(t *testing.T) {
	t.Parallel()
	f := newFake()
	items := make([]item, 100_000)
	for i := range items {
		items[i] = item{"100644", fmt.Sprintf("f%06d", i), f.blob(fmt.Sprint(i % 10))}
	}
	root := f.tree(item{"40000", "d", f.tree(items...)})
	repo := f.open(t)
	if list, err := repo.Tree(root).ReadDir("d"); err != nil || len(list) != len(items) {
		t.Errorf("%d files, %v", len(list), err)
	}
	if got, err := repo.Tree(root).ReadFile("d/f012345"); err != nil || string(got) != "5" {
		t.Errorf("it reads %q, %v", got, err)
	}
	if asked := f.requests(); len(asked) != 3 || len(asked[2].wants) != 1 {
		t.Errorf("it asked %d times", len(asked))
	}
	edit := Edit{"d/f000001": {}, "d/g": {File: []byte("x")}}
	edited, err := repo.Apply(root, edit)
	if err != nil {
		t.Fatal(err)
	}
	if list, err := repo.Tree(edited).ReadDir("d"); err != nil || len(list) != len(items) || list[1].Name() != "f000002" {
		t.Errorf("after the edit %d files, %v", len(list), err)
	}
	if err := repo.Tree(root).Prefetch(t.Context(), "d/*"); err != nil || len(f.requests()) != 1 {
		t.Error(err)
	}
}
