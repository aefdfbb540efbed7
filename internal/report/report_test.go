package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/report"
)

var update = flag.Bool("update", false, "write the golden files")

const baseYAML = "services/hello/deploy/base/deployment.yaml"

var authored = map[string]string{
	baseYAML: "kind: Deployment\nspec:\n\treplicas: 1  \r\n  image: nginx # 漢字 é\n",
}

// example is a report with a finding of every kind.
func example() *report.Report {
	fs := []finding.Finding{
		{RuleID: "no-latest", Title: "Images are pinned", Severity: finding.Error, Message: "Deployment/hello: image nginx has no digest", Fix: "write nginx@sha256:…",
			URL: "https://example.com/rules#no-latest", File: baseYAML, Line: 4, Column: 10, Confidence: finding.Exact, Changed: true, Components: []string{"hello"},
			Environments: []string{"dev", "staging", "prod"}, Resource: "Deployment/hello", Path: "spec.template.spec.containers[0].image", Fingerprint: "f1"},
		{RuleID: "memory-limit", Title: "Memory has a limit", Severity: finding.Error, Message: "Deployment/hello: container app has no memory limit", File: baseYAML, Line: 2,
			Column: 1, Confidence: finding.Parent, Components: []string{"hello", "world"}, Environments: []string{"prod"}, Resource: "Deployment/hello", Fingerprint: "f2"},
		{RuleID: "replicas", Severity: finding.Warning, Message: "one replica", File: baseYAML, Line: 3, Column: 12, Confidence: finding.Exact, Environments: []string{"prod"}, Fingerprint: "f3"},
		{RuleID: "owner", Severity: finding.Error, Message: "component has no owner", File: "services/hello/catalog-info.yaml", Confidence: finding.File},
		{RuleID: "waivers", Severity: finding.Error, Message: "a waiver has expired"},
		{RuleID: "no-latest", Severity: finding.Error, Message: "Deployment/old: image has no digest", File: "services/a b/ü#1.yaml", Line: 7, Known: true, Fingerprint: "f4"},
		{RuleID: "replicas", Severity: finding.Warning, Message: "one replica of a job", File: "jobs/a.yaml", Line: 1, Column: 1, Known: true},
		{RuleID: "no-latest", Severity: finding.Error, Message: "Deployment/legacy: image has no digest", File: "legacy/a.yaml", Line: 2, Fingerprint: "f5",
			Waiver: &finding.Waiver{Owner: "team-a", Reason: "moves in spring | see #7", Expires: "2026-03-01"}},
	}
	finding.Sort(fs)
	return &report.Report{
		Tool: report.Tool{Name: "policy-check", Version: "v1.2.3", URL: "https://example.com/platform"}, Findings: fs,
		Rules: []report.Rule{
			{ID: "no-latest", Title: "Images are pinned", Why: "A tag may be moved, so that what runs is not what was checked.", Severity: finding.Error,
				Fix: "Name the image by digest.", URL: "https://example.com/rules#no-latest"},
			{ID: "memory-limit", Title: "Memory has a limit", Severity: finding.Error},
			{ID: "replicas", Title: "Two replicas", Severity: finding.Warning},
			{ID: "privileged", Title: "Not privileged", Severity: finding.Error},
		},
		Documents: 12, Renders: 3, Files: 2, Source: source,
	}
}

func source(file string) ([]byte, error) {
	content, found := authored[file]
	if !found {
		return nil, errors.New("not there")
	}
	return []byte(content), nil
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: -want +got:\n%s", name, diff)
	}
}

