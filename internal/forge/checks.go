package forge

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"unicode/utf8"

	"github.com/google/go-github/v84/github"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/report"
)

// Conclusion is how a check ended.
type Conclusion string

// The conclusions.
const (
	Success Conclusion = "success"
	Failure Conclusion = "failure"
	Neutral Conclusion = "neutral"
)

// CheckRun is a check that is done.
type CheckRun struct {
	Name        string
	HeadSHA     string // the commit that it is shown on: of a pull request its head, not the merge commit
	Title       string
	Summary     string // Markdown, of at most MaxSummary characters
	DetailsURL  string // where more is; may be empty
	Conclusion  Conclusion
	Annotations []finding.Finding // those without a line are listed below the summary: GitHub annotates lines only
}

// ErrNotAllowed says that the token may not write check runs: it is of a pull request from a fork, or the job lacks `checks: write`.
var ErrNotAllowed = errors.New("the token may not write check runs")

// Limits of GitHub's check runs.
const (
	MaxSummary = 65_535 // characters of a summary

	maxBatch             = 50 // annotations of a request
	maxAnnotationMessage = 64 << 10
	maxAnnotationTitle   = 255
)

// CheckRun makes a commit have a completed check run with all annotations. A run of the same content that is already there, whole or in part, is
// completed and not made again. The error is ErrNotAllowed where the token may not do it.
func (f *Forge) CheckRun(ctx context.Context, c CheckRun) error {
	if n := utf8.RuneCountInString(c.Summary); n > MaxSummary {
		return fmt.Errorf("check run %q of %s: the %d characters of its summary are more than the %d that GitHub takes", c.Name, f.repository(), n, MaxSummary)
	}
	annotations, placeless := annotations(c.Annotations)
	summary := withPlaceless(c.Summary, placeless)
	id, err := c.externalID()
	if err != nil {
		return fmt.Errorf("check run %q of %s: %w", c.Name, f.repository(), err)
	}
	err = f.retry(ctx, checksWrite, func() error { return f.checkRun(ctx, c, id, summary, annotations) })
	var refused *github.ErrorResponse
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused) && isRefusal(refused):
		return fmt.Errorf("check run %q of %s: %w: %s (%d); give the job `permissions: {checks: write}`. The token of a pull request from a fork "+
			"is read-only whatever the workflow says", c.Name, f.repository(), ErrNotAllowed, f.redact(refused.Message), refused.Response.StatusCode)
	default:
		return fmt.Errorf("check run %q of %s: %w", c.Name, f.repository(), err)
	}
}

// isRefusal tells a token that may not from a server that wants a pause.
func isRefusal(r *github.ErrorResponse) bool {
	status := r.Response.StatusCode
	return status == http.StatusNotFound || status == http.StatusForbidden && r.Response.Header.Get("Retry-After") == ""
}

// externalID names the content, by which a later attempt knows the run of an earlier one.
func (c CheckRun) externalID() (string, error) {
	content, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(content)
	return "platform-" + hex.EncodeToString(sum[:16]), nil
}

