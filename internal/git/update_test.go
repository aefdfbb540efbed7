package git_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/testkit"
)

type proposal = func(context.Context, *git.Commit) (*git.Change, error)

// counted counts how often a proposal is asked for.
func counted(calls *int, p proposal) proposal {
	return func(ctx context.Context, tip *git.Commit) (*git.Change, error) {
		*calls++
		return p(ctx, tip)
	}
}

// TestUpdateRecomputes lets another writer in between proposal and push: the proposal is asked again, on the new tip.
func TestUpdateRecomputes(t *testing.T) {
	t.Parallel()
	remote, clone := seeded(t, map[string]string{"count": "1"})
	rival, repo := open(t, remote.Clone(t).Dir), open(t, clone.Dir)
	var seen []string
	commit, err := repo.Update(t.Context(), "main", func(_ context.Context, tip *git.Commit) (*git.Change, error) {
		was, err := repo.Tree(tip.TreeHash).ReadFile("count")
		if err != nil {
			return nil, err
		}
		if seen = append(seen, string(was)); len(seen) == 1 {
			mustUpdate(t, rival, "main", "count", "2")
			mustUpdate(t, rival, "main", "theirs", "x")
		}
		return &git.Change{Edit: git.Edit{"count": {File: append(was, "+1"...)}}, Message: "add one"}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(seen, []string{"1", "2"}) {
		t.Errorf("proposals saw %q", seen)
	}
	sameFiles(t, remote.Files("main", "."), map[string]string{"count": "2+1", "theirs": "x"})
	if got := remote.Git("rev-parse", "main"); got != commit.Hash.String() {
		t.Errorf("returned %s, the branch is at %s", commit.Hash, got)
	}
	if log := remote.Log("main"); !slices.Equal(log, []string{"add one", "write theirs", "write count", "seed"}) {
		t.Errorf("history is %q", log)
	}
}

// TestUpdateGivesUp never wins: it tries until its time is up, waits longer each time, and says what to do.
func TestUpdateGivesUp(t *testing.T) {
	t.Parallel()
	remote, clone := seeded(t, map[string]string{"a": "1"})
	now := testkit.Epoch
	var waits []time.Duration
	repo := open(t, clone.Dir, func(o *git.Options) {
		o.Budget = 20 * time.Second
		o.Now = func() time.Time { return now }
		o.Sleep = func(_ context.Context, d time.Duration) error {
			waits = append(waits, d)
			now = now.Add(d)
			return nil
		}
	})
	calls := 0
	_, err := repo.Update(t.Context(), "main", func(_ context.Context, tip *git.Commit) (*git.Change, error) {
		calls++
		other := remote.Git("-c", "user.name=o", "commit-tree", "-p", tip.Hash.String(), "-m", fmt.Sprint("other ", calls), "main^{tree}")
		remote.Git("update-ref", "refs/heads/main", other)
		return &git.Change{Edit: git.Edit{"a": {File: []byte("2")}}, Message: "message"}, nil
	})
	fails(t, err, fmt.Sprintf("gave up after %d attempts in 2", calls), "overtaken by another writer", "run it again")
	if calls != len(waits)+1 || calls < 10 {
		t.Errorf("%d proposals and %d waits", calls, len(waits))
	}
	want := 50 * time.Millisecond
	for i, wait := range waits {
		if wait < want/2 || wait > want*3/2 {
			t.Errorf("wait %d is %s, want %s give or take half", i, wait, want)
		}
		want = min(want*3/2, 3*time.Second)
	}
}

func TestUpdateStopsWithItsContext(t *testing.T) {
	t.Parallel()
	remote, clone := seeded(t, map[string]string{"a": "1"})
	rival, repo := open(t, remote.Dir), open(t, clone.Dir)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := repo.Update(ctx, "main", func(_ context.Context, _ *git.Commit) (*git.Change, error) {
		mustUpdate(t, rival, "main", "a", "2")
		cancel()
		return &git.Change{Edit: git.Edit{"a": {File: []byte("3")}}, Message: "message"}, nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	sameFiles(t, remote.Files("main", "."), map[string]string{"a": "2"})
}

func TestUpdateWithoutChange(t *testing.T) {
	t.Parallel()
	remote, clone := seeded(t, map[string]string{"a": "1", "dir/b": "2"})
	before := remote.Git("for-each-ref")
	repo := open(t, clone.Dir)
	none := func(context.Context, *git.Commit) (*git.Change, error) { return nil, nil }
	remove := func(_ context.Context, _ *git.Commit) (*git.Change, error) {
		return &git.Change{Edit: git.Edit{"x": {}, "a/x": {}}, Message: "remove nothing"}, nil
	}
	for name, propose := range map[string]proposal{
		"none": none, "same": put("a", "1", "message"), "same below": put("dir/b", "2", "message"), "remove": remove,
	} {
		for _, branch := range []string{"main", "new"} {
			if branch == "new" && strings.HasPrefix(name, "same") {
				continue
			}
			if commit, err := repo.Update(t.Context(), branch, propose); commit != nil || err != nil {
				t.Errorf("%s on %s: %v, %v", name, branch, commit, err)
			}
		}
	}
	if after := remote.Git("for-each-ref"); after != before {
		t.Errorf("references are\n%s\nwere\n%s", after, before)
	}
	broken := errors.New("cannot decide")
	_, err := repo.Update(t.Context(), "main", func(context.Context, *git.Commit) (*git.Change, error) { return nil, broken })
	if !errors.Is(err, broken) {
		t.Errorf("error is %v", err)
	}
}

func TestUpdateCreatesBranch(t *testing.T) {
	t.Parallel()
	remote, clone := seeded(t, map[string]string{"a": "1"})
	commit, err := open(t, clone.Dir).Update(t.Context(), "promote/staging/hello", func(_ context.Context, tip *git.Commit) (*git.Change, error) {
		if tip != nil {
			t.Errorf("the tip of a new branch is %s", tip.Hash)
		}
		return put("b", "2", "message")(t.Context(), tip)
	})
	if err != nil || len(commit.Parents) != 0 || commit.Author.Identity != robot {
		t.Fatalf("created %+v, %v", commit, err)
	}
	sameFiles(t, remote.Files("promote/staging/hello", "."), map[string]string{"b": "2"})
}

// TestUpdateOfEmptyCommit starts from a tree which git does not always store.
func TestUpdateOfEmptyCommit(t *testing.T) {
	t.Parallel()
	remote, clone := seeded(t, nil)
	empty := remote.Git("hash-object", "-t", "tree", "/dev/null")
	head := remote.Git("-c", "user.name=o", "commit-tree", "-m", "unstored tree", empty)
	remote.Git("update-ref", "refs/heads/main", head)
	repo := open(t, clone.Dir)
	mustUpdate(t, repo, "main", "a", "1")
	sameFiles(t, remote.Files("main", "."), map[string]string{"a": "1"})
	if _, err := repo.Update(t.Context(), "main", func(context.Context, *git.Commit) (*git.Change, error) {
		return &git.Change{Edit: git.Edit{"a": {}}, Message: "empty again"}, nil
	}); err != nil {
		t.Fatal(err)
	}
	sameFiles(t, remote.Files("main", "."), nil)
}

// TestConcurrentUpdates has eight writers of distinct folders on one branch: no write is lost, and the history is one line.
func TestConcurrentUpdates(t *testing.T) {
	t.Parallel()
	remote, clone := seeded(t, map[string]string{"README": "x"})
	remote.Git("config", "uploadpack.allowReachableSHA1InWant", "false") // as git has it: what was overtaken cannot be asked for
	want := map[string]string{"README": "x"}
	var wg sync.WaitGroup
	for i := range 8 {
		dir := []string{remote.Dir, clone.Dir}[i%2]
		name := filepath.Join("environments/dev", fmt.Sprint("component-", i), "release.yaml")
		want[name] = name
		wg.Go(func() {
			_, err := open(t, dir).Update(t.Context(), "main", put(name, name, "deploy "+name))
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	sameFiles(t, remote.Files("main", "."), want)
	log := remote.Log("main")
	if slices.Sort(log); len(log) != 9 || len(slices.Compact(log)) != 9 {
		t.Errorf("history is %q", log)
	}
	if merges := remote.Git("rev-list", "--merges", "--count", "main"); merges != "0" {
		t.Errorf("%s merges", merges)
	}
}

// TestOneRepositoryFromSeveralGoroutines reads, fetches and writes at once; the race detector judges.
func TestOneRepositoryFromSeveralGoroutines(t *testing.T) {
	t.Parallel()
	remote, author := seeded(t, map[string]string{"a": "1", "dir/b": "2"})
	clone := remote.Clone(t, "--depth=1")
	author.Write(map[string]string{"a": "2"})
	author.Commit("second")
	author.Push()
	repo := open(t, clone.Dir)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			head, err := repo.Resolve(t.Context(), "HEAD")
			if err != nil {
				t.Error(err)
				return
			}
			if files := contents(t, repo.Tree(head.TreeHash)); !maps.Equal(files, map[string]string{"a": "1", "dir/b": "2"}) {
				t.Errorf("files are %q", files)
			}
			if _, err := repo.Update(t.Context(), fmt.Sprint("state-", i), put("x", "y", "message")); err != nil {
				t.Error(err)
			}
			if err := fetchTip(t.Context(), repo); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if refs := remote.Git("for-each-ref", "refs/heads/state-*"); strings.Count(refs, "\n") != 3 {
		t.Errorf("references are\n%s", refs)
	}
}

func fetchTip(ctx context.Context, repo *git.Repository) error {
	_, err := repo.Tip(ctx, "main")
	return err
}
