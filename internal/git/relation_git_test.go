package git_test

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"testing"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/testkit"
)

// TestRelationEqualsGit compares with git merge-base on random histories whose clocks are wrong as often as not.
func TestRelationEqualsGit(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		rng := rand.New(rand.NewPCG(7, seed))
		var s stream
		marks := []string{}
		for i := range 120 {
			var parents []string
			if i > 0 && rng.IntN(40) > 0 {
				for _, k := range rng.Perm(min(i, 4))[:1+rng.IntN(min(i, 3))] {
					parents = append(parents, marks[i-1-k])
				}
			}
			minute := i
			if rng.IntN(2) == 0 {
				minute = rng.IntN(10_000)
			}
			marks = append(marks, s.commit(fmt.Sprint("refs/heads/n", i), minute, fmt.Sprint(i), parents, nil))
		}
		remote := testkit.NewRemote(t)
		ids := remote.Import(s.String())
		without := func(o *git.Options) { o.URL = "file://" + remote.Dir }
		web := remote.HTTP(t)
		overHTTP := func(o *git.Options) { o.URL = web }
		repos := []*git.Repository{open(t, remote.Dir), open(t, "", without), open(t, "", overHTTP)}
		for i := range 30 {
			a, b := ids[marks[rng.IntN(len(marks))]], ids[marks[rng.IntN(len(marks))]]
			want := gitRelation(remote.Dir, a, b)
			if i%10 == 0 {
				repos[1], repos[2] = open(t, "", without), open(t, "", overHTTP)
			}
			for k, repo := range repos {
				if got, err := repo.Relation(t.Context(), git.NewHash(a), git.NewHash(b)); err != nil || got != want {
					t.Errorf("repository %d: %s to %s: %v, %v, want %v", k, a, b, got, err, want)
				}
			}
		}
	}
}

// gitRelation is git's own answer.
func gitRelation(dir, a, b string) git.Relation {
	ok := func(args ...string) bool {
		return exec.Command("git", append([]string{"-C", dir, "merge-base"}, args...)...).Run() == nil
	}
	switch {
	case a == b:
		return git.Same
	case ok("--is-ancestor", b, a):
		return git.Ahead
	case ok("--is-ancestor", a, b):
		return git.Behind
	case ok(a, b):
		return git.Diverged
	default:
		return git.Unrelated
	}
}
