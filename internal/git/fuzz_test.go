package git

import (
	"bytes"
	"crypto/sha1"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

// The targets below take anything: errors are fine, panics, endless loops and anything from elsewhere are not. Fuzz one for a minute with
// go test ./internal/git -run '^$' -fuzz 'FuzzTree$' -fuzztime 1m

// FuzzTree reads arbitrary bytes as a tree, by itself and as a folder, beside an arbitrary link.
func FuzzTree(f *testing.F) {
	sum := sha1.Sum([]byte("x"))
	f.Add(append([]byte("100644 a\x00"), sum[:]...), "../..", "a")
	f.Add([]byte("40000 ..\x00short"), "/", "..")
	f.Add([]byte("9999999999999999999 a\x00"), "a\x00/..", "l/l")
	f.Add(slices.Concat([]byte("40000 d\x00"), sum[:], []byte("120000 l\x00"), sum[:]), "d/../l", "d/l")
	f.Fuzz(func(t *testing.T, content []byte, target, name string) {
		remote := newFake()
		raw := remote.put(plumbing.TreeObject, content)
		root := remote.tree(item{"40000", "d", raw}, item{"120000", "l", remote.blob(target)})
		repo := remote.open(t)
		for _, tree := range []*Tree{repo.Tree(raw), repo.Tree(root)} {
			_ = tree.Prefetch(t.Context(), "**", name, "*/"+name)
			for _, p := range listed(t, tree, ".") {
				if !fs.ValidPath(p) {
					t.Errorf("lists %q", p)
				}
				everyWay(tree, p)
			}
			everyWay(tree, name)
			edited, err := repo.Apply(tree.Hash(), Edit{"l/" + name: {File: content}, name: {}})
			if err == nil {
				listed(t, repo.Tree(edited), ".")
			}
		}
	})
}

// FuzzPath reads an arbitrary path of hostile trees.
func FuzzPath(f *testing.F) {
	for _, p := range hostilePaths {
		if len(p) < 100 {
			f.Add(p)
		}
	}
	remote := newFake()
	trees := hostile(remote)
	repo := remote.open(f)
	f.Fuzz(func(t *testing.T, name string) {
		for what, root := range trees {
			tree := repo.Tree(root)
			errs := everyWay(tree, name)
			content, err := tree.ReadFile(name)
			if !fs.ValidPath(name) && (err == nil || slices.Contains(errs, nil)) {
				t.Errorf("%s: %q is taken", what, name)
			}
			if err == nil && !slices.Contains(readable, string(content)) {
				t.Errorf("%s: %q reads %q", what, name, content)
			}
			if err == nil && (errs[0] != nil || errs[1] != nil) {
				t.Errorf("%s: %q can be read, but not opened or looked at: %v", what, name, errs)
			}
			_ = tree.Prefetch(t.Context(), name+"/**")
			if failed := tree.Prefetch(t.Context(), name); failed != nil && err == nil {
				t.Errorf("%s: %q can be read, but not prefetched: %v", what, name, failed)
			}
		}
	})
}

// FuzzPrefetch takes patterns, one a line, and checks that what they mean is here afterwards.
func FuzzPrefetch(f *testing.F) {
	for _, patterns := range []string{"**", "*/b", "a/**/c", "**/**/**", "[", "[a-c]/*", "../a", "/", "a\nb\n**/c", "\\a", "a/./b/../c", "**/a/**/a/**/b"} {
		f.Add(patterns)
	}
	remote := newFake()
	files := map[string]string{"a/b/c": "1", "a/a/a/a/b": "2", "b": "3", "c/d/e": "4", "c/[": "5", "c/*": "6", "x y/é": "7"}
	root := remote.files(files)
	f.Fuzz(func(t *testing.T, lines string) {
		patterns := strings.Split(lines, "\n")
		repo := remote.open(t)
		remote.requests()
		if err := repo.Tree(root).Prefetch(t.Context(), patterns...); err != nil {
			t.Fatal(err)
		}
		if n := len(remote.requests()); n > 12 {
			t.Errorf("%d requests", n)
		}
		for name, content := range files {
			for _, p := range patterns {
				if matches(strings.Split(path.Clean(p), "/"), strings.Split(name, "/")) && len(repo.objects.lacking([]Hash{remote.blob(content)})) > 0 {
					t.Errorf("%q did not bring %q", p, name)
				}
			}
		}
	})
}

// FuzzRevision resolves an arbitrary revision of a remote.
func FuzzRevision(f *testing.F) {
	remote := newFake()
	tree := remote.tree()
	first := remote.commit(tree, 1, "first")
	second := remote.commit(tree, 2, "second", first)
	third := remote.commit(tree, 3, "third", second, first)
	remote.refs = map[string]Hash{"refs/heads/main": third, "refs/tags/v1": first, "refs/heads/a/b": second, "refs/tags/tree": tree}
	for _, revision := range []string{"main", "main~1", "main^2", "v1~", "a/b^0", third.String(), "HEAD", "tree", "main~10001", "main^^^^", "main~~2^1", "@{1}", "main:a",
		"~", "", "..", "refs/heads/main", "heads/main^3", "main~99999999999999999999", strings.Repeat("1", 40), strings.ToUpper(third.String()), "main~00"} {
		f.Add(revision)
	}
	repo := remote.open(f)
	f.Fuzz(func(t *testing.T, revision string) {
		_, steps, err := parseRevision(revision)
		if len(steps) > maxSteps || (err != nil && steps != nil) {
			t.Errorf("%d steps, %v", len(steps), err)
		}
		c, err := repo.Resolve(t.Context(), revision)
		if (c == nil) == (err == nil) {
			t.Fatalf("it is %v, %v", c, err)
		}
		if err == nil && !slices.Contains([]Hash{first, second, third}, c.Hash) {
			t.Errorf("it is %s", c.Hash)
		}
	})
}

// FuzzLocalRevision resolves an arbitrary revision of a clone.
func FuzzLocalRevision(f *testing.F) {
	for _, revision := range []string{"HEAD", "HEAD~1", "main^{commit}", "HEAD^{/first}", "main@{1}", ":/x", "HEAD:a", "^", "", "~~", "refs/heads/main", "HEAD^{}"} {
		f.Add(revision)
	}
	dir := f.TempDir()
	for name, content := range map[string]string{"HEAD": "ref: refs/heads/main\n", "config": "[core]\n\tbare = true\n", "objects/pack/x": "", "refs/heads/x": ""} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			f.Fatal(err)
		}
		if filepath.Base(name) == "x" {
			continue
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			f.Fatal(err)
		}
	}
	clone, err := Open(f.Context(), Options{Dir: dir, Committer: Identity{Name: "a", Email: "a@b"}})
	if err != nil {
		f.Fatal(err)
	}
	tree := &plumbing.MemoryObject{}
	tree.SetType(plumbing.TreeObject)
	commit := &plumbing.MemoryObject{}
	commit.SetType(plumbing.CommitObject)
	_, _ = commit.Write([]byte("tree " + tree.Hash().String() + "\nauthor a <a@b> 1 +0000\ncommitter a <a@b> 1 +0000\n\nfirst\n"))
	for _, obj := range []plumbing.EncodedObject{tree, commit} {
		if _, err := clone.local.Storer.SetEncodedObject(obj); err != nil {
			f.Fatal(err)
		}
	}
	if err := clone.local.Storer.SetReference(plumbing.NewHashReference("refs/heads/main", commit.Hash())); err != nil {
		f.Fatal(err)
	}
	if c, err := clone.Resolve(f.Context(), "main"); err != nil || c.Hash != commit.Hash() {
		f.Fatal(c, err)
	}
	f.Fuzz(func(t *testing.T, revision string) {
		c, err := clone.Resolve(t.Context(), revision)
		if (c == nil) == (err == nil) || (err == nil && c.Hash != commit.Hash()) {
			t.Errorf("it is %v, %v", c, err)
		}
	})
}

