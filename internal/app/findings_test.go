package app_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/report"
)

func many(errors, warnings int) []finding.Finding {
	var fs []finding.Finding
	for i := range warnings {
		fs = append(fs, finding.Finding{Severity: finding.Warning, Message: "w", File: "w", Line: i + 1, Changed: i+1 == warnings})
	}
	for i := range errors {
		fs = append(fs, finding.Finding{Severity: finding.Error, Message: "e", File: "e", Line: i + 1, Changed: i+1 == errors})
	}
	return fs
}

// GitHub keeps 10 errors and 10 warnings of a step and drops the others without a word: the worst are there, and one notice counts the rest.
func TestAnnotationsAreCapped(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		errors, warnings int
		notice           string
	}{
		{0, 0, ""}, {10, 10, ""},
		{22, 10, "12 more errors are in the step summary: GitHub shows 10 of each in a step."},
		{11, 3, "1 more error is in the step summary: GitHub shows 10 of each in a step."},
		{11, 11, "1 more error and 1 more warning are in the step summary: GitHub shows 10 of each in a step."},
		{3, 500, "490 more warnings are in the step summary: GitHub shows 10 of each in a step."},
	} {
		w := newWorld(map[string]string{"GITHUB_ACTIONS": "true"})
		err := w.Findings(nil, nil, many(c.errors, c.warnings))
		if want := map[bool]int{true: app.ExitFindings}[c.errors > 0]; app.ExitCode(err) != want {
			t.Errorf("%+v: got %v", c, err)
		}
		log := w.log.String()
		if e, v := strings.Count(log, "::error "), strings.Count(log, "::warning "); e != min(c.errors, 10) || v != min(c.warnings, 10) {
			t.Errorf("%+v: %d errors and %d warnings", c, e, v)
		}
		want := ""
		if c.notice != "" {
			want = "::notice::" + strings.ReplaceAll(c.notice, "%", "%25") + "\n"
		}
		if i := strings.Index(log+"::notice", "::notice"); log[i:] != want {
			t.Errorf("%+v: got %q, want %q", c, log[i:], want)
		}
		if c.errors > 0 && !strings.HasPrefix(log, fmt.Sprintf("::error file=e,line=%d::e\n", c.errors)) {
			t.Errorf("%+v: changed lines must be first, got %s", c, log)
		}
	}
	w := newWorld(map[string]string{"GITHUB_ACTIONS": "true"})
	_ = w.Findings(w.Out, nil, many(11, 0))
	if !strings.Contains(w.log.String(), "::notice::1 more error is in the log: ") || strings.Count(w.out.String(), "error: e\n") != 11 {
		t.Errorf("the log has all, and the notice says so: %s", &w.log)
	}
	w = newWorld(nil)
	if _ = w.Findings(nil, nil, many(22, 0)); w.log.Len()+w.err.Len() > 0 {
		t.Errorf("outside a workflow: %s%s", &w.log, &w.err)
	}
}

// What is known or waived neither fails nor is annotated.
func TestKnownAndWaivedFindings(t *testing.T) {
	t.Parallel()
	fs := []finding.Finding{{Severity: finding.Error, Message: "old", File: "a", Line: 1, Known: true}, {Severity: finding.Error, Message: "accepted", Waiver: &finding.Waiver{}}}
	w := newWorld(map[string]string{"GITHUB_ACTIONS": "true"})
	if err := w.Findings(w.Out, nil, fs); err != nil || w.log.Len() > 0 || w.out.Len() > 0 {
		t.Errorf("got %v, annotations %q, output %q", err, &w.log, &w.out)
	}
	if err := w.Findings(w.Out, nil, append(fs, finding.Finding{Severity: finding.Error, Message: "new"})); app.ExitCode(err) != app.ExitFindings {
		t.Errorf("got %v", err)
	}
}

func TestShow(t *testing.T) {
	t.Parallel()
	w := newWorld(map[string]string{"GITHUB_ACTIONS": "true"})
	w.Color = true
	r := &report.Report{Source: app.Source(fstest.MapFS{"a": {Data: []byte("::error::from the file\n")}}), Findings: []finding.Finding{
		{Severity: finding.Error, Message: "m\n::stop-commands::x", File: "a", Line: 1, Column: 3},
		{Severity: finding.Warning, Message: "::error::forged", Known: true}}}
	w.Show(w.Out, r, report.TerminalOptions{Verbose: true})
	for _, want := range []string{"\x1b[31merror\x1b[0m: m\n        : :stop-commands::x\n", "known warning", "1 error, 0 warnings, 1 known"} {
		if !strings.Contains(w.out.String(), want) {
			t.Errorf("no %q in %q", want, &w.out)
		}
	}
	for line := range strings.Lines(w.out.String()) {
		if strings.HasPrefix(strings.TrimSpace(line), "::") {
			t.Errorf("the runner would obey %q", line)
		}
	}
	if app.Source(nil) != nil {
		t.Error("no files have a source")
	}
}
