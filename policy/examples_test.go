package policy_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/document"
	"github.com/org/platform/internal/placement/fieldpath"
	"github.com/org/platform/internal/rego"
	"github.com/org/platform/policy"
)

// Each rule has examples/<id>/pass.<ext>, where it finds nothing, and fail.<ext>, where it finds something exactly at the marked places. These are
// lines that end in "# finding"; in a Dockerfile the instruction after such a line; for JSON the paths that fail.paths lists.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, name := range policy.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := load(t, name)
			byID := rules(t, p)
			for _, id := range slices.Sorted(maps.Keys(byID)) {
				if got, _ := examine(t, p, id, example(t, name, id, "pass")); len(got) > 0 {
					t.Errorf("examples/%s/pass: found something at %v", id, got)
				}
				got, want := examine(t, p, id, example(t, name, id, "fail"))
				if len(want) == 0 {
					t.Errorf("examples/%s/fail: nothing is marked as a finding", id)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("examples/%s/fail: places of findings (-marked +found):\n%s", id, diff)
				}
			}
			folders, err := filepath.Glob(filepath.Join(name, "examples", "*"))
			if err != nil {
				t.Fatal(err)
			}
			for _, folder := range folders {
				if _, known := byID[filepath.Base(folder)]; !known {
					t.Errorf("%s: there is no such rule", folder)
				}
			}
		})
	}
}

// example returns the path of one example.
func example(t *testing.T, bundle, id, which string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(bundle, "examples", id, which+".*"))
	found = slices.DeleteFunc(found, func(file string) bool { return filepath.Ext(file) == ".paths" })
	if err != nil || len(found) != 1 {
		t.Fatalf("rule %s of %s: want one file examples/%s/%s.*, got %v", id, bundle, id, which, found)
	}
	return found[0]
}

// examine returns the places at which a rule finds something in an example, and those that are marked.
func examine(t *testing.T, p *rego.Policies, id, file string) (got, want []string) {
	t.Helper()
	content := read(t, file)
	found := map[string]bool{}
	mark := func(d *document.Document, path fieldpath.Path) {
		if filepath.Ext(file) == ".json" {
			found[path.String()] = true
		} else {
			found[fmt.Sprintf("line %03d", d.Locate(path).Line)] = true
		}
	}
	documents := parse(t, file, content)
	for _, d := range documents {
		for _, place := range places(t, p, id, rego.Document, d.Value) {
			mark(d, place.path)
		}
	}
	for _, scope := range []rego.Scope{rego.Component, rego.Environment, rego.Inventory} {
		for _, place := range places(t, p, id, scope, combined(documents, content)) {
			mark(documents[place.item], place.path)
		}
	}
	return slices.Sorted(maps.Keys(found)), marks(t, file, content)
}

// parse decodes a file as the program does.
func parse(t *testing.T, file string, content []byte) []*document.Document {
	t.Helper()
	if !rego.Parses(file) {
		documents, err := document.Parse(file, content)
		if err != nil {
			t.Fatal(err)
		}
		return documents
	}
	values, err := rego.ParseFile(file, content)
	if err != nil {
		t.Fatal(err)
	}
	var documents []*document.Document
	for _, value := range values {
		documents = append(documents, document.FromValue(file, content, value)...)
	}
	return documents
}

// combined makes objects of one component in production of documents. One after a line "# component: NAME" is another component's.
func combined(documents []*document.Document, content []byte) []any {
	lines := strings.Split(string(content), "\n")
	all := []any{}
	for i, d := range documents {
		component := "hello"
		if d.Line > 1 {
			if name, found := strings.CutPrefix(lines[d.Line-2], "# component: "); found {
				component = name
			}
		}
		all = append(all, map[string]any{"path": fmt.Sprintf("%d.yaml", i), "contents": d.Value, "component": component, "environment": "prod"})
	}
	return all
}

// marks returns where the author says that something is found.
func marks(t *testing.T, file string, content []byte) (want []string) {
	t.Helper()
	if filepath.Base(file) == "fail.json" {
		return strings.Fields(string(read(t, strings.TrimSuffix(file, ".json")+".paths")))
	}
	for i, text := range strings.Split(string(content), "\n") {
		switch {
		case text == "# finding":
			want = append(want, fmt.Sprintf("line %03d", i+2))
		case strings.HasSuffix(text, " # finding"):
			want = append(want, fmt.Sprintf("line %03d", i+1))
		}
	}
	return want
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// place is where a rule finds something: in an object of the input, or in the input where that is one document.
type place struct {
	item int
	path fieldpath.Path
}

func places(t *testing.T, p *rego.Policies, id string, scope rego.Scope, input any) []place {
	t.Helper()
	found, err := p.Check(t.Context(), scope, input)
	if err != nil {
		t.Fatal(err)
	}
	var all []place
	for _, v := range found {
		if v.RuleID != id {
			continue
		}
		path, err := fieldpath.Parse(v.Path)
		if err != nil || len(path) == 0 || (v.Item < 0) != (scope == rego.Document) || v.Title == "" || v.Fix == "" || v.URL == "" || v.Message == "" {
			t.Errorf("not complete: %+v", v)
		}
		all = append(all, place{v.Item, path})
	}
	return all
}
