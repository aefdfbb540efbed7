package app

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/report"
)

// maxAnnotations is how many errors, and how many warnings, GitHub keeps of a step. It drops the others without a word.
const maxAnnotations = 10

// Findings reports findings: as annotations in a workflow, and on out for people, with their lines from files, where out is not nil. It
// returns ErrFindings where one of them fails the check.
func (a *App) Findings(out io.Writer, files fs.FS, findings []finding.Finding) error {
	finding.Sort(findings)
	rest := "the step summary"
	if out != nil {
		rest = "the log"
		a.Show(out, &report.Report{Findings: findings, Source: Source(files)}, report.TerminalOptions{Bare: true})
	}
	a.annotate(findings, rest)
	if finding.Errors(findings) > 0 {
		return ErrFindings
	}
	return nil
}

// Show writes a report for people, in the colours of Out. The log of a workflow takes no command from it.
func (a *App) Show(out io.Writer, r *report.Report, o report.TerminalOptions) {
	o.Colors = report.Colors{Red: a.Red, Yellow: a.Yellow, Dim: a.Dim, Bold: a.Bold}
	var text bytes.Buffer
	r.Terminal(&text, o)
	fmt.Fprint(out, a.Runner.Inert(text.String())) // a message may quote what others wrote
}

// Source returns what reads the files of a report, or nil where there are none.
func Source(files fs.FS) func(string) ([]byte, error) {
	if files == nil {
		return nil
	}
	return func(file string) ([]byte, error) { return fs.ReadFile(files, file) }
}

// annotate annotates as many findings as GitHub keeps, the worst first, and says in one notice how many more there are, and where.
func (a *App) annotate(findings []finding.Finding, rest string) {
	shown, more := report.Annotations(findings, maxAnnotations)
	for _, f := range shown {
		a.Runner.Annotate(f)
	}
	var parts []string
	total := 0
	for _, severity := range []finding.Severity{finding.Error, finding.Warning} {
		if n := more[severity]; n > 0 {
			total += n
			unit := string(severity)
			if n != 1 {
				unit += "s"
			}
			parts = append(parts, fmt.Sprintf("%d more %s", n, unit))
		}
	}
	if total > 0 {
		verb := "are"
		if total == 1 {
			verb = "is"
		}
		a.Runner.Notice(fmt.Sprintf("%s %s in %s: GitHub shows %d of each in a step.", strings.Join(parts, " and "), verb, rest, maxAnnotations))
	}
}
