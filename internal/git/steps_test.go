package git_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/testkit"
)

// taken lists the steps of a walk: the id of each commit and what it changed.
func taken(ctx context.Context, r *git.Repository, from git.Hash, folder string, since time.Time) (lines []string, err error) {
	for step, err := range r.Steps(ctx, from, folder, since) {
		if err != nil {
			return lines, err
		}
		for _, c := range step.Changes {
			lines = append(lines, fmt.Sprintf("%s %s %s %s", step.Hash, c.Path, c.Before.Hash, c.After.Hash))
		}
	}
	return lines, nil
}

// twoLevels returns what lies two levels below a folder, as Git tells it.
func twoLevels(remote *testkit.Remote, commit, folder string) map[string]string {
	entries := map[string]string{}
	for line := range strings.SplitSeq(remote.Git("ls-tree", "-rt", commit, "--", folder), "\n") {
		meta, name, _ := strings.Cut(line, "\t")
		if strings.Count(name, "/") == strings.Count(folder, "/")+2 {
			entries[name] = strings.Fields(meta)[2]
		}
	}
	return entries
}

// stepsByGit is what Steps should find, from nothing but what lies in the commits of the first-parent line.
func stepsByGit(remote *testkit.Remote, from, folder string, since time.Time) (lines []string) {
	for line := range strings.SplitSeq(remote.Git("log", "--first-parent", "--format=%H %P,%ct", from), "\n") {
		commits, date, _ := strings.Cut(line, ",")
		ids := strings.Fields(commits)
		now, before := twoLevels(remote, ids[0], folder), map[string]string{}
		if len(ids) > 1 {
			before = twoLevels(remote, ids[1], folder)
		}
		var names []string
		for name := range now {
			names = append(names, name)
		}
		for name := range before {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			if now[name] != before[name] && date >= fmt.Sprint(since.Unix()) {
				lines = append(lines, fmt.Sprintf("%s %s %040s %040s", ids[0], name, before[name], now[name]))
			}
		}
	}
	return lines
}

// wander makes up a history of cells, holds, other files, removals and merges.
func wander(t testing.TB, seed uint64) *testkit.Remote {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 1))
	remote := testkit.NewRemote(t)
	var s stream
	tips := map[string]string{}
	for i := range 40 {
		ref := []string{"main", "main", "side"}[random.IntN(3)]
		var parents []string
		if tips[ref] != "" {
			parents = append(parents, tips[ref])
		} else if tips["main"] != "" {
			parents = append(parents, tips["main"])
		}
		if other := tips["side"]; ref == "main" && other != "" && random.IntN(4) == 0 && len(parents) == 1 && parents[0] != other {
			parents = append(parents, other)
		}
		cell := fmt.Sprintf("a/state/%s/%s", []string{"dev", "prod"}[random.IntN(2)], []string{"x", "x-y", "y", "z"}[random.IntN(4)])
		files := map[string]string{}
		switch random.IntN(5) {
		case 0:
			files["other/"+fmt.Sprint(i)] = "1"
		case 1:
			files[cell+".hold.yaml"] = fmt.Sprint(i)
		default:
			files[cell+"/release.yaml"], files[cell+"/manifests.yaml"] = fmt.Sprint(i), "m"
		}
		tips[ref] = s.commit("refs/heads/"+ref, i, fmt.Sprint(i), parents, files)
		if random.IntN(4) == 0 {
			fmt.Fprintf(&s, "D %s\n", cell)
		}
	}
	remote.Import(s.String())
	return remote
}

func TestSteps(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		remote := wander(t, seed)
		repo := open(t, remote.Clone(t).Dir)
		from := head(t, repo).Hash
		for name, since := range map[string]time.Time{"all": {}, "late": testkit.Epoch.Add(20 * time.Minute), "none": testkit.Epoch.Add(time.Hour)} {
			got, err := taken(t.Context(), repo, from, "a/state", since)
			want := stepsByGit(remote, from.String(), "a/state", since)
			if err != nil || !slices.Equal(got, want) || name == "all" && len(want) < 15 {
				t.Errorf("seed %d, %s: %v\ngot\n%s\nwant\n%s", seed, name, err, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
		if got, err := taken(t.Context(), repo, from, "no/such", time.Time{}); err != nil || len(got) > 0 {
			t.Errorf("steps of a folder that is nowhere: %q, %v", got, err)
		}
	}
}

// A walk that nobody follows to the end reads no more than it was asked for.
func TestStepsEndEarly(t *testing.T) {
	t.Parallel()
	remote := wander(t, 1)
	repo := open(t, remote.Clone(t).Dir)
	for _, err := range repo.Steps(t.Context(), head(t, repo).Hash, "a/state", time.Time{}) {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := taken(ctx, repo, head(t, repo).Hash, "a/state", time.Time{}); err == nil {
		t.Error("a walk that is stopped has no error")
	}
}

// The same steps are found without a clone, in one that is shallow or has no content, and in few requests.
func TestStepsFromAnywhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	from := w.id[fmt.Sprint("c", worldLength-1)]
	want := stepsByGit(w.remote, from, "state", time.Time{})
	var counter counting
	address := w.remote.HTTP(t, counter.wrap)
	for _, kind := range kinds {
		repo := open(t, "", w.at(address, kind))
		hash, err := repo.FetchCommit(t.Context(), from)
		if err != nil {
			t.Fatal(err)
		}
		before := counter.n.Load()
		got, err := taken(t.Context(), repo, hash, "state", time.Time{})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v\ngot\n%s\nwant\n%s", kind, err, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if n := counter.n.Load() - before; n > 45 {
			t.Errorf("%s: %d requests for %d commits", kind, n, worldLength)
		}
	}
}

// counting counts requests.
type counting struct{ n atomic.Int64 }

func (c *counting) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.n.Add(1)
		next.ServeHTTP(w, r)
	})
}
