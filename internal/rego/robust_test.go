package rego_test

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/rego"
)

func TestFailingRulesAreNamedAtTheirLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, policy string
		line         int
		message, fix string
		notStrict    bool // fails without Strict too
	}{
		{"a conflict", "owner := \"a\" if input.x\n\nowner := \"b\" if input.x\n\ndeny contains owner", 4, "complete rules must not produce multiple outputs", "exclude each other", true},
		{"a conflict of a function", "f(x) := x\n\nf(x) := x + 1\n\ndeny contains sprintf(\"%d\", [f(1)])", 4, "functions must not produce multiple outputs", "exclude each other", true},
		{"a builtin", "deny contains \"x\" if {\n\tinput.x\n\tto_number(\"x\") == 1\n}", 4, "to_number: ", "check the type", false},
		{"no set", "# a comment\n\ndeny if {\n\tinput.x\n}", 4, "rule deny is a boolean", "contains msg if", true},
		{"a boolean", "deny := true", 2, "rule deny is a boolean, not a set of results", "deny contains msg if", true},
		{"a number", "deny contains 5", 2, "a result is a number", "return a string", true},
		{"no message", "deny contains {\"message\": \"x\"}", 2, "a result has no msg", "return a string", true},
		{"too many", "deny contains sprintf(\"%d\", [n]) if some n in numbers.range(1, 10001)", 2, "more than 10000 results", "one cause", true},
	} {
		p, err := rego.Load(t.Context(), []rego.Bundle{bundle("a.rego", "package team.place\n"+tt.policy)})
		if err == nil {
			p.TimeLimit = time.Minute
			if _, err = p.Check(t.Context(), rego.Document, map[string]any{"x": true}); (err != nil) != tt.notStrict {
				t.Errorf("%s: error %v without Strict", tt.name, err)
			}
			p.Strict = true
			_, err = p.Check(t.Context(), rego.Document, map[string]any{"x": true, "kind": "Deployment", "metadata": map[string]any{"name": "hello"}})
			if err != nil && !strings.Contains(err.Error(), "namespace team.place over Deployment/hello: ") {
				t.Errorf("%s: error %v, want the namespace and the document", tt.name, err)
			}
		}
		var problems finding.Problems
		if !errors.As(err, &problems) || len(problems) != 1 || problems[0].File != "policy/a.rego" || problems[0].Line != tt.line ||
			!strings.Contains(problems[0].Message, tt.message) || !strings.Contains(problems[0].Fix, tt.fix) {
			t.Errorf("%s: got %v", tt.name, err)
		}
		if p != nil && p.Documents() > 1 {
			t.Errorf("%s: a document that was not evaluated counts", tt.name)
		}
	}
}

