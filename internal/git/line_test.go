package git_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/testkit"
)

// skewedLine is a remote whose commits c0, c1, … are dated some minutes after the first, each with a file of its own and one that all change.
func skewedLine(t testing.TB, minutes ...int) (*git.Repository, git.Hash) {
	t.Helper()
	remote := testkit.NewRemote(t)
	var s stream
	var parents []string
	for i, minute := range minutes {
		files := map[string]string{fmt.Sprintf("a/dev/c%d", i): "x", "all": fmt.Sprint(i)}
		parents = []string{s.commit("refs/heads/main", minute, fmt.Sprint("c", i), parents, files)}
	}
	remote.Import(s.String())
	return open(t, remote.Dir), git.NewHash(remote.Git("rev-parse", "main"))
}

func minute(n int) time.Time { return testkit.Epoch.Add(time.Duration(n) * time.Minute) }

// One commit whose clock is behind does not end a walk, and is no older than what it came on top of. One from the future says nothing of others.
func TestClocksOfALine(t *testing.T) {
	t.Parallel()
	const longAgo, future = -100_000, 100_000 // it is minute 60
	for name, test := range map[string]struct {
		minutes []int
		want    []int // when they came
		early   int   // how many came before minute 10
	}{
		"in order":                   {[]int{0, 10, 20}, []int{0, 10, 20}, 1},
		"behind at last":             {[]int{0, 10, 20, longAgo}, []int{0, 10, 20, 20}, 1},
		"behind on the way":          {[]int{0, 10, longAgo, longAgo, 20}, []int{0, 10, 10, 10, 20}, 1},
		"ahead":                      {[]int{0, 30, 20, 25, 40}, []int{0, 30, 30, 30, 40}, 1},
		"future":                     {[]int{0, future, 20, longAgo, 30}, []int{0, future, 20, 20, 30}, 1},
		"all long ago":               {[]int{-90_000, -80_000, -85_000}, []int{-90_000, -80_000, -80_000}, 3},
		"behind for too long":        {append([]int{0, 10}, repeat(68, longAgo)...), append([]int{0}, append(repeat(65, 10), repeat(4, longAgo)...)...), 70},
		"behind for as long as told": {append([]int{0, 10}, repeat(64, longAgo)...), append([]int{0}, repeat(65, 10)...), 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			repo, tip := skewedLine(t, test.minutes...)
			var paths []string
			for i := range test.minutes {
				paths = append(paths, fmt.Sprintf("a/dev/c%d", i))
			}
			changes, err := repo.LastChanges(t.Context(), tip, paths, time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range test.want {
				if got := changes[paths[i]]; !got.When.Equal(minute(want)) || got.Subject() != fmt.Sprint("c", i) || got.Earlier {
					t.Errorf("c%d came at %s with %s, want %s", i, got.When, got.Subject(), minute(want))
				}
			}
			newest := len(test.want)
			for v, err := range repo.Versions(t.Context(), tip, "all") {
				if newest--; err != nil || !v.When.Equal(minute(test.want[newest])) {
					t.Errorf("version %s came at %s, %v", v.Commit.Subject(), v.When, err)
				}
			}
			steps, lines := 0, 0
			for step, err := range repo.Steps(t.Context(), tip, "a", minute(10)) {
				if steps++; err != nil || step.When.Before(minute(10)) {
					t.Errorf("step %s at %s, %v", step.Subject(), step.When, err)
				}
			}
			for commit, err := range repo.Line(t.Context(), tip, paths, minute(10)) {
				if lines++; err != nil || len(commit.Changed) != 1 {
					t.Errorf("%s changed %q, %v", commit.Subject(), commit.Changed, err)
				}
			}
			if want := len(test.minutes) - test.early; steps != want || lines != want {
				t.Errorf("%d steps and %d commits since, want %d", steps, lines, want)
			}
			recent, err := repo.LastChanges(t.Context(), tip, paths, minute(9))
			if err != nil {
				t.Fatal(err)
			}
			for i, path := range paths {
				if early := i < test.early; early != (recent[path].Earlier || recent[path].Subject() == "c0") {
					t.Errorf("%s: early is %v, found %+v", path, early, recent[path])
				}
			}
		})
	}
}

func repeat(n, value int) []int {
	var all []int
	for range n {
		all = append(all, value)
	}
	return all
}

// What a merge brings is no older than what it merged.
func TestClockOfAMerge(t *testing.T) {
	t.Parallel()
	remote := testkit.NewRemote(t)
	var s stream
	root := s.commit("refs/heads/main", 0, "root", nil, map[string]string{"a": "1"})
	side := s.commit("refs/heads/side", 30, "side", []string{root}, map[string]string{"b": "2"})
	s.commit("refs/heads/main", -5000, "merge", []string{root, side}, map[string]string{"b": "2"})
	remote.Import(s.String())
	repo := open(t, remote.Dir)
	changes, err := repo.LastChanges(t.Context(), tip(t, repo, "main").Hash, []string{"b"}, time.Time{})
	if err != nil || !changes["b"].When.Equal(minute(30)) || changes["b"].Subject() != "merge" {
		t.Errorf("it came at %+v, %v", changes["b"], err)
	}
}

// Whatever the clocks say, nothing is older than its own clock says or than what it came on top of.
func TestLinesOnlyGoBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		minutes := rapid.SliceOfN(rapid.IntRange(-50, 59), 1, 15).Draw(rt, "minutes")
		repo, from := skewedLine(t, minutes...)
		at, latest := map[string]time.Time{}, minute(-100)
		for i, m := range minutes {
			if latest.Before(minute(m)) {
				latest = minute(m)
			}
			at[fmt.Sprint("c", i)] = latest
		}
		for v, err := range repo.Versions(context.Background(), from, "all") {
			if want := at[v.Commit.Subject()]; err != nil || !v.When.Equal(want) {
				rt.Fatalf("%s came at %s, want %s, %v", v.Commit.Subject(), v.When, want, err)
			}
		}
	})
}

// Added finds the commits of a branch wherever it left, what each made, and takes nothing of the other line for its own.
func TestAdded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, pair := range [][2]string{{"main", "other"}, {"other", "main"}, {"main", "main"}, {"main~3", "main"}, {"main", "main~3"}} {
		older, newer := w.remote.Git("rev-parse", pair[0]), w.remote.Git("rev-parse", pair[1])
		want := strings.Fields(w.remote.Git("rev-list", newer, "^"+older))
		for _, kind := range kinds {
			repo := open(t, "", w.at(w.remote.URL(), kind))
			added, err := repo.Added(t.Context(), git.NewHash(older), git.NewHash(newer), "state")
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]bool{}
			for _, step := range added {
				got[step.Hash.String()] = true
			}
			for _, id := range want {
				if !got[id] {
					t.Errorf("%s, %v: %s is missing", kind, pair, id)
				}
			}
			if len(got) != len(want) || len(added) != len(want) {
				t.Errorf("%s, %v: %d commits, want %d", kind, pair, len(added), len(want))
			}
		}
	}
}
