package diff_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/org/platform/internal/diff"
)

var update = flag.Bool("update", false, "write the expected parts of testdata")

// plain paints nothing, but shows what would be painted as removed and added.
var plain = diff.Colors{Added: same, Removed: same, Changed: same, Bold: same, Dim: same}

func same(s string) string { return s }

// archives runs a test for each archive of a folder. The test returns the files of the archive as they should be.
func archives(t *testing.T, folder string, test func(*testing.T, map[string]string) map[string]string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", folder, "*.txtar"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files := map[string]string{}
			for _, f := range archive.Files {
				files[f.Name] = string(f.Data)
			}
			made := test(t, files)
			for file, want := range made {
				if *update {
					set(archive, file, want)
				} else if diff := cmp.Diff(files[file], want); diff != "" {
					t.Errorf("%s: -want +got:\n%s", file, diff)
				}
			}
			if *update {
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func set(a *txtar.Archive, name, content string) {
	for i := range a.Files {
		if a.Files[i].Name == name {
			a.Files[i].Data = []byte(content)
			return
		}
	}
	a.Files = append(a.Files, txtar.File{Name: name, Data: []byte(content)})
}

// Each archive holds manifests before and after a change, and what a terminal shows of it.
func TestCompare(t *testing.T) {
	t.Parallel()
	archives(t, "compare", func(t *testing.T, files map[string]string) map[string]string {
		report := diff.New([]diff.Input{{
			Component: "hello", Environment: "prod", Before: []byte(files["before.yaml"]), After: []byte(files["after.yaml"]),
		}}, diff.Options{Environments: []string{"prod"}})
		var out strings.Builder
		report.Terminal(&out, plain)
		return map[string]string{"want": out.String()}
	})
}

func TestCompareRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	const good = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
	for name, c := range map[string]struct{ before, after, want string }{
		"syntax":    {good, good + "---\n\tx", "read manifests after the change: yaml: line 5: "},
		"no kind":   {"a: 1\n", good, "read manifests before the change: document 1: has no kind"},
		"no object": {good, "- a\n", "read manifests after the change: document 1: is not an object with apiVersion and kind"},
		"in a list": {good, "kind: List\nitems: [{kind: A}, 7]\n", "read manifests after the change: document 1: item 2: is not an object"},
	} {
		if _, err := diff.Compare([]byte(c.before), []byte(c.after)); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s…", name, err, c.want)
		}
	}
}

func TestCompareOfTheSame(t *testing.T) {
	t.Parallel()
	const one = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}]}\n"
	const two = "# the same\nkind: Service\napiVersion: v1\nspec:\n  ports:\n  - port: 80\nmetadata:\n  name: a\n"
	const other = "---\nkind: ServiceAccount\napiVersion: v1\nmetadata: {name: b}\n"
	for _, after := range []string{one + other, two + other, other + "--- # then\n" + two, "\n---\n---\r\n" + one + other + "...\n"} {
		objects, err := diff.Compare([]byte(one+other), []byte(after))
		if err != nil || len(objects) > 0 {
			t.Errorf("%q: got %v, %v", after, objects, err)
		}
	}
}
