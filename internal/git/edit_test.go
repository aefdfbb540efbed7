package git_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"strings"
	"testing"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/testkit"
)

// model is a tree as a map of files, and what edits must do to it.
type model map[string]string

func below(name, folder string) bool { return strings.HasPrefix(name, folder+"/") }

// blocked says whether a file stands where a path needs a folder.
func (m model) blocked(name string) bool {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if _, ok := m[dir]; ok {
			return true
		}
	}
	return false
}

func (m model) apply(edit git.Edit) (model, bool) {
	result := maps.Clone(m)
	for name, content := range edit {
		fills := content.File != nil || len(content.Folder) > 0
		if m.blocked(name) {
			if fills {
				return nil, false
			}
			continue
		}
		maps.DeleteFunc(result, func(file, _ string) bool { return file == name || below(file, name) })
		if content.File != nil {
			result[name] = string(content.File)
		}
		for file, c := range content.Folder {
			result[name+"/"+file] = string(c)
		}
	}
	return result, true
}

// shapes draws random paths and edits. Its names sort differently as files and as folders: a, a-, a.b, a/, a0.
type shapes struct{ *rand.Rand }

func pick[T any](s shapes, from ...T) T { return from[s.IntN(len(from))] }

func (s shapes) path() string {
	var parts []string
	for range 1 + s.IntN(3) {
		parts = append(parts, pick(s, "a", "a-", "a.b", "a0", "a b", "ü", "z"))
	}
	return strings.Join(parts, "/")
}

func (s shapes) text() []byte { return []byte(pick(s, "", "one", "two\n")) }

func (s shapes) content() git.Content {
	switch s.IntN(4) {
	case 0:
		return git.Content{}
	case 1:
		folder := map[string][]byte{}
		for range s.IntN(4) {
			if name := s.path(); apart(name, folder) {
				folder[name] = s.text()
			}
		}
		return git.Content{Folder: folder}
	default:
		return git.Content{File: s.text()}
	}
}

func (s shapes) edit() git.Edit {
	edit := git.Edit{}
	for range 1 + s.IntN(5) {
		if name := s.path(); apart(name, edit) {
			edit[name] = s.content()
		}
	}
	return edit
}

// apart says whether a path is neither above, nor below, nor one of those taken.
func apart[C any](name string, taken map[string]C) bool {
	for other := range taken {
		if other == name || below(other, name) || below(name, other) {
			return false
		}
	}
	return true
}

// TestApplyEqualsMap applies random edits one after the other and compares with a map; then git checks every tree that was made.
func TestApplyEqualsMap(t *testing.T) {
	t.Parallel()
	remote := testkit.NewRemote(t)
	repo := open(t, remote.Dir)
	random := shapes{rand.New(rand.NewPCG(3, 4))}
	files, refused := model{}, 0
	var tree git.Hash
	var history []git.Hash
	for i := range 600 {
		if i%20 == 0 {
			files, tree = model{}, git.ZeroHash
		}
		edit := random.edit()
		want, ok := files.apply(edit)
		hash, err := repo.Apply(tree, edit)
		if !ok {
			fails(t, err, "is not a folder")
			refused++
			continue
		}
		if err != nil {
			t.Fatalf("edit %q of %q: %v", edit, files, err)
		}
		if got := contents(t, repo.Tree(hash)); !maps.Equal(got, want) {
			t.Fatalf("edit %q of %q makes %q", edit, files, got)
		}
		files, tree = want, hash
		commit, err := repo.CommitTree(tree, history, "edit")
		if err != nil {
			t.Fatal(err)
		}
		history = []git.Hash{commit.Hash}
	}
	if refused == 0 || refused > 300 {
		t.Errorf("%d of 600 edits were refused: the drawing is off", refused)
	}
	if err := repo.Push(t.Context(), git.RefUpdate{Ref: git.BranchRef("main"), New: history[0]}); err != nil {
		t.Fatal(err)
	}
	if out := remote.Git("fsck", "--strict", "--no-dangling"); out != "" {
		t.Errorf("fsck: %s", out)
	}
	sameFiles(t, remote.Files("main", "."), files)
}

