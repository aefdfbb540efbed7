package overlays_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/overlays"
	"github.com/org/platform/internal/synthetic"
)

// monorepo has 1,000 components in three environments, and on top of main a commit for each of a few changes.
type monorepo struct {
	dir                              string
	base, readme, overlay, own, late git.Hash
}

var large = sync.OnceValues(func() (m monorepo, err error) {
	dir, err := os.MkdirTemp("", "overlays-")
	if err != nil {
		return m, err
	}
	m.dir = filepath.Join(dir, "r.git")
	if _, err := synthetic.Write(context.Background(), m.dir, synthetic.Options{Services: 1000, Environments: 3, Filler: 40_000, History: 2}); err != nil {
		return m, err
	}
	service := synthetic.ServiceDir(600) // on a base of its own
	for _, c := range []struct {
		tree          *git.Hash
		name, content string
	}{
		{&m.base, "", ""},
		{&m.readme, service + "/README.md", "changed"},
		{&m.overlay, service + "/deploy/overlays/prod/replicas.yaml", "- op: add\n  path: /spec/replicas\n  value: 7\n"},
		{&m.own, service + "/deploy/base/serviceaccount.yaml", "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: " + synthetic.Service(600) + "\n"},
		{&m.late, service + "/deploy/overlays/prod/late.yaml", "read by nobody"},
	} {
		var in bytes.Buffer
		fmt.Fprintf(&in, "commit refs/heads/change\ncommitter A <a@example.com> 0 +0000\ndata 0\nfrom refs/heads/main^0\n")
		if c.name != "" {
			fmt.Fprintf(&in, "M 644 inline %s\ndata %d\n%s\n", c.name, len(c.content), c.content)
		}
		importer := exec.Command("git", "fast-import", "--quiet", "--force")
		importer.Dir, importer.Stdin = m.dir, &in
		if out, err := importer.CombinedOutput(); err != nil {
			return m, fmt.Errorf("%w: %s", err, out)
		}
		parse := exec.Command("git", "rev-parse", "change^{tree}")
		parse.Dir = m.dir
		id, err := parse.Output()
		if err != nil {
			return m, err
		}
		*c.tree = git.NewHash(strings.TrimSpace(string(id)))
	}
	return m, nil
})

func benchmarked(b *testing.B) monorepo {
	b.Helper()
	m, err := large()
	if err != nil {
		b.Fatal(err)
	}
	return m
}

// warm returns the folder of a cache made for the base.
func warm(b *testing.B, m monorepo) string {
	b.Helper()
	cache := b.TempDir()
	if _, err := overlays.NewStore(overlays.Options{Cache: cache}).Render(b.Context(), open(b, m.dir), m.base, nil); err != nil {
		b.Fatal(err)
	}
	return cache
}

func BenchmarkRenderAll(b *testing.B) {
	m := benchmarked(b)
	for b.Loop() {
		cache := b.TempDir()
		set, err := overlays.NewStore(overlays.Options{Cache: cache}).Render(b.Context(), open(b, m.dir), m.base, discard)
		if err != nil || set.Rendered() != 3000 {
			b.Fatal(set.Rendered(), err)
		}
	}
}

// BenchmarkRenderAgain is what the next run costs after a change, from an index on disk and with nothing in memory.
func BenchmarkRenderAgain(b *testing.B) {
	m := benchmarked(b)
	cache := warm(b, m)
	index, err := os.ReadFile(filepath.Join(cache, "index"))
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("the index has %d bytes", len(index))
	for _, c := range []struct {
		name string
		tree git.Hash
		sink overlays.Sink
		want int
	}{
		{"same", m.base, nil, 0}, {"same-all-manifests", m.base, discard, 0}, {"unread-file", m.readme, nil, 0},
		{"one-overlay", m.overlay, nil, 1}, {"one-base", m.own, nil, 3}, {"one-base-all-manifests", m.own, discard, 3},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				if err := os.WriteFile(filepath.Join(cache, "index"), index, 0o600); err != nil {
					b.Fatal(err)
				}
				repo := open(b, m.dir)
				b.StartTimer()
				set, err := overlays.NewStore(overlays.Options{Cache: cache}).Render(b.Context(), repo, c.tree, c.sink)
				if err != nil || set.Rendered() != c.want {
					b.Fatal(set.Rendered(), err)
				}
			}
		})
	}
}

// BenchmarkDiff is what a pull request of one overlay costs, from an index of its base on disk.
func BenchmarkDiff(b *testing.B) {
	m := benchmarked(b)
	cache := warm(b, m)
	for b.Loop() {
		b.StopTimer()
		repo := open(b, m.dir)
		b.StartTimer()
		base, err := overlays.NewStore(overlays.Options{Cache: cache}).Render(b.Context(), repo, m.base, nil)
		if err != nil {
			b.Fatal(err)
		}
		head, err := base.At(b.Context(), m.overlay, nil)
		if err != nil {
			b.Fatal(err)
		}
		pairs := 0
		for _, err := range overlays.Changed(b.Context(), base, head) {
			if err != nil {
				b.Fatal(err)
			}
			pairs++
		}
		reached, err := overlays.Reached(b.Context(), base, head)
		if err != nil || pairs != 1 || len(reached) != 1 || len(reached[0].Overlays) != 1 {
			b.Fatal(pairs, reached, err)
		}
	}
}
