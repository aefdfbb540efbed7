package git_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/testkit"
)

// merged returns a clone whose main went: seed, a2, merge of a branch that changed b twice and a once, c2.
func merged(t testing.TB) *testkit.Clone {
	t.Helper()
	clone := testkit.NewRemote(t).Clone(t)
	commit := func(message string, files map[string]string) {
		clone.Write(files)
		clone.Commit(message)
	}
	commit("seed", map[string]string{"dir/a": "1", "dir/b": "1", "c": "1"})
	clone.Git("switch", "-qc", "topic")
	commit("b2", map[string]string{"dir/b": "2"})
	commit("b3", map[string]string{"dir/b": "3"})
	clone.Git("switch", "-q", "main")
	commit("a2", map[string]string{"dir/a": "2"})
	clone.Git("merge", "-q", "--no-ff", "-m", "merge", "topic")
	commit("c2", map[string]string{"c": "2"})
	clone.Push()
	return clone
}

func head(t testing.TB, r *git.Repository) *git.Commit {
	t.Helper()
	c, err := r.Resolve(t.Context(), "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// versions lists the subjects of the versions of a path.
func versions(ctx context.Context, r *git.Repository, from git.Hash, path string) (subjects []string, err error) {
	for version, err := range r.Versions(ctx, from, path) {
		if err != nil {
			return subjects, err
		}
		subject := version.Commit.Subject()
		if version.Entry == git.ZeroHash {
			subject = "no " + subject
		}
		subjects = append(subjects, subject)
	}
	return subjects, nil
}

func TestVersions(t *testing.T) {
	t.Parallel()
	clone := merged(t)
	clone.Git("rm", "-q", "c")
	clone.Commit("remove c")
	repo := open(t, clone.Dir)
	from := head(t, repo).Hash
	for path, want := range map[string]string{
		"dir/a": "a2 seed", "dir/b": "merge seed", "dir": "merge a2 seed", "c": "no remove c c2 seed", "none": "no seed", "dir/a/x": "no seed",
		".": "remove c c2 merge a2 seed",
	} {
		got, err := versions(t.Context(), repo, from, path)
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("versions of %s are %q, %v, want %q", path, got, err, want)
		}
	}
	for version, err := range repo.Versions(t.Context(), from, "dir") {
		if err != nil || version.Commit.Subject() != "merge" || version.Entry.String() != clone.Git("rev-parse", "HEAD:dir") {
			t.Errorf("first version is %+v, %v", version, err)
		}
		break // stops the walk
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := versions(ctx, repo, from, "dir"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled walk: %v", err)
	}
	_, err := versions(t.Context(), repo, from, "../dir")
	fails(t, err, "../dir", "invalid")
	_, err = versions(t.Context(), repo, git.NewHash(strings.Repeat("1", 40)), "dir")
	fails(t, err, strings.Repeat("1", 40))
}

// TestVersionsEqualGit compares with git log on a random history with merges.
func TestVersionsEqualGit(t *testing.T) {
	t.Parallel()
	remote := testkit.NewRemote(t)
	repo := open(t, remote.Dir)
	rng := rand.New(rand.NewPCG(5, 6))
	paths := []string{"a", "d/a", "d/b", "d/e/f"}
	line := []*git.Commit{}
	for i := range 60 {
		edit := git.Edit{paths[rng.IntN(len(paths))]: {File: fmt.Append(nil, rng.IntN(3))}}
		if rng.IntN(4) == 0 {
			edit = git.Edit{paths[rng.IntN(len(paths))]: {}}
		}
		var base git.Hash
		var parents []git.Hash
		if i > 0 {
			base, parents = line[i-1].TreeHash, []git.Hash{line[i-1].Hash}
			if i > 5 && rng.IntN(3) == 0 {
				parents = append(parents, line[rng.IntN(i-1)].Hash)
			}
		}
		tree, err := repo.Apply(base, edit)
		if err != nil {
			t.Fatal(err)
		}
		c, err := repo.CommitTree(tree, parents, fmt.Sprint("c", i))
		if err != nil {
			t.Fatal(err)
		}
		line = append(line, c)
	}
	newest := line[len(line)-1].Hash
	if err := repo.Push(t.Context(), git.RefUpdate{Ref: "refs/heads/main", New: newest}); err != nil {
		t.Fatal(err)
	}
	last, err := repo.LastChanges(t.Context(), newest, append(paths, "d", "a"), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	trees := listTrees(remote)
	for _, path := range append(paths, "d") {
		want := trees.changed(remote.Git("rev-parse", "main"), path)
		got, err := versions(t.Context(), repo, newest, path)
		for i := range got {
			got[i] = strings.TrimPrefix(got[i], "no ")
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("versions of %s are %q, %v, want %q", path, got, err, want)
		}
		if last[path].Commit == nil || last[path].Subject() != remote.Git("log", "-1", "--first-parent", "--format=%s", "main", "--", path) {
			t.Errorf("last change of %s is %v", path, last[path])
		}
		between, ok, err := repo.Between(t.Context(), line[20].Hash, newest, path)
		changed := strings.Fields(remote.Git("log", "--first-parent", "--format=%H", line[20].Hash.String()+"..main", "--", path))
		if err != nil || !ok || len(between) != len(changed) {
			t.Errorf("%s changed %d times between, %v, %v, want %d", path, len(between), ok, err, len(changed))
		}
	}
}

func TestLastChanges(t *testing.T) {
	t.Parallel()
	clone := merged(t)
	repo := open(t, clone.Dir)
	changes, err := repo.LastChanges(t.Context(), head(t, repo).Hash, []string{"dir/a", "dir/b", "dir", "none", "dir"}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for path, c := range changes {
		got[path] = c.Subject()
	}
	sameFiles(t, got, map[string]string{"dir/a": "a2", "dir/b": "merge", "dir": "merge"})
}

func TestBetween(t *testing.T) {
	t.Parallel()
	clone := merged(t)
	repo := open(t, clone.Dir)
	for _, test := range []struct{ older, newer, path, want string }{
		{"HEAD~3", "HEAD", "dir", "merge a2 true"},
		{"HEAD~2", "HEAD", "dir", "merge true"},
		{"HEAD~3", "HEAD", "dir/b", "merge true"},
		{"HEAD", "HEAD", "dir", "true"},
		{"HEAD~3", "HEAD~1", "c", "true"},
		{"HEAD", "HEAD~1", "dir", "false"}, // the wrong way round
		{"topic", "HEAD", "dir", "false"},  // merged, but not what the branch itself went through
	} {
		older, err1 := repo.Resolve(t.Context(), test.older)
		newer, err2 := repo.Resolve(t.Context(), test.newer)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		commits, ok, err := repo.Between(t.Context(), older.Hash, newer.Hash, test.path)
		var got []string
		for _, c := range commits {
			got = append(got, c.Subject())
		}
		if got := strings.Join(append(got, fmt.Sprint(ok)), " "); err != nil || got != test.want {
			t.Errorf("%s..%s of %s is %q, %v, want %q", test.older, test.newer, test.path, got, err, test.want)
		}
	}
}

func TestIsAncestor(t *testing.T) {
	t.Parallel()
	clone := merged(t)
	repo := open(t, clone.Dir)
	for pair, want := range map[[2]string]bool{
		{"HEAD", "HEAD"}: true, {"HEAD~3", "HEAD"}: true, {"topic", "HEAD"}: true, {"topic~1", "HEAD"}: true,
		{"HEAD", "HEAD~1"}: false, {"topic", "HEAD~2"}: false, {"HEAD~2", "topic"}: false,
	} {
		older, err1 := repo.Resolve(t.Context(), pair[0])
		newer, err2 := repo.Resolve(t.Context(), pair[1])
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		if got, err := repo.IsAncestor(t.Context(), older.Hash, newer.Hash); err != nil || got != want {
			t.Errorf("%s before %s: %v, %v, want %v", pair[0], pair[1], got, err, want)
		}
	}
}

// TestShallowHistory walks beyond what a shallow clone has: the remote has the rest, and where it has not, the error says so. No
// walk may take the boundary for the beginning.
func TestShallowHistory(t *testing.T) {
	t.Parallel()
	author := merged(t)
	origin := open(t, author.Dir).RemoteURL()
	shallow := t.TempDir()
	author.Git("clone", "-q", "--no-local", "--depth=2", "--template=", origin, shallow)
	walks := map[string]func(*git.Repository, git.Hash) (string, error){
		"versions": func(r *git.Repository, from git.Hash) (string, error) {
			got, err := versions(t.Context(), r, from, "dir/a")
			return strings.Join(got, " "), err
		},
		"last changes": func(r *git.Repository, from git.Hash) (string, error) {
			got, err := r.LastChanges(t.Context(), from, []string{"dir/a"}, time.Time{})
			if err != nil {
				return "", err
			}
			return got["dir/a"].Subject(), nil
		},
		"between": func(r *git.Repository, from git.Hash) (string, error) {
			seed := git.NewHash(author.Git("rev-parse", "HEAD~3"))
			commits, ok, err := r.Between(t.Context(), seed, from, "dir/a")
			return fmt.Sprint(len(commits), ok), err
		},
		"ancestor": func(r *git.Repository, from git.Hash) (string, error) {
			ok, err := r.IsAncestor(t.Context(), git.NewHash(author.Git("rev-parse", "topic~1")), from)
			return fmt.Sprint(ok), err
		},
	}
	wants := map[string]string{"versions": "a2 seed", "last changes": "a2", "between": "1 true", "ancestor": "true"}
	for name, walk := range walks {
		repo := open(t, shallow)
		if got, err := walk(repo, head(t, repo).Hash); err != nil || got != wants[name] {
			t.Errorf("%s: %q, %v, want %q", name, got, err, wants[name])
		}
		alone := open(t, shallow, remoteAt(shallow))
		_, err := walk(alone, head(t, alone).Hash)
		fails(t, err, "fetch from "+shallow, "it did not send")
		if name == "versions" || name == "last changes" {
			fails(t, err, "history ends at "+author.Git("rev-parse", "HEAD~1")[:12], "the clone is shallow", "fetch-depth: 0")
		}
		offline := open(t, shallow, remoteAt(shallow+"-gone"))
		_, err = walk(offline, head(t, offline).Hash)
		fails(t, err, shallow+"-gone", "repository not found")
	}
}

// treeList is the history of a remote as git tells it.
type treeList map[string]struct {
	subject string
	parents []string
	entries map[string]string // object id by path
}

func listTrees(remote *testkit.Remote) treeList {
	list := treeList{}
	for line := range strings.Lines(remote.Git("log", "--format=%H|%s|%P", "main")) {
		fields := strings.Split(strings.TrimSpace(line), "|")
		entries := map[string]string{}
		for entry := range strings.Lines(remote.Git("ls-tree", "-r", "-t", "--format=%(objectname) %(path)", fields[0])) {
			id, path, _ := strings.Cut(strings.TrimSpace(entry), " ")
			entries[path] = id
		}
		commit := list[fields[0]]
		commit.subject, commit.parents, commit.entries = fields[1], strings.Fields(fields[2]), entries
		list[fields[0]] = commit
	}
	return list
}

// changed is the first-parent history of a path: the root, and each commit that has something else there than its first parent.
func (l treeList) changed(from, path string) (subjects []string) {
	for {
		commit := l[from]
		if len(commit.parents) == 0 {
			return append(subjects, commit.subject)
		}
		if l[commit.parents[0]].entries[path] != commit.entries[path] {
			subjects = append(subjects, commit.subject)
		}
		from = commit.parents[0]
	}
}
