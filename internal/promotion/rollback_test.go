package promotion_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

func rollbackOf() promotion.Rollback {
	made := func(commit, digest string) release.Release {
		return release.New("hello", release.Source{Commit: strings.Repeat(commit, 40), Path: "services/hello"},
			[]release.Image{{Name: "hello", NewName: "registry.example/hello", Digest: "sha256:" + strings.Repeat(digest, 64)}})
	}
	return promotion.Rollback{Key: state.Key{Environment: "prod", Component: "hello"}, From: made("b", "2"), To: made("a", "1"),
		Reason: "errors since 14:10, see #12 @ann <b>", By: "Ada", HoldFile: "environments/prod/hello.hold.yaml", Until: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC),
		Taken: []promotion.Change{{Hash: strings.Repeat("b", 40), Subject: "Greet louder | `rm`", Author: "Bob"}},
		Dependents: []promotion.Dependent{{Component: "web", Release: "r-0123456789ab", Later: true}, {Component: "mail", Release: "r-ba9876543210"},
			{Component: "shop", Unknown: "cannot be read: gone"}},
		RunURL: "https://github.example/org/platform/actions/runs/1"}
}

func TestRollbackBody(t *testing.T) {
	t.Parallel()
	r := rollbackOf()
	first := r
	first.From, first.HoldFile, first.Until, first.Taken, first.Dependents = release.Release{}, "", time.Time{}, nil, nil
	unknown := r
	unknown.Unknown, unknown.Taken, unknown.Dependents, unknown.DependentsUnknown, unknown.Until = "history ends", nil, nil, "the catalog is broken", time.Time{}
	hold := promotion.HoldChange{Key: r.Key, Hold: &state.Hold{Releases: []release.ID{"*"}, Reason: "fair\n# x", By: "Ada"}, Reason: "fair", By: "Ada"}
	lifted := promotion.HoldChange{Key: r.Key, Lifts: true, Reason: "over", By: "Ada", RunURL: r.RunURL}
	for name, got := range map[string]string{"rollback": r.Title() + "\n\n" + r.Body(), "rollback-first": first.Title() + "\n\n" + first.Body(),
		"rollback-unknown": unknown.Title() + "\n\n" + unknown.Body(), "hold": hold.Title() + "\n\n" + hold.Body(), "resume": lifted.Title() + "\n\n" + lifted.Body()} {
		file := filepath.Join("testdata", "bodies-by-hand", name+".md")
		if flag.Lookup("update").Value.String() == "true" {
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got; -update writes it):\n%s", name, diff)
		}
	}
}

// However much is taken back, the text stays within what a forge takes.
func TestRollbackBodyIsBounded(t *testing.T) {
	t.Parallel()
	r := rollbackOf()
	r.Reason = strings.Repeat("@", 100_000)
	for range 5000 {
		r.Taken = append(r.Taken, promotion.Change{Hash: strings.Repeat("b", 40), Subject: strings.Repeat("`|<", 1000), Author: strings.Repeat("@ ", 1000)})
		r.Dependents = append(r.Dependents, promotion.Dependent{Component: strings.Repeat("c", 100), Unknown: strings.Repeat("<", 1000)})
	}
	if n := len(r.Body()); n > 65_536 {
		t.Errorf("%d bytes", n)
	}
}
