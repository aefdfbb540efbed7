package scaffold_test

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/scaffold"
)

const header = `apiVersion: platform/v1
kind: GoldenPath
metadata: {name: test, title: Test, description: A test.}
`

const template = header + `spec:
  parameters:
    type: object
    required: [size]
    properties:
      name: {pattern: "^[a-z]", description: starts with a letter}
      size: {type: integer, minimum: 2, maximum: 1000000, description: how big}
      color: {type: string, enum: [red, green], default: red}
      fast: {type: boolean, default: false}
      folder: {type: string, default: docs}
`

// goldenPath builds a golden path from skeleton files.
func goldenPath(files map[string]string) fstest.MapFS {
	root := fstest.MapFS{"template.yaml": {Data: []byte(template)}}
	for name, content := range files {
		root["skeleton/"+name] = &fstest.MapFile{Data: []byte(content)}
	}
	return root
}

func load(t *testing.T, files map[string]string) *scaffold.GoldenPath {
	t.Helper()
	g, err := scaffold.Load(goldenPath(files))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func values(changes map[string]any) map[string]any {
	v := map[string]any{
		"name": "hello", "path": "services/hello", "owner": "team-a", "module": "example.com/hello", "registry": "ghcr.io/org",
		"environments": []string{"dev", "prod"}, "size": 3,
	}
	maps.Copy(v, changes)
	maps.DeleteFunc(v, func(_ string, value any) bool { return value == nil })
	return v
}

func texts(files scaffold.Files) map[string]string {
	m := map[string]string{}
	for p, f := range files {
		m[p] = string(f.Content)
	}
	return m
}

func wantError(t *testing.T, err error, want ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", want)
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q lacks %q", err, w)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	parameters := func(s string) string { return header + "spec: {parameters: " + s + "}\n" }
	for _, test := range []struct {
		name, template string
		want           []string
	}{
		{"not YAML", "a: [", []string{"template.yaml", "not valid YAML"}},
		{"everything missing", "spec: {}", []string{"apiVersion: platform/v1", "kind: GoldenPath", "metadata.name", "metadata.title", "metadata.description"}},
		{"unknown field", header + "spec: {parametres: {}}", []string{"template.yaml:4:8", "parametres", "did you mean parameters?"}},
		{"misspelt keyword", parameters("{properties: {a: {minimun: 1}}}"), []string{"template.yaml:4", "minimun", "did you mean minimum?"}},
		{"unknown type", parameters("{required: [a], properties: {a: {type: strnig}}}"), []string{"template.yaml:4", "not a JSON Schema"}},
		{"broken pattern", parameters(`{required: [a], properties: {a: {pattern: "("}}}`), []string{"template.yaml:4", "not a JSON Schema"}},
		{"not an object", parameters("{type: array}"), []string{`spec.parameters.type is "array"`, "type: object"}},
		{"required but undeclared", parameters("{required: [a]}"), []string{`required parameter "a" is not declared`}},
		{"neither required nor default", parameters("{properties: {a: {type: string}}}"), []string{"parameter a has no default and is not required"}},
		{"reserved name", parameters("{required: [environment], properties: {environment: {}}}"), []string{"parameter environment hides"}},
		{"default breaks the rule", parameters("{properties: {a: {type: integer, minimum: 5, default: 4}}}"),
			[]string{"default of parameter a is 4: must be at least 5"}},
		{"narrowed default breaks the built-in rule", parameters("{properties: {name: {default: A_B}}}"),
			[]string{`default of parameter name is "A_B": must match`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := scaffold.Load(fstest.MapFS{
				"template.yaml": {Data: []byte(test.template)}, "skeleton/component/a": {},
			})
			wantError(t, err, test.want...)
			var problems finding.Problems
			if !errors.As(err, &problems) {
				t.Errorf("got %T, want finding.Problems", err)
			}
		})
	}
}

func TestLoadRefusesSkeleton(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		file, content string
		want          []string
	}{
		"outside the roots": {"README.md", "", []string{"skeleton/README.md is in neither root", "skeleton/component"}},
		"unknown root":      {"componnet/a", "", []string{"skeleton/componnet/a is in neither root"}},
		"broken template":   {"component/a.tmpl", "x\n[[if]]", []string{"skeleton/component/a.tmpl:2"}},
		"unknown function":  {"component/a.tmpl", "[[shout .name]]", []string{"skeleton/component/a.tmpl:1", "shout"}},
		"broken file name":  {"component/[[.name", "", []string{"file name", "skeleton/component/[[.name"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := scaffold.Load(goldenPath(map[string]string{test.file: test.content}))
			wantError(t, err, append(test.want, "golden path test")...)
		})
	}
	_, err := scaffold.Load(fstest.MapFS{"template.yaml": {Data: []byte(template)}})
	wantError(t, err, "skeleton")
	_, err = scaffold.Load(fstest.MapFS{})
	wantError(t, err, "not a golden path", "template.yaml")
}

func TestVersion(t *testing.T) {
	t.Parallel()
	base := load(t, map[string]string{"component/a": "x"})
	for name, files := range map[string]map[string]string{
		"content": {"component/a": "y"},
		"name":    {"component/b": "x"},
		"more":    {"component/a": "x", "component/b": ""},
	} {
		if load(t, files).Version == base.Version {
			t.Errorf("%s changed, the version did not", name)
		}
	}
	tested := goldenPath(map[string]string{"component/a": "x"})
	tested["tests/default/input.yaml"] = &fstest.MapFile{}
	g, err := scaffold.Load(tested)
	if err != nil {
		t.Fatal(err)
	}
	if g.Version != base.Version {
		t.Error("a test changed the version")
	}
}

func TestParameters(t *testing.T) {
	t.Parallel()
	var got []string
	for _, p := range load(t, map[string]string{"component/a": ""}).Parameters {
		if !p.BuiltIn {
			got = append(got, p.Name)
		} else if p.Name == "name" && p.Description != "starts with a letter" {
			t.Errorf("description of name is %q, want the narrower one", p.Description)
		}
	}
	if diff := cmp.Diff([]string{"size", "color", "fast", "folder"}, got); diff != "" {
		t.Errorf("want the order of template.yaml:\n%s", diff)
	}
}

func TestValue(t *testing.T) {
	t.Parallel()
	g := load(t, map[string]string{"component/a": ""})
	for _, test := range []struct {
		name, text string
		want       any
	}{
		{"size", "12", 12},
		{"size", "big", "big"},
		{"size", "", ""},
		{"fast", "true", true},
		{"color", "8", "8"},
		{"name", "true", "true"},
		{"environments", "dev, prod", []any{"dev", "prod"}},
		{"nothing", "1", "1"},
	} {
		if diff := cmp.Diff(test.want, g.Value(test.name, test.text)); diff != "" {
			t.Errorf("Value(%q, %q):\n%s", test.name, test.text, diff)
		}
	}
}
