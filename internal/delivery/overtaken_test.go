package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/testkit"
)

// withoutClone opens a remote as a run without a checkout does.
func withoutClone(t *testing.T, address string) *delivery.Delivery {
	t.Helper()
	now := func() time.Time { return testkit.Epoch.Add(time.Hour) }
	repo, err := git.Open(t.Context(), git.Options{URL: address, Now: now, Committer: git.Identity{Name: "bot", Email: "bot@example.com"},
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
	if err != nil {
		t.Fatal(err)
	}
	head, err := repo.Resolve(t.Context(), "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	platform, err := config.Load(repo.Tree(head.TreeHash), config.Options{NoComponentsYet: true})
	if err != nil {
		t.Fatal(err)
	}
	return &delivery.Delivery{Repo: repo, Platform: platform, Now: now, Progress: func(string, ...any) {}}
}

// promoteWithoutClone runs promote and says what became of the promotion to prod.
func promoteWithoutClone(t *testing.T, address string) (*delivery.Promotion, delivery.Outcome) {
	t.Helper()
	promoted, err := withoutClone(t, address).Promote(t.Context(), delivery.PromoteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(promoted.Outcomes, func(o delivery.Outcome) bool { return o.Environment == "prod" })
	if at < 0 {
		t.Fatalf("no outcome for prod: %+v", promoted.Outcomes)
	}
	return promoted, promoted.Outcomes[at]
}

// Another run replaces or removes the branch of a promotion at any moment of this one. What it pointed to is then nowhere to be had: this one
// looks again, and ends with the branch as it should be.
func TestPromotionBranchMovesMeanwhile(t *testing.T) {
	t.Parallel()
	const branch = "refs/heads/promote/prod/a"
	f := newFixture(t, "a")
	if err := errors.Join(f.deploy("", "a", 1), f.promote(""), f.deploy("", "a", 2)); err != nil {
		t.Fatal(err)
	}
	if _, err := withoutClone(t, f.remote.URL()).Promote(t.Context(), delivery.PromoteOptions{To: "staging"}); err != nil {
		t.Fatal(err)
	}
	stale := f.remote.Git("rev-parse", branch)
	if err := f.promote(""); err != nil {
		t.Fatal(err)
	}
	wanted := f.remote.Git("rev-parse", branch)
	var count, at int
	move := "" // what the branch points to before request number at; "" is nothing
	address := f.remote.HTTP(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if count++; count == at && move == "" {
				f.remote.Git("update-ref", "-d", branch)
			} else if count == at {
				f.remote.Git("update-ref", branch, move)
			}
			next.ServeHTTP(w, r)
		})
	})
	for _, move = range []string{wanted, ""} {
		for at = 1; count >= at-1; at++ {
			f.remote.Git("update-ref", branch, stale)
			count = 0
			_, prod := promoteWithoutClone(t, address)
			if prod.Result != delivery.Proposed && prod.Result != delivery.AlreadyOpen {
				t.Errorf("moved to %q before request %d: prod ended as %q", move, at, prod.Result)
			}
		}
		count = 0
	}
}

// atFirstPush calls a function once: before the remote takes the first push, or after.
func atFirstPush(after bool, do func()) func(http.Handler) http.Handler {
	var once sync.Once
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			pushes := strings.HasSuffix(r.URL.Path, "/git-receive-pack")
			if pushes && !after {
				once.Do(do)
			}
			next.ServeHTTP(w, r)
			if pushes && after {
				once.Do(do)
			}
		})
	}
}

// Between plan and push of a promotion its upstream may move on. Before the push, so does its environment: what was planned is not written over it.
// After the push, the environment is written a second time, and both are reported.
func TestUpstreamMovesMeanwhile(t *testing.T) {
	t.Parallel()
	for after, want := range map[bool][]string{
		false: {"staging up-to-date  2", "prod propose open 2"},
		true:  {"staging merge promoted 1", "staging merge promoted 2", "prod propose proposed 2"},
	} {
		f := newFixture(t, "a")
		if err := f.deploy("", "a", 1); err != nil {
			t.Fatal(err)
		}
		promoted, _ := promoteWithoutClone(t, f.remote.HTTP(t, atFirstPush(after, func() {
			err := f.deploy("", "a", 2)
			if !after {
				err = errors.Join(err, f.promote(""))
			}
			if err != nil {
				t.Error(err)
			}
		})))
		var got []string
		for _, o := range promoted.Outcomes {
			got = append(got, fmt.Sprintf("%s %s %s %s", o.Environment, o.Action, o.Result, strings.TrimLeft(strings.TrimPrefix(o.Release.Digest(), "sha256:"), "0")))
		}
		if !slices.Equal(got, want) {
			t.Errorf("after the push %v: got %q, want %q", after, got, want)
		}
		if log := f.remote.Git("log", "--format=%s", "main", "--", "environments/staging"); after != strings.Contains(log, "\n") {
			t.Errorf("after the push %v: staging's history is\n%s", after, log)
		}
	}
}
