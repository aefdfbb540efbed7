package placement_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"
	"go.yaml.in/yaml/v3"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/placement"
	"github.com/org/platform/internal/placement/fieldpath"
)

func valueAt(t testing.TB, o placement.Object, path string) string {
	t.Helper()
	var object any
	if err := yaml.Unmarshal(o.Manifest, &object); err != nil {
		t.Fatal(err)
	}
	steps, err := fieldpath.Parse(path)
	if err != nil {
		t.Fatal(err)
	}
	value, _ := lookup(object, steps)
	return scalar(value)
}

// one places one failure of one object, by the layers alone where render is nil.
func one(t testing.TB, root fs.FS, dir string, o placement.Object, render placement.Render) placement.Place {
	t.Helper()
	places, err := placement.Overlay{Root: root, Dir: dir, Objects: []placement.Object{o}, Render: render}.Locate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return places[0][0]
}

func failing(path string, o placement.Object) placement.Object {
	o.Kind, o.Failures = "Deployment", []placement.Failure{{RuleID: "rule", Path: path}}
	return o
}

func same(a, b placement.Place) bool {
	return a.File == b.File && a.Line == b.Line && a.Confidence == b.Confidence
}

func TestLocateWithoutAnything(t *testing.T) {
	t.Parallel()
	root := fstest.MapFS{
		"overlay/kustomization.yaml": {Data: []byte("resources: [../base, ../../../etc, ../gone]\n")},
		"base/kustomization.yaml":    {Data: []byte("resources: [../overlay, broken.yaml]\n")}, // a cycle
		"base/broken.yaml":           {Data: []byte("kind: Deployment\nmetadata: {name: web\n")},
		"local/kustomization.yaml":   {Data: []byte("resources: [a.yaml]\n")},
	}
	broken := failing("spec.replicas", placement.Object{Name: "web", Original: "web", Origin: "base/broken.yaml"})
	outside := failing("spec.replicas", placement.Object{Name: "web", Original: "web", Origin: "../etc/passwd"})
	tests := []struct {
		name, dir string
		object    placement.Object
		want      placement.Place
	}{
		{"unknown resource", "base", failing("spec.replicas", placement.Object{Name: "web"}), placement.Place{}},
		{"no overlay", "gone", failing("spec.replicas", placement.Object{Name: "web"}), placement.Place{}},
		{"outside", "../x", outside, placement.Place{}},
		{"an origin that does not parse", "overlay", broken, placement.Place{File: "base/broken.yaml", Confidence: finding.File}},
		{"nothing known", "base", failing("", placement.Object{}), placement.Place{}},
	}
	for _, tt := range tests {
		if got := one(t, root, tt.dir, tt.object, nil); !same(got, tt.want) {
			t.Errorf("%s: got %+v; want %+v", tt.name, got, tt.want)
		}
	}
}

// lineBreak is what YAML counts as one.
var lineBreak = regexp.MustCompile(`\r\n|[\r\n\x{85}\x{2028}\x{2029}]`)

func FuzzLocate(f *testing.F) {
	examples, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range examples {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		archive := txtar.Parse(data)
		content := map[string]string{}
		for _, a := range archive.Files {
			content[filepath.Base(a.Name)] = string(a.Data)
		}
		f.Add(content["kustomization.yaml"], content["patch.yaml"], content["deployment.yaml"], "spec.template.spec.containers[0].image")
	}
	f.Add("resources: [&a [*a]]\npatches: [{patch: \"- 1\", target: }]", "<<: &b [*b]\n", "kind: Deployment\n<<: {metadata: {name: web}}", "a[0]")
	f.Fuzz(func(t *testing.T, kustomization, patch, resource, path string) {
		root := fstest.MapFS{
			"overlay/kustomization.yaml": {Data: []byte(kustomization)},
			"overlay/patch.yaml":         {Data: []byte(patch)},
			"base/kustomization.yaml":    {Data: []byte("resources: [deployment.yaml]")},
			"base/deployment.yaml":       {Data: []byte(resource)},
		}
		object := failing(path, placement.Object{Name: "web", Original: "web", Origin: "base/deployment.yaml", Manifest: []byte(resource)})
		// Every second probe lacks the failure, and the object is what the edited files are, so that all ways are gone.
		n := 0
		render := func(_ context.Context, root fs.FS) ([]placement.Object, error) {
			data, err := fs.ReadFile(root, "overlay/patch.yaml")
			if err != nil {
				t.Fatal(err)
			}
			o := object
			if n++; n%2 == 0 {
				o.Failures, o.Manifest = nil, data
			}
			return []placement.Object{o}, nil
		}
		for _, r := range []placement.Render{nil, render} {
			got := one(t, root, "overlay", object, r)
			data, err := fs.ReadFile(root, got.File)
			if err != nil {
				t.Fatalf("invented the file %q", got.File)
			}
			if lines := len(lineBreak.FindAll(data, -1)) + 1; got.Line > lines || got.Line < 0 || (got.Line == 0) != (got.Confidence == finding.File) {
				t.Fatalf("%+v in a file of %d lines", got, lines)
			}
		}
	})
}
