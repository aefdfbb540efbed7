package report_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	table "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
	"pgregory.net/rapid"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/report"
)

const blob = "https://github.com/org/app/blob/0f3a2b1c"

func TestMarkdown(t *testing.T) {
	t.Parallel()
	got := example().Markdown(report.MarkdownOptions{Limit: report.CommentLimit, BlobURL: blob, Full: "All are elsewhere."})
	golden(t, "report.md", got)
	if problem := inert(got); problem != "" {
		t.Error(problem)
	}
	if got := (&report.Report{}).Markdown(report.MarkdownOptions{}); got != "**0 errors, 0 warnings** · 0 documents checked with 0 rules\n" {
		t.Errorf("got %q", got)
	}
}

var (
	// The lines of places, and the pages of rules: a rule says where its own is.
	linked  = regexp.MustCompile(`^(` + blob + `/|https://example\.com/|https?://evil\.example(/[\w%]*)?)`)
	ours    = regexp.MustCompile(`^(<details><summary>[A-Za-z: ]+ \([0-9]+\)</summary>|</details>|<code>|</code>)$`)
	meaning = regexp.MustCompile(`(?i)[@#<>&*_\[\]\x60~$|\\{}]|://|www\.|\bgh-[0-9]|\b[0-9a-f]{7,}\b|:[a-z0-9_+-]+:|mailto:`)
)

// inert reads text as GitHub does, and returns what in it is more than text and is not ours.
func inert(markdown string) string {
	source := []byte(markdown)
	document := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(source))
	problem := ""
	html := 0 // how deep in <code>
	walk := func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		found := ""
		switch n := n.(type) {
		case *ast.CodeSpan:
			return ast.WalkSkipChildren, nil
		case *ast.Document, *ast.Paragraph, *ast.TextBlock, *table.Table, *table.TableHeader, *table.TableRow, *table.TableCell:
		case *ast.Emphasis:
			if inner := string(n.Text(source)); n.Level != 2 || inner != "Warnings" && inner != "Fix:" && !strings.Contains(inner, " errors, ") && !strings.Contains(inner, "1 error, ") { //nolint:staticcheck // what is inside
				found = "emphasis " + inner
			}
		case *ast.HTMLBlock:
			for i := range n.Lines().Len() {
				at := n.Lines().At(i)
				if l := strings.TrimSpace(string(at.Value(source))); !ours.MatchString(l) {
					found = "HTML " + l
				}
			}
		case *ast.RawHTML:
			tag := string(n.Segments.Value(source))
			if !ours.MatchString(tag) {
				found = "HTML " + tag
			}
			html += map[string]int{"<code>": 1, "</code>": -1}[tag]
		case *ast.Link:
			if d := string(n.Destination); !linked.MatchString(d) {
				found = "a link to " + d
			} else if _, code := n.FirstChild().(*ast.CodeSpan); !code {
				if _, raw := n.FirstChild().(*ast.RawHTML); !raw {
					found = "a link from text"
				}
			}
		case *ast.Text:
			value := string(n.Segment.Value(source))
			if html == 0 && meaning.MatchString(strings.ReplaceAll(value, "&#8203;", "")) {
				found = "text " + strconv.Quote(value)
			}
			if html > 0 && strings.Contains(value, "@") {
				found = "text " + strconv.Quote(value)
			}
		default:
			found = n.Kind().String()
		}
		if found != "" && problem == "" {
			problem = found
		}
		return ast.WalkContinue, nil
	}
	if err := ast.Walk(document, walk); err != nil {
		return err.Error()
	}
	if html != 0 {
		return "<code> is not closed"
	}
	return problem
}

// rows returns the cells of each row of a text's tables, as people see them.
func rows(markdown string) [][]string {
	source := []byte(markdown)
	var list [][]string
	document := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(source))
	_ = ast.Walk(document, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if row, is := n.(*table.TableRow); is && entering {
			var cells []string
			for c := row.FirstChild(); c != nil; c = c.NextSibling() {
				cells = append(cells, shown(c, source))
			}
			list = append(list, cells)
		}
		return ast.WalkContinue, nil
	})
	return list
}

var entity = regexp.MustCompile(`&#([0-9]+);`)

// shown returns the text of a node; entities stand for their characters.
func shown(n ast.Node, source []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, is := n.(*ast.Text); is && entering {
			value := string(t.Segment.Value(source))
			if _, code := n.Parent().(*ast.CodeSpan); !code {
				value = entity.ReplaceAllStringFunc(value, func(e string) string {
					code, _ := strconv.Atoi(e[2 : len(e)-1])
					return strings.Trim(string(rune(code)), "\u200b")
				})
			}
			b.WriteString(value)
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// Whatever findings hold: the text fits, only whole rows are in it, what is left out is counted, and what others wrote is text.
func TestMarkdownIsInert(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := anyReport(t)
		o := report.MarkdownOptions{Full: "It is elsewhere.", BlobURL: rapid.SampledFrom([]string{"", blob}).Draw(t, "blob"),
			Limit: rapid.OneOf(rapid.IntRange(1, 5000), rapid.SampledFrom([]int{report.CommentLimit, report.SummaryLimit})).Draw(t, "limit")}
		got := r.Markdown(o)
		if len(got) > o.Limit {
			t.Fatalf("%d bytes, limit %d:\n%s", len(got), o.Limit, got)
		}
		if got == "" {
			if o.Limit > 500 {
				t.Fatalf("nothing fits %d", o.Limit)
			}
			return
		}
		if problem := inert(got); problem != "" {
			t.Fatalf("%s in:\n%s", problem, got)
		}
		if strings.Count(got, "\n<details>") != strings.Count(got, "\n</details>\n") {
			t.Fatalf("not closed:\n%s", got)
		}
		list := rows(got)
		for i, row := range list {
			if len(row) != 5 {
				t.Fatalf("row %d has %d cells:\n%s", i, len(row), got)
			}
		}
		if n := len(list) + leftOut(got); n != len(r.Findings) {
			t.Fatalf("%d of %d findings:\n%s", n, len(r.Findings), got)
		}
	})
}

