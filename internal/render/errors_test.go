package render_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/org/platform/internal/render"
)

const modeSymlink = fs.ModeSymlink

func TestErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		root  fstest.MapFS
		wants []string
	}{
		{"missing resource", files("kustomization.yaml", "resources: [absent.yaml]"), []string{"render o: ", "o/absent.yaml", "file does not exist"}},
		{"no kustomization", files("x.yaml", configMap), []string{"unable to find one of 'kustomization.yaml'", "'o'"}},
		{"no folder", files("p/kustomization.yaml", ""), []string{"o: file does not exist"}},
		{"two kustomizations", files("kustomization.yaml", "namespace: a", "kustomization.yml", "namespace: a"), []string{"Found multiple kustomization files"}},
		{"empty kustomization", files("kustomization.yaml", ""), []string{"is empty"}},
		{"unknown field", files("kustomization.yaml", "resorces: [a]"), []string{`unknown field "resorces"`}},
		{"malformed resource", files("kustomization.yaml", "resources: [a.yaml]", "a.yaml", "a: [b"), []string{"a.yaml"}},
		{"itself", files("kustomization.yaml", "resources: [.]"), []string{"cycle detected"}},
		{"itself by name", files("kustomization.yaml", "resources: [../o]"), []string{"cycle detected"}},
		{"itself as component", files("kustomization.yaml", "components: [../o]"), []string{"cycle detected"}},
		{"cycle of two", files("kustomization.yaml", "resources: [../p]", "p/kustomization.yaml", "resources: [../o]"), []string{"cycle detected"}},
		{"cycle of transformers", files("kustomization.yaml", "transformers: [../p]", "p/kustomization.yaml", "resources: [../q]",
			"q/kustomization.yaml", "resources: [../p]"), []string{"cycle detected"}},
		{"cycle through a symlink", files("kustomization.yaml", "resources: [link]", "link", "-> ."), []string{"cycle detected"}},
		{"endless symlink", files("kustomization.yaml", "resources: [a]", "a", "-> b", "b", "-> a"), []string{"too many symlinks"}},
		{"leaves by name", files("kustomization.yaml", "namespace: x\nresources:\n- ../../x.yaml\n"), []string{`o/kustomization.yaml:3: "../../x.yaml" leaves the repository`}},
		{"leaves and comes back", files("kustomization.yaml", "resources: ['../../../@repo/o/x.yaml']", "x.yaml", configMap),
			[]string{"leaves the repository"}},
		{"leaves by generator", files("kustomization.yaml", "configMapGenerator: [{name: a, files: [k=../../../x]}]"), []string{"leaves the repository"}},
		{"absolute", files("kustomization.yaml", "resources: [/etc/hostname]"), []string{"/etc/hostname leaves the repository"}},
		{"symlink leaves", files("kustomization.yaml", "resources: [a.yaml]", "a.yaml", "-> ../../x.yaml"), []string{"leaves the repository"}},
		{"symlink leaves and comes back", files("kustomization.yaml", "resources: [a.yaml]", "a.yaml", "-> ../../r/o/b.yaml", "b.yaml", configMap),
			[]string{"leaves the repository"}},
		{"absolute symlink", files("kustomization.yaml", "resources: [a.yaml]", "a.yaml", "-> /etc/hostname"),
			[]string{"symlink o/a.yaml leaves the repository"}},
		{"kustomization is a symlink that leaves", files("kustomization.yaml", "-> /etc/hostname"), []string{"leaves the repository"}},
		{"symlink to above the root of the overlay", files("kustomization.yaml", "resources: [a.yaml]", "a.yaml", "-> ../p/a.yaml",
			"p/a.yaml", configMap), []string{"security; file 'o/a.yaml' is not in or below 'o'"}},
		{"load restriction", files("kustomization.yaml", "resources: [../p/a.yaml]", "p/a.yaml", configMap), []string{"is not in or below 'o'"}},
		{"broken schema", files("kustomization.yaml", "resources: [a.yaml]\nopenapi: {path: s.json}\nnamespace: x\n", "a.yaml",
			"apiVersion: x/v1\nkind: X\nmetadata: {name: x}\n", "s.json", "{"), []string{"invalid schema file"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := render.Render(t.Context(), render.Request{Root: tt.root, Dir: "o"})
			wantError(t, err, tt.wants...)
		})
	}
}

func TestImageErrors(t *testing.T) {
	t.Parallel()
	pod := "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: 'b:1'}, {name: b, image: a}]}\n"
	root := files("kustomization.yaml", "resources: [a.yaml]", "a.yaml", pod)
	tests := []struct {
		name   string
		images []render.Image
		want   string
	}{
		{"unused", []render.Image{{Name: "hello", Digest: digest}}, `render o: no container in o uses image "hello"; images used: a, b:1`},
		{"tag", []render.Image{{Name: "a", Digest: "v1"}}, `image a: digest "v1" is not sha256:`},
		{"no name", []render.Image{{Digest: digest}}, `image name "" is not one`},
		{"pattern", []render.Image{{Name: "a(", Digest: digest}}, `image name "a(" is not one`},
		{"new name", []render.Image{{Name: "a", NewName: "b=c", Digest: digest}}, `new name "b=c"`},
		{"twice", []render.Image{{Name: "a", Digest: digest}, {Name: "a", Digest: digest}}, "given twice"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := render.Render(t.Context(), render.Request{Root: root, Dir: "o", Images: tt.images})
			wantError(t, err, tt.want)
		})
	}
	if _, err := render.Render(t.Context(), render.Request{Root: root, Dir: "../o"}); err == nil {
		t.Error("a folder outside the tree must be an error")
	}
	if _, err := render.Render(t.Context(), render.Request{Dir: "o"}); err == nil {
		t.Error("a request without a tree must be an error")
	}
}

// flaky fails to read one file as a partial clone does whose server went away.
type flaky struct {
	fstest.MapFS
	broken string
}

var errGone = errors.New("server went away")

func (f flaky) ReadFile(name string) ([]byte, error) {
	if name == f.broken {
		return nil, errGone
	}
	return f.MapFS.ReadFile(name)
}

func TestReadErrorsAreNotMissingFiles(t *testing.T) {
	t.Parallel()
	root := files("kustomization.yaml", "resources: [../b]", "b/kustomization.yaml", "resources: [a.yaml]", "b/a.yaml", configMap)
	for _, broken := range []string{"o/kustomization.yaml", "b/kustomization.yaml", "b/a.yaml"} {
		_, err := render.Render(t.Context(), render.Request{Root: flaky{root, broken}, Dir: "o"})
		if !errors.Is(err, errGone) || !strings.Contains(err.Error(), broken) {
			t.Errorf("%s: want %v, got %v", broken, errGone, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := render.Render(ctx, render.Request{Root: root, Dir: "o"}); !errors.Is(err, context.Canceled) {
		t.Errorf("want %v, got %v", context.Canceled, err)
	}
}