// checkRun goes on where an earlier attempt ended: annotations are only ever added, so those that are there are not sent again.
func (f *Forge) checkRun(ctx context.Context, c CheckRun, id, summary string, annotations []*github.CheckRunAnnotation) error {
	run, err := f.findCheckRun(ctx, c, id)
	if err != nil {
		return err
	}
	if run == nil {
		batch := annotations[:min(maxBatch, len(annotations))]
		options := github.CreateCheckRunOptions{Name: c.Name, HeadSHA: c.HeadSHA, ExternalID: &id, DetailsURL: optional(c.DetailsURL),
			Status: github.Ptr("in_progress"), Output: output(c, summary, batch)}
		if len(batch) == len(annotations) {
			options.Status, options.Conclusion, options.CompletedAt = github.Ptr("completed"), github.Ptr(string(c.Conclusion)), &github.Timestamp{Time: f.now()}
		}
		if run, _, err = f.client.Checks.CreateCheckRun(ctx, f.owner, f.name, options); err != nil || len(batch) == len(annotations) {
			return err
		}
		run.Output = &github.CheckRunOutput{AnnotationsCount: github.Ptr(len(batch))}
	}
	for sent := run.GetOutput().GetAnnotationsCount(); ; {
		end := min(sent+maxBatch, len(annotations))
		options := github.UpdateCheckRunOptions{Name: c.Name, Output: output(c, summary, annotations[min(sent, end):end])}
		if end == len(annotations) {
			options.Status, options.Conclusion, options.CompletedAt = github.Ptr("completed"), github.Ptr(string(c.Conclusion)), &github.Timestamp{Time: f.now()}
			if run.GetStatus() == "completed" && sent >= end {
				return nil
			}
		}
		if _, _, err := f.client.Checks.UpdateCheckRun(ctx, f.owner, f.name, run.GetID(), options); err != nil || end == len(annotations) {
			return err
		}
		sent = end
	}
}

// findCheckRun returns the run of the same content, or nil.
func (f *Forge) findCheckRun(ctx context.Context, c CheckRun, id string) (*github.CheckRun, error) {
	options := &github.ListCheckRunsOptions{CheckName: &c.Name, Filter: github.Ptr("all"), ListOptions: github.ListOptions{PerPage: 100, Page: 1}}
	for {
		list, response, err := f.client.Checks.ListCheckRunsForRef(ctx, f.owner, f.name, c.HeadSHA, options)
		if err != nil {
			return nil, err
		}
		for _, run := range list.CheckRuns {
			if run.GetExternalID() == id && run.GetName() == c.Name && run.GetHeadSHA() == c.HeadSHA {
				return run, nil
			}
		}
		if response.NextPage <= options.Page { // there is none
			return nil, nil
		}
		options.Page = response.NextPage
	}
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func output(c CheckRun, summary string, batch []*github.CheckRunAnnotation) *github.CheckRunOutput {
	return &github.CheckRunOutput{Title: github.Ptr(cmp.Or(c.Title, c.Name)), Summary: &summary, Annotations: batch}
}

// annotations returns the findings as annotations, and those that cannot be one.
func annotations(findings []finding.Finding) (list []*github.CheckRunAnnotation, placeless []finding.Finding) {
	for _, f := range findings {
		if f.File == "" || f.Line < 1 {
			placeless = append(placeless, f)
			continue
		}
		list = append(list, &github.CheckRunAnnotation{
			Path: github.Ptr(report.Plain(f.File)), StartLine: github.Ptr(f.Line), EndLine: github.Ptr(f.Line), AnnotationLevel: github.Ptr(level(f)),
			Title: optional(report.Heading(f, maxAnnotationTitle)), Message: github.Ptr(report.Explain(f, maxAnnotationMessage)),
		})
	}
	return list, placeless
}

// level says how GitHub shows a finding: as a failure only where it fails the check.
func level(f finding.Finding) string {
	switch {
	case f.Fails():
		return "failure"
	case f.Known, f.Waiver != nil:
		return "notice"
	default:
		return "warning"
	}
}

// withPlaceless adds the findings without a line to a summary, as many as it has room for.
func withPlaceless(summary string, findings []finding.Finding) string {
	if len(findings) == 0 {
		return summary
	}
	const more = "- … and %d more\n"
	room := MaxSummary - utf8.RuneCountInString(summary) - len(more) - len("1234567890")
	list := "\n\n**Without a line**\n\n"
	for i, f := range findings {
		row := "- " + level(f) + ": " + report.Code(report.Shorten(report.Plain(f.String()), 1000)) + "\n"
		if len(list)+len(row) > room {
			list += fmt.Sprintf(more, len(findings)-i)
			break
		}
		list += row
	}
	if len(list) > room+len(more)+len("1234567890") {
		return summary // it fills what there is
	}
	return summary + list
}