// FuzzLoose reads arbitrary bytes as a file of the cache.
func FuzzLoose(f *testing.F) {
	obj := blobObject([]byte("content"))
	sound := looseFile("blob 7", []byte("content"))
	f.Add(sound)
	f.Add(sound[:len(sound)-3])
	f.Add(looseFile("tree 0", nil))
	f.Add(looseFile("blob 99999999999999999999", []byte("content")))
	f.Add([]byte("\x78\x9c"))
	c := openCache(f.TempDir(), func(string, ...any) {})
	c.put(obj.Hash(), obj)
	name := c.file(obj.Hash())
	f.Fuzz(func(t *testing.T, content []byte) {
		_, _, _ = decodeLoose(bytes.NewReader(content))
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := c.get(obj.Hash()); got != nil && read(t, got) != "blob content" {
			t.Errorf("it reads %q", read(t, got))
		}
	})
}

// FuzzPack takes arbitrary bytes from a remote as a pack.
func FuzzPack(f *testing.F) {
	remote := newFake()
	want := remote.blob("content")
	remote.damage = func(pack []byte) []byte {
		f.Add(pack)
		return pack
	}
	if _, err := remote.open(f).blob(want); err != nil {
		f.Fatal(err)
	}
	f.Add([]byte("PACK\x00\x00\x00\x02\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, pack []byte) {
		remote.damage = func([]byte) []byte { return pack }
		if got, err := remote.open(t).blob(want); err == nil && string(got) != "content" {
			t.Errorf("it reads %q", got)
		}
	})
}
