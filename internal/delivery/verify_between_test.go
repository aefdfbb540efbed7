package delivery_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// evil makes a cell of a run what nobody deployed, with a record that agrees with it, and returns the record.
func (f *fixture) evil(environment string) release.Record {
	f.t.Helper()
	dir := "environments/" + environment + "/a/"
	data, err := os.ReadFile(f.path(dir + state.ReleaseFile))
	if err != nil {
		f.t.Fatal(err)
	}
	old, err := release.Decode(state.ReleaseFile, data)
	if err != nil {
		f.t.Fatal(err)
	}
	manifests := []byte("apiVersion: v1\nkind: Pod\nmetadata: {name: evil}\n")
	r := release.New("a", old.Source, []release.Image{{Name: "a", NewName: "evil.example/a", Digest: fmt.Sprintf("sha256:%064d", 666)}})
	record := release.NewRecord(r, old.From, manifests)
	record.Gates = old.Gates
	f.clone.Write(map[string]string{dir + state.ReleaseFile: string(record.Encode()), dir + state.ManifestsFile: string(manifests)})
	return record
}

// maxFound is how many commits are found at most.
const maxFound = 10

var anyCommit = regexp.MustCompile("commit [0-9a-f]{12}")

// restore makes a folder of the clone what it is in a revision.
func (f *fixture) restore(revision, dir string) {
	f.t.Helper()
	f.clone.Git("rm", "-rfq", "--ignore-unmatch", dir)
	f.clone.Git("checkout", "-q", revision, "--", dir)
}

