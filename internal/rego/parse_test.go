package rego_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/rego"
)

func parse(t *testing.T, file, content string) (string, error) {
	t.Helper()
	values, err := rego.ParseFile(file, []byte(content))
	text, jsonErr := json.Marshal(values)
	if jsonErr != nil {
		t.Fatal(jsonErr)
	}
	return string(text), err
}

func TestParses(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]bool{
		"Dockerfile": true, "a/dev.Dockerfile": true, "a/Dockerfile.debug": true, "main.tf": true, "x.tfvars": true, "a.toml": true, ".env": true,
		".env.prod": true, "prod.env": true, "CODEOWNERS": true, ".gitignore": true, "a.jsonnet": true, "a.textproto": true, "nginx.conf": true,
		"a.yaml": false, "a.yml": false, "a.json": false, "-": false, "a.txt": false, "Makefile": false, "a.csv": false, "": false,
	} {
		if got := rego.Parses(file); got != want {
			t.Errorf("Parses(%q) = %v", file, got)
		}
		if _, err := rego.ParseFile(file, nil); !want && err == nil {
			t.Errorf("ParseFile(%q) reads it", file)
		}
	}
}

func TestParseFailuresHaveALine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		file, content string
		line, column  int
		message       string
	}{
		{"a.toml", "a = 1\nb =\n", 2, 0, "expected value"},
		{"main.tf", "resource {\n  x = \n}", 2, 7, "Invalid expression"},
		{"Dockerfile", "FROM x\n\nnope y\n", 3, 0, "unknown instruction"},
		{"Dockerfile", "", 0, 0, "no instructions"},
		{"a.ini", "[a]\nx=1\n[b\n", 3, 0, "unclosed section"},
		{".env", "A=1\nnot a pair\n", 2, 0, "doesn't match format"},
		{".env", "\xff\xfeA\x00", 0, 0, "UTF-16"},
		{"a.xml", "<a>\n<b></a>", 2, 0, "element <b> closed by </a>"},
		{"a.xml", "<a>", 1, 0, "unexpected EOF"},
		{"a.jsonnet", "{\n  a: }", 2, 6, "Unexpected"},
		{"a.properties", "a=1\nb=\\u00zz", 2, 0, "unicode"},
		{"CODEOWNERS", "* @a\n* nope\n", 2, 0, "invalid owner"},
		{"Jenkinsfile", "pipeline {\n (", 2, 3, "expected expression"},
		{"a.hocon", "a =", 0, 0, "the parser gave up"},
		{"a.hocon", "a {\n b = ${?HOME}\n}", 2, 0, "may read the environment"},
		{"a.spdx", "nonsense", 0, 0, "the file does not parse: no colon"},
		{"a.toml", "x = \"" + strings.Repeat("[", 20_000), 1, 0, "nested more than"},
		{"a.properties", strings.Repeat("#", 17<<20), 0, 0, "at most 16777216"},
		{"main.tf", "a = " + strings.Repeat("!", 1<<20) + "true", 0, 0, "at most 131072"},
		{"a.xml", strings.Repeat("<a>\n", 20_000), 10_001, 0, "nested more than"},
		{"a.jsonnet", "# x\nlocal f(x) = f(x + 1) tailstrict; f(1)", 2, 0, "tailstrict is not supported"},
	} {
		_, err := parse(t, tt.file, tt.content)
		var problems finding.Problems
		if !errors.As(err, &problems) || len(problems) != 1 {
			t.Errorf("%s: error %v, want one problem", tt.file, err)
			continue
		}
		f := problems[0]
		confidence := finding.Exact
		if tt.line == 0 {
			confidence = finding.File
		}
		if f.RuleID != rego.ParseRuleID || f.File != tt.file || f.Line != tt.line || f.Column != tt.column || f.Confidence != confidence ||
			!strings.Contains(f.Message, tt.message) || len(f.Message) > 5000 {
			t.Errorf("%s: got %+v", tt.file, f)
		}
	}
}

// Nothing but the file is read: neither other files nor the environment.
func TestParseReadsNothingElse(t *testing.T) {
	t.Setenv("SECRET", "s3cr3t")
	for _, tt := range []struct{ file, content, want string }{
		{"a.jsonnet", "import '/etc/hostname'", "policies see one file alone"},
		{"a.jsonnet", "{a: importstr '/etc/hostname'}", "policies see one file alone"},
		{"a.jsonnet", "importbin 'parse_test.go'", "policies see one file alone"},
		{"a.jsonnet", "std.extVar('SECRET')", "SECRET"},
		{"main.tf", `a = file("/etc/hostname")`, `${file(\"/etc/hostname\")}`},
		{"nginx.conf", "include /etc/hostname;", "include"},
		{"a.hocon", "a {\n include \"/etc/hostname\"\n}", "include is not supported"},
		{"a.hocon", "include # x\n \"/etc/hostname\"", "include is not supported"},
		{"a.hocon", "a { b = ${SECRET} }", "may read the environment"},
		{"a.hocon", "a { b = ${?SECRET\n }", "may read the environment"},
		{"a.hocon", "a { b = ${x.y}${SECRET }", "may read the environment"},
		{"a.cue", "import \"tool/file\"\na: file.Read & {filename: \"/etc/hostname\"}", "does not parse"},
		{".env", "A=$SECRET", "$SECRET"},
		{".env", "A=\\$SECRET", "$SECRET"},
		{".env", "A=$$SECRET$SECRET", "$$SECRET$SECRET"},
		{".env", "A=\"\\\\\\$SECRET ${SECRET}\"", "${SECRET}"},
		{"a.properties", "a=${SECRET}", "${SECRET}"},
		{"a.properties", "a=\\${SECRET} $\\{SECRET}", "${SECRET}"},
	} {
		got, err := parse(t, tt.file, tt.content)
		if err != nil {
			got += err.Error()
		}
		if strings.Contains(got, "s3cr3t") || !strings.Contains(got, tt.want) {
			t.Errorf("%s %q: got %s", tt.file, tt.content, got)
		}
	}
}

func TestParseNeverShowsTheEnvironment(t *testing.T) {
	t.Setenv("S", "s3cr3t")
	files := []string{".env", "a.properties", "a.hocon", "a.ini", "a.toml", "a.tf", "a.edn", "a.vcl", "a.cue", "nginx.conf"}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.SampledFrom([]rune("$${}S\\\\'\"=\nab :?.%()")), 1, 40, -1).Draw(t, "text")
		file := rapid.SampledFrom(files).Draw(t, "file")
		content := "a=" + text
		if file == "a.hocon" {
			content = "a { b = " + text
		}
		values, err := rego.ParseFile(file, []byte(content))
		shown, jsonErr := json.Marshal(values)
		if err != nil {
			shown = append(shown, err.Error()...)
		}
		if jsonErr != nil || strings.Contains(string(shown), "s3cr3t") || strings.Contains(string(shown), "\uF8F0") {
			t.Fatalf("%s %q: got %s, %v", file, content, shown, jsonErr)
		}
	})
}
