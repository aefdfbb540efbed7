package report_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/report"
)

// sarifSchema is the whole schema of the standard, formats included.
func sarifSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	compiler.AssertContent()
	schema, err := compiler.Compile("testdata/sarif-schema-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func invalid(schema *jsonschema.Schema, text string) error {
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return err
	}
	return schema.Validate(document)
}

// log is what the tests read of SARIF.
type log struct {
	Runs []struct {
		Tool        struct{ Driver struct{ Rules []sarifRule } }
		ColumnKind  string
		Invocations []struct {
			ToolExecutionNotifications []struct {
				Level   string
				Message struct{ Text string }
			}
		}
		Results []sarifResult
	}
}

type sarifRule struct {
	ID      string
	HelpURI string
	Help    struct{ Text, Markdown string }
}

type sarifResult struct {
	RuleID              string
	RuleIndex           int
	Level               string
	BaselineState       string
	Message             struct{ Text string }
	PartialFingerprints map[string]string
	Suppressions        []struct{ Kind, Justification string }
	Locations           []struct {
		PhysicalLocation struct {
			ArtifactLocation struct{ URI, URIBaseID string }
			Region           *struct{ StartLine, StartColumn int }
		}
	}
}

func readSARIF(t interface{ Fatal(...any) }, r *report.Report) (log, string) {
	text := written(t, r.SARIF)
	var l log
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		t.Fatal(err)
	}
	if len(l.Runs) != 1 || len(l.Runs[0].Invocations) != 1 {
		t.Fatal("one run with one invocation is wanted")
	}
	return l, text
}

func TestSARIF(t *testing.T) {
	t.Parallel()
	schema := sarifSchema(t)
	text := written(t, example().SARIF)
	golden(t, "report.sarif", text)
	if err := invalid(schema, text); err != nil {
		t.Error(err)
	}
	if err := invalid(schema, written(t, (&report.Report{}).SARIF)); err != nil {
		t.Errorf("no findings: %v", err)
	}
	// The schema is the whole one: it knows what is wrong in every part that we write.
	for _, part := range []string{`"version": "2.1.0"`, `"columnKind": "utf16CodeUnits"`, `"startLine": 4`, `"level": "error"`, `"kind": "external"`, `"baselineState": "new"`, `"ruleIndex": 0`,
		`"executionSuccessful": true`, `"status": "accepted"`, `"uri": "legacy/a.yaml"`, `"platform/v1": "f1"`, `"informationUri": "https://example.com/platform"`} {
		name, _, _ := strings.Cut(part, ": ")
		for _, wrong := range []string{name + `: "no such thing:%zz"`, name + `: -5`, name + `x: 1`} {
			if broken := strings.Replace(text, part, wrong, 1); broken == text {
				t.Errorf("no %s", part)
			} else if free := name == `"platform/v1"`; invalid(schema, broken) == nil && (!free || wrong == name+`: -5`) {
				t.Errorf("%s in the place of %s is valid", wrong, part)
			}
		}
	}
}

func TestSARIFResults(t *testing.T) {
	t.Parallel()
	l, _ := readSARIF(t, example())
	run := l.Runs[0]
	var got []string
	for _, r := range run.Results {
		if id := run.Tool.Driver.Rules[r.RuleIndex].ID; id != r.RuleID {
			t.Errorf("rule %d is %s, want %s", r.RuleIndex, id, r.RuleID)
		}
		place := r.Locations[0].PhysicalLocation
		text := fmt.Sprint(r.Level, " ", r.BaselineState, " ", place.ArtifactLocation.URI)
		if place.Region != nil {
			text += fmt.Sprint(" ", *place.Region)
		}
		got = append(got, text+fmt.Sprint(" ", r.PartialFingerprints["platform/v1"], r.Suppressions))
	}
	want := []string{
		"error new services/hello/deploy/base/deployment.yaml {4 10} f1[]",
		"error new services/hello/catalog-info.yaml []",
		"error new services/hello/deploy/base/deployment.yaml {2 1} f2[]",
		"warning new services/hello/deploy/base/deployment.yaml {3 12} f3[]",
		"error unchanged services/a%20b/%C3%BC%231.yaml {7 0} f4[]",
		"warning unchanged jobs/a.yaml {1 1} []",
		"error new legacy/a.yaml {2 0} f5[{external moves in spring | see #7 (accepted by team-a until 2026-03-01)}]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if n := run.Invocations[0].ToolExecutionNotifications; len(n) != 1 || n[0].Message.Text != "a waiver has expired" || n[0].Level != "error" {
		t.Errorf("a finding without a file is %v", n)
	}
	var rules []string
	for _, r := range run.Tool.Driver.Rules {
		rules = append(rules, r.ID)
	}
	if diff := cmp.Diff(strings.Fields("no-latest memory-limit replicas privileged waivers owner"), rules); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Columns are UTF-16 code units, as columnKind says: counted in the line, and left out where the line is not there.
func TestSARIFColumns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line         string
		column, want int
	}{
		{"abc", 2, 2}, {"abc", 4, 4}, {"abc", 5, 0}, {"éa", 3, 2}, {"漢a", 4, 2}, {"😀a", 5, 3}, {"😀a", 3, 1}, {"abc", 0, 0}, {"", 1, 1},
	} {
		f := finding.Finding{RuleID: "r", Message: "m", File: "a", Line: 1, Column: c.column}
		l, _ := readSARIF(t, &report.Report{Findings: []finding.Finding{f}, Source: func(string) ([]byte, error) { return []byte(c.line + "\n"), nil }})
		if got := l.Runs[0].Results[0].Locations[0].PhysicalLocation.Region.StartColumn; got != c.want {
			t.Errorf("%q: column %d is %d, want %d", c.line, c.column, got, c.want)
		}
	}
}

