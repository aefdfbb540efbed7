package delivery_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
	fakegithub "github.com/org/platform/internal/testkit/github"
)

// A branch that looks like the toolkit's own, but stands on a commit of somebody else, is replaced and not merged.
func TestForgedBranchIsReplaced(t *testing.T) {
	t.Parallel()
	h := newHub(t, platformOf("    - {name: prod, promoteFrom: [dev], promotion: automatic, gates: [{soak: 1h}]}\n", ""), fakegithub.Options{}, "a")
	h.deploy("a", 1)
	h.all()
	h.clone.Git("fetch", "-q", "origin")
	h.clone.Git("checkout", "-q", "-B", "forged", "origin/main")
	h.clone.Write(map[string]string{".github/workflows/evil.yml": "on: push\n"})
	h.clone.Commit("Below it")
	h.clone.Git("cherry-pick", "origin/promote/prod/a")
	cmd := exec.Command("git", "commit", "-q", "--amend", "--no-edit")
	cmd.Dir, cmd.Env = h.clone.Dir, append(os.Environ(), "GIT_COMMITTER_NAME=bot", "GIT_COMMITTER_EMAIL=bot@example.com")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	h.clone.Git("push", "-q", "-f", "origin", "HEAD:refs/heads/promote/prod/a")
	h.now = h.now.Add(2 * time.Hour)
	h.all()
	files := h.remote.Files("main", ".")
	if _, found := files[".github/workflows/evil.yml"]; found {
		t.Error("a file of somebody else was merged with the promotion")
	}
	if _, found := files["environments/prod/a/release.yaml"]; !found {
		t.Error("the promotion was not made")
	}
}

// The label skips the gates of the release that was there when it was put on, and of no other.
func TestBreakGlassIsForOneRelease(t *testing.T) {
	t.Parallel()
	h := newHub(t, platformOf("    - {name: prod, promoteFrom: [dev], gates: [{soak: 9h}]}\n", "  breakGlass: {teams: [org/sre]}\n"),
		fakegithub.Options{Teams: map[string][]string{"org/sre": {"ann"}}}, "a")
	h.deploy("a", 1)
	h.all()
	h.do(h.Label(1, "ann", "break-glass"))
	h.all()
	h.want("skipped", h.pullsNow(), []string{"#1 promote/prod/a"})
	h.now = h.now.Add(time.Minute)
	h.deploy("a", 2)
	h.all()
	h.want("another release", h.pullsNow(), []string{"#1 promote/prod/a draft"})
	if pr := h.pull(1); slices.Contains(pr.Labels, "break-glass") {
		t.Errorf("it still has the labels %v", pr.Labels)
	}
	if record := h.remote.Files("promote/prod/a", "environments/prod/a")["environments/prod/a/release.yaml"]; strings.Contains(record, "breakGlass") {
		t.Errorf("the gates of the next release are skipped too:\n%s", record)
	}
	h.do(h.Label(1, "ann", "break-glass"))
	h.all()
	h.want("skipped again", h.pullsNow(), []string{"#1 promote/prod/a"})
}

// In a merge queue the hold wins over the promotion that it forbids.
func TestVerifyHoldInTheSameQueue(t *testing.T) {
	t.Parallel()
	f := gated(t, gatedYAML, "a")
	f.sync()
	base := f.clone.Git("rev-parse", "HEAD")
	f.merges("promote/prod/a")
	id := f.runningID()
	f.clone.Write(map[string]string{"environments/prod/a.hold.yaml": holdOf(id)})
	v, err := f.verify(base, f.commit(), verification{group: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := told(v); !strings.Contains(got, "is to be held out of prod by another change in the queue") || !strings.Contains(got, "ok=false") {
		t.Errorf("got %q", got)
	}
}

// A rollback keeps what was held before it.
func TestVerifyRollbackKeepsHolds(t *testing.T) {
	t.Parallel()
	f := gated(t, gatedYAML, "a")
	f.merge("prod")
	f.sync()
	f.clone.Write(map[string]string{"environments/prod/a.hold.yaml": holdOf("*")})
	f.clone.Commit("Hold everything")
	f.clone.Git("push", "-q", "origin", "HEAD:main")
	base := f.clone.Git("rev-parse", "HEAD")
	id := f.runningID()
	first, _, _ := strings.Cut(f.clone.Git("log", "--format=%H", "--reverse", "--", "environments/prod/a"), "\n")
	for hold, want := range map[string]string{
		holdOf(id):  "everything was held out of prod, and is no more after this rollback",
		holdOf("*"): "",
		strings.Replace(holdOf("*"), "*", "r-000000000000", 1): "nothing holds r-X out of prod",
	} {
		f.clone.Git("checkout", "-q", base)
		f.clone.Git("checkout", "-q", first, "--", "environments/prod/a")
		f.clone.Write(map[string]string{"environments/prod/a.hold.yaml": hold})
		v, err := f.verify(base, f.commit(), verification{})
		if err != nil {
			t.Fatal(err)
		}
		if got := told(v); !strings.Contains(got, want) || strings.Contains(got, "ok=true") != (want == "") {
			t.Errorf("hold\n%s: got %q", hold, got)
		}
	}
}

// runningID returns the release that the working tree has for prod.
func (f *fixture) runningID() release.ID {
	f.t.Helper()
	data, err := os.ReadFile(f.path(cell + state.ReleaseFile))
	if err != nil {
		f.t.Fatal(err)
	}
	record, err := release.Decode(state.ReleaseFile, data)
	if err != nil {
		f.t.Fatal(err)
	}
	return record.ID
}
