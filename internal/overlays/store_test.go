package overlays_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/overlays"
)

// cached returns the files of a cache.
func cached(t testing.TB, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// Whatever happens to the files of a cache, what is rendered is right.
func TestDamage(t *testing.T) {
	t.Parallel()
	r := commit(t, seed())
	want, err := fresh(t, r, 0)
	if err != nil {
		t.Fatal(err)
	}
	damages := map[string]func(name string, content []byte) error{
		"removed": func(name string, _ []byte) error { return os.Remove(name) },
		"empty":   func(name string, _ []byte) error { return os.WriteFile(name, nil, 0o600) },
		"cut off": func(name string, c []byte) error { return os.WriteFile(name, c[:len(c)/2], 0o600) },
		"longer":  func(name string, c []byte) error { return os.WriteFile(name, append(c, "---\n"...), 0o600) },
		"damaged": func(name string, c []byte) error {
			return os.WriteFile(name, bytes.ReplaceAll(c, []byte("shared"), []byte("sharex")), 0o600)
		},
		"a folder":  func(name string, _ []byte) error { return os.Rename(t.TempDir(), name) },
		"a loop":    func(name string, _ []byte) error { return os.Symlink(name, name) },
		"unrelated": func(name string, _ []byte) error { return os.WriteFile(name, bytes.Repeat([]byte("x"), 1<<16), 0o600) },
	}
	for how, damage := range damages {
		for _, what := range []string{"index", "results", ""} {
			cache := t.TempDir()
			store := overlays.NewStore(overlays.Options{Cache: cache})
			set := mustRender(t, store, r, 0, nil)
			files := cached(t, cache)
			if len(files) != 5 { // the index, and shared renders alike in both environments
				t.Fatalf("the cache holds %v", files)
			}
			for _, name := range files {
				content, err := os.ReadFile(name)
				if err == nil && strings.Contains(strings.TrimPrefix(name, cache), what) {
					if how == "a folder" || how == "a loop" {
						_ = os.Remove(name)
					}
					err = damage(name, content)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				if diff := cmp.Diff(want, contents(t, set)); diff != "" {
					t.Errorf("%s is %s (-fresh +cached):\n%s", what, how, diff)
				}
				got := map[string]string{}
				set = mustRender(t, overlays.NewStore(overlays.Options{Cache: cache}), r, 0, func(o overlays.Overlay, manifests []byte) error {
					got[o.Component+" "+o.Environment] = o.Path + " " + o.Dir + " <nil>\n" + string(manifests)
					return nil
				})
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s is %s, to a sink (-fresh +cached):\n%s", what, how, diff)
				}
			}
			if set = mustRender(t, overlays.NewStore(overlays.Options{Cache: cache}), r, 0, discard); set.Rendered() > 0 && how != "a folder" {
				t.Errorf("%s was %s, and is not mended: %d rendered", what, how, set.Rendered())
			}
		}
	}
}

func TestUnwritableCacheIsSaidOnce(t *testing.T) {
	t.Parallel()
	r := commit(t, seed(), seed().with("base/c.yaml", configMap("other")))
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, cache := range []string{filepath.Join(file, "cache"), "/proc/cache"} {
		var warnings []string
		store := overlays.NewStore(overlays.Options{Cache: cache, Warn: func(err error) { warnings = append(warnings, err.Error()) }})
		for i := range r.trees {
			want, err := fresh(t, r, i)
			if diff := cmp.Diff(want, contents(t, mustRender(t, store, r, i, nil))); diff != "" || err != nil {
				t.Errorf("%v (-fresh +uncached):\n%s", err, diff)
			}
		}
		if len(warnings) != 1 || !strings.HasPrefix(warnings[0], "renders are not cached: ") || !strings.Contains(warnings[0], cache) {
			t.Errorf("want one warning, got %q", warnings)
		}
		mustRender(t, overlays.NewStore(overlays.Options{Cache: cache}), r, 0, nil)
	}
}

// Several processes at one cache render what one alone does.
func TestParallelProcesses(t *testing.T) {
	t.Parallel()
	r := commit(t, seed(), seed().with("base/c.yaml", configMap("other")), seed().without("services/own"))
	cache := t.TempDir()
	want := make([]map[string]string, len(r.trees))
	for i := range r.trees {
		var err error
		if want[i], err = fresh(t, r, i); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	for p := range 4 {
		wg.Go(func() {
			for n := range 15 {
				i := (n + p) % len(r.trees)
				set, err := overlays.NewStore(overlays.Options{Cache: cache}).Render(t.Context(), r.Repository, r.trees[i], nil)
				if err != nil {
					t.Error(err)
					return
				}
				if diff := cmp.Diff(want[i], contents(t, set)); diff != "" {
					t.Errorf("tree %d (-alone +together):\n%s", i, diff)
				}
			}
		})
	}
	wg.Wait()
	for _, name := range cached(t, cache) {
		if strings.HasPrefix(filepath.Base(name), "new-") {
			t.Errorf("%s was left behind", name)
		}
	}
}

// The index does not need the tree it was made from: a clone that is shallow does not have it any more.
func TestTheOldTreeMayBeGone(t *testing.T) {
	t.Parallel()
	r := commit(t, seed(), seed().with("services/own/deploy/overlays/dev/kustomization.yaml", "namespace: x\nresources: [../../base]\n"))
	cache := t.TempDir()
	mustRender(t, overlays.NewStore(overlays.Options{Cache: cache}), r, 0, nil)
	command(t, r.dir, nil, "update-ref", "-d", "refs/heads/t0")
	command(t, r.dir, nil, "reflog", "expire", "--expire=now", "--all")
	command(t, r.dir, nil, "repack", "-adq")
	command(t, r.dir, nil, "prune", "--expire=now")
	if err := exec.CommandContext(t.Context(), "git", "-C", r.dir, "cat-file", "-e", r.trees[0].String()).Run(); err == nil {
		t.Fatal("the tree is still there")
	}
	r.Repository = open(t, r.dir)
	set := mustRender(t, overlays.NewStore(overlays.Options{Cache: cache}), r, 1, nil)
	want, err := fresh(t, r, 1)
	if diff := cmp.Diff(want, contents(t, set)); diff != "" || err != nil || set.Rendered() != 1 {
		t.Errorf("%d rendered, %v (-fresh +cached):\n%s", set.Rendered(), err, diff)
	}
}