// Counting goes on from finding to finding: in any order, and from line to line.
func TestSARIFColumnsOfOneLine(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		lines := []string{"aé漢😀b", "abcdefghijkl", "😀😀😀"}
		r := &report.Report{Source: func(string) ([]byte, error) { return []byte(strings.Join(lines, "\n")), nil }}
		var want []int
		for range 6 {
			line := rapid.IntRange(1, 3).Draw(t, "line")
			before := string([]rune(lines[line-1])[:rapid.IntRange(0, 3).Draw(t, "before")])
			r.Findings = append(r.Findings, finding.Finding{RuleID: "r", Message: "m", File: "a", Line: line, Column: len(before) + 1})
			want = append(want, len(utf16.Encode([]rune(before)))+1)
		}
		l, _ := readSARIF(t, r)
		for i, result := range l.Runs[0].Results {
			if got := result.Locations[0].PhysicalLocation.Region.StartColumn; got != want[i] {
				t.Fatalf("finding %d of %v: column %d, want %d", i, r.Findings, got, want[i])
			}
		}
	})
}

func TestSARIFPaths(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"a/b.yaml", "a b/ü.yaml", "a:b.yaml", "50%/#1?.yaml", "a\\b\n.yaml", "[x](y).yaml", "\xff.yaml"} {
		l, _ := readSARIF(t, &report.Report{Findings: []finding.Finding{{Message: "m", File: file, Line: 1}}})
		location := l.Runs[0].Results[0].Locations[0].PhysicalLocation.ArtifactLocation
		parsed, err := url.Parse(location.URI)
		if err != nil || parsed.IsAbs() || parsed.Path != file || parsed.RawQuery+parsed.Fragment != "" || location.URIBaseID != "%SRCROOT%" {
			t.Errorf("%q: got %q (%q), %v", file, location.URI, parsed, err)
		}
	}
}

// Code scanning refuses a file of more than 25,000 results and shows 5,000: the worst are there, and the rest is counted.
func TestSARIFLimit(t *testing.T) {
	t.Parallel()
	fs := make([]finding.Finding, report.SARIFLimit+1234)
	for i := range fs {
		fs[i] = finding.Finding{RuleID: "r", Severity: finding.Warning, Message: "m", File: "a", Line: i + 1}
		if i%2 == 0 {
			fs[i].Severity = finding.Error
		}
	}
	finding.Sort(fs)
	l, text := readSARIF(t, &report.Report{Findings: fs})
	run := l.Runs[0]
	if n := len(run.Results); n != report.SARIFLimit {
		t.Errorf("%d results", n)
	}
	if n := strings.Count(text, `"level": "error"`); n != len(fs)/2+1 { // and the rule
		t.Errorf("%d errors", n)
	}
	notes := run.Invocations[0].ToolExecutionNotifications
	if len(notes) != 1 || notes[0].Message.Text != "1234 more findings are left out: code scanning shows 5000." {
		t.Errorf("got %v", notes)
	}
}

// Whatever findings hold, the file is valid, and links of SARIF's messages are none.
func TestSARIFIsAlwaysValid(t *testing.T) {
	t.Parallel()
	schema := sarifSchema(t)
	rapid.Check(t, func(t *rapid.T) {
		r := anyReport(t)
		l, text := readSARIF(t, r)
		if err := invalid(schema, text); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		run := l.Runs[0]
		if n := len(run.Results) + len(run.Invocations[0].ToolExecutionNotifications); n != len(r.Findings) {
			t.Fatalf("%d of %d findings", n, len(r.Findings))
		}
		ids := map[string]bool{}
		for _, rule := range run.Tool.Driver.Rules {
			if ids[rule.ID] || rule.ID == "" {
				t.Fatalf("rule %q twice, or without a name", rule.ID)
			}
			ids[rule.ID] = true
			if problem := inert(rule.Help.Markdown); problem != "" {
				t.Fatalf("help %q: %s", rule.Help.Markdown, problem)
			}
		}
		for _, r := range run.Results {
			if run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID || r.Message.Text == "" {
				t.Fatalf("result %+v", r)
			}
			if text := strings.NewReplacer(`\\`, "", `\[`, "", `\]`, "").Replace(r.Message.Text); strings.Contains(text, "](") {
				t.Fatalf("a link in %q", r.Message.Text)
			}
		}
	})
}
