package policycheck

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/change"
	"github.com/org/platform/internal/check"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/forge"
	"github.com/org/platform/internal/report"
	"github.com/org/platform/internal/workspace"
)

const commandName = "policy-check"

func newReport(result *check.Result, w *workspace.Workspace) *report.Report {
	r := &report.Report{Tool: report.Tool{Name: "platform " + commandName, URL: "https://github.com/" + w.Config.Spec.Actions.Repository},
		Findings: result.Findings, Documents: result.Documents, Renders: result.Renders, Files: result.Files, Source: app.Source(w.Files)}
	for _, rule := range result.Rules {
		r.Rules = append(r.Rules, report.Rule{ID: rule.ID, Title: rule.Title, Why: rule.Why, Severity: rule.Severity, Fix: rule.Fix, URL: rule.URL})
	}
	return r
}

// write hands the report to whoever reads it: on Out, in files, as outputs of the step and in its summary.
func write(a *app.App, o Options, r *report.Report) error {
	counts := r.Counts()
	a.Runner.Output("errors", fmt.Sprint(counts.Errors))
	a.Runner.Output("warnings", fmt.Sprint(counts.Warnings))
	a.Runner.Output("known", fmt.Sprint(counts.Known))
	a.Runner.Output("waived", fmt.Sprint(counts.Waived))
	a.Runner.Summary("### Policy check\n\n" + r.Markdown(report.MarkdownOptions{Limit: report.SummaryLimit - 1024, BlobURL: blobURL(a),
		Full: "`platform policy-check` shows all of it."}))
	for file, format := range map[string]func(io.Writer) error{o.SARIF: r.SARIF, o.JUnit: r.JUnit} {
		if file == "" {
			continue
		}
		var b bytes.Buffer
		if err := format(&b); err != nil {
			return err
		}
		if err := os.WriteFile(a.Path(file), b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	switch o.Output {
	case app.FormatJSON:
		return r.JSON(a.Out)
	case formatSARIF:
		return r.SARIF(a.Out)
	case formatJUnit:
		return r.JUnit(a.Out)
	}
	if o.Output == formatMarkdown {
		text := r.Markdown(report.MarkdownOptions{BlobURL: blobURL(a), Full: "`platform policy-check` shows all of it."})
		_, err := io.WriteString(a.Out, a.Runner.Inert(text))
		return err
	}
	verbose := o.Verbose || o.Trace != ""
	a.Show(a.Out, r, report.TerminalOptions{Verbose: verbose})
	if counts := r.Counts(); counts.Known+counts.Waived > 0 && !verbose {
		fmt.Fprintln(a.Out, a.Dim("--verbose shows what is known or waived too"))
	}
	return nil
}

// blobURL returns where the files of the workflow's commit are shown, or "".
func blobURL(a *app.App) string {
	url, commit := a.Runner.RepositoryURL(), a.Runner.Commit()
	if url == "" || commit == "" {
		return ""
	}
	return url + "/blob/" + commit
}

// publisher shows the report where others see it.
type publisher struct {
	options Options
	comment *change.Comment // nil for none
	forge   *forge.Forge    // nil for no check run
	head    string          // commit that a check run is shown on
}

// newPublisher finds out where to publish: the check takes time, so what is missing is said before it.
func newPublisher(a *app.App, o Options, e change.Event) (p publisher, err error) {
	p.options = o
	if o.Comment {
		if p.comment, err = change.NewComment(a, e, commandName, o.Token); err != nil {
			return p, err
		}
	}
	token := cmp.Or(o.Token, a.Getenv("GITHUB_TOKEN"))
	if !o.CheckRun || !a.Runner.Active() || token == "" {
		return p, nil // it is never required
	}
	a.Runner.Mask(token)
	p.head = cmp.Or(e.PullRequest.Head.SHA, a.Runner.Commit()) // a pull request does not show what is on its merge commit
	p.forge, err = forge.New(forge.Options{APIURL: a.Getenv("GITHUB_API_URL"), Token: token, Repository: a.Getenv("GITHUB_REPOSITORY"),
		Now: a.Now, Notice: a.Notice})
	return p, err
}

// publish writes the comment and the annotations, and returns whether the check failed.
func (p publisher) publish(ctx context.Context, a *app.App, r *report.Report) error {
	if p.comment != nil {
		text := r.Markdown(report.MarkdownOptions{Limit: min(report.CommentLimit, p.comment.Limit()), Full: change.FullText(a), BlobURL: blobURL(a)})
		if err := p.comment.Post(ctx, a, text); err != nil {
			return err
		}
	}
	if p.checkRun(ctx, a, r) { // a second time would be one too many
		if r.Counts().Errors > 0 {
			return app.ErrFindings
		}
		return nil
	}
	return a.Findings(nil, nil, r.Findings)
}

// checkRun says whether a check run has the annotations now.
func (p publisher) checkRun(ctx context.Context, a *app.App, r *report.Report) bool {
	if p.forge == nil || p.head == "" {
		return false
	}
	counts, conclusion := r.Counts(), forge.Success
	if counts.Errors > 0 {
		conclusion = forge.Failure
	}
	var annotations []finding.Finding
	for _, f := range r.Findings {
		if !f.Known && f.Waiver == nil {
			annotations = append(annotations, f)
		}
	}
	err := p.forge.CheckRun(ctx, forge.CheckRun{Name: "policies", HeadSHA: p.head, Title: counts.String(), Conclusion: conclusion,
		DetailsURL: a.Runner.RunURL(), Annotations: annotations,
		Summary: r.Markdown(report.MarkdownOptions{Limit: 60_000, Full: change.FullText(a), BlobURL: blobURL(a)})})
	if err != nil { // it is never required: the step annotates by itself
		a.Notice("no check run: %v", err)
	}
	return err == nil
}
