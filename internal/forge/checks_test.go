package forge_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/forge"
)

func failures(n int) []finding.Finding {
	list := make([]finding.Finding, n)
	for i := range list {
		list[i] = finding.Finding{RuleID: "r", Severity: finding.Error, Message: fmt.Sprint("m", i), File: "a.yaml", Line: i + 1}
	}
	return list
}

func check(findings []finding.Finding) forge.CheckRun {
	return forge.CheckRun{Name: "policy-check", HeadSHA: headSHA, Title: "2 errors", Summary: "text", DetailsURL: "https://example.com/run", Conclusion: forge.Failure, Annotations: findings}
}

func TestCheckRun(t *testing.T) {
	t.Parallel()
	for n, batches := range map[int][]int{0: {0}, 1: {1}, 50: {50}, 51: {50, 1}, 100: {50, 50}, 203: {50, 50, 50, 50, 3}} {
		g := newChecks(t, &checkRun{ID: 1, Name: "other", HeadSHA: headSHA}, &checkRun{ID: 2, Name: "policy-check", HeadSHA: headSHA, ExternalID: "of another app"})
		for range 2 { // the second finds all done
			if err := g.forge(t, nil).CheckRun(t.Context(), check(failures(n))); err != nil {
				t.Fatalf("%d: %v", n, err)
			}
		}
		if !slices.Equal(g.batches, batches) || len(g.runs) != 3 {
			t.Fatalf("%d: batches %v of %d runs", n, g.batches, len(g.runs))
		}
		run := g.runs[2]
		for i, a := range run.annotations {
			if want := (annotation{"a.yaml", i + 1, i + 1, "failure", fmt.Sprint("m", i), "r"}); a != want {
				t.Errorf("%d: got %v, want %v", n, a, want)
			}
		}
		if len(run.annotations) != n || run.Status != "completed" || run.Conclusion != "failure" || run.CompletedAt != "2026-01-05T08:00:00Z" ||
			run.Output.Title != "2 errors" || run.Output.Summary != "text" || run.DetailsURL != "https://example.com/run" {
			t.Errorf("%d: got %+v", n, run)
		}
	}
}

// A retried batch is not added again: GitHub only ever appends.
func TestCheckRunGoesOn(t *testing.T) {
	t.Parallel()
	gone := func(w http.ResponseWriter, work func()) { work(); fail(w, http.StatusBadGateway, "Server Error") }
	lost := func(w http.ResponseWriter, _ func()) { fail(w, http.StatusBadGateway, "Server Error") }
	for name, answers := range map[string]map[string][]func(http.ResponseWriter, func()){
		"creation was made":     {createRun: {gone}},
		"creation was not made": {createRun: {lost}},
		"updates were made":     {updateRuns + "100": {gone, gone}},
		"updates were not made": {updateRuns + "100": {lost, gone, lost}},
		"list fails":            {listRuns: {lost}},
		"all of it":             {listRuns: {lost}, createRun: {gone}, updateRuns + "100": {lost, gone}},
	} {
		g := newChecks(t)
		g.answers = answers
		if err := g.forge(t, nil).CheckRun(t.Context(), check(failures(130))); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(g.runs) != 1 || g.runs[0].Status != "completed" {
			t.Fatalf("%s: runs %+v", name, g.runs)
		}
		for i, a := range g.runs[0].annotations {
			if a.StartLine != i+1 {
				t.Errorf("%s: annotation %d is of line %d", name, i, a.StartLine)
				break
			}
		}
		if n := len(g.runs[0].annotations); n != 130 {
			t.Errorf("%s: %d annotations", name, n)
		}
	}
}