// What commits of a change do to a cell must be seen in the change as a whole: a forge that rebases makes each of them history of the state.
func TestVerifyBetween(t *testing.T) {
	t.Parallel()
	const prod = "environments/prod/a"
	const found = "error state " + cell + "release.yaml: commit X of this change writes a in prod, and a later one takes it back " +
		"(squash the commits of the pull request: what is taken back must not become history to roll back to)"
	origin := gated(t, gatedYAML, "a", "b")
	for name, c := range map[string]struct {
		change func(f *fixture)
		group  bool
		want   string
	}{
		"what is taken back": {
			change: func(f *fixture) { f.evil("prod"); f.clone.Commit("wip"); f.restore("origin/main", prod) },
			want:   found,
		},
		"what is taken back within a promotion": {
			change: func(f *fixture) { f.evil("prod"); f.clone.Commit("wip"); f.restore("origin/promote/prod/a", prod) },
			want:   "prod/a: promotion ok=true\n" + found,
		},
		"what is taken back in a queue": {
			change: func(f *fixture) { f.evil("prod"); f.clone.Commit("wip"); f.restore("origin/promote/prod/a", prod) },
			group:  true,
			want:   "prod/a: promotion ok=true\n" + found,
		},
		"what a merge takes back": {
			change: func(f *fixture) {
				f.evil("prod")
				f.clone.Commit("wip")
				f.clone.Git("checkout", "-q", "-b", "side", "origin/main")
				f.clone.Git("commit", "-q", "--allow-empty", "-m", "Side")
				f.clone.Git("merge", "-q", "-s", "ours", "-m", "Merge", "main")
			},
			want: found,
		},
		"what a merge brings": {
			change: func(f *fixture) {
				f.clone.Git("checkout", "-q", "-b", "side")
				f.clone.Git("commit", "-q", "--allow-empty", "-m", "Side")
				f.clone.Git("checkout", "-q", "main")
				f.clone.Git("merge", "-q", "--no-ff", "--no-commit", "side")
				f.evil("prod")
				f.clone.Commit("Merge")
				f.restore("origin/main", prod)
			},
			want: found,
		},
		"what a history of its own has": {
			change: func(f *fixture) {
				f.clone.Git("checkout", "-q", "--orphan", "alone")
				f.evil("prod")
				f.clone.Git("rm", "-rq", "--cached", "--ignore-unmatch", "environments/dev", "environments/staging", "environments/prod/b")
				f.clone.Git("add", "environments/prod/a")
				f.clone.Git("commit", "-q", "-m", "Alone")
				f.clone.Git("checkout", "-q", "-f", "main")
				f.clone.Git("merge", "-q", "-s", "ours", "--allow-unrelated-histories", "-m", "Merge", "alone")
			},
			want: found,
		},
		"a folder that was taken out and put back": {
			change: func(f *fixture) {
				f.clone.Git("rm", "-rq", prod)
				f.clone.Commit("wip")
				f.restore("origin/main", prod)
			},
			want: found,
		},
		"a link in place of a folder": {
			change: func(f *fixture) {
				f.clone.Git("rm", "-rq", prod)
				if err := os.Symlink("../dev/a", f.path(prod)); err != nil {
					f.t.Fatal(err)
				}
				f.clone.Commit("wip")
				f.restore("origin/main", prod)
			},
			want: found,
		},
		"an environment that is not there yet": {
			change: func(f *fixture) {
				f.copyCell(prod, "environments/qa/a")
				f.clone.Commit("wip")
				f.clone.Git("rm", "-rq", "environments/qa")
			},
			want: strings.ReplaceAll(found, "prod", "qa"),
		},
		"many": {
			change: func(f *fixture) {
				for range maxFound + 2 {
					f.clone.Git("commit", "-q", "--allow-empty", "-m", "More")
					f.evil("prod")
					f.clone.Commit("wip")
					f.restore("origin/main", prod)
					f.clone.Commit("back")
				}
			},
			want: times(maxFound, func(int) string { return found }),
		},
		"a hold that came and went": {
			change: func(f *fixture) {
				f.clone.Write(map[string]string{prod + ".hold.yaml": holdOf("r-000000000000")})
				f.clone.Commit("Hold")
				f.clone.Git("rm", "-q", prod+".hold.yaml")
			},
		},
		"commits that write no cell": {
			change: func(f *fixture) {
				f.clone.Write(map[string]string{"services/a/README.md": "A\n"})
				f.clone.Commit("Describe")
				f.clone.Write(map[string]string{"services/a/README.md": "B\n"})
			},
		},
		"the state branch merged into the branch": {
			change: func(f *fixture) {
				f.clone.Git("checkout", "-q", "-b", "side", "origin/main~3")
				f.clone.Git("commit", "-q", "--allow-empty", "-m", "Side")
				f.clone.Git("merge", "-q", "-m", "Merge", "origin/main")
			},
		},
		"several promotions in a queue": {
			change: func(f *fixture) { f.merges("promote/prod/a", "promote/prod/b") },
			group:  true,
			want:   "prod/a: promotion ok=true\nprod/b: promotion ok=true",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fixture{t: t, remote: origin.remote, clone: origin.remote.Clone(t)}
			base := f.clone.Git("rev-parse", "HEAD")
			c.change(f)
			f.clone.Git("add", "--all")
			f.clone.Git("commit", "-q", "--allow-empty", "-m", "Change")
			head := f.clone.Git("rev-parse", "HEAD")
			f.clone.Git("push", "-q", "origin", "HEAD:refs/heads/"+strings.ReplaceAll(name, " ", "-"))
			v, err := f.verify(base, head, verification{group: c.group})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, anyCommit.ReplaceAllString(told(v), "commit X")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What was merged with the branch that took it back never ran: it is nothing to roll back to, whoever asks.
func TestForgedHistoryIsNoHistory(t *testing.T) {
	t.Parallel()
	f := gated(t, gatedYAML, "a")
	f.sync()
	forged := f.evil("prod")
	wip := f.clone.Commit("wip")
	f.restore("origin/promote/prod/a", "environments/prod/a")
	promotion := f.commit()
	f.sync()
	f.clone.Git("merge", "-q", "--no-ff", "-m", "Merge pull request #1", promotion)
	f.clone.Git("push", "-q", "origin", "HEAD:main")
	data, err := os.ReadFile(f.path(cell + state.ReleaseFile))
	if err != nil {
		t.Fatal(err)
	}
	running, err := release.Decode(state.ReleaseFile, data)
	if err != nil {
		t.Fatal(err)
	}
	base := f.clone.Git("rev-parse", "HEAD")
	f.restore(wip, "environments/prod/a")
	f.clone.Write(map[string]string{"environments/prod/a.hold.yaml": holdOf(running.ID)})
	v, err := f.verify(base, f.commit(), verification{})
	if err != nil {
		t.Fatal(err)
	}
	if got := told(v); !strings.HasPrefix(got, "prod/a: hand edit ok=false\n") {
		t.Errorf("a rollback to what never ran: %s", got)
	}
	f.sync()
	d, _, _ := f.open("")
	o := delivery.RollbackOptions{Asked: delivery.Asked{Reason: "bad", By: "Ada", Direct: true}, Component: "a", Environment: "prod"}
	o.To = string(forged.ID)
	if _, err := d.Rollback(t.Context(), o); err == nil || !strings.Contains(err.Error(), "never ran release") {
		t.Errorf("rolled back to what never ran: %v", err)
	}
	o.To = ""
	back, err := d.Rollback(t.Context(), o)
	if err != nil || back.Release.ID == forged.ID {
		t.Errorf("rolled back to %s, %v", back.Release.ID, err)
	}
	episodes, err := d.Episodes(t.Context(), state.Key{Environment: "prod", Component: "a"}, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range episodes {
		if e.To == forged.ID {
			t.Errorf("history has %+v", e)
		}
	}
}
