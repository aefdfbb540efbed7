package delivery

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
	"github.com/org/platform/internal/testkit"
)

// One walk for all cells tells what looking into history for each does, on a history with merges.
func TestDriftsOnALine(t *testing.T) {
	t.Parallel()
	clone := testkit.NewRemote(t).Clone(t)
	rng := rand.New(rand.NewPCG(7, 8))
	for i := range 40 {
		change := map[string]string{fmt.Sprintf("services/s%d/file", rng.IntN(4)): fmt.Sprint(i)}
		if i%6 == 5 {
			clone.Git("switch", "-qc", fmt.Sprint("topic", i))
			clone.Write(change)
			clone.Commit("topic")
			clone.Git("switch", "-q", "main")
			clone.Git("merge", "-q", "--no-ff", "-m", "merge", fmt.Sprint("topic", i))
			continue
		}
		clone.Write(change)
		clone.Commit("main")
	}
	clone.Push()
	repo, err := git.Open(t.Context(), git.Options{Dir: clone.Dir, Committer: git.Identity{Name: "bot", Email: "bot@example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	commits := strings.Fields(clone.Git("rev-list", "main")) // those of topics too
	d := &Delivery{Repo: repo, Platform: &config.Platform{}}
	d.Platform.Spec.Environments = []config.Environment{{Name: "dev"}, {Name: "prod", PromoteFrom: []string{"dev"}}}
	s := &state.State{Cells: map[state.Key]state.Cell{}}
	var pairs []sources
	for i := range 200 {
		path := fmt.Sprintf("services/s%d", rng.IntN(4))
		source := func() release.Source { return release.Source{Commit: commits[rng.IntN(len(commits))], Path: path} }
		pair := sources{here: source(), above: source()}
		pairs = append(pairs, pair)
		for env, source := range map[string]release.Source{"dev": pair.above, "prod": pair.here} {
			k := state.Key{Environment: env, Component: fmt.Sprint("c", i)}
			s.Cells[k] = state.Cell{Key: k, Record: release.Record{Release: release.Release{Source: source}}}
		}
	}
	drifts, err := d.newDrifts(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	told := map[Position]int{}
	for _, pair := range pairs {
		position, count, err := d.compare(t.Context(), pair.here, pair.above)
		if err != nil {
			t.Fatal(err)
		}
		want := drift{position, count}
		if got, found := drifts.onLine(pair.here, pair.above); found {
			told[got.position]++
			if got != want {
				t.Errorf("%.7s below %.7s: %v, want %v", pair.here.Commit, pair.above.Commit, got, want)
			}
		}
		position, count, err = drifts.between(t.Context(), pair.here, pair.above)
		if got := (drift{position, count}); err != nil || got != want {
			t.Errorf("%.7s below %.7s: %v, %v, want %v", pair.here.Commit, pair.above.Commit, got, err, want)
		}
	}
	if told[Behind] < 20 || told[Ahead] < 20 {
		t.Errorf("the line told only %v of %d", told, len(pairs))
	}
}
