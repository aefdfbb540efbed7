package git_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/testkit"
)

// commitOn makes a commit that sets one file on top of another, unpushed.
func commitOn(t testing.TB, r *git.Repository, parent *git.Commit, name, content string) *git.Commit {
	t.Helper()
	c, err := r.CommitOn(parent, git.Change{Edit: git.Edit{name: {File: []byte(content)}}, Message: "write " + name})
	if err != nil || c == nil {
		t.Fatalf("commit: %v, %v", c, err)
	}
	return c
}

func TestPush(t *testing.T) {
	t.Parallel()
	remote, clone := seeded(t, map[string]string{"a": "1"})
	for transport, address := range map[string]string{"file": remote.Dir, "http": remote.HTTP(t)} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			repo := open(t, clone.Dir, remoteAt(address))
			head := tip(t, repo, "main")
			ref := "refs/heads/" + transport
			push := func(from, to git.Hash) {
				t.Helper()
				if err := repo.Push(t.Context(), git.RefUpdate{Ref: ref, Old: from, New: to}); err != nil {
					t.Fatal(err)
				}
			}
			push(git.ZeroHash, head.Hash)
			if got := remote.Git("rev-parse", ref); got != head.Hash.String() {
				t.Errorf("created at %s", got)
			}
			first := commitOn(t, repo, head, "b", "2")
			second := commitOn(t, repo, first, "b", "3")
			push(head.Hash, second.Hash)
			sameFiles(t, remote.Files(ref, "."), map[string]string{"a": "1", "b": "3"})
			push(second.Hash, first.Hash)
			sameFiles(t, remote.Files(ref, "."), map[string]string{"a": "1", "b": "2"})
			push(first.Hash, git.ZeroHash)
			if got := remote.Git("for-each-ref", ref); got != "" {
				t.Errorf("deleted, but still %s", got)
			}
			if out := remote.Git("fsck", "--strict", "--no-dangling"); out != "" {
				t.Errorf("fsck: %s", out)
			}
		})
	}
}

// TestPushLost covers every way in which the old value is not what the pusher thought.
func TestPushLost(t *testing.T) {
	t.Parallel()
	remote, clone := seeded(t, map[string]string{"a": "1"})
	repo := open(t, clone.Dir)
	seed := tip(t, repo, "main")
	other := mustUpdate(t, open(t, remote.Dir), "main", "a", "2")
	mine := commitOn(t, repo, seed, "a", "3")
	for name, update := range map[string]git.RefUpdate{
		"moved":       {Ref: "refs/heads/main", Old: seed.Hash, New: mine.Hash},
		"exists":      {Ref: "refs/heads/main", New: mine.Hash},
		"gone":        {Ref: "refs/heads/gone", Old: seed.Hash, New: mine.Hash},
		"gone delete": {Ref: "refs/heads/gone", Old: seed.Hash},
		"delete":      {Ref: "refs/heads/main", Old: seed.Hash},
	} {
		err := repo.Push(t.Context(), update)
		var rejected *git.RejectedError
		if !errors.As(err, &rejected) || !rejected.Lost() || rejected.Ref != update.Ref {
			t.Errorf("%s: %v", name, err)
		}
		fails(t, err, remote.Dir+" refused to update "+update.Ref, "someone else was faster, run it again")
	}
	if got := remote.Git("rev-parse", "main"); got != other.Hash.String() {
		t.Errorf("main is at %s", got)
	}
}

// TestPushLostBehindTheAdvertisement moves the branch after its value was sent to the pusher: the remote's own comparison decides.
func TestPushLostBehindTheAdvertisement(t *testing.T) {
	t.Parallel()
	for name, updates := range map[string]int{"one reference": 1, "several": 2} {
		remote, clone := seeded(t, map[string]string{"a": "1"})
		repo := open(t, clone.Dir)
		seed := tip(t, repo, "main")
		mine := commitOn(t, repo, seed, "a", "2")
		remote.Hook("pre-receive", "unset GIT_QUARANTINE_PATH; git update-ref refs/heads/main $(git commit-tree -p main -m other main^{tree})")
		remote.Git("config", "user.name", "hook")
		remote.Git("config", "user.email", "hook@example.com")
		all := []git.RefUpdate{{Ref: "refs/heads/main", Old: seed.Hash, New: mine.Hash}, {Ref: "refs/heads/second", New: mine.Hash}}
		err := repo.Push(t.Context(), all[:updates]...)
		var rejected *git.RejectedError
		if !errors.As(err, &rejected) || !rejected.Lost() {
			t.Errorf("%s: %v", name, err)
		}
		if got := remote.Log("main")[0]; got != "other" {
			t.Errorf("%s: main is at %q", name, got)
		}
	}
}