var more = regexp.MustCompile(`([0-9]+) more (?:errors?|warnings?|known findings?|waived findings?)`)

func leftOut(markdown string) int {
	n := 0
	if i := strings.LastIndex(markdown, "\n… and "); i >= 0 {
		for _, match := range more.FindAllStringSubmatch(markdown[i:], -1) {
			count, _ := strconv.Atoi(match[1])
			n += count
		}
	}
	return n
}

// A message is shown as it was written, on one line.
func TestMarkdownShowsWhatWasWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		message := "m" + hostileText.Draw(t, "message") + "m" // blanks at the ends of a code span are lost
		if strings.Contains(message, "\u200b") || len(message) > 500 {
			t.Skip()
		}
		r := &report.Report{Findings: []finding.Finding{{Severity: finding.Error, RuleID: "r", Message: message, Fix: "f"}}}
		list := rows(r.Markdown(report.MarkdownOptions{}))
		want := strings.Join(strings.Fields(report.Plain(message)), " ")
		if len(list) != 1 || list[0][2] != want {
			t.Fatalf("got %q, want %q", list, want)
		}
	})
}

func TestMarkdownCutsWholeRows(t *testing.T) {
	t.Parallel()
	r := &report.Report{}
	for i := range 3000 {
		f := finding.Finding{Severity: finding.Error, RuleID: "r", Message: fmt.Sprintf("message %d @team", i), File: "a.yaml", Line: i + 1}
		switch {
		case i >= 2900:
			f.Waiver = &finding.Waiver{}
		case i >= 2800:
			f.Known = true
		case i >= 2000:
			f.Severity = finding.Warning
		}
		r.Findings = append(r.Findings, f)
	}
	for _, limit := range []int{2000, report.CommentLimit, report.SummaryLimit} {
		got := r.Markdown(report.MarkdownOptions{Limit: limit, Full: "See the log.", BlobURL: blob})
		list := rows(got)
		if len(got) > limit || len(list)+leftOut(got) != 3000 {
			t.Errorf("%d: %d bytes, %d rows, %d left", limit, len(got), len(list), leftOut(got))
		}
		if limit < report.SummaryLimit && (len(got) < limit-500 || !strings.HasSuffix(got, " See the log.\n")) {
			t.Errorf("%d: %d bytes, ends in …%s", limit, len(got), got[len(got)-100:])
		}
		for i, row := range list {
			if row[2] != fmt.Sprintf("message %d @team", i) {
				t.Errorf("%d: row %d is %q", limit, i, row)
				break
			}
		}
	}
}

// Where an error does not fit, no warning after it is shown in its place.
func TestMarkdownLeavesOutTheEnd(t *testing.T) {
	t.Parallel()
	r := &report.Report{Findings: []finding.Finding{{Severity: finding.Error, Message: "short"}, {Severity: finding.Error, Message: strings.Repeat("long ", 100)},
		{Severity: finding.Warning, Message: "short"}}}
	got := r.Markdown(report.MarkdownOptions{Limit: 600})
	if len(rows(got)) != 1 || !strings.HasSuffix(got, "\n… and 1 more error, 1 more warning.\n") {
		t.Errorf("got\n%s", got)
	}
}

// What has a pipe cannot be a code span in a table. GitHub makes a link of an address in other elements, even of one in entities.
func TestCode(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                "",
		"a":               "`a`",
		"a`b``c":          "```a`b``c```",
		"`a":              "`` `a ``",
		"a@b.example":     "`a@b.example`",
		"a|b@c.example\n": "<code>a&#124;b&#64;&#8203;c&#46;example</code>",
	} {
		if got := report.Code(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func TestMarkdownLinks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		finding finding.Finding
		want    string
	}{
		"line":        {finding.Finding{File: "a b/c.yaml", Line: 3, Column: 7}, "[`a b/c.yaml:3`](" + blob + "/a%20b/c.yaml#L3)"},
		"no line":     {finding.Finding{File: "a.yaml", Confidence: finding.File}, "[`a.yaml`](" + blob + "/a.yaml) (in this file)"},
		"parent":      {finding.Finding{File: "a.yaml", Line: 3, Confidence: finding.Parent}, "[`a.yaml:3`](" + blob + "/a.yaml#L3) (parent)"},
		"hostile":     {finding.Finding{File: "a)|[x](y", Line: 3}, "[<code>a&#41;&#124;&#91;x&#93;&#40;y&#58;3</code>](" + blob + "/a%29%7C%5Bx%5D%28y#L3)"},
		"no file":     {finding.Finding{}, ""},
		"rule's page": {finding.Finding{RuleID: "r", URL: "https://example.com/a_(b)"}, "[`r`](https://example.com/a_%28b%29)"},
		"script":      {finding.Finding{RuleID: "r", URL: "javascript:alert(1)"}, "`r`"},
		"user":        {finding.Finding{RuleID: "r", URL: "https://github.com@evil.example/"}, "`r`"},
	} {
		c.finding.Severity, c.finding.Message = finding.Error, "m"
		r := &report.Report{Findings: []finding.Finding{c.finding}}
		if got := r.Markdown(report.MarkdownOptions{BlobURL: blob + "/"}); !strings.Contains(got, "| "+c.want+" |") {
			t.Errorf("%s: no %s in\n%s", name, c.want, got)
		}
	}
}
