package report_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/report"
)

func terminal(r *report.Report, o report.TerminalOptions) string {
	var b bytes.Buffer
	r.Terminal(&b, o)
	return b.String()
}

func TestTerminal(t *testing.T) {
	t.Parallel()
	golden(t, "terminal.txt", terminal(example(), report.TerminalOptions{}))
	mark := func(with string) func(string) string {
		return func(s string) string { return "<" + with + ">" + s + "</>" }
	}
	golden(t, "terminal-verbose.txt", terminal(example(), report.TerminalOptions{Verbose: true,
		Colors: report.Colors{Red: mark("red"), Yellow: mark("yellow"), Dim: mark("dim"), Bold: mark("bold")}}))
	if got := terminal(&report.Report{}, report.TerminalOptions{}); got != "0 documents checked with 0 rules: 0 errors, 0 warnings\n" {
		t.Errorf("got %q", got)
	}
	if got := terminal(&report.Report{}, report.TerminalOptions{Bare: true}); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestUnderline(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1<<20)
	for name, c := range map[string]struct {
		content      string
		line, column int
		want         string
	}{
		"from the column":        {"a: b", 1, 4, "   1 | a: b\n          ^\n"},
		"column is unknown":      {"  a: b", 1, 0, "   1 |   a: b\n         ^^^^\n"},
		"column before the text": {"  a: b", 1, 1, "   1 |   a: b\n         ^^^^\n"},
		"column behind the line": {"a: b", 1, 99, "   1 | a: b\n           ^\n"},
		"tab and carriage":       {"\ta: b \r\n", 1, 2, "   1 |  a: b\n        ^^^^\n"},
		"wide before":            {"漢é: b", 1, 8, "   1 | 漢é: b\n            ^\n"},
		"wide below":             {"a: 漢字", 1, 4, "   1 | a: 漢字\n          ^^^^\n"},
		"combining":              {"e\u0301: b", 1, 6, "   1 | e\u0301: b\n          ^\n"},
		"inside of a character":  {"é: b", 1, 2, "   1 | é: b\n       ^^^^\n"},
		"second line":            {"a\nb", 2, 1, "   2 | b\n       ^\n"},
		"no such line":           {"a\nb\n", 3, 1, ""},
		"empty file":             {"", 1, 1, ""},
		"control characters":     {"a\x1b[2Jb\x00\xff", 1, 1, "   1 | a\uFFFD[2Jb\uFFFD\uFFFD\n       ^^^^^^^^\n"},
		"1 MB line, its start":   {long, 1, 1, "   1 | " + long[:160] + "…\n       " + strings.Repeat("^", 161) + "\n"},
		"1 MB line, its middle":  {long, 1, 1 << 19, "   1 | …" + long[:80] + long[:79] + "…\n        " + strings.Repeat(" ", 80) + strings.Repeat("^", 80) + "\n"},
		"1 MB of é, its middle":  {strings.Repeat("é", 1<<19), 1, 1<<19 + 1, "   1 | …" + strings.Repeat("é", 80+79) + "…\n        " + strings.Repeat(" ", 80) + strings.Repeat("^", 80) + "\n"},
	} {
		r := &report.Report{Findings: []finding.Finding{{Message: "m", File: "a", Line: c.line, Column: c.column}},
			Source: func(string) ([]byte, error) { return []byte(c.content), nil }}
		_, got, _ := strings.Cut(terminal(r, report.TerminalOptions{Bare: true}), "\n")
		if got != c.want {
			t.Errorf("%s: got\n%s want\n%s", name, got, c.want)
		}
	}
}

// A file is read once however many findings it has, and one that cannot be read hides none.
func TestSourceIsReadOnce(t *testing.T) {
	t.Parallel()
	reads := 0
	r := &report.Report{Findings: make([]finding.Finding, 50), Source: func(string) ([]byte, error) { reads++; return nil, errors.New("gone") }}
	for i := range r.Findings {
		r.Findings[i] = finding.Finding{Message: fmt.Sprint("m", i), File: "a", Line: i + 1}
	}
	if got := terminal(r, report.TerminalOptions{Bare: true}); strings.Count(got, "\n") != 50 || reads != 1 {
		t.Errorf("%d reads: %s", reads, got)
	}
}

// Thousands of findings in one line of 1 MB take no longer than elsewhere: no format looks at all of the line for each of them.
func BenchmarkOneLongLine(b *testing.B) {
	content := []byte(strings.Repeat("x", 1<<20))
	r := &report.Report{Source: func(string) ([]byte, error) { return content, nil }}
	for i := range 5000 {
		r.Findings = append(r.Findings, finding.Finding{RuleID: "r", Severity: finding.Error, Message: "message", Fix: "fix", File: "a", Line: 1, Column: i*200 + 1})
	}
	for name, write := range map[string]func(){
		"terminal": func() { r.Terminal(io.Discard, report.TerminalOptions{}) },
		"SARIF":    func() { _ = r.SARIF(io.Discard) },
		"JUnit":    func() { _ = r.JUnit(io.Discard) },
		"Markdown": func() { r.Markdown(report.MarkdownOptions{Limit: report.SummaryLimit}) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				write()
			}
		})
	}
}

func TestTerminalIsBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789abcde\n", 100<<10/16)
	r := &report.Report{Findings: []finding.Finding{{Message: long, Fix: long, RuleID: long, File: "a", Environments: []string{long, long}, Trace: []string{long},
		Waiver: &finding.Waiver{Owner: long, Reason: long}}}}
	got := terminal(r, report.TerminalOptions{Verbose: true})
	if len(got) > 20_000 || !strings.Contains(got, "… 98 KB more") {
		t.Errorf("%d bytes:\n%.3000s", len(got), got)
	}
}

// Findings of a file are together, the file of the worst first.
func TestTerminalGroupsByFile(t *testing.T) {
	t.Parallel()
	fs := []finding.Finding{{Message: "1", File: "b", Severity: finding.Error}, {Message: "2", File: "a", Severity: finding.Warning}, {Message: "3", File: "b", Severity: finding.Warning}}
	got := terminal(&report.Report{Findings: fs}, report.TerminalOptions{Bare: true})
	if want := "b: error: 1\nb: warning: 3\na: warning: 2\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

var terminalLine = regexp.MustCompile(`^(    (in |fix|waived until|tried) .*|        .*| *[0-9]+ \| .*| +\^+|.*(error|warning): .*|.*(error|warning): |.* checked with .*)$`)

// Whatever findings hold, every line is one of ours or indented below it, and obeyed by no terminal.
func TestTerminalIsInert(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		got := terminal(anyReport(t), report.TerminalOptions{Verbose: true})
		if strings.ContainsAny(got, "\x1b\x00\r\u202e\u2028\uFFFF") || strings.ToValidUTF8(got, "") != got {
			t.Fatalf("control characters in %q", got)
		}
		for l := range strings.Lines(got) {
			if !terminalLine.MatchString(strings.TrimSuffix(l, "\n")) {
				t.Fatalf("line %q of\n%s", l, got)
			}
		}
	})
}
