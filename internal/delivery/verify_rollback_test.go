package delivery_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// A promotion whose upstream has moved on is superseded, and what it is to bring instead is said.
func TestVerifySuperseded(t *testing.T) {
	t.Parallel()
	f := gated(t, gatedYAML, "a")
	stale := f.remote.Git("rev-parse", "promote/prod/a")
	f.release("a", 3)
	f.promoteAt(soaked)
	f.clone.Git("fetch", "-q", "origin")
	f.sync()
	f.clone.Git("merge", "-q", "--no-ff", "-m", "Merge", "origin/promote/staging/a")
	f.clone.Git("push", "-q", "origin", "HEAD:main")
	base := f.clone.Git("rev-parse", "HEAD")
	f.clone.Git("merge", "-q", "--no-ff", "-m", "Merge", stale)
	v, err := f.verify(base, f.commit(), verification{branch: "promote/prod/a", now: soaked.Add(24 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	want := "prod/a: promotion ok=false\n" +
		"error state " + cell + "release.yaml:4:5: r-X is not the release to promote to prod: that is r-X (staging runs it); this pull request is superseded " +
		"(delete promote/prod/a; platform promote --component a --to prod writes it anew)"
	if diff := cmp.Diff(want, told(v)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A rollback passes as rollback writes it, and only so.
func TestVerifyRollback(t *testing.T) {
	t.Parallel()
	origin := gated(t, gatedYAML, "a")
	origin.merge("prod")
	for name, c := range map[string]struct {
		change func(f *fixture)
		want   string
	}{
		"as written": {
			change: func(*fixture) {},
			want:   "prod/a: rollback ok=true\nprod/a: hold",
		},
		"with something else": {
			change: func(f *fixture) { f.clone.Write(map[string]string{"services/a/README.md": "A\n"}) },
			want:   "prod/a: rollback ok=true\nprod/a: hold",
		},
		"without the hold": {
			change: func(f *fixture) { f.clone.Git("rm", "-q", "environments/prod/a.hold.yaml") },
			want: "prod/a: rollback ok=false\nerror state " + cell + "release.yaml:4:5: nothing holds r-X out of prod: automation would bring it back over " +
				"this rollback (platform rollback a --env prod --to r-X)",
		},
		"with a hold of something else": {
			change: func(f *fixture) {
				f.clone.Write(map[string]string{"environments/prod/a.hold.yaml": holdOf("r-000000000000")})
			},
			want: "prod/a: rollback ok=false\nprod/a: hold\nerror state " + cell + "release.yaml:4:5: nothing holds r-X out of prod: automation would bring it " +
				"back over this rollback (platform rollback a --env prod --to r-X)",
		},
		"of other manifests": {
			change: func(f *fixture) {
				f.edit(cell+"manifests.yaml", "name: a", "name: other")
				f.forge(func(r *release.Record, manifests []byte) { r.Manifests = release.ContentDigest(manifests) })
			},
			want: "prod/a: hand edit ok=false\nprod/a: hold\n" +
				"error state " + cell + "manifests.yaml:4: manifests.yaml was edited by hand: it is not what the toolkit writes for r-X" + byHand + "\n" +
				"error state " + cell + "release.yaml:13: release.yaml was edited by hand: it is not what the toolkit writes for r-X" + byHand,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := origin.copy(t)
			f.sync()
			base := f.clone.Git("rev-parse", "HEAD")
			if err := f.rollback("", "a", "prod"); err != nil {
				t.Fatal(err)
			}
			f.sync()
			c.change(f)
			f.clone.Git("reset", "-q", "--soft", base)
			v, err := f.verify(base, f.commit(), verification{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, told(v)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What somebody edited by hand may be put back without a hold.
func TestVerifyRepair(t *testing.T) {
	t.Parallel()
	f := gated(t, gatedYAML, "a")
	f.sync()
	f.edit(cell+"manifests.yaml", "name: a", "name: other")
	base := f.clone.Commit("Edit")
	f.clone.Git("push", "-q", "origin", "HEAD:main")
	f.edit(cell+"manifests.yaml", "name: other", "name: a")
	v, err := f.verify(base, f.commit(), verification{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("prod/a: rollback ok=true", told(v)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// An atomic set is promoted as a whole.
func TestVerifySet(t *testing.T) {
	t.Parallel()
	f := gated(t, gatedYAML+"  sets: [{name: shop, components: [a, b]}]\n", "a", "b")
	f.sync()
	base := f.clone.Git("rev-parse", "HEAD")
	f.merges("promote/prod/shop")
	whole := f.commit()
	f.clone.Git("checkout", "-q", base, "--", "environments/prod/b")
	f.clone.Git("reset", "-q", "--soft", base)
	part := f.commit()
	for head, want := range map[string]string{
		whole: "prod/a: promotion ok=true\nprod/b: promotion ok=true",
		part: "prod/a: promotion ok=false\nerror promotion-set " + cell + "release.yaml:4:5: a is promoted in one with the set shop; missing: b (r-X) " +
			"(merge promote/prod/shop, which has them all: platform promote writes it)",
	} {
		v, err := f.verify(base, head, verification{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, told(v)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// What a remote does not answer is an error at every request, never a finding and never a pass.
func TestVerifyErrorsAreNotFindings(t *testing.T) {
	t.Parallel()
	f := gated(t, gatedYAML, "a")
	f.sync()
	base := f.clone.Git("rev-parse", "HEAD")
	f.merges("promote/prod/a")
	head := f.commit()
	counter := &failAt{}
	if _, err := f.verify(base, head, verification{address: f.remote.HTTP(t, counter.wrap)}); err != nil {
		t.Fatal(err)
	}
	total := counter.counter.Load()
	t.Logf("%d requests", total)
	for n := int64(1); n <= total; n++ {
		if v, err := f.verify(base, head, verification{address: f.remote.HTTP(t, (&failAt{n: n}).wrap)}); err == nil {
			t.Errorf("request %d was not answered, and the check ended with\n%s", n, told(v))
		}
	}
	down := func(http.Handler) http.Handler { return http.NotFoundHandler() }
	if v, err := f.verify(base, head, verification{address: f.remote.HTTP(t, down)}); err == nil {
		t.Errorf("a remote that is not there: %s", told(v))
	}
	_, err := f.verify(base, f.skippedBy("ada"), verification{breakGlass: func(context.Context, state.Key) (string, error) { return "", errors.New("down") }})
	if err == nil || !strings.Contains(err.Error(), "down") {
		t.Errorf("a forge that is down: %v", err)
	}
}

func (f *fixture) skippedBy(by string) string {
	f.skip(by)
	return f.commit()
}
