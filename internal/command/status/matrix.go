package status

import (
	"fmt"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/dispatch"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/report"
)

// widest is how many columns of a terminal a matrix may take.
const widest = 160

// printRows prints a matrix of components and environments, or where that is too wide a row for each of both.
func printRows(a *app.App, environments []string, rows []delivery.Row) {
	header := append([]string{"component"}, environments...)
	var cells [][]string
	for component := range components(rows) {
		line := []string{a.Bold(dispatch.Line(component[0].Component))}
		for _, row := range component {
			var painted []string
			for _, w := range words(a.Now(), row) {
				painted = append(painted, w.paint(a))
			}
			line = append(line, strings.Join(painted, " "))
		}
		cells = append(cells, line)
	}
	if width(header, cells) > widest {
		printLong(a, rows)
		return
	}
	a.PrintTable(header, cells)
}

// components yields the rows of each component.
func components(rows []delivery.Row) func(yield func([]delivery.Row) bool) {
	return func(yield func([]delivery.Row) bool) {
		for start := 0; start < len(rows); {
			end := start
			for end < len(rows) && rows[end].Component == rows[start].Component {
				end++
			}
			if !yield(rows[start:end]) {
				return
			}
			start = end
		}
	}
}

// width returns how many columns of a terminal a table takes.
func width(header []string, cells [][]string) int {
	total := 0
	for i, title := range header {
		column := text.StringWidthWithoutEscSequences(title)
		for _, line := range cells {
			column = max(column, text.StringWidthWithoutEscSequences(line[i]))
		}
		total += column + 2
	}
	return total - 2
}

// printLong prints a row for each component and environment.
func printLong(a *app.App, rows []delivery.Row) {
	var cells [][]string
	for component := range components(rows) {
		for i, row := range component {
			name := ""
			if i == 0 {
				name = a.Bold(dispatch.Line(row.Component))
			}
			cells = append(cells, []string{name, row.Environment, orDash(string(row.Release)), orDash(shortDigest(row.Digest)), age(a.Now(), row), situation(a, row)})
		}
	}
	a.PrintTable([]string{"component", "environment", "release", "digest", "age", "position"}, cells)
}

// situation says where a row stands and what happens next.
func situation(a *app.App, row delivery.Row) string {
	var parts []string
	if place := row.Place(); place != "" {
		parts = append(parts, word{text: place, tone: tones[row.Position]}.paint(a))
	}
	if row.BreakGlass != nil {
		parts = append(parts, a.Yellow("break-glass by "+dispatch.Line(row.BreakGlass.By)))
	}
	if coming := coming(row); coming != "" {
		parts = append(parts, coming)
	}
	if row.Position == delivery.Broken && row.Next == "" {
		parts = append(parts, dispatch.Line(row.Reason))
	}
	if row.Hold != nil && row.Next == "" {
		parts = append(parts, dispatch.Line(row.Hold.String()))
	}
	return strings.Join(parts, "; ")
}

// coming says what promote would do for a row.
func coming(row delivery.Row) string {
	switch row.Next {
	case promotion.Propose, promotion.Merge:
		switch {
		case row.PullRequest != 0:
			return fmt.Sprintf("merge PR #%d", row.PullRequest)
		case row.PullUnknown:
			return "it is not known whether " + row.Branch + " has a pull request"
		case row.Branch != "":
			return "merge " + row.Branch
		case row.Next == promotion.Merge:
			return "next promote brings it"
		default:
			return "promote proposes it"
		}
	case promotion.Wait, promotion.Held, promotion.Blocked:
		return dispatch.Line(strings.ReplaceAll(row.Reason, "\n", "; "))
	default:
		return ""
	}
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// matrixMarkdown returns the matrix for GitHub, of at most limit bytes; 0 is no limit.
func matrixMarkdown(now time.Time, environments []string, rows []delivery.Row, limit int) string {
	var b strings.Builder
	b.WriteString("| component |")
	for _, env := range environments {
		fmt.Fprintf(&b, " %s |", env)
	}
	b.WriteString("\n| --- |" + strings.Repeat(" --- |", len(environments)) + "\n")
	left := len(rows) / max(1, len(environments))
	for component := range components(rows) {
		line := "| " + report.Code(component[0].Component) + " |"
		for _, row := range component {
			line += " " + cellMarkdown(words(now, row)) + " |"
		}
		if limit > 0 && b.Len()+len(line) > limit {
			fmt.Fprintf(&b, "\nand %d more components; `platform status` shows all.\n", left)
			break
		}
		b.WriteString(line + "\n")
		left--
	}
	return b.String()
}

// cellMarkdown joins the words of a cell. None of them is text of others.
func cellMarkdown(list []word) string {
	var parts []string
	for _, w := range list {
		switch {
		case w.tone == empty:
		case strings.HasPrefix(w.text, "r-"):
			parts = append(parts, report.Code(w.text))
		default:
			parts = append(parts, link(w.text, w.url))
		}
	}
	return strings.Join(parts, ", ")
}

// link makes text lead to an address.
func link(text, url string) string {
	if !strings.HasPrefix(url, "http") || strings.ContainsAny(url, " ()<>|\"\n") {
		return text
	}
	return "[" + text + "](" + url + ")"
}
