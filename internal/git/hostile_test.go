package git_test

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/testkit"
)

// loose writes an object as it is, malformed or not, which git itself would refuse to do.
func loose(t testing.TB, gitDir, kind string, content []byte) git.Hash {
	t.Helper()
	raw := append(fmt.Appendf(nil, "%s %d\x00", kind, len(content)), content...)
	hash := git.Hash(sha1.Sum(raw))
	id := hash.String()
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	_, _ = w.Write(raw)
	_ = w.Close()
	file := filepath.Join(gitDir, "objects", id[:2], id[2:])
	if _, err := os.Stat(file); err == nil {
		return hash
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, packed.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return hash
}

type entry struct {
	mode, name string
	hash       git.Hash
}

func looseTree(t testing.TB, gitDir string, entries ...entry) git.Hash {
	t.Helper()
	var content []byte
	for _, e := range entries {
		content = append(fmt.Appendf(content, "%s %s\x00", e.mode, e.name), e.hash[:]...)
	}
	return loose(t, gitDir, "tree", content)
}

// walk reads all of a tree in every way there is and returns the paths that were listed.
func walk(tree *git.Tree) (paths []string) {
	_ = fs.WalkDir(tree, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil { // of a folder that was given before
			return nil
		}
		paths = append(paths, name)
		_, _ = tree.ReadFile(name)
		_, _ = tree.Stat(name)
		_, _ = tree.Lstat(name)
		_, _ = tree.ReadLink(name)
		if f, err := tree.Open(name); err == nil {
			_, _ = f.Stat()
			_ = f.Close()
		}
		return nil
	})
	return paths
}

func TestHostileTreesStayInside(t *testing.T) {
	t.Parallel()
	dir := testkit.NewRemote(t).Dir
	blob := loose(t, dir, "blob", []byte("inside"))
	sub := looseTree(t, dir, entry{"100644", "file", blob})
	missing := git.NewHash(strings.Repeat("1", 40))
	tests := map[string]struct {
		entries []entry
		want    string // paths listed, "" for a tree that cannot be read
	}{
		"dot dot":            {[]entry{{"40000", "..", sub}, {"100644", "ok", blob}}, ". ok"},
		"dot":                {[]entry{{"40000", ".", sub}, {"100644", "ok", blob}}, ". ok"},
		"slash":              {[]entry{{"100644", "../escape", blob}, {"100644", "/etc/passwd", blob}, {"100644", "a/b", blob}}, "."},
		"own folder":         {[]entry{{"40000", ".git", sub}}, ". .git .git/file"},
		"not UTF-8":          {[]entry{{"100644", "\xff\xfe", blob}, {"100644", "ok", blob}}, ". ok"},
		"twice":              {[]entry{{"100644", "a", blob}, {"40000", "a", sub}}, ". a"},
		"unsorted":           {[]entry{{"100644", "z", blob}, {"100644", "a", blob}}, ". a z"},
		"file as folder":     {[]entry{{"40000", "a", blob}}, ". a"},
		"folder as file":     {[]entry{{"100644", "a", sub}}, ". a"},
		"missing":            {[]entry{{"40000", "a", missing}, {"100644", "b", missing}}, ". a b"},
		"odd mode":           {[]entry{{"777777", "a", blob}, {"0", "b", blob}}, ". a b"},
		"link to folder":     {[]entry{{"120000", "a", sub}}, ". a"},
		"link to dot dot":    {[]entry{{"40000", "..", sub}, {"120000", "a", loose(t, dir, "blob", []byte("../file"))}}, ". a"},
		"link of nothing":    {[]entry{{"120000", "a", loose(t, dir, "blob", nil)}}, ". a"},
		"link with NUL":      {[]entry{{"120000", "a", loose(t, dir, "blob", []byte("x\x00y"))}}, ". a"},
		"link without bound": {[]entry{{"120000", "a", loose(t, dir, "blob", bytes.Repeat([]byte("./"), 1<<20))}}, ". a"},
	}
	repo := open(t, dir)
	for name, test := range tests {
		tree := repo.Tree(looseTree(t, dir, test.entries...))
		if got := strings.Join(walk(tree), " "); got != test.want {
			t.Errorf("%s: lists %q, want %q", name, got, test.want)
		}
		for _, path := range []string{"../file", "..", "./file", "../escape", "/etc/passwd", "a\x00b"} {
			if content, err := tree.ReadFile(path); err == nil {
				t.Errorf("%s: %q reads %q", name, path, content)
			}
		}
		if content, err := tree.ReadFile("a"); strings.HasPrefix(name, "link") && err == nil {
			t.Errorf("%s: the link reads %q", name, content)
		}
	}
	// A chain of links, each of which passes the next one twice, is exponential for a reader without a bound.
	var chain []entry
	for i := range 60 {
		chain = append(chain, entry{"120000", fmt.Sprintf("l%02d", i), loose(t, dir, "blob", fmt.Appendf(nil, "l%02d/l%02d", i+1, i+1))})
	}
	_, err := repo.Tree(looseTree(t, dir, chain...)).ReadFile("l00")
	fails(t, err, "too many symlinks")
}

func TestApplyToHostileTrees(t *testing.T) {
	t.Parallel()
	dir := testkit.NewRemote(t).Dir
	blob := loose(t, dir, "blob", []byte("inside"))
	repo := open(t, dir)
	twice := looseTree(t, dir, entry{"100644", "a", blob}, entry{"100644", "a", blob}, entry{"100644", "b", blob})
	hash, err := repo.Apply(twice, git.Edit{"a": {File: []byte("once")}})
	if err != nil {
		t.Fatal(err)
	}
	sameFiles(t, contents(t, repo.Tree(hash)), map[string]string{"a": "once", "b": "inside"})
	if got := strings.Join(walk(repo.Tree(hash)), " "); got != ". a b" {
		t.Errorf("the edited tree lists %q", got)
	}
	if _, err := repo.Apply(git.NewHash(strings.Repeat("1", 40)), git.Edit{"a": {File: []byte("x")}}); err == nil {
		t.Error("a missing tree was taken for an empty one")
	}
	broken := looseTree(t, dir, entry{"40000", "a", git.NewHash(strings.Repeat("1", 40))})
	if _, err := repo.Apply(broken, git.Edit{"a/b": {File: []byte("x")}}); err == nil {
		t.Error("a missing folder was taken for an empty one")
	}
}
