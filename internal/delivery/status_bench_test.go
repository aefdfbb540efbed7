package delivery_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/org/platform/internal/catalog"
	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
	"github.com/org/platform/internal/synthetic"
)

// BenchmarkStatus is of a clone of 1,000 components in 5 environments, after 20,000 promotions in 83 days.
func BenchmarkStatus(b *testing.B) {
	const promotions, pace = 20_000, 6 * time.Minute
	o := synthetic.Options{Services: 1000, Environments: 5, History: 1000}
	origin := filepath.Join(b.TempDir(), "origin.git")
	_, err := synthetic.Write(b.Context(), origin, o)
	if err != nil {
		b.Fatal(err)
	}
	run := func(dir, in string, args ...string) string {
		cmd := exec.Command("git", args...)
		var stderr bytes.Buffer
		cmd.Dir, cmd.Stdin, cmd.Stderr = dir, strings.NewReader(in), &stderr
		out, err := cmd.Output()
		if err != nil {
			b.Fatalf("git %v: %v\n%s", args, err, &stderr)
		}
		return strings.TrimSpace(string(out))
	}
	sources := strings.Fields(run(origin, "", "rev-list", "--reverse", "main"))
	began := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	run(origin, promoted(b, origin, sources, promotions, began, pace), "fast-import", "--quiet", "--force")
	run(origin, "", "repack", "-adq")
	clone := filepath.Join(b.TempDir(), "clone")
	run("", "", "clone", "-q", "--no-checkout", "--template=", origin, clone)
	now := func() time.Time { return began.Add(promotions * pace) }
	for b.Loop() {
		repo, err := git.Open(b.Context(), git.Options{Dir: clone, Now: now, Committer: git.Identity{Name: "bot", Email: "bot@example.com"}})
		if err != nil {
			b.Fatal(err)
		}
		head, err := repo.Resolve(b.Context(), "origin/main")
		if err != nil {
			b.Fatal(err)
		}
		platform, err := config.Load(repo.Tree(head.TreeHash), config.Options{})
		if err != nil {
			b.Fatal(err)
		}
		components, err := catalog.Load(repo.Tree(head.TreeHash), platform.Spec.Components)
		if err != nil {
			b.Fatal(err)
		}
		d := &delivery.Delivery{Repo: repo, Platform: platform, Now: now}
		start := time.Now()
		rows, err := d.Status(b.Context(), components.Names(), true)
		if err != nil || len(rows) != o.Services*o.Environments {
			b.Fatalf("%d rows, %v", len(rows), err)
		}
		b.ReportMetric(time.Since(start).Seconds(), "s/status")
		counts := map[delivery.Position]int{}
		for _, row := range rows {
			counts[row.Position]++
		}
		b.Log(counts)
	}
}

// promoted streams promotions of services one after the other, each through all environments.
func promoted(b *testing.B, origin string, sources []string, promotions int, began time.Time, pace time.Duration) string {
	var s strings.Builder
	repo, err := git.Open(b.Context(), git.Options{URL: origin, Committer: git.Identity{Name: "bot", Email: "bot@example.com"}})
	if err != nil {
		b.Fatal(err)
	}
	head, err := repo.Resolve(b.Context(), "main")
	if err != nil {
		b.Fatal(err)
	}
	tree := repo.Tree(head.TreeHash)
	if err := tree.Prefetch(b.Context(), "environments/**"); err != nil {
		b.Fatal(err)
	}
	for i := range promotions {
		service, env := (i*7919)%1000, (i*31+i/1000)%5
		k := state.Key{Environment: synthetic.Environment(env), Component: synthetic.Service(service)}
		manifests, err := fs.ReadFile(tree, state.Dir("environments", k)+"/"+state.ManifestsFile)
		if err != nil {
			b.Fatal(err)
		}
		source := sources[len(sources)-1-(i/5+env*37)%len(sources)]
		r := release.New(k.Component, release.Source{Commit: source, Path: synthetic.ServiceDir(service)}, []release.Image{synthetic.Image(service, i)})
		when := began.Add(time.Duration(i) * pace).Unix()
		fmt.Fprintf(&s, "commit refs/heads/main\ncommitter Ada <ada@example.com> %d +0000\ndata 7\npromote\n", when)
		if i == 0 {
			fmt.Fprintf(&s, "from %s\n", head.Hash)
		}
		content := release.NewRecord(r, "dev", manifests).Encode()
		fmt.Fprintf(&s, "M 100644 inline %s/%s\ndata %d\n%s\n", state.Dir("environments", k), state.ReleaseFile, len(content), content)
	}
	return s.String()
}