func TestRegoV0SaysHowToMigrate(t *testing.T) {
	t.Parallel()
	for name, policy := range map[string]string{
		"a set":    "package main\n\ndeny[msg] {\n\tmsg = \"x\"\n}\n",
		"an empty": "package main\n\nallow { input.x }\n\nwarn[msg] { msg := \"y\" }\n",
	} {
		_, err := rego.Load(t.Context(), []rego.Bundle{bundle("deep/a.rego", policy)})
		var problems finding.Problems
		if !errors.As(err, &problems) || problems[0].Line != 3 || !strings.Contains(problems[0].Fix, "opa fmt --write --v0-v1 policy/deep/a.rego") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	_, err := rego.Load(t.Context(), []rego.Bundle{bundle("a.rego", "package main\n\ndeny[msg] {\n")})
	if err == nil || strings.Contains(err.Error(), "opa fmt") {
		t.Errorf("what is broken in v0 too: got %v", err)
	}
}

func TestSandbox(t *testing.T) {
	t.Setenv("SECRET", "s3cr3t")
	for call, want := range map[string]string{
		`http.send({"method": "get", "url": "http://127.0.0.1"})`: "http.send is not available to policies",
		`net.lookup_ip_addr("localhost")`:                         "net.lookup_ip_addr is not available to policies",
		`opa.runtime()`:                                           "opa.runtime is not available to policies",
		`parse_config_file("a.tf")`:                               "parse_config_file is not available to policies",
		`parse_config("toml", "a = 1")`:                           "parse_config is not available to policies",
		`parse_combined_config_files(["a.tf"])`:                   "parse_combined_config_files is not available to policies",
		`json.verify_schema({"$ref": "file:///etc/hostname"})`:    "json.verify_schema is not available to policies",
		`json.match_schema(1, {"$ref": "file:///etc/hostname"})`:  "json.match_schema is not available to policies",
	} {
		_, err := rego.Load(t.Context(), []rego.Bundle{bundle("a.rego", "package main\n\nwarn contains json.marshal("+call+")")})
		var problems finding.Problems
		if !errors.As(err, &problems) || problems[0].Message != want || problems[0].Line != 3 || problems[0].Fix == "" {
			t.Errorf("%s: got %v", call, err)
		}
	}
	for call, want := range map[string]string{
		`"print" if print("x", input)`: "print",
		`"trace" if trace("x")`:        "trace",
		`rego.parse_module("a.rego", "package a.b").package.path[2].value`: "b",
		`sprintf("%d", [time.now_ns()])`:                                   "1800000000000000000",
		`crypto.sha256("x")`:                                               "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
	} {
		p := load(t, bundle("a.rego", "package main\nwarn contains "+call))
		p.Time = time.Unix(1_800_000_000, 0)
		if found, err := p.Check(t.Context(), rego.Document, nil); err != nil || len(found) != 1 || found[0].Message != want {
			t.Errorf("%s: got %v, %v", call, found, err)
		}
	}
}

// The same input gives the same verdict, in every run and for every set of policies.
func TestRandomBuiltinsRepeatThemselves(t *testing.T) {
	t.Parallel()
	policy := "package main\nwarn contains sprintf(\"%d %s\", [rand.intn(\"a\", 1000000), uuid.rfc4122(\"b\")])"
	var got []string
	for range 2 {
		p := load(t, bundle("a.rego", policy))
		for range 2 {
			found, err := p.Check(t.Context(), rego.Document, nil)
			if err != nil || len(found) != 1 {
				t.Fatal(found, err)
			}
			got = append(got, found[0].Message)
		}
	}
	for _, other := range got {
		if other != got[0] || len(other) < 38 {
			t.Fatalf("got %v", got)
		}
	}
}

func TestTextsAreFitForReports(t *testing.T) {
	t.Parallel()
	p := load(t, bundle("a.rego", "package main\nwarn contains {\"msg\": input.text, \"fix\": input.text, \"url\": input.text, \"id\": input.text, \"_loc\": {\"file\": input.text}}"))
	long := strings.Repeat("ä", 60_000)
	for text, want := range map[string]string{
		"plain":                           "plain",
		"two\nlines\tand a tab\r\n":       "two\nlines\tand a tab\n",
		"\x1b[31mred\x1b[0m\x1b]8;;x\x07": "red",
		"\x1b]0;title\x1b\\a\x1bcb":       "ab",
		"a\x00b\u0085c\x7f\x1bd":          "abc",
		"100 % ::error file=x::y":         "100 % ::error file=x::y",
	} {
		v := one(t, p, text)
		single := strings.NewReplacer("\n", "", "\t", "").Replace(want)
		if v.Message != want || v.Fix != want || v.URL != single || v.RuleID != single || v.File != single {
			t.Errorf("%q: got %q, %q, %q, %q, %q", text, v.Message, v.Fix, v.URL, v.RuleID, v.File)
		}
	}
	if v := one(t, p, long); len(v.Message) > 4096 || len(v.Message) < 4090 || !strings.HasSuffix(v.Message, "ä… (cut, 120000 bytes in all)") || len(v.RuleID) > 256 {
		t.Errorf("got %d bytes, …%s", len(v.Message), v.Message[len(v.Message)-40:])
	}
	rapid.Check(t, func(r *rapid.T) {
		text := "x" + rapid.StringOfN(rapid.RuneFrom([]rune("aä\x1b[];m\n\t\r\x07\\\u2028€")), 0, 5000, 6000).Draw(r, "text")
		if v := one(t, p, text); !utf8.ValidString(v.Message) || len(v.Message) > 4096 || strings.ContainsAny(v.Message, "\x1b\r\x07") || strings.ContainsAny(v.URL, "\n\t") {
			r.Fatalf("got %q", v.Message)
		}
	})
}

func one(t *testing.T, p *rego.Policies, text string) rego.Violation {
	t.Helper()
	found, err := p.Check(t.Context(), rego.Document, map[string]any{"text": text})
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	return found[0]
}

func TestSeverityWords(t *testing.T) {
	t.Parallel()
	p := load(t, bundle("a.rego", "package main\ndeny contains {\"msg\": word, \"severity\": word} if some word in input\n\nwarn contains {\"msg\": word, \"severity\": word} if some word in input"))
	for word, want := range map[string][]finding.Severity{
		"error": {finding.Error, finding.Error}, "High": {finding.Error, finding.Error}, "CRITICAL": {finding.Error, finding.Error},
		"warning": {finding.Warning, finding.Warning}, "Warn": {finding.Warning, finding.Warning}, "medium": {finding.Warning, finding.Warning},
		"LOW": {finding.Warning, finding.Warning}, "info": {finding.Warning, finding.Warning}, "blocker": {finding.Error, finding.Warning},
	} {
		found, err := p.Check(t.Context(), rego.Document, []any{word})
		var got []finding.Severity
		for _, v := range found {
			got = append(got, v.Severity)
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s (-want +got):\n%s%v", word, diff, err)
		}
	}
}

func TestLocation(t *testing.T) {
	t.Parallel()
	p := load(t, bundle("a.rego", "package main\nwarn contains {\"msg\": \"x\", \"_loc\": input}"))
	for _, tt := range []struct {
		loc  any
		file string
		line int
	}{
		{map[string]any{"file": "a.yaml", "line": 3}, "a.yaml", 3}, {map[string]any{"file": "a.yaml"}, "a.yaml", 0}, {map[string]any{"line": 3}, "", 3},
		{map[string]any{"file": 1, "line": "3"}, "", 0}, {map[string]any{"line": 1.5}, "", 0}, {map[string]any{"line": -1}, "", 0}, {"a.yaml:3", "", 0}, {nil, "", 0},
	} {
		found, err := p.Check(t.Context(), rego.Document, tt.loc)
		if err != nil || len(found) != 1 || found[0].File != tt.file || found[0].Line != tt.line {
			t.Errorf("%v: got %+v, %v", tt.loc, found, err)
		}
	}
}
