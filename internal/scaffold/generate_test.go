package scaffold_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/scaffold"
)

func TestGenerate(t *testing.T) {
	t.Parallel()
	g := load(t, map[string]string{
		"component/plain":                                           "[[.name]] ${{ x }}\r\n",
		"component/run.sh.tmpl":                                     "#!/bin/sh\necho [[.size]]\n",
		"component/[[.folder]]/[[.name]].md":                        "",
		"component/deploy/@environment/[[.name]]-@environment.tmpl": "[[.environment]] of [[len .environments]]",
		"repository/.github/workflows/[[.name]].yml.tmpl":           "${{ github.sha }} [[.color]] [[.actionsRef]]",
		"component/functions.tmpl": `[[lower "A"]] [[upper "b"]] [[title "my-service"]] [[join "+" .environments]] [[quote "a\"<b>"]] ` +
			`[[yaml "on"]] [[yaml "a: b"]] [[yaml "a, b"]] [[yaml "plain"]] [[entityName "group:default/team-a"]] [[indent 2 "a\nb"]]`,
	})
	files, err := g.Generate(values(nil))
	if err != nil {
		t.Fatal(err)
	}
	got := texts(files)
	record := got["services/hello/"+scaffold.RecordFile]
	delete(got, "services/hello/"+scaffold.RecordFile)
	want := map[string]string{
		"services/hello/plain":                  "[[.name]] ${{ x }}\r\n",
		"services/hello/run.sh":                 "#!/bin/sh\necho 3\n",
		"services/hello/docs/hello.md":          "",
		"services/hello/deploy/dev/hello-dev":   "dev of 2",
		"services/hello/deploy/prod/hello-prod": "prod of 2",
		".github/workflows/hello.yml":           "${{ github.sha }} red v1",
		"services/hello/functions":              `a B My service dev+prod "a\"<b>" "on" 'a: b' "a, b" plain team-a a` + "\n  b",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if !files["services/hello/run.sh"].Executable || files["services/hello/plain"].Executable {
		t.Error("exactly the file that starts with #! must be executable")
	}

	// The record is enough to generate the same component again.
	var r scaffold.Record
	if err := yaml.Unmarshal([]byte(record), &r); err != nil {
		t.Fatal(err)
	}
	if r.APIVersion != "platform/v1" || r.Kind != "GoldenPathRecord" || r.Name != "test" || r.Version != g.Version {
		t.Errorf("got record %+v", r)
	}
	again, err := g.Generate(r.Parameters)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(texts(files), texts(again)); diff != "" {
		t.Errorf("generated again from the record:\n%s", diff)
	}
}

func TestGenerateIsDeterministic(t *testing.T) {
	t.Parallel()
	skeleton := map[string]string{"component/a.tmpl": "[[.]]", "repository/@environment": ""}
	first, err := load(t, skeleton).Generate(values(nil))
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		next, err := load(t, skeleton).Generate(values(nil))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(first, next); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestGenerateRefusesParameters(t *testing.T) {
	t.Parallel()
	g := load(t, map[string]string{"component/a": ""})
	for _, test := range []struct {
		name    string
		changes map[string]any
		want    string
	}{
		{"missing", map[string]any{"size": nil}, "parameter size is missing (--set size=value: how big)"},
		{"too small", map[string]any{"size": 1}, "parameter size is 1: must be at least 2 (--set size=value: how big)"},
		{"too big", map[string]any{"size": 1000001}, "parameter size is 1000001: must be at most 1000000 (--set size=value: how big)"},
		{"wrong type", map[string]any{"size": "big"}, `parameter size is "big": must be of type integer (--set size=value: how big)`},
		{"not in the enum", map[string]any{"color": "blue"}, `parameter color is "blue": value must be one of 'red', 'green' (--set color=value)`},
		{"unknown, near", map[string]any{"colour": "red"}, `golden path test has no parameter "colour" (did you mean color?)`},
		{"narrowed built-in", map[string]any{"name": "1a"}, `parameter name is "1a": must match ^[a-z] (--set name=value: starts with a letter)`},
		{"an item of a list", map[string]any{"environments": []string{"dev", "Prod"}}, `parameter environments is "Prod": must match ` +
			`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$ (--set environments=value: names of the environments, in the order in which releases reach them)`},
		{"two at once", map[string]any{"size": 0, "color": 5}, `parameter color is 5: must be of type string (--set color=value)
parameter size is 0: must be at least 2 (--set size=value: how big)`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			files, err := g.Generate(values(test.changes))
			var problems finding.Problems
			if !errors.As(err, &problems) {
				t.Fatalf("got %v, want finding.Problems", err)
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Error(diff)
			}
			if files != nil {
				t.Error("files in spite of the error")
			}
		})
	}
}

func TestGenerateRefusesBuiltIns(t *testing.T) {
	t.Parallel()
	g := load(t, map[string]string{"component/a": ""})
	bad := map[string][]any{
		"name":         {"", "Hello", "a_b", "-a", "a-", "a.b", "a\n", "this-name-is-one-character-longer-than-a-dns-label-ever-may-be-xx", 7},
		"path":         {"", ".", "..", "../a", "a/../b", "/a", "a/", "a//b", `a\b`, "C:/a", ".git", "a/.git/b", "a b", "a\n"},
		"owner":        {"", "a b", "a/b/c", "a:b:c", "-a", "a\n"},
		"module":       {"", "/a", "a b", "a//b"},
		"registry":     {"", "https://ghcr.io/a", "ghcr.io/", "ghcr.io/Org"},
		"environments": {[]string{}, []string{"dev", "dev"}, []string{".."}, []string{"a/b"}, "dev"},
		"repository":   {"git@github.com:org/shop", "http://x", "https://x y"},
		"actions":      {"platform", "./platform", "a/b/c"},
		"actionsRef":   {"", "a b", "@v1"},
		"goVersion":    {"", "1", "2.0", "go1.26", 1.26},
	}
	for name, list := range bad {
		for _, value := range list {
			_, err := g.Generate(values(map[string]any{name: value}))
			if err == nil {
				t.Errorf("%s: %#v was accepted", name, value)
				continue
			}
			wantError(t, err, "parameter "+name, "--set "+name+"=")
		}
	}
	for name, value := range map[string]any{"owner": "group:default/Team_A.1", "registry": "localhost:5000", "path": "a", "goVersion": "1.26.1"} {
		if _, err := g.Generate(values(map[string]any{name: value})); err != nil {
			t.Errorf("%s: %v was refused: %v", name, value, err)
		}
	}
}

func TestGenerateRefusesPaths(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"..", "../x", "a/../../x", "/x", "", ".", `..\x`, "C:", ".git", "x/.GIT/hooks", "x\x00"} {
		for _, root := range []string{"component", "repository"} {
			_, err := load(t, map[string]string{root + "/[[.folder]]/a": ""}).Generate(values(map[string]any{"folder": folder}))
			wantError(t, err, "skeleton/"+root, "does not stay inside its root")
		}
	}
}

func TestGenerateRefusesTemplates(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"unknown parameter":             {map[string]string{"component/a.tmpl": "x\n[[.nam]]"}, []string{"skeleton/component/a.tmpl:2", "nam"}},
		"unknown parameter in the name": {map[string]string{"component/[[.nam]]": ""}, []string{"file name", "nam"}},
		"environment outside":           {map[string]string{"component/a.tmpl": "[[.environment]]"}, []string{"skeleton/component/a.tmpl:1"}},
		"twice":                         {map[string]string{"component/a": "", "component/a.tmpl": ""}, []string{"services/hello/a is generated twice"}},
		"twice across roots":            {map[string]string{"component/a": "", "repository/[[.path]]/a": ""}, []string{"services/hello/a is generated twice"}},
		"the record":                    {map[string]string{"component/golden-path.yaml": ""}, []string{"golden-path.yaml is generated twice"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, test.files).Generate(values(nil))
			wantError(t, err, test.want...)
		})
	}
}