// written returns what a report writes.
func written(t interface{ Fatal(...any) }, write func(io.Writer) error) string {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCounts(t *testing.T) {
	t.Parallel()
	r := example()
	got := r.Counts()
	if want := (report.Counts{Errors: 4, Warnings: 1, Known: 2, Waived: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got.Errors != finding.Errors(r.Findings) {
		t.Error("the errors of a report must be the findings that fail")
	}
	for want, c := range map[string]report.Counts{
		"0 errors, 0 warnings":                   {},
		"1 error, 2 warnings, 3 known, 1 waived": {Errors: 1, Warnings: 2, Known: 3, Waived: 1},
	} {
		if got := c.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	r := example()
	text := written(t, r.JSON)
	golden(t, "report.json", text)
	var back struct {
		Counts   report.Counts
		Findings []finding.Finding
	}
	if err := json.Unmarshal([]byte(text), &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r.Findings, back.Findings); diff != "" || back.Counts != r.Counts() {
		t.Errorf("-want +got:\n%s", diff)
	}
	if text := written(t, (&report.Report{}).JSON); !strings.Contains(text, `"findings": []`) {
		t.Errorf("no findings must be an empty list, got %s", text)
	}
}

func TestWriteErrors(t *testing.T) {
	t.Parallel()
	r := example()
	for name, write := range map[string]func(io.Writer) error{"JSON": r.JSON, "SARIF": r.SARIF, "JUnit": r.JUnit} {
		for _, n := range []int{0, 500} {
			if err := write(&full{n}); !errors.Is(err, io.ErrShortWrite) {
				t.Errorf("%s to a disk that is full after %d bytes: got %v", name, n, err)
			}
		}
	}
}

// full is a disk that has room for so many bytes.
type full struct{ room int }

func (f *full) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a\n\tb ü 漢":                      "a\n\tb ü 漢",
		"a\r\nb\rc\u2028d\u0085e":         "a\nb\nc\nd\ne",
		"\x1b[1;31mred\x1b[0m":            "red",
		"\x1b]8;;http://x\x1b\\link\x1b]": "link",
		"\x1b]0;title\x07x\u009b2Jy":      "xy",
		"\x00\x07\x7f\u200f\u202e\u2066":  strings.Repeat("\uFFFD", 6),
		"a\xff\xc3b":                      "a\uFFFDb",
		"\x1b(Bx\x1bcy\x1b":               "xy\uFFFD",
		"\uFFFE\uFFFF":                    "\uFFFD\uFFFD",
	} {
		if got := report.Plain(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestShorten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text  string
		limit int
		want  string
	}{
		{"abc", 3, "abc"},
		{strings.Repeat("a", 102_400), 2048, strings.Repeat("a", 2048-len("… 1023 bytes more")) + "… 98 KB more"},
		{strings.Repeat("a", 100), 50, strings.Repeat("a", 31) + "… 69 bytes more"},
		{strings.Repeat("ü", 50), 50, strings.Repeat("ü", 15) + "… 70 bytes more"},
		{strings.Repeat("a", 5<<20), 30, strings.Repeat("a", 11) + "… 4 MB more"},
		{strings.Repeat("a", 100), 4, "… "},
		{strings.Repeat("a", 100), 1, ""},
	} {
		if got := report.Shorten(c.text, c.limit); got != c.want {
			t.Errorf("%d of %d: got %q, want %q", c.limit, len(c.text), got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text, limit := rapid.String().Draw(t, "text"), rapid.IntRange(0, 60).Draw(t, "limit")
		if got := report.Shorten(text, limit); len(got) > limit || !utf8.ValidString(got) {
			t.Fatalf("%d: got %q", limit, got)
		}
	})
}

func TestAnnotations(t *testing.T) {
	t.Parallel()
	var fs []finding.Finding
	for i := range 15 {
		fs = append(fs,
			finding.Finding{Severity: finding.Warning, File: "w", Line: i + 1, Changed: i == 14},
			finding.Finding{Severity: finding.Error, File: "e", Line: i + 1, Changed: i >= 13},
			finding.Finding{Severity: finding.Error, File: "known", Known: true},
			finding.Finding{Severity: finding.Error, File: "waived", Waiver: &finding.Waiver{}},
			finding.Finding{Severity: finding.Warning, File: "waived", Waiver: &finding.Waiver{}, Known: true})
	}
	before := fmt.Sprint(fs)
	shown, more := report.Annotations(fs, 10)
	var got []string
	for _, f := range shown {
		got = append(got, fmt.Sprint(f.File, f.Line))
	}
	want := strings.Fields("e14 e15 e1 e2 e3 e4 e5 e6 e7 e8 w15 w1 w2 w3 w4 w5 w6 w7 w8 w9")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff(map[finding.Severity]int{finding.Error: 5, finding.Warning: 5}, more); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if fmt.Sprint(fs) != before {
		t.Error("the caller's list was sorted")
	}
	if shown, more := report.Annotations(fs[:2], 10); len(shown) != 2 || len(more) != 0 {
		t.Errorf("got %v, %v", shown, more)
	}
}

// hostile is text that means something in Markdown, HTML, XML, on GitHub, in a terminal or to the Actions runner.
var hostile = []string{"`", "```", "````\n", "~~~", "~~x~~", "</details>", "<details>", "<script>alert(1)</script>", "<!--", "-->", "<img src=x>", "@everyone", "@org/team", "a@b.example", "#1",
	"org/app#2", "GH-3", "0f3a2b1c0f3a2b1c", "[a](http://evil.example)", "[x]: http://evil.example", "![i](x)", "<http://evil.example>", "http://evil.example/x", "www.evil.example", "| a |", "\\|", "\\",
	"|", "\n", "\r", "\r\n\r\n", "\n\n", "**", "*x*", "_x_", "&lt;", "&#64;team", "\x1b[31m", "\x1b]8;;http://x\x07", "\u202e", "\u2028", "\u200b", "…", "ü", "漢", "::error::x", "\n::error file=a::x",
	"##[error]x", "%0A", "{0}", "]]>", "- x", "# h", "> q", "1. x", "$x$", ":smile:", " ", "a", "plain words", "</code>", "\x00", "\xff", "\uFFFF", strings.Repeat("y", 300), "javascript:alert(1)", "https://evil.example/)[x]("}

var hostileText = rapid.Custom(func(t *rapid.T) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(hostile), 0, 6).Draw(t, "text"), "")
})

func anyFinding(t *rapid.T) finding.Finding {
	texts := rapid.SliceOfN(hostileText, 0, 4)
	f := finding.Finding{
		RuleID: hostileText.Draw(t, "rule"), Title: hostileText.Draw(t, "title"), Message: hostileText.Draw(t, "message"), Fix: hostileText.Draw(t, "fix"),
		URL: rapid.OneOf(rapid.Just("https://example.com/r?a=(b)&c#d"), hostileText).Draw(t, "url"), File: hostileText.Draw(t, "file"),
		Severity: rapid.SampledFrom([]finding.Severity{finding.Error, finding.Warning}).Draw(t, "severity"),
		Line:     rapid.IntRange(0, 4).Draw(t, "line"), Column: rapid.IntRange(0, 300).Draw(t, "column"),
		Confidence: rapid.SampledFrom([]finding.Confidence{"", finding.Exact, finding.Parent, finding.File}).Draw(t, "confidence"),
		Components: texts.Draw(t, "components"), Environments: texts.Draw(t, "environments"), Resource: hostileText.Draw(t, "resource"), Path: hostileText.Draw(t, "path"),
		Fingerprint: rapid.SampledFrom([]string{"", "f1"}).Draw(t, "fingerprint"), Known: rapid.Bool().Draw(t, "known"), Changed: rapid.Bool().Draw(t, "changed"),
	}
	if rapid.IntRange(0, 3).Draw(t, "waived") == 0 {
		f.Waiver = &finding.Waiver{Owner: hostileText.Draw(t, "owner"), Reason: hostileText.Draw(t, "reason"), Expires: hostileText.Draw(t, "expires")}
	}
	return f
}

func anyReport(t *rapid.T) *report.Report {
	fs := rapid.SliceOfN(rapid.Custom(anyFinding), 0, 12).Draw(t, "findings")
	finding.Sort(fs)
	rules := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) report.Rule {
		return report.Rule{ID: hostileText.Draw(t, "id"), Title: hostileText.Draw(t, "title"), Why: hostileText.Draw(t, "why"), Fix: hostileText.Draw(t, "fix"),
			URL: hostileText.Draw(t, "url"), Severity: finding.Warning}
	}), 0, 4).Draw(t, "rules")
	line := hostileText.Draw(t, "line")
	return &report.Report{Tool: report.Tool{Name: hostileText.Draw(t, "tool"), URL: hostileText.Draw(t, "url")}, Findings: fs, Rules: rules,
		Source: func(string) ([]byte, error) { return []byte(line + "\n" + line + "\n"), nil }}
}