// Another content is another run, which GitHub shows in the place of the first.
func TestCheckRunOfOtherContent(t *testing.T) {
	t.Parallel()
	g := newChecks(t)
	for i := range 120 {
		g.runs = append(g.runs, &checkRun{ID: int64(1000 + i), Name: "policy-check", HeadSHA: headSHA, ExternalID: fmt.Sprint(i)})
	}
	other := check(nil)
	other.Conclusion = forge.Success
	for _, c := range []forge.CheckRun{check(failures(60)), other, check(failures(60)), other} { // the last two are behind a full page
		if err := g.forge(t, nil).CheckRun(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	if len(g.runs) != 122 || g.runs[120].Conclusion != "failure" || g.runs[121].Conclusion != "success" || len(g.runs[120].annotations) != 60 {
		t.Errorf("got %d runs", len(g.runs))
	}
}

func TestCheckRunAnnotations(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 100<<10)
	g := newChecks(t)
	err := g.forge(t, nil).CheckRun(t.Context(), check([]finding.Finding{
		{Severity: finding.Error, Message: "m", Fix: "f", File: "a", Line: 1, Title: "t", RuleID: "r"},
		{Severity: finding.Warning, Message: "m", File: "a", Line: 2},
		{Severity: finding.Error, Message: "m", File: "a", Line: 3, Known: true},
		{Severity: finding.Error, Message: "m", File: "a", Line: 4, Waiver: &finding.Waiver{}},
		{Severity: finding.Error, Message: long, Fix: long, Title: long, File: "a", Line: 5},
		{Severity: finding.Error, File: "a", Line: 6, RuleID: "r"},
		{Severity: finding.Error, Message: "no line, @team", File: "a`b.yaml"},
		{Severity: finding.Warning, Message: "no file", Line: 7},
	}))
	if err != nil {
		t.Fatal(err)
	}
	run := g.runs[0]
	var got []string
	for _, a := range run.annotations {
		got = append(got, fmt.Sprintf("%d %s %q %.10s", a.StartLine, a.Level, a.Title[:min(len(a.Title), 5)], a.Message))
	}
	want := []string{`1 failure "r: t" m` + "\nf", `2 warning "" m`, `3 notice "" m`, `4 notice "" m`, `5 failure "éé\xc3" éééééééééé`, `6 failure "r" r`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	const summary = "text\n\n**Without a line**\n\n- failure: ``a`b.yaml: no line, @team``\n- warning: `no file`\n"
	if run.Output.Summary != summary {
		t.Errorf("summary %q", run.Output.Summary)
	}
}

// A summary is filled, never overfilled.
func TestCheckRunSummary(t *testing.T) {
	t.Parallel()
	placeless := make([]finding.Finding, 3000)
	for i := range placeless {
		placeless[i] = finding.Finding{Severity: finding.Error, Message: strings.Repeat("m", 50)}
	}
	for _, length := range []int{0, 30_000, forge.MaxSummary - 100, forge.MaxSummary - 51, forge.MaxSummary - 20, forge.MaxSummary} {
		g := newChecks(t)
		c := check(placeless)
		c.Summary = strings.Repeat("ü", length)
		if err := g.forge(t, nil).CheckRun(t.Context(), c); err != nil {
			t.Fatalf("%d: %v", length, err)
		}
		got := g.runs[0].Output.Summary
		if !strings.HasPrefix(got, c.Summary) || length < 60_000 && !strings.HasSuffix(got, " more\n") {
			t.Errorf("%d: ends in …%s", length, got[max(0, len(got)-50):])
		}
	}
	c := check(nil)
	c.Title = "" // GitHub wants one
	g := newChecks(t)
	if err := g.forge(t, nil).CheckRun(t.Context(), c); err != nil || g.runs[0].Output.Title != "policy-check" {
		t.Errorf("got %v, %+v", err, g.runs)
	}
	c.Summary = strings.Repeat("x", forge.MaxSummary+1)
	g = newChecks(t)
	if err := g.forge(t, nil).CheckRun(t.Context(), c); err == nil || !strings.Contains(err.Error(), "more than the 65535") || len(g.requests) > 0 {
		t.Errorf("got %v", err)
	}
}

// Who may not write check runs learns that it is so, and a server that wants a pause is not taken for one that refuses.
func TestCheckRunNotAllowed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		call       string
		answer     func(http.ResponseWriter, func())
		notAllowed bool
		want       string
	}{
		"fork":              {createRun, status(403, "Resource not accessible by integration "+token), true, "Resource not accessible by integration *** (403); give the job `permissions: {checks: write}`"},
		"may not even read": {listRuns, status(403, "Resource not accessible by integration"), true, "(403)"},
		"not there":         {createRun, status(404, "Not Found"), true, "Not Found (404)"},
		"archived mid-way":  {updateRuns + "100", status(403, "Repository was archived"), true, "archived"},
		"bad token":         {listRuns, status(401, "Bad credentials "+token), false, "Bad credentials *** (401)"},
		"invalid":           {createRun, status(422, "No commit found for SHA"), false, "No commit found for SHA (422)"},
		"limit beyond the budget": {createRun, status(403, "API rate limit exceeded", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "1767603600"), false,
			"the limit of requests is spent"},
		"pause beyond the budget": {createRun, status(403, "slow down", "Retry-After", "3600"), false, "longer than this run waits"},
	} {
		g := newChecks(t)
		g.answers[c.call] = append(g.answers[c.call], c.answer)
		err := g.forge(t, nil).CheckRun(t.Context(), check(failures(60)))
		if err == nil || errors.Is(err, forge.ErrNotAllowed) != c.notAllowed || !strings.Contains(err.Error(), c.want) ||
			!strings.HasPrefix(err.Error(), `check run "policy-check" of org/app: `) || strings.Contains(err.Error(), token) {
			t.Errorf("%s: got %v", name, err)
		}
		if len(g.waited) > 0 {
			t.Errorf("%s: waited %v", name, g.waited)
		}
	}
	g := newChecks(t)
	g.answers[createRun] = append(g.answers[createRun], status(403, "You have exceeded a secondary rate limit", "Retry-After", "7"))
	if err := g.forge(t, nil).CheckRun(t.Context(), check(failures(1))); err != nil || len(g.waited) != 1 || g.waited[0] != 7*time.Second {
		t.Errorf("got %v, waited %v", err, g.waited)
	}
}
