package goldenpaths_test

import (
	"flag"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	goldenpaths "github.com/org/platform/golden-paths"
	"github.com/org/platform/internal/scaffold"
)

var update = flag.Bool("update", false, "write what is generated as what is expected")

// Each folder in tests/ of a golden path is a case: its input.yaml must generate exactly the files in expected/.
func TestGolden(t *testing.T) {
	t.Parallel()
	for _, name := range onDisk(t) {
		cases, err := filepath.Glob(filepath.Join(name, "tests", "*", "input.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if len(cases) == 0 {
			t.Errorf("golden path %s has no test: add %s/tests/default/input.yaml and run go test ./golden-paths -update", name, name)
		}
		for _, input := range cases {
			t.Run(filepath.ToSlash(filepath.Dir(input)), func(t *testing.T) {
				t.Parallel()
				got := generate(t, load(t, os.DirFS(name)), readValues(t, input))
				expected := filepath.Join(filepath.Dir(input), "expected")
				if *update {
					replace(t, expected, got)
				}
				if diff := cmp.Diff(contents(readFiles(t, expected)), contents(got)); diff != "" {
					t.Errorf("generated files differ; if that is wanted run go test ./golden-paths -update (-expected +generated):\n%s", diff)
				}
			})
		}
	}
}

// Embedding skips some files without a word, such as folders that hold a go.mod.
func TestEmbeddedLikeOnDisk(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(onDisk(t), goldenpaths.Names()); diff != "" {
		t.Errorf("-on disk +embedded:\n%s", diff)
	}
	for _, name := range goldenpaths.Names() {
		embedded, ok := goldenpaths.Get(name)
		if !ok {
			t.Fatalf("Get(%q) found nothing", name)
		}
		want, got := load(t, os.DirFS(name)), load(t, embedded)
		if got.Version != want.Version {
			t.Errorf("%s: embedded %s, on disk %s: name its .go files .go.tmpl and its go.mod go.mod.tmpl", name, got.Version, want.Version)
		}
		if got.Name != name {
			t.Errorf("%s: metadata.name is %q", name, got.Name)
		}
	}
	for _, name := range []string{"", ".", "..", "go-servic", "go-service/skeleton"} {
		if _, ok := goldenpaths.Get(name); ok {
			t.Errorf("Get(%q) found something", name)
		}
	}
}

func onDisk(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

func load(t *testing.T, folder fs.FS) *scaffold.GoldenPath {
	t.Helper()
	g, err := scaffold.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func generate(t *testing.T, g *scaffold.GoldenPath, values map[string]any) scaffold.Files {
	t.Helper()
	files, err := g.Generate(values)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func readValues(t *testing.T, file string) map[string]any {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var values map[string]any
	if err := yaml.Unmarshal(data, &values); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return values
}

func replace(t *testing.T, dir string, files scaffold.Files) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := scaffold.Write(dir, files); err != nil {
		t.Fatal(err)
	}
}

func readFiles(t *testing.T, dir string) scaffold.Files {
	t.Helper()
	files := scaffold.Files{}
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		files[filepath.ToSlash(rel)] = scaffold.File{Content: content, Executable: info.Mode()&0o100 != 0}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// contents makes differences readable: text instead of bytes, and a note on executable files.
func contents(files scaffold.Files) map[string]string {
	texts := map[string]string{}
	for p, f := range files {
		if f.Executable {
			p += " (executable)"
		}
		texts[p] = string(f.Content)
	}
	return texts
}

func below(files scaffold.Files, dir, base string) []string {
	return slices.DeleteFunc(files.Paths(), func(p string) bool {
		ok, err := path.Match(dir, path.Dir(p))
		return err != nil || !ok || path.Base(p) != base
	})
}