func TestPushRefused(t *testing.T) {
	t.Parallel()
	says := `printf 'frozen until\033[2J\nMonday\n' >&2; exit 1`
	for name, test := range map[string]struct {
		hook, script string
		want         []string
	}{
		"pre-receive": {"pre-receive", says, []string{"pre-receive hook declined", "frozen until [2J Monday"}},
		"update":      {"update", says, []string{"hook declined", "frozen until [2J Monday"}},
		"silent":      {"pre-receive", "exit 1", []string{"pre-receive hook declined"}},
	} {
		remote, clone := seeded(t, map[string]string{"a": "1"})
		remote.Hook(test.hook, test.script)
		for _, address := range []string{remote.Dir, remote.HTTP(t)} {
			calls := 0
			repo := open(t, clone.Dir, remoteAt(address))
			_, err := repo.Update(t.Context(), "main", counted(&calls, put("a", "2", "message")))
			fails(t, err, append(test.want, address+" refused to update refs/heads/main", "check branch protection", "contents: write")...)
			hides(t, err, "\x1b", "\n")
			if calls != 1 {
				t.Errorf("%s: a refusal was tried %d times", name, calls)
			}
		}
		sameFiles(t, remote.Files("main", "."), map[string]string{"a": "1"})
	}
}

func TestPushToCheckedOutBranch(t *testing.T) {
	t.Parallel()
	_, clone := seeded(t, map[string]string{"a": "1"})
	repo := open(t, clone.Dir, remoteAt(clone.Dir))
	_, err := repo.Update(t.Context(), "main", put("a", "2", "message"))
	fails(t, err, "checked out", "use a bare repository as remote", "spec.state.branch")
	mustUpdate(t, repo, "state", "a", "2")
	if got := clone.Git("show", "state:a"); got != "2" {
		t.Errorf("state has %q", got)
	}
	if got := clone.Git("status", "--porcelain"); got != "" {
		t.Errorf("the working tree has changed: %s", got)
	}
}

// TestPushAtomic refuses one of several references: none moves, and the error names the one and why.
func TestPushAtomic(t *testing.T) {
	t.Parallel()
	remote, clone := seeded(t, map[string]string{"a": "1"})
	remote.Hook("update", `[ "$1" != refs/heads/two ] || { echo "two is frozen"; exit 1; }`)
	repo := open(t, clone.Dir)
	head := tip(t, repo, "main")
	one, two := commitOn(t, repo, head, "a", "2"), commitOn(t, repo, head, "b", "2")
	updates := []git.RefUpdate{
		{Ref: "refs/heads/main", Old: head.Hash, New: one.Hash}, {Ref: "refs/heads/two", New: two.Hash}, {Ref: "refs/heads/three", New: two.Hash},
	}
	err := repo.Push(t.Context(), updates...)
	fails(t, err, "refs/heads/two: hook declined", "two is frozen")
	if got := remote.Git("for-each-ref", "--format=%(refname) %(objectname)"); got != "refs/heads/main "+head.Hash.String() {
		t.Errorf("references are\n%s", got)
	}
	remote.Hook("update", "exit 0")
	if err := repo.Push(t.Context(), updates...); err != nil {
		t.Fatal(err)
	}
	sameFiles(t, remote.Files("three", "."), map[string]string{"a": "1", "b": "2"})
	if out := remote.Git("fsck", "--strict", "--no-dangling"); out != "" {
		t.Errorf("fsck: %s", out)
	}
}

// TestPushMalformed relies on the remote to check objects: its reason is shown, and not as a matter of permissions.
func TestPushMalformed(t *testing.T) {
	t.Parallel()
	remote := testkit.NewRemote(t)
	dir := testkit.NewRemote(t).Dir
	repo := open(t, dir, remoteAt(remote.Dir))
	blob := loose(t, dir, "blob", []byte("x"))
	hostile := looseTree(t, dir, entry{"100644", ".git", blob})
	tree, err := repo.Apply(hostile, git.Edit{"ok": {File: []byte("x")}})
	if err != nil {
		t.Fatal(err)
	}
	commit, err := repo.CommitTree(tree, nil, "message")
	if err != nil {
		t.Fatal(err)
	}
	err = repo.Push(t.Context(), git.RefUpdate{Ref: "refs/heads/main", New: commit.Hash})
	fails(t, err, "push to "+remote.Dir, "unpack")
	if strings.Contains(err.Error(), "permissions") {
		t.Errorf("the hint is off: %v", err)
	}
	if got := remote.Git("for-each-ref"); got != "" {
		t.Errorf("references are %s", got)
	}
}
