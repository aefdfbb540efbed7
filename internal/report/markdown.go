package report

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/org/platform/internal/finding"
)

// MarkdownOptions bound the text.
type MarkdownOptions struct {
	Limit   int    // bytes of the whole text at most, which are at least its characters; zero is CommentLimit
	Full    string // Markdown sentence that says where the full text is; added where something is left out
	BlobURL string // of the commit's files, such as https://github.com/org/app/blob/0f3a…; empty: places are no links
}

// Limits of GitHub.
const (
	CommentLimit = 65_536
	SummaryLimit = 1 << 20
)

// detail is how much of a finding a row shows, in bytes.
type detail struct{ text, name, environments int }

var (
	inComment = detail{text: 600, name: 200, environments: 5}
	inSummary = detail{text: 2048, name: 400, environments: 20}
)

// section is one table.
type section struct {
	kind
	unit, head string // the unit as plural takes it
	folded     bool
}

var sections = []section{
	{failing, "error", "", false},
	{warning, "warning", "\n**Warnings**\n", false},
	{known, "known finding", "Known: without this change too", true},
	{waived, "waived finding", "Waived", true},
}

// Markdown returns the report for a step summary or a comment: the counts, the findings that fail, warnings, and folded what is known or waived.
// Where it does not fit the limit whole rows are left out from the end, and it says how many. What others wrote is text in it, whatever it is.
func (r *Report) Markdown(o MarkdownOptions) string {
	m := markdown{MarkdownOptions: o, detail: inComment, limit: cmp.Or(o.Limit, CommentLimit)}
	if m.limit > CommentLimit {
		m.detail = inSummary
	}
	m.BlobURL = strings.TrimSuffix(address(o.BlobURL), "/")
	of := map[kind][]finding.Finding{}
	for _, f := range r.Findings {
		of[kindOf(f)] = append(of[kindOf(f)], f)
	}
	m.limit -= len(m.leftOut([]string{"1234567890 more errors", "1234567890 more warnings", "1234567890 more known findings", "1234567890 more waived findings"}))
	m.add(fmt.Sprintf("**%s** · %s\n", r.Counts(), r.evaluated()))
	var left []string
	for _, s := range sections {
		if n := m.section(s, of[s.kind]); n > 0 {
			left = append(left, fmt.Sprintf("%d more %s", n, strings.TrimLeft(plural(n, s.unit), "0123456789 ")))
		}
	}
	if m.b.Len() == 0 {
		return "" // the limit is no text's
	}
	m.b.WriteString(m.leftOut(left))
	return m.b.String()
}

// markdown is a text that grows by whole parts while they fit.
type markdown struct {
	MarkdownOptions
	detail
	b     strings.Builder
	limit int
	full  bool // a row did not fit: no smaller one after it may, so that what is left out is the end
}

func (m *markdown) fits(n int) bool { return !m.full && m.b.Len()+n <= m.limit }

func (m *markdown) add(part string) bool {
	if !m.fits(len(part)) {
		m.full = true
		return false
	}
	m.b.WriteString(part)
	return true
}

// section writes a table and returns how many findings did not fit.
func (m *markdown) section(s section, fs []finding.Finding) (left int) {
	head, tail := s.head, ""
	if s.folded {
		head, tail = fmt.Sprintf("\n<details><summary>%s (%d)</summary>\n", s.head, len(fs)), "\n</details>\n"
	}
	head += "\n| Where | Rule | Problem | In | Fix |\n| --- | --- | --- | --- | --- |\n"
	if s.kind == waived {
		head = strings.Replace(head, "| Fix |", "| Waived |", 1)
	}
	for i, f := range fs {
		row := m.row(f)
		if i == 0 {
			row = head + row
		}
		if !m.fits(len(row) + len(tail)) {
			m.full = true
			if i > 0 {
				m.b.WriteString(tail)
			}
			return len(fs) - i
		}
		m.b.WriteString(row)
	}
	if len(fs) > 0 {
		m.b.WriteString(tail)
	}
	return 0
}

func (m *markdown) row(f finding.Finding) string {
	last := prose(Shorten(line(f.Fix), m.text))
	if f.Waiver != nil {
		last = prose(Shorten(fmt.Sprintf("by %s until %s: %s", line(f.Waiver.Owner), line(f.Waiver.Expires), line(f.Waiver.Reason)), m.text))
	}
	rule := Code(Shorten(line(f.RuleID), m.name))
	if url := address(f.URL); url != "" && rule != "" && len(url) < 500 {
		rule = "[" + rule + "](" + url + ")"
	}
	in := listed(f.Environments, m.environments, func(env string) string { return prose(Shorten(line(env), 100)) })
	if n := len(f.Components); n > 1 {
		in += fmt.Sprintf(" (%d components)", n)
	}
	problem := prose(Shorten(line(cmp.Or(f.Message, f.Title)), m.text))
	return "| " + strings.Join([]string{m.place(f), rule, problem, strings.TrimSpace(in), last}, " | ") + " |\n"
}

// place returns where a finding is, as a link to the line.
func (m *markdown) place(f finding.Finding) string {
	text := line(f.Place())
	if f.Line > 0 { // the column helps in an editor
		text = line(fmt.Sprintf("%s:%d", f.File, f.Line))
	}
	place := Code(Shorten(text, m.name))
	if m.BlobURL != "" && place != "" && f.File != "" && len(f.File) < 500 {
		target := m.BlobURL + "/" + relative(f.File)
		if f.Line > 0 {
			target += fmt.Sprintf("#L%d", f.Line)
		}
		place = "[" + place + "](" + target + ")"
	}
	if s := sureness(f); s != "" && place != "" {
		place += " (" + s + ")"
	}
	return place
}

func (m *markdown) leftOut(parts []string) string {
	if len(parts) == 0 {
		return ""
	}
	text := "\n… and " + strings.Join(parts, ", ") + "."
	if m.Full != "" {
		text += " " + m.Full
	}
	return text + "\n"
}
