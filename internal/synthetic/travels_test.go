package synthetic_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/org/platform/internal/catalog"
	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/state"
	"github.com/org/platform/internal/synthetic"
)

// Travels are what the product would have written, and leave as much to promote as they say.
func TestTravels(t *testing.T) {
	t.Parallel()
	o := synthetic.Travels{Services: 20, Commits: 300, Wanted: 12, Now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	r, err := synthetic.WriteTravels(t.Context(), filepath.Join(t.TempDir(), "monorepo.git"), o)
	if err != nil {
		t.Fatal(err)
	}
	run(t, r.Dir, "git", "fsck", "--strict", "--no-progress")
	if n := run(t, r.Dir, "git", "rev-list", "--count", "main"); n != "300" {
		t.Errorf("got %s commits", n)
	}
	dates := strings.Fields(run(t, r.Dir, "git", "log", "--reverse", "--format=%cI", "main"))
	if first, last := dates[0], dates[len(dates)-1]; first != "2026-04-30T00:07:12+00:00" || last != "2026-05-01T12:00:00+00:00" {
		t.Errorf("got commits from %s to %s", first, last)
	}
	head := checkout(t, r.Dir, r.Head)
	platform, err := config.Load(head, config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if components, err := catalog.Load(head, platform.Spec.Components); err != nil || len(components.Components) != o.Services {
		t.Errorf("got %v, %v", components, err)
	}
	s, err := state.Read(head, platform.Spec.State.Path, platform.EnvironmentNames())
	if err != nil || len(s.Cells) != 5*o.Services || len(s.Problems)+len(s.Holds) > 0 {
		t.Fatalf("got %d cells, problems %v, holds %v, %v", len(s.Cells), s.Problems, s.Holds, err)
	}
	wanted := map[string]int{}
	total := 0
	for k, cell := range s.Cells {
		env, _ := platform.Environment(k.Environment)
		for _, from := range env.PromoteFrom {
			if s.Cells[state.Key{Environment: from, Component: k.Component}].Record.ID != cell.Record.ID {
				wanted[k.Environment]++
				total++
			}
		}
	}
	if total != o.Wanted || wanted["staging"] != 6 || wanted["prod"] != 2 || wanted["prod-03"] != 2 {
		t.Errorf("got %v", wanted)
	}
}

func TestTravelsFail(t *testing.T) {
	t.Parallel()
	for _, o := range []synthetic.Travels{{Services: 10, Commits: 1000}, {Services: 10, Commits: 1000, Wanted: 30}, {Services: 10, Commits: 100, Wanted: 3}} {
		o.Now = time.Now()
		if _, err := synthetic.WriteTravels(t.Context(), filepath.Join(t.TempDir(), "r"), o); err == nil || !strings.Contains(err.Error(), "cannot be wanted") {
			t.Errorf("%+v: got %v", o, err)
		}
	}
}
