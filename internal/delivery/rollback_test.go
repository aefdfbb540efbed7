package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/state"
)

// twice is a fixture in which a ran twice in dev, and b and c run in dev once: b from the source commit of a's newer release, c from the older one's.
func twice(t *testing.T) *fixture {
	t.Helper()
	f := newFixture(t, "a", "b", "c")
	older := errors.Join(f.deploy("", "a", 1), f.deploy("", "c", 1))
	f.clone.Git("pull", "-q", "--ff-only", "origin", "main")
	f.clone.Write(map[string]string{"services/a/deploy/base/pod.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {x: y}}\nspec: {containers: [{name: c, image: a}]}\n"})
	f.clone.Commit("Label a @ann #1")
	f.clone.Git("push", "-q", "origin", "HEAD:main")
	if err := errors.Join(older, f.deploy("", "a", 2), f.deploy("", "b", 1)); err != nil {
		t.Fatal(err)
	}
	return f
}

func back(component string) delivery.RollbackOptions {
	return delivery.RollbackOptions{Asked: delivery.Asked{Reason: "bad", By: "Ada"}, Component: component, Environment: "dev"}
}

func TestRollbackSaysWhatItTakesBack(t *testing.T) {
	t.Parallel()
	f := twice(t)
	d, _, _ := f.open("")
	o := back("a")
	o.Dependents = func(component string) ([]string, error) { return []string{"b", "c", "gone"}, nil }
	result, err := d.Rollback(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if len(result.TakenBack) != 1 || result.TakenBack[0].Subject != "Label a @ann #1" || result.Unknown != "" {
		t.Errorf("takes back %+v, %s", result.TakenBack, result.Unknown)
	}
	if got := fmt.Sprint(result.Dependents); len(result.Dependents) != 2 || !result.Dependents[0].Later || result.Dependents[1].Later {
		t.Errorf("dependents: %s", got)
	}
	if result.Branch != "rollback/dev/a" || !result.Changed {
		t.Errorf("landed at %+v", result.Landing)
	}
	o.Dependents = func(string) ([]string, error) { return nil, errors.New("broken catalog") }
	if result, err := d.Rollback(t.Context(), o); err != nil || result.DependentsUnknown != "broken catalog" {
		t.Errorf("a broken catalog: %+v, %v", result, err)
	}
}

func TestRollbackAsksForImages(t *testing.T) {
	t.Parallel()
	f := twice(t)
	for name, c := range map[string]struct {
		found   bool
		err     error
		refused bool
		want    string
	}{
		"there":       {found: true},
		"gone":        {refused: true, want: "image registry.example/a@sha256:" + strings.Repeat("0", 63) + "1 of r-"},
		"unreachable": {err: errors.New("no route"), want: "no route; give --skip-image-check"},
	} {
		for _, direct := range []bool{false, true} {
			t.Run(fmt.Sprint(name, direct), func(t *testing.T) {
				t.Parallel()
				g := f.fork(t)
				before := g.outcome()
				d, _, _ := g.open(g.remote.URL())
				o := back("a")
				o.Direct = direct
				asked := 0
				o.ImageExists = func(context.Context, string) (bool, error) { asked++; return c.found, c.err }
				_, err := d.Rollback(t.Context(), o)
				switch {
				case c.want == "" && err != nil, c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)), errors.Is(err, delivery.ErrRefused) != c.refused:
					t.Errorf("got %v", err)
				case asked != 1:
					t.Errorf("asked %d times", asked)
				case err != nil && (len(g.outcome()) != len(before) || g.remote.Git("for-each-ref", "refs/heads/rollback") != ""):
					t.Error("something was written")
				}
			})
		}
	}
}

// A branch that somebody else moves meanwhile is made anew, and never over a person's commit.
func TestRollbackBranchIsMovedMeanwhile(t *testing.T) {
	t.Parallel()
	f := twice(t)
	d, _, _ := f.open("")
	moved := false
	o := back("a")
	o.ImageExists = func(context.Context, string) (bool, error) {
		if !moved {
			moved = true
			f.remote.Git("update-ref", "refs/heads/rollback/dev/a", "main~1")
		}
		return true, nil
	}
	result, err := d.Rollback(t.Context(), o)
	if err != nil || f.remote.Git("rev-parse", "rollback/dev/a") != result.Commit || f.remote.Git("rev-parse", "rollback/dev/a~1") != f.remote.Git("rev-parse", "main") {
		t.Errorf("got %+v, %v", result, err)
	}
	f.clone.Git("fetch", "-q")
	f.clone.Git("checkout", "-q", "--detach", "origin/rollback/dev/a")
	person := f.clone.Commit("Mine")
	f.clone.Git("push", "-q", "origin", "HEAD:rollback/dev/a")
	if _, err := d.Rollback(t.Context(), back("a")); !errors.Is(err, delivery.ErrRefused) || !strings.Contains(err.Error(), "has a commit of") {
		t.Errorf("over a person's commit: %v", err)
	}
	if f.remote.Git("rev-parse", "rollback/dev/a") != person {
		t.Error("a person's commit is lost")
	}
}

func TestRollbackKeepsAHoldThatLasts(t *testing.T) {
	t.Parallel()
	f := twice(t)
	d, _, _ := f.open("")
	asked := delivery.Asked{Reason: "fair", By: "Ada", Direct: true}
	until := d.Now().Add(time.Hour)
	if _, err := d.Hold(t.Context(), delivery.HoldOptions{Asked: asked, Component: "a", Environment: "dev", Expires: until}); err != nil {
		t.Fatal(err)
	}
	hold := func() *state.Hold {
		tip, err := d.Repo.Tip(t.Context(), "main")
		if err != nil {
			t.Fatal(err)
		}
		h, err := state.ReadHold(d.Repo.Tree(tip.TreeHash), "environments", state.Key{Environment: "dev", Component: "a"})
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	if h := hold(); !h.HoldsAt("r-1", until.Add(-time.Second)) || h.HoldsAt("r-1", until) {
		t.Errorf("got %v", h)
	}
	o := back("a")
	o.Direct, o.Expires = true, d.Now().Add(time.Minute)
	result, err := d.Rollback(t.Context(), o)
	if h := hold(); err != nil || !h.Names(result.From) || !h.HoldsEverything() || !h.Expires.Equal(until) {
		t.Errorf("got %v, %v", h, err)
	}
	if again, err := d.Rollback(t.Context(), o); err != nil || again.Already != false && again.From != result.From {
		t.Errorf("again: %+v, %v", again, err)
	}
	if _, err := d.Resume(t.Context(), delivery.ResumeOptions{Asked: asked, Component: "a", Environment: "dev"}); err != nil || hold() != nil {
		t.Errorf("resumed: %v, %v", hold(), err)
	}
	if _, err := d.Resume(t.Context(), delivery.ResumeOptions{Asked: asked, Component: "a", Environment: "dev"}); !errors.Is(err, delivery.ErrRefused) {
		t.Errorf("nothing to resume: %v", err)
	}
}
