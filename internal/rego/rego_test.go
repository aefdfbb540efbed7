package rego_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/rego"
)

// bundle makes a bundle called "policy" of file name and content pairs.
func bundle(files ...string) rego.Bundle {
	root := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		root[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return rego.Bundle{Name: "policy", Root: root}
}

func load(t *testing.T, bundles ...rego.Bundle) *rego.Policies {
	t.Helper()
	p, err := rego.Load(t.Context(), bundles)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCheck(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, policy string
		input        any
		want         []rego.Violation
	}{
		{
			name:   "a string is an error of the rule",
			policy: `deny contains "no" if input.bad`,
			input:  map[string]any{"bad": true},
			want:   []rego.Violation{{RuleID: "main.deny", Severity: finding.Error, Message: "no", Namespace: "main", Rule: "deny"}},
		},
		{
			name:   "names and suffixes decide the severity",
			policy: "violation_x contains \"v\"\nwarn contains \"w\"\nwarn_y contains {\"msg\": \"y\"}\ndenyish contains \"no\"\ndeny contains \"no\" if false",
			want: []rego.Violation{
				{RuleID: "main.violation_x", Severity: finding.Error, Message: "v", Namespace: "main", Rule: "violation_x"},
				{RuleID: "main.warn", Severity: finding.Warning, Message: "w", Namespace: "main", Rule: "warn"},
				{RuleID: "main.warn_y", Severity: finding.Warning, Message: "y", Namespace: "main", Rule: "warn_y"},
			},
		},
		{
			name:   "every key is read, others are ignored",
			policy: `deny contains {"msg": "m", "id": "i", "severity": "warning", "fix": "f", "url": "u", "else": [1], "path": "spec['a.b'].c[0]"}`,
			want: []rego.Violation{{RuleID: "i", Severity: finding.Warning, Message: "m", Fix: "f", URL: "u", Path: `spec["a.b"].c[0]`,
				Namespace: "main", Rule: "deny"}},
		},
		{
			name:   "keys used in another way count as absent",
			policy: `deny contains {"msg": "m", "id": 5, "severity": "HIGH", "fix": [], "path": "a["}`,
			want:   []rego.Violation{{RuleID: "main.deny", Severity: finding.Error, Message: "m", Namespace: "main", Rule: "deny"}},
		},
		{
			name:   "a path may be a list",
			policy: `deny contains {"msg": "m", "path": ["metadata", "labels", "a/b", 2]}`,
			want: []rego.Violation{{RuleID: "main.deny", Severity: finding.Error, Message: "m", Path: `metadata.labels["a/b"][2]`,
				Namespace: "main", Rule: "deny"}},
		},
		{
			name:   "an exception silences the rules it names",
			policy: "deny_a contains \"a\"\ndeny_b contains \"b\"\nexception contains rules if {\n\tinput.trusted\n\trules := [\"a\"]\n}",
			input:  map[string]any{"trusted": true},
			want:   []rego.Violation{{RuleID: "main.deny_b", Severity: finding.Error, Message: "b", Namespace: "main", Rule: "deny_b"}},
		},
		{
			name:   "an empty name excepts the rule without suffix",
			policy: "deny contains \"a\"\nwarn_b contains \"b\"\nexception contains [\"\"]",
			want:   []rego.Violation{{RuleID: "main.warn_b", Severity: finding.Warning, Message: "b", Namespace: "main", Rule: "warn_b"}},
		},
		{
			name:   "an exception whose condition does not hold silences nothing",
			policy: "deny_a contains \"a\"\nexception contains [\"a\"] if input.trusted",
			want:   []rego.Violation{{RuleID: "main.deny_a", Severity: finding.Error, Message: "a", Namespace: "main", Rule: "deny_a"}},
		},
		{
			name:   "results are ordered",
			policy: `deny contains {"msg": m, "path": p} if some m, p in {"z": "a", "a": "b", "b": "b"}`,
			want: []rego.Violation{
				{RuleID: "main.deny", Severity: finding.Error, Message: "z", Path: "a", Namespace: "main", Rule: "deny"},
				{RuleID: "main.deny", Severity: finding.Error, Message: "a", Path: "b", Namespace: "main", Rule: "deny"},
				{RuleID: "main.deny", Severity: finding.Error, Message: "b", Path: "b", Namespace: "main", Rule: "deny"},
			},
		},
		{
			name:   "metadata completes a result with its id",
			policy: "# METADATA\n# title: T\n# related_resources:\n# - ref: https://example.com/\n# custom:\n#   id: x\n#   fix: do it\ndeny contains {\"msg\": \"m\", \"id\": \"x\"}",
			want: []rego.Violation{{RuleID: "x", Title: "T", Severity: finding.Error, Message: "m", Fix: "do it", URL: "https://example.com/",
				Namespace: "main", Rule: "deny"}},
		},
		{
			name:   "a function with the name of a rule is a helper",
			policy: "deny_if(x) := x > 1\nwarn contains \"w\" if deny_if(2)",
			want:   []rego.Violation{{RuleID: "main.warn", Severity: finding.Warning, Message: "w", Namespace: "main", Rule: "warn"}},
		},
		{
			name:   "a rule may be a list, as conftest allows",
			policy: `deny := ["m"]`,
			want:   []rego.Violation{{RuleID: "main.deny", Severity: finding.Error, Message: "m", Namespace: "main", Rule: "deny"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := load(t, bundle("a.rego", "package main\n"+tt.policy))
			got, err := p.Check(t.Context(), rego.Document, tt.input)
			if err != nil {
				t.Fatal(err)
			}
			for i := range tt.want {
				tt.want[i].Item = -1
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCheckRefusesResultsThatSayNothing(t *testing.T) {
	t.Parallel()
	for policy, want := range map[string]string{
		`deny contains 5`:                "rule deny: a result is a number",
		`deny_x contains {"message": 1}`: "rule deny_x: a result has no msg",
		`deny := true`:                   "rule deny is a boolean",
		`warn := "text"`:                 "rule warn is a string",
	} {
		_, err := load(t, bundle("a.rego", "package some.place\n"+policy)).Check(t.Context(), rego.Document, nil)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), ".place") {
			t.Errorf("%s: error %v, want %q and the namespace", policy, err, want)
		}
	}
}

func TestNamespacesDataAndLibraries(t *testing.T) {
	t.Parallel()
	first := bundle("one/a.rego", "package one\nimport data.lib.names\ndeny contains names.bad if input.name == data.banned.names[_]",
		"lib.rego", "package lib.names\nbad := \"banned\"",
		"data/banned/list.yaml", "names: [eve]",
		"one/a_test.rego", "package one_test\nthis is not even Rego")
	second := bundle("b.rego", "package two[\"x-y\"]\nwarn contains \"second\"")
	second.Name = "other/policy"
	got, err := load(t, first, second).Check(t.Context(), rego.Document, map[string]any{"name": "eve"})
	want := []rego.Violation{
		{RuleID: "one.deny", Severity: finding.Error, Message: "banned", Item: -1, Namespace: "one", Rule: "deny"},
		{RuleID: `two["x-y"].warn`, Severity: finding.Warning, Message: "second", Item: -1, Namespace: `two["x-y"]`, Rule: "warn"},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("violations (-want +got):\n%s%v", diff, err)
	}
}

func TestLoadReportsProblemsAtTheirPlace(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		files []string
		want  finding.Finding // compared: file, line and a part of the message
	}{
		{"parse error", []string{"deep/a.rego", "package main\n\ndeny contains if"}, finding.Finding{File: "policy/deep/a.rego", Line: 3}},
		{"compile error", []string{"a.rego", "package main\ndeny contains x"}, finding.Finding{File: "policy/a.rego", Line: 2, Message: "unsafe"}},
		{"type error", []string{"a.rego", "package main\n\ndeny contains count(1, 2, 3)"}, finding.Finding{File: "policy/a.rego", Line: 3}},
		{"set without contains", []string{"a.rego", "package main\n\ndeny[msg] if msg := \"x\""},
			finding.Finding{File: "policy/a.rego", Line: 3, Message: "'contains'"}},
		{"never evaluated", []string{"a.rego", "package main\n\ndeny.foo contains \"x\""},
			finding.Finding{File: "policy/a.rego", Line: 3, Message: "deny.foo is never evaluated"}},
		{"network", []string{"a.rego", "package main\ndeny contains \"x\" if http.send({\"url\": \"x\"})"},
			finding.Finding{File: "policy/a.rego", Line: 2, Message: "http.send is not available"}},
		{"lookup", []string{"a.rego", "package main\ndeny contains \"x\" if net.lookup_ip_addr(\"x\")"},
			finding.Finding{File: "policy/a.rego", Line: 2, Message: "net.lookup_ip_addr is not available"}},
		{"environment", []string{"a.rego", "package main\ndeny contains opa.runtime().env.HOME"},
			finding.Finding{File: "policy/a.rego", Line: 2, Message: "opa.runtime is not available"}},
		{"files through a schema", []string{"a.rego", "package main\ndeny contains \"x\" if json.match_schema(1, {\"$ref\": \"file:///x\"})"},
			finding.Finding{File: "policy/a.rego", Line: 2, Message: "json.match_schema is not available"}},
		{"data", []string{"a.rego", "package main\ndeny contains \"x\"", "data/x.yaml", "a: [1"}, finding.Finding{File: "policy/data/x.yaml"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := rego.Load(t.Context(), []rego.Bundle{bundle(tt.files...)})
			var problems finding.Problems
			if !errors.As(err, &problems) {
				t.Fatalf("error %v (%T), want problems", err, err)
			}
			got := problems[0]
			if got.File != tt.want.File || got.Line != tt.want.Line || !strings.Contains(got.Message, tt.want.Message) {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if strings.Contains(err.Error(), os.TempDir()+"/") {
				t.Errorf("the error names the temporary folder: %v", err)
			}
		})
	}
}

func TestLoadRefusesUnusableBundles(t *testing.T) {
	t.Parallel()
	valid := bundle("a.rego", "package main\ndeny contains \"x\"")
	for name, bundles := range map[string][]rego.Bundle{
		"no bundle":      nil,
		"only tests":     {bundle("a_test.rego", "package main")},
		"no rules":       {bundle("a.rego", "package main\ndenied contains 1")},
		"the same twice": {valid, valid},
		"name":           {{Name: "../x", Root: valid.Root}},
		"prefix":         {{Name: "a:b", Root: valid.Root}},
	} {
		if _, err := rego.Load(t.Context(), bundles); err == nil || strings.Contains(err.Error(), os.TempDir()) {
			t.Errorf("%s: error %v, want one without the temporary folder", name, err)
		}
	}
}

func TestLoadLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	load(t, bundle("a.rego", "package main\ndeny contains \"x\""))
	_, _ = rego.Load(t.Context(), []rego.Bundle{bundle("a.rego", "broken")})
	_, _ = rego.Load(t.Context(), []rego.Bundle{bundle("a.txt", "")})
	_, _ = rego.Test(t.Context(), []rego.Bundle{bundle("a.rego", "package main")})
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestTimeLimitNamesTheNamespace(t *testing.T) {
	t.Parallel()
	p := load(t, bundle("a.rego", "package slow.rules\ndeny contains \"x\" if {\n\ti := numbers.range(1, 10000)[_]\n\tj := numbers.range(1, 10000)[_]\n\tk := numbers.range(1, 10000)[_]\n\ti + j + k < 0\n}"),
		rego.Bundle{Name: "b", Root: bundle("b.rego", "package fast\ndeny contains \"x\"").Root})
	p.TimeLimit = 30 * time.Millisecond
	start := time.Now()
	_, err := p.Check(t.Context(), rego.Document, nil)
	if err == nil || !strings.Contains(err.Error(), "slow.rules") || !strings.Contains(err.Error(), "not finished within 30ms") {
		t.Errorf("error %v, want one that names slow.rules and the limit", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Check(cancelled, rego.Document, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v after cancellation, want context.Canceled", err)
	}
}

func TestRulesComeFromMetadata(t *testing.T) {
	t.Parallel()
	p := load(t, bundle("a.rego", `package main

# METADATA
# title: Title
# description: Why
# related_resources:
# - ref: https://example.com/
# custom:
#   id: some-rule
#   severity: warning
#   fix: Fix
deny contains "x"

warn contains "without metadata"

# METADATA
# title: By name
warn_x contains "x"
`))
	want := []rego.Rule{
		{ID: "some-rule", Title: "Title", Why: "Why", Severity: finding.Warning, Fix: "Fix", URL: "https://example.com/",
			Namespace: "main", Name: "deny", File: "policy/a.rego", Line: 3},
		{ID: "main.warn_x", Title: "By name", Severity: finding.Warning, Namespace: "main", Name: "warn_x", File: "policy/a.rego", Line: 16},
	}
	if diff := cmp.Diff(want, p.Rules()); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
}

func TestTest(t *testing.T) {
	t.Parallel()
	results, err := rego.Test(t.Context(), []rego.Bundle{bundle("a.rego", "package main\ndeny contains \"x\" if input.bad",
		"a_test.rego", `package main_test

test_passes if count(data.main.deny) == 1 with input as {"bad": true}

test_fails if {
	print("count", count(data.main.deny))
	data.main.deny["x"]
}

todo_test_later if false

test_breaks if to_number("x") == 1
`)})
	if err != nil {
		t.Fatal(err)
	}
	type brief struct {
		Name   string
		Status rego.TestStatus
		Line   int
	}
	var got []brief
	for _, r := range results.Results {
		got = append(got, brief{r.Name, r.Status, r.Line})
		if r.Package != "main_test" || r.File != "policy/a_test.rego" {
			t.Errorf("%s: package %s in %s", r.Name, r.Package, r.File)
		}
	}
	want := []brief{{"test_passes", rego.Passed, 3}, {"test_fails", rego.Failed, 5}, {"todo_test_later", rego.Skipped, 10}, {"test_breaks", rego.Broken, 12}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tests (-want +got):\n%s", diff)
	}
	if len(results.Results) > 1 && results.Results[1].Message != "count 0" {
		t.Errorf("message %q, want what the test printed", results.Results[1].Message)
	}
	if _, err := rego.Test(t.Context(), []rego.Bundle{bundle("a.rego", "package main", "a_test.rego", "package main\nx := y")}); err == nil {
		t.Error("tests that do not compile passed")
	}
}
