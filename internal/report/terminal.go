package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/org/platform/internal/finding"
)

// TerminalOptions say how much the terminal shows.
type TerminalOptions struct {
	Colors  Colors
	Verbose bool // known and waived findings too, which are only counted else
	Bare    bool // without the line of counts
}

// Colors colour text, for the colours of the reader's terminal. Nil ones leave it as it is.
type Colors struct{ Red, Yellow, Dim, Bold func(string) string }

func paint(color func(string) string, s string) string {
	if color == nil || s == "" {
		return s
	}
	return color(s)
}

const terminalText = 2 << 10 // bytes of a message or a fix

// Terminal writes the findings for people, those of a file together, each with its line underlined, and the counts.
func (r *Report) Terminal(w io.Writer, o TerminalOptions) {
	source := r.sources()
	for _, f := range byFile(r.Findings) {
		if k := kindOf(f); o.Verbose || k == failing || k == warning {
			_, _ = io.WriteString(w, describe(f, source, o.Colors))
		}
	}
	if o.Bare {
		return
	}
	text, color := r.Counts().String(), o.Colors.Bold
	if r.Counts().Errors > 0 {
		color = o.Colors.Red
	}
	fmt.Fprintf(w, "%s: %s\n", r.evaluated(), paint(color, text))
}

// byFile brings the findings of a file together, files in the order in which they come first.
func byFile(fs []finding.Finding) []finding.Finding {
	var files []string
	of := map[string][]finding.Finding{}
	for _, f := range fs {
		if _, seen := of[f.File]; !seen {
			files = append(files, f.File)
		}
		of[f.File] = append(of[f.File], f)
	}
	list := make([]finding.Finding, 0, len(fs))
	for _, file := range files {
		list = append(list, of[file]...)
	}
	return list
}

// describe returns a finding on a line that editors know (file:line:column: severity: message), and what helps below it.
func describe(f finding.Finding, source *sources, c Colors) string {
	var out strings.Builder
	place := line(f.Place())
	if place != "" {
		place += ": "
	}
	fmt.Fprintf(&out, "%s%s: %s", paint(c.Bold, place), severity(f, c), text(f.Message))
	if f.RuleID != "" {
		out.WriteString(paint(c.Dim, " ["+Shorten(line(f.RuleID), 200)+"]"))
	}
	if s := sureness(f); s != "" {
		out.WriteString(paint(c.Dim, " ("+s+")"))
	}
	out.WriteString("\n")
	where := listed(f.Environments, 20, line)
	if len(f.Components) > 1 { // of one the message speaks
		where += " of " + listed(f.Components, 20, line)
	}
	if where != "" {
		fmt.Fprintf(&out, "    in  %s\n", Shorten(where, terminalText))
	}
	if f.Line > 0 {
		if text, found := source.line(f.File, f.Line); found {
			out.WriteString(underline(text, f.Line, f.Column, c))
		}
	}
	if f.Fix != "" {
		fmt.Fprintf(&out, "    fix %s\n", text(f.Fix))
	}
	if f.Waiver != nil {
		fmt.Fprintf(&out, "    waived until %s by %s: %s\n", line(f.Waiver.Expires), Shorten(line(f.Waiver.Owner), 200), text(f.Waiver.Reason))
	}
	for _, step := range f.Trace {
		fmt.Fprintf(&out, "    tried %s\n", text(step))
	}
	return out.String()
}

// text returns what others wrote, of which further lines are indented: none begins a line that looks like ours.
func text(s string) string {
	return strings.ReplaceAll(strings.TrimRight(Shorten(Plain(s), terminalText), "\n"), "\n", "\n        ")
}

func severity(f finding.Finding, c Colors) string {
	word, color := "error", c.Red
	if f.Severity == finding.Warning {
		word, color = "warning", c.Yellow
	}
	switch kindOf(f) {
	case known:
		return paint(c.Dim, "known "+word)
	case waived:
		return paint(c.Dim, "waived "+word)
	}
	return paint(color, word)
}

// sureness says how sure the place is, where it is not exact.
func sureness(f finding.Finding) string {
	switch f.Confidence {
	case finding.Parent:
		return "parent"
	case finding.File:
		return "in this file"
	}
	return ""
}
