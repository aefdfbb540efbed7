package overlays_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/overlays"
	"github.com/org/platform/internal/synthetic"
)

// monorepo has 1,000 components in three environments, and on top of main a commit for each of a few changes.
type monorepo struct {
	dir                        string
	base, readme, overlay, own git.Hash
}

func newMonorepo(b *testing.B) (m monorepo) {
	b.Helper()
	m.dir = filepath.Join(b.TempDir(), "r.git")
	if _, err := synthetic.Write(b.Context(), m.dir, synthetic.Options{Services: 1000, Environments: 3, Filler: 40_000, History: 2}); err != nil {
		b.Fatal(err)
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
	} {
		var in bytes.Buffer
		fmt.Fprintf(&in, "commit refs/heads/change\ncommitter A <a@example.com> 0 +0000\ndata 0\nfrom refs/heads/main^0\n")
		if c.name != "" {
			fmt.Fprintf(&in, "M 644 inline %s\ndata %d\n%s\n", c.name, len(c.content), c.content)
		}
		command(b, m.dir, in.Bytes(), "fast-import", "--quiet", "--force")
		*c.tree = git.NewHash(strings.TrimSpace(command(b, m.dir, nil, "rev-parse", "change^{tree}")))
	}
	return m
}

// BenchmarkStore measures rendering all, rendering again after a change, and what a pull request of one overlay costs. Each run opens the
// repository anew, as a process would.
func BenchmarkStore(b *testing.B) {
	m := newMonorepo(b)
	b.Run("all", m.all)
	b.Run("again", m.again)
	b.Run("diff", m.diff)
}

// warm returns the folder of a cache made for the base.
func (m monorepo) warm(b *testing.B) string {
	b.Helper()
	cache := b.TempDir()
	if _, err := overlays.NewStore(overlays.Options{Cache: cache}).Render(b.Context(), open(b, m.dir), m.base, nil); err != nil {
		b.Fatal(err)
	}
	return cache
}

func (m monorepo) all(b *testing.B) {
	for b.Loop() {
		cache := b.TempDir()
		set, err := overlays.NewStore(overlays.Options{Cache: cache}).Render(b.Context(), open(b, m.dir), m.base, discard)
		if err != nil || set.Rendered() != 3000 {
			b.Fatal(set.Rendered(), err)
		}
	}
}

// again is what the next run costs after a change, from an index on disk and with nothing in memory.
func (m monorepo) again(b *testing.B) {
	cache := m.warm(b)
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

// diff is what a pull request of one overlay costs, from an index of its base on disk.
func (m monorepo) diff(b *testing.B) {
	cache := m.warm(b)
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
