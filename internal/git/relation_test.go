package git

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// ancestry is a history in a fake remote, and who is whose ancestor.
type ancestry struct {
	remote  *fake
	commits []Hash
	older   []map[int]bool // by commit: itself and its ancestors
}

// drawAncestry makes up a history with several beginnings, merges of up to three parents and clocks that cannot be relied on.
func drawAncestry(t *rapid.T, size int) ancestry {
	a := ancestry{remote: newFake()}
	if rapid.Bool().Draw(t, "serves nothing by hash") {
		a.remote.offers = nil
	}
	clock := rapid.SampledFrom([]string{"right", "backwards", "stopped", "random"}).Draw(t, "clock")
	reach := rapid.SampledFrom([]int{1, 3, 100}).Draw(t, "reach") // how far back parents are
	tree := a.remote.tree()
	for i := range size {
		var parents []Hash
		older := map[int]bool{i: true}
		if i > 0 && rapid.IntRange(0, 15).Draw(t, "begins") > 0 {
			for _, back := range rapid.SliceOfNDistinct(rapid.IntRange(1, min(i, reach)), 1, min(3, i, reach), rapid.ID).Draw(t, "parents") {
				parents = append(parents, a.commits[i-back])
				for k := range a.older[i-back] {
					older[k] = true
				}
			}
		}
		when := map[string]int64{"right": int64(i), "backwards": int64(size - i), "stopped": 0}[clock]
		if clock == "random" {
			when = rapid.Int64Range(0, 1_000_000).Draw(t, "when")
		}
		a.commits = append(a.commits, a.remote.commit(tree, when, fmt.Sprint(i), parents...))
		a.older = append(a.older, older)
		a.remote.refs[fmt.Sprint(BranchRef("n"), i)] = a.commits[i]
	}
	return a
}

func (a ancestry) relation(x, y int) Relation {
	switch {
	case x == y:
		return Same
	case a.older[x][y]:
		return Ahead
	case a.older[y][x]:
		return Behind
	}
	for k := range a.older[x] {
		if a.older[y][k] {
			return Diverged
		}
	}
	return Unrelated
}

// TestRelation compares with the histories as they were made up; the remote is read without a clone, stride by stride.
func TestRelation(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		a := drawAncestry(rt, rapid.SampledFrom([]int{5, 15, 60}).Draw(rt, "size"))
		index := rapid.IntRange(0, len(a.commits)-1)
		repo := a.remote.open(t)
		for range 8 {
			x, y := index.Draw(rt, "a"), index.Draw(rt, "b")
			if rapid.Bool().Draw(rt, "afresh") {
				repo = a.remote.open(t)
			}
			got, err := repo.Relation(t.Context(), a.commits[x], a.commits[y])
			if want := a.relation(x, y); err != nil || got != want {
				rt.Fatalf("%d to %d: %v, %v, want %v", x, y, got, err, want)
			}
			ancestor, err := repo.IsAncestor(t.Context(), a.commits[x], a.commits[y])
			if err != nil || ancestor != a.older[y][x] {
				rt.Fatalf("%d is an ancestor of %d: %v, %v", x, y, ancestor, err)
			}
		}
	})
}

// TestRelationReadsLittle looks at commits near the tip of a history without end: what is fetched does not grow with it.
func TestRelationReadsLittle(t *testing.T) {
	t.Parallel()
	f := newFake()
	tree := f.tree()
	line := []Hash{f.commit(tree, 0, "0")}
	for i := range 5000 {
		line = append(line, f.commit(tree, int64(i), fmt.Sprint(i+1), line[i]))
	}
	n := len(line) - 1
	topic := f.commit(tree, int64(n), "topic", line[n-20])
	f.refs["refs/heads/main"], f.refs["refs/heads/topic"] = line[n], topic
	for name, test := range map[string]struct {
		a, b     Hash
		want     Relation
		requests int
		commits  int // that were fetched for it
	}{
		"next":     {line[n], line[n-1], Ahead, 1, 10},
		"near":     {line[n-7], line[n], Behind, 1, 16},
		"diverged": {line[n], topic, Diverged, 3, 220},
		"far":      {line[n-300], line[n], Behind, 4, 800},
	} {
		repo := f.open(t)
		f.requests()
		got, err := repo.Relation(t.Context(), test.a, test.b)
		if err != nil || got != test.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		if asked := f.requests(); len(asked) > test.requests {
			t.Errorf("%s: %d requests, want %d", name, len(asked), test.requests)
		}
		if have := len(repo.objects.memory.Commits); have > test.commits {
			t.Errorf("%s: %d commits were fetched, want %d", name, have, test.commits)
		}
	}
	if got, err := f.open(t).Published(t.Context(), line[n-600]); err != nil || !got {
		t.Errorf("published: %v, %v", got, err)
	}
}

// TestPublishedEqualsModel asks which commits are on a branch.
func TestPublishedEqualsModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		a := drawAncestry(rt, 30)
		heads := rapid.SliceOfNDistinct(rapid.IntRange(0, 29), 1, 3, rapid.ID).Draw(rt, "branches")
		a.remote.refs = map[string]Hash{"refs/tags/last": a.commits[29]}
		for i, head := range heads {
			a.remote.refs[fmt.Sprint(BranchRef("n"), i)] = a.commits[head]
		}
		repo := a.remote.open(t)
		for range 5 {
			x := rapid.IntRange(0, 29).Draw(rt, "commit")
			want := slices.ContainsFunc(heads, func(head int) bool { return a.older[head][x] })
			if got, err := repo.Published(t.Context(), a.commits[x]); err != nil || got != want {
				rt.Fatalf("%d is published: %v, %v", x, got, err)
			}
		}
	})
}