func TestApplyKeepsWhatIsNotNamed(t *testing.T) {
	t.Parallel()
	_, clone := seeded(t, map[string]string{"run.sh": "#!/bin/sh", "keep/me": "kept", "edit/me": "old", "edit/too": "stays"})
	clone.Git("update-index", "--chmod=+x", "run.sh")
	clone.Git("update-index", "--add", "--cacheinfo", "160000,"+strings.Repeat("1", 40)+",module")
	clone.Git("commit", "-qm", "odd entries")
	repo := open(t, clone.Dir)
	head, err := repo.Resolve(t.Context(), "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	hash, err := repo.Apply(head.TreeHash, git.Edit{"edit/me": {File: []byte("new")}, "not/there": {}, "keep/me/neither": {}})
	if err != nil {
		t.Fatal(err)
	}
	before, after := repo.Tree(head.TreeHash), repo.Tree(hash)
	sameFiles(t, contents(t, after), map[string]string{"run.sh": "#!/bin/sh", "keep/me": "kept", "edit/me": "new", "edit/too": "stays"})
	for _, name := range []string{"run.sh", "keep", "module"} {
		was, err1 := before.EntryHash(name)
		is, err2 := after.EntryHash(name)
		if was != is || err1 != nil || err2 != nil {
			t.Errorf("%s was %s and is %s, %v, %v", name, was, is, err1, err2)
		}
	}
	if info, err := after.Stat("run.sh"); err != nil || info.Mode() != 0o755 {
		t.Errorf("run.sh: %v, %v", info, err)
	}
	again, err := repo.Apply(hash, git.Edit{"edit/me": {File: []byte("new")}, "keep": {Folder: map[string][]byte{"me": []byte("kept")}}})
	if err != nil || again != hash {
		t.Errorf("the same content gives another tree: %s, %v", again, err)
	}
	empty, err := repo.Apply(hash, git.Edit{
		"edit": {Folder: map[string][]byte{"nil": nil}}, "keep": {Folder: map[string][]byte{}}, "run.sh": {}, "module": {},
	})
	if err != nil {
		t.Fatal(err)
	}
	sameFiles(t, contents(t, repo.Tree(empty)), map[string]string{"edit/nil": ""})
	_, err = repo.Apply(head.TreeHash, git.Edit{"module/file": {File: []byte("x")}})
	fails(t, err, "module is not a folder")
}

func TestApplyRefusesPaths(t *testing.T) {
	t.Parallel()
	repo := open(t, testkit.NewRemote(t).Dir)
	file := git.Content{File: []byte("x")}
	var edits []git.Edit
	for _, name := range []string{"", ".", "..", "../x", "/x", "x/", "a//b", "a/../b", "a/./b", "nul\x00", "\xff", ".git", "a/.GIT/config", "Git~1/x"} {
		edits = append(edits, git.Edit{name: file}, git.Edit{name: {}}, git.Edit{"folder": {Folder: map[string][]byte{name: nil}}})
	}
	for range 10 { // maps are read in any order
		edits = append(edits,
			git.Edit{"a": file, "a/b": file}, git.Edit{"a/b/c": file, "a": {}},
			git.Edit{"d": {Folder: map[string][]byte{"a": nil, "a/b": nil}}})
	}
	for _, edit := range edits {
		hash, err := repo.Apply(git.ZeroHash, edit)
		fails(t, err, "edit path")
		if hash != git.ZeroHash {
			t.Errorf("edit %q gives a tree", edit)
		}
	}
}

func TestTrailer(t *testing.T) {
	t.Parallel()
	body := "deploy(dev): hello\n\nWhy: not here\n\n"
	for i, test := range []struct{ message, key, want string }{
		{body + "Platform-Release: r-1\nSource-Commit: abc\n", "Platform-Release", "r-1"},
		{body + "Platform-Release: r-1\nSource-Commit: abc\n", "source-commit", "abc"},
		{body + "Url: https://host/a:b\n\n\n", "Url", "https://host/a:b"},
		{body + "Platform-Release: r-1", "Why", ""},
		{body + "Platform-Release: r-1", "Release", ""},
		{"Fix: the subject is no trailer", "Fix", ""},
		{"", "", ""},
	} {
		if got := (&git.Commit{Message: test.message}).Trailer(test.key); got != test.want {
			t.Errorf("%d: %s is %q, want %q", i, test.key, got, test.want)
		}
	}
}

func TestCommitTree(t *testing.T) {
	t.Parallel()
	remote := testkit.NewRemote(t)
	repo := open(t, remote.Dir)
	tree, err := repo.Apply(git.ZeroHash, git.Edit{"a": {File: []byte("x")}})
	if err != nil {
		t.Fatal(err)
	}
	commit, err := repo.CommitTree(tree, nil, "subject\n\nbody ü\n\nKey: value\n\n\n")
	if err != nil {
		t.Fatal(err)
	}
	if err := repo.Push(t.Context(), git.RefUpdate{Ref: "refs/heads/main", New: commit.Hash}); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("tree %s\nauthor robot <robot@example.com> 1767603600 +0000\ncommitter robot <robot@example.com> 1767603600 +0000\n\n"+
		"subject\n\nbody ü\n\nKey: value", tree)
	if got := remote.Git("cat-file", "commit", "main"); got != want {
		t.Errorf("commit is\n%s\nwant\n%s", got, want)
	}
	if got := remote.Git("log", "-1", "--format=%(trailers:key=Key,valueonly)", "main"); strings.TrimSpace(got) != commit.Trailer("Key") {
		t.Errorf("git reads the trailer %q, we read %q", got, commit.Trailer("Key"))
	}
	if commit.Subject() != "subject" || commit.Body() != "body ü\n\nKey: value" {
		t.Errorf("subject %q, body %q", commit.Subject(), commit.Body())
	}
	if _, err := repo.CommitTree(tree, nil, "nul\x00"); err == nil {
		t.Error("a message with a NUL byte was taken")
	}
	for _, who := range []git.Identity{{}, {Name: "a\nparent 1"}, {Name: "a <b>"}, {Name: "a", Email: "b>\nx"}} {
		other := open(t, remote.Dir, func(o *git.Options) { o.Committer = who })
		_, err := other.CommitTree(tree, nil, "message")
		fails(t, err, "cannot make commits")
	}
}
