package placement_test

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/placement"
)

// example is one file of testdata: an archive of an overlay at "overlay", or where the comment's overlay line says, in
// which "# HERE" marks the line to find. The comment has lines "key: value" about the target.
type example struct {
	root   fstest.MapFS
	disk   filesys.FileSystem
	header map[string]string
	want   placement.Place
}

func read(t *testing.T, file string) example {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	archive := txtar.Parse(data)
	e := example{root: fstest.MapFS{}, disk: filesys.MakeFsInMemory(), header: map[string]string{"overlay": "overlay", "kind": "Deployment", "name": "web"}}
	for line := range strings.Lines(string(archive.Comment)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok && !strings.HasPrefix(line, "#") {
			e.header[key] = value
		}
	}
	e.want.Confidence = finding.Confidence(e.header["confidence"])
	if e.want.Confidence == "" {
		e.want.Confidence = finding.Exact
	}
	e.want.File = e.header["file"]
	if _, err := fmt.Sscanf(e.header["line"], "%d", &e.want.Line); err != nil && e.header["line"] != "" {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		e.root[f.Name] = &fstest.MapFile{Data: f.Data}
		if err := e.disk.WriteFile("/"+f.Name, f.Data); err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(f.Data), "\n") {
			if strings.HasSuffix(line, "# HERE") {
				e.want.File, e.want.Line = f.Name, i+1
			}
		}
	}
	return e
}

// render returns the resource that kustomize makes of the target.
func (e example) render(t *testing.T) []byte {
	t.Helper()
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(e.disk, "/"+e.header["overlay"])
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range resources.Resources() {
		if r.GetKind() == e.header["kind"] && strings.HasPrefix(r.GetNamespace(), e.header["namespace"]) && r.GetName() == cmp.Or(e.header["rendered"], e.header["name"]) {
			return []byte(r.MustYaml())
		}
	}
	t.Fatalf("kustomize does not render %s/%s", e.header["kind"], e.header["name"])
	return nil
}

func (e example) target(manifest []byte) placement.Target {
	t := placement.Target{Kind: e.header["kind"], Name: e.header["name"], Origin: e.header["origin"], Path: e.header["path"], Manifest: manifest}
	for name := range e.root {
		t.Reads = append(t.Reads, name)
	}
	return t
}

func TestLocate(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) < 15 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			e := read(t, file)
			got, ok := placement.Locate(e.root, e.header["overlay"], e.target(e.render(t)))
			column := got.Column
			got.Column = 0
			if got != e.want || !ok {
				t.Fatalf("got %+v, %t; want %+v", got, ok, e.want)
			}
			if want := e.header["at"]; want != "" { // the text at the column
				line := strings.Split(string(e.root[got.File].Data), "\n")[got.Line-1]
				if column < 1 || column > len(line) || !strings.HasPrefix(line[column-1:], want) {
					t.Errorf("column %d of %q is not at %q", column, line, want)
				}
			}
		})
	}
}

func TestLocateWithoutAnything(t *testing.T) {
	t.Parallel()
	root := fstest.MapFS{
		"overlay/kustomization.yaml": {Data: []byte("resources: [../base, https://example.com/x, ../../../etc, ../gone]\n")},
		"base/kustomization.yaml":    {Data: []byte("resources: [../overlay, broken.yaml]\n")}, // a cycle
		"base/broken.yaml":           {Data: []byte("kind: Deployment\nmetadata: {name: web\n")},
	}
	deployment := placement.Target{Kind: "Deployment", Name: "web", Path: "spec.replicas"}
	broken := deployment
	broken.Origin = "base/broken.yaml"
	outside := deployment
	outside.Origin = "../etc/passwd"
	tests := []struct {
		name, overlay string
		target        placement.Target
		want          placement.Place
		ok            bool
	}{
		{"unknown resource", "overlay", deployment, placement.Place{}, false},
		{"no overlay", "gone", deployment, placement.Place{}, false},
		{"outside", "../x", outside, placement.Place{}, false},
		{"an origin that does not parse", "overlay", broken, placement.Place{File: "base/broken.yaml", Confidence: finding.File}, true},
		{"nothing asked", "overlay", placement.Target{}, placement.Place{}, false},
	}
	for _, tt := range tests {
		if got, ok := placement.Locate(root, tt.overlay, tt.target); got != tt.want || ok != tt.ok {
			t.Errorf("%s: got %+v, %t; want %+v, %t", tt.name, got, ok, tt.want, tt.ok)
		}
	}
}

// Without the rendered resource the origin's own order of items is all there is.
func TestLocateWithoutManifest(t *testing.T) {
	t.Parallel()
	e := read(t, "testdata/patch-file.txtar")
	target := e.target(nil)
	target.Path = "spec.template.spec.containers[1].image"
	got, ok := placement.Locate(e.root, "overlay", target)
	got.Column = 0
	if got != e.want || !ok {
		t.Errorf("got %+v, %t; want %+v", got, ok, e.want)
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
		target := placement.Target{Kind: "Deployment", Name: "web", Origin: "base/deployment.yaml", Path: path, Manifest: []byte(resource)}
		got, ok := placement.Locate(root, "overlay", target)
		if !ok {
			t.Fatal("the origin exists, so at least the file is known")
		}
		data, err := fs.ReadFile(root, got.File)
		if err != nil {
			t.Fatalf("invented the file %q", got.File)
		}
		if lines := len(lineBreak.FindAll(data, -1)) + 1; got.Line > lines || (got.Line == 0) != (got.Confidence == finding.File) {
			t.Fatalf("%+v in a file of %d lines", got, lines)
		}
	})
}
