package delivery_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/git"
)

// A release whose source nobody has any more cannot be proven: that is a finding, not an error.
func TestVerifySourceThatIsGone(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "a")
	f.clone.Git("checkout", "-q", "-b", "feature")
	f.clone.Commit("On a branch")
	f.clone.Git("push", "-q", "origin", "feature")
	if err := f.deploy("", "a", 1); err != nil {
		t.Fatal(err)
	}
	f.remote.Git("update-ref", "-d", "refs/heads/feature")
	f.sync()
	base := f.clone.Git("rev-parse", "HEAD")
	f.copyCell("environments/dev/a", "environments/staging/a")
	f.edit("environments/staging/a/release.yaml", "manifests:", "promotedFrom: dev\nmanifests:")
	head := f.commit()
	f.remote.Git("gc", "-q", "--prune=now")
	v, err := f.verify(base, head, verification{})
	if err != nil {
		t.Fatal(err)
	}
	got, file := told(v), "environments/staging/a/release.yaml"
	want := "staging/a: promotion ok=false\nerror state " + file + ":4:5: r-X cannot be rendered, so nothing proves its manifests: "
	if !strings.HasPrefix(got, want) || !strings.Contains(got, git.ErrGone.Error()) {
		t.Errorf("got\n%s", got)
	}
}

// What a person asks for is the release that the pull request brings, where the environment is pinned: one that upstream ran.
func TestVerifyPinned(t *testing.T) {
	t.Parallel()
	f := gated(t, strings.Replace(gatedYAML, "gates: [{soak: 6h}]", "mode: pinned", 1), "a")
	f.sync()
	record := f.remote.Files("main", ".")["environments/staging/a/release.yaml"]
	_, id, _ := strings.Cut(record, "\nid: ")
	id, _, _ = strings.Cut(id, "\n")
	d, _, _ := f.open("")
	d.Now = func() time.Time { return soaked }
	if _, err := d.Promote(t.Context(), delivery.PromoteOptions{Component: "a", To: "prod", Release: id}); err != nil {
		t.Fatal(err)
	}
	f.sync()
	base := f.clone.Git("rev-parse", "HEAD")
	f.merges("promote/prod/a")
	v, err := f.verify(base, f.commit(), verification{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("prod/a: promotion ok=true", told(v)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	f.edit(cell+"manifests.yaml", "name: a", "name: other")
	if v, err = f.verify(base, f.commit(), verification{}); err != nil {
		t.Fatal(err)
	}
	if got := told(v); !strings.Contains(got, "error state "+cell+"manifests.yaml:4: manifests.yaml was edited by hand") {
		t.Errorf("got\n%s", got)
	}
}

// A branch is merged as git merges it, or not at all.
func TestMerged(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "a")
	start := f.clone.Git("rev-parse", "HEAD")
	f.clone.Write(map[string]string{"both": "1\n", "old": "1\n", "folder/file": "1\n", "empty": ""})
	onto := f.clone.Commit("Onto")
	f.clone.Git("push", "-q", "origin", "HEAD:main")
	f.clone.Git("checkout", "-q", start)
	f.clone.Write(map[string]string{"both": "1\n", "services/a/new": "2\n", "empty": "", "services/a/empty": ""})
	f.clone.Git("rm", "-q", "services/a/deploy/base/pod.yaml")
	branch := f.commit()
	d := withoutClone(t, f.remote.URL())
	commit := func(id string) *git.Commit {
		hash, err := d.Repo.FetchCommit(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		c, err := d.Repo.Commit(hash)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	merged, err := d.Merged(t.Context(), commit(onto), commit(start), commit(branch))
	if err != nil {
		t.Fatal(err)
	}
	f.clone.Git("merge", "-q", "-m", "Merge", onto)
	if want := f.clone.Git("rev-parse", "HEAD^{tree}"); merged.TreeHash.String() != want {
		t.Errorf("merged to %s, git to %s", merged.TreeHash, want)
	}
	f.clone.Git("checkout", "-q", start)
	f.clone.Write(map[string]string{"both": "2\n"})
	_, err = d.Merged(t.Context(), commit(onto), commit(start), commit(f.commit()))
	if !errors.Is(err, delivery.ErrRefused) || !strings.Contains(err.Error(), "both was changed on both sides") {
		t.Errorf("a conflict: %v", err)
	}
}
