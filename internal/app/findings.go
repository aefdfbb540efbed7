package app

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/org/platform/internal/finding"
)

// Findings reports findings: as annotations in a workflow, and on out for people, with their lines from files, where out is not nil. It
// returns ErrFindings where one of them is an error.
func (a *App) Findings(out io.Writer, files fs.FS, findings []finding.Finding) error {
	finding.Sort(findings)
	for _, f := range findings {
		a.Runner.Annotate(f)
		if out != nil {
			fmt.Fprint(out, a.Runner.Inert(a.describe(files, f))) // a message may quote what others wrote
		}
	}
	if finding.Errors(findings) > 0 {
		return ErrFindings
	}
	return nil
}

func (a *App) describe(files fs.FS, f finding.Finding) string {
	var out strings.Builder
	severity := a.Red("error")
	if f.Severity == finding.Warning {
		severity = a.Yellow("warning")
	}
	place := f.Place()
	if place != "" {
		place += ": "
	}
	fmt.Fprintf(&out, "%s%s: %s", a.Bold(place), severity, f.Message)
	if f.RuleID != "" {
		fmt.Fprint(&out, a.Dim(" ["+f.RuleID+"]"))
	}
	fmt.Fprintln(&out)
	if len(f.Environments) > 0 {
		fmt.Fprintf(&out, "    in  %s\n", strings.Join(f.Environments, ", "))
	}
	a.printSource(&out, files, f)
	if f.Fix != "" {
		fmt.Fprintf(&out, "    fix %s\n", f.Fix)
	}
	return out.String()
}

// printSource shows the line a finding is on, underlined from its column.
func (a *App) printSource(out io.Writer, files fs.FS, f finding.Finding) {
	if files == nil || f.Line == 0 {
		return
	}
	content, err := fs.ReadFile(files, f.File)
	if err != nil {
		return
	}
	scanner := bufio.NewScanner(bytes.NewReader(content))
	for n := 1; scanner.Scan(); n++ {
		if n != f.Line {
			continue
		}
		line := strings.ReplaceAll(strings.TrimRight(scanner.Text(), " \r"), "\t", " ")
		start := min(max(f.Column-1, len(line)-len(strings.TrimLeft(line, " "))), len(line))
		gutter := fmt.Sprintf("%4d | ", n)
		fmt.Fprintf(out, "%s%s\n%s%s\n", a.Dim(gutter), line, strings.Repeat(" ", len(gutter)+start), a.Red(strings.Repeat("^", max(1, len(line)-start))))
		return
	}
}
