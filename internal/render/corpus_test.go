package render_test

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/render"
	"github.com/org/platform/internal/testkit"
)

const (
	corpus = "testdata/corpus"
	digest = "sha256:24a0c4b4a4c0eb97a1aabb8e29f18e917d05abfe1b7a7c07857230879ce7d3d3"
)

func kustomize(t testing.TB) string {
	return testkit.Tool(t, "kustomize", "sigs.k8s.io/kustomize/kustomize/v5")
}

// run runs a program and returns what it printed.
func run(t testing.TB, dir, program string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	var stderr bytes.Buffer
	cmd.Dir, cmd.Stderr = dir, &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", program, args, err, &stderr)
	}
	return out
}

func cases(t testing.TB) []string {
	t.Helper()
	entries, err := os.ReadDir(corpus)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if len(names) < 20 {
		t.Fatalf("only %d cases in %s", len(names), corpus)
	}
	return names
}

func mustRender(t testing.TB, req render.Request) *render.Result {
	t.Helper()
	result, err := render.Render(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestRenderIsKustomizeBuild(t *testing.T) {
	t.Parallel()
	program := kustomize(t)
	for _, name := range cases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := run(t, corpus, program, "build", name+"/overlay")
			got := mustRender(t, render.Request{Root: os.DirFS(corpus), Dir: name + "/overlay"})
			if diff := cmp.Diff(string(want), string(got.Manifests)); diff != "" {
				t.Errorf("differs from kustomize build (-kustomize +render):\n%s", diff)
			}
			for _, read := range got.Reads {
				if _, err := os.Lstat(filepath.Join(corpus, read)); err != nil || !strings.HasPrefix(read, name+"/") {
					t.Errorf("%s cannot have been read: %v", read, err)
				}
			}
		})
	}
}

// copyTree copies the corpus case with its symlinks into a folder that kustomize may edit.
func copyTree(t testing.TB, name string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(corpus, name))); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestImagesAreKustomizeEditSetImage(t *testing.T) {
	t.Parallel()
	program := kustomize(t)
	images := []render.Image{
		{Name: "hello", NewName: "registry.example.com/team/hello", Digest: digest},
		{Name: "migrate", Digest: "sha256:" + strings.Repeat("b", 64)},
	}
	for _, name := range []string{
		"bases", "components", "strategic-merge", "json6902", "generators", "replacements", "images", "naming", "labels",
		"configurations", "nested", "plugins", "symlinks", "sort-fifo", "vars-and-metadata",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := copyTree(t, name)
			run(t, filepath.Join(dir, "overlay"), program, "edit", "set", "image", "hello=registry.example.com/team/hello@"+digest,
				"registry.example.com/team/hello@"+digest, "migrate@sha256:"+strings.Repeat("b", 64))
			want := run(t, dir, program, "build", "overlay")
			got := mustRender(t, render.Request{Root: os.DirFS(corpus), Dir: name + "/overlay", Images: images})
			if diff := cmp.Diff(string(want), string(got.Manifests)); diff != "" {
				t.Errorf("differs from kustomize edit set image and build (-kustomize +render):\n%s", diff)
			}
			if !bytes.Contains(got.Manifests, []byte("registry.example.com/team/hello@"+digest)) {
				t.Errorf("image is not pinned:\n%s", got.Manifests)
			}
		})
	}
}

func corpusRequests(t testing.TB) []render.Request {
	var reqs []render.Request
	for range 3 {
		for _, name := range cases(t) {
			reqs = append(reqs, render.Request{Root: os.DirFS(corpus), Dir: path.Join(name, "overlay"), Origins: true})
		}
	}
	return reqs
}

func TestAllDoesNotDependOnWorkers(t *testing.T) {
	t.Parallel()
	reqs := append(corpusRequests(t), render.Request{Root: os.DirFS(corpus), Dir: "absent"})
	want := render.All(t.Context(), reqs, 1)
	got := render.All(t.Context(), reqs, 8)
	for i := range reqs {
		if diff := cmp.Diff(want[i].Result, got[i].Result); diff != "" {
			t.Errorf("%s (-sequential +parallel):\n%s", reqs[i].Dir, diff)
		}
		if failed := i == len(reqs)-1; (want[i].Err != nil) != failed || (got[i].Err != nil) != failed {
			t.Errorf("%s: errors %v and %v", reqs[i].Dir, want[i].Err, got[i].Err)
		}
	}
}

func TestAllStopsWhenCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, outcome := range render.All(ctx, corpusRequests(t), 2) {
		if outcome.Result != nil || outcome.Err == nil || !strings.HasSuffix(outcome.Err.Error(), context.Canceled.Error()) {
			t.Fatalf("want %v, got %v", context.Canceled, outcome.Err)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	req := render.Request{Root: os.DirFS(corpus), Dir: "nested/overlay",
		Images: []render.Image{{Name: "hello", NewName: "registry.example.com/hello", Digest: digest}}}
	mustRender(b, req)
	for b.Loop() {
		mustRender(b, req)
	}
}

var _ fs.ReadLinkFS = os.DirFS(".").(fs.ReadLinkFS) // or the symlink case would not test symlinks
