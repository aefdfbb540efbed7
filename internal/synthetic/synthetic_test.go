package synthetic_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/org/platform/internal/catalog"
	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/render"
	"github.com/org/platform/internal/state"
	"github.com/org/platform/internal/synthetic"
	"github.com/org/platform/internal/testkit"
)

func TestMain(m *testing.M) {
	if err := testkit.IsolateGit(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func write(t *testing.T, o synthetic.Options) *synthetic.Repository {
	t.Helper()
	r, err := synthetic.Write(t.Context(), filepath.Join(t.TempDir(), "monorepo.git"), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// checkout returns the files of a commit.
func checkout(t *testing.T, repository, commit string) fs.FS {
	t.Helper()
	dir := t.TempDir()
	run(t, dir, "git", "--git-dir="+repository, "--work-tree=.", "checkout", "-q", commit, "--", ".")
	return os.DirFS(dir)
}

func run(t *testing.T, dir, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", program, args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// What is generated is what the product would have written: configuration and catalog load, every overlay renders, and every cell of the state
// is the render of its release.
func TestTheProductReadsIt(t *testing.T) {
	t.Parallel()
	o := synthetic.Options{Services: 9, Environments: 4, Filler: 40, History: 5}
	r := write(t, o)
	source, head := checkout(t, r.Dir, r.Source), checkout(t, r.Dir, r.Head)
	platform, err := config.Load(head, config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	components, err := catalog.Load(head, platform.Spec.Components)
	if err != nil {
		t.Fatal(err)
	}
	if len(components.Components) != o.Services || len(platform.Spec.Environments) != o.Environments {
		t.Errorf("got %d components and %d environments", len(components.Components), len(platform.Spec.Environments))
	}
	s, err := state.Read(head, platform.Spec.State.Path, platform.EnvironmentNames())
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Cells) != o.Services*o.Environments || len(s.Problems)+len(s.Holds) > 0 {
		t.Errorf("got %d cells, problems %v, holds %v", len(s.Cells), s.Problems, s.Holds)
	}
	onSharedBase := 0
	for key, cell := range s.Cells {
		dir, err := render.OverlayDir(source, cell.Record.Source.Path, key.Environment)
		if err != nil {
			t.Fatal(err)
		}
		image := cell.Record.Images[0]
		want, err := render.Render(t.Context(), render.Request{Root: source, Dir: dir,
			Images: []render.Image{{Name: image.Name, NewName: image.NewName, Digest: image.Digest}}})
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(want.Reads, "bases/web/deployment.yaml") {
			onSharedBase++
		}
		have, err := fs.ReadFile(head, path.Join(state.Dir(platform.Spec.State.Path, key), state.ManifestsFile))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(have, want.Manifests) {
			t.Errorf("%v: got\n%s\nwant\n%s", key, have, want.Manifests)
		}
		if i := slices.Index(platform.EnvironmentNames(), key.Environment); i > 0 && cell.Record.From != platform.EnvironmentNames()[i-1] ||
			i == 0 && cell.Record.From != "" {
			t.Errorf("%v: promoted from %q", key, cell.Record.From)
		}
		if cell.Record.Source.Commit != r.Source || path.Base(dir) != key.Environment {
			t.Errorf("%v: source %s, rendered from %s", key, cell.Record.Source.Commit, dir)
		}
	}
	if onSharedBase != len(s.Cells)/3 {
		t.Errorf("%d of %d cells are built on the shared base", onSharedBase, len(s.Cells))
	}
}

func TestGitReadsIt(t *testing.T) {
	t.Parallel()
	o := synthetic.Options{Services: 5, Environments: 2, Filler: 57, History: 7}
	r := write(t, o)
	run(t, r.Dir, "git", "fsck", "--strict", "--no-progress")
	if n := run(t, r.Dir, "git", "rev-list", "--count", "main"); n != "7" {
		t.Errorf("got %s commits", n)
	}
	if head := run(t, r.Dir, "git", "rev-parse", "main"); head != r.Head {
		t.Errorf("main is %s, want %s", head, r.Head)
	}
	files := strings.Split(run(t, r.Dir, "git", "ls-tree", "-r", "--name-only", "main"), "\n")
	if len(files) != r.Files || o.Files() != r.Files {
		t.Errorf("got %d files, want %d", len(files), r.Files)
	}
	again := write(t, o)
	if again.Head != r.Head {
		t.Errorf("the same options gave %s and %s", r.Head, again.Head)
	}
}

func TestKustomizeRendersIt(t *testing.T) {
	t.Parallel()
	kustomize := testkit.Tool(t, "kustomize", "sigs.k8s.io/kustomize/kustomize/v5")
	r := write(t, synthetic.Options{Services: 3, Environments: 2, History: 2})
	run(t, filepath.Dir(r.Dir), "git", "clone", "-q", r.Dir, "clone")
	for i := range 3 {
		dir := filepath.Join(filepath.Dir(r.Dir), "clone", filepath.FromSlash(synthetic.ServiceDir(i)), "deploy", "overlays", "staging")
		image := synthetic.Image(i, 0)
		run(t, dir, kustomize, "edit", "set", "image", image.Name+"="+image.Reference())
		want, err := os.ReadFile(filepath.Join(filepath.Dir(r.Dir), "clone", "environments", "staging", synthetic.Service(i), state.ManifestsFile))
		if err != nil {
			t.Fatal(err)
		}
		if have := run(t, dir, kustomize, "build"); have != strings.TrimSpace(string(want)) {
			t.Errorf("%s: kustomize wants\n%s\ngot\n%s", dir, have, want)
		}
	}
}

// The number of services and that of filler files do not depend on each other.
func TestPlan(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := synthetic.Options{Services: rapid.IntRange(1, 70).Draw(t, "services"), Environments: rapid.IntRange(1, 5).Draw(t, "environments"), History: 2}
		needed := o.Files()
		filler := rapid.IntRange(0, 300).Draw(t, "filler")
		o, err := o.Filled(needed + filler)
		if err != nil || o.Filler != filler || o.Files() != needed+filler {
			t.Fatalf("got %+v, %v", o, err)
		}
		seen, again := map[string]string{}, map[string]string{}
		for file, content := range o.Sources() {
			if _, twice := seen[file]; twice || !fs.ValidPath(file) {
				t.Fatalf("%s", file)
			}
			seen[file] = string(content)
		}
		for file, content := range o.Sources() {
			again[file] = string(content)
		}
		if !maps.Equal(seen, again) {
			t.Fatal("two plans of the same options differ")
		}
		generated := 3 * o.Services * o.Environments
		if len(seen)+generated != o.Files() {
			t.Fatalf("got %d files, want %d", len(seen)+generated, o.Files())
		}
		if _, err := o.Filled(needed - 1); err == nil {
			t.Fatal("no error for fewer files than the services need")
		}
	})
}

// Who stops early gets no more, whatever is being yielded.
func TestPlanStops(t *testing.T) {
	t.Parallel()
	o := synthetic.Options{Services: 3, Environments: 2, Filler: 5, History: 2}
	files := o.Files()
	s, err := o.State(t.Context(), strings.Repeat("a", 40))
	if err != nil {
		t.Fatal(err)
	}
	for stop := range files {
		n := 0
		for range o.Sources() {
			if n++; n > stop {
				break
			}
		}
		n = 0
		for range s {
			if n++; n > stop {
				break
			}
		}
	}
}

func TestWriteFails(t *testing.T) {
	t.Parallel()
	for _, o := range []synthetic.Options{{}, {Services: 1, Environments: 1, History: 1}, {Services: 1, History: 2}, {Services: 1, Environments: 1, Filler: -1, History: 2}} {
		if _, err := synthetic.Write(t.Context(), filepath.Join(t.TempDir(), "r"), o); err == nil || !strings.Contains(err.Error(), "at least") {
			t.Errorf("%+v: got %v", o, err)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := synthetic.Write(t.Context(), file, synthetic.Options{Services: 1, Environments: 1, History: 2}); err == nil {
		t.Error("wrote over a file")
	}
}
