// Package diff is the command that shows what a change does to the rendered manifests of every environment.
package diff

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/change"
	"github.com/org/platform/internal/diff"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/workspace"
)

const formatMarkdown = "markdown"

// Options are the flags.
type Options struct {
	workspace.Options
	Base       string
	Components []string
	Envs       []string
	Output     string
	Comment    bool
}

// New returns the command.
func New(a *app.App) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "diff",
		Short: "Show what a change does to every environment",
		Long: "Diff renders every component for every environment at two commits and shows what differs, by object and field. The first line says how\n" +
			"far the change reaches. Changes of the state, as a promotion makes them, are shown beside those of overlays.\n\n" +
			"A change that is the same in several components is shown once, with COMPONENT in the place of their names, and likewise ENVIRONMENT.\n" +
			"Values of Secrets are not shown. The command fails where something no longer renders, not where something differs.\n\n" +
			"Without --base it compares with where the branch left the default branch; in a workflow with what the event names: the base of the\n" +
			"pull request, the commit before the push, the base of the merge group.",
		Example: "  platform diff\n  platform diff --base v1.2.0 --head main --env prod\n  platform diff -o markdown > comment.md",
		RunE:    func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), a, o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.Base, "base", "", "`revision` before the change (default: see above)")
	f.StringVar(&o.Ref, "head", "", "`revision` after the change (default HEAD)")
	f.StringArrayVar(&o.Components, "component", nil, "only this `component`; repeatable (default: all)")
	f.StringArrayVar(&o.Envs, "env", nil, "only this `environment`; repeatable (default: all)")
	f.BoolVar(&o.Comment, "comment", false, "write it to the pull request of the workflow as one comment, which later runs update")
	o.Options.Flags(cmd)
	app.OutputFlag(cmd, &o.Output, formatMarkdown)
	return cmd
}

func run(ctx context.Context, a *app.App, o Options) error {
	e, err := change.ReadEvent(a)
	if err != nil {
		return err
	}
	if e.Name == change.PullRequestTarget && o.Ref == "" {
		return app.Usagef("on %s the commit of the workflow is the base, not the change: give --head, or run on pull_request", change.PullRequestTarget)
	}
	var to *change.Comment
	if o.Comment {
		if to, err = change.NewComment(a, e, "diff", o.Token); err != nil {
			return err
		}
	}
	w, err := workspace.Open(ctx, a, o.Options)
	if err != nil {
		return err
	}
	r, err := compare(ctx, a, w, e, o)
	if err != nil {
		return err
	}
	if err := write(a, r, o.Output); err != nil {
		return err
	}
	if to != nil {
		if err := to.Post(ctx, a, r.Markdown(diff.MarkdownOptions{Limit: min(diff.CommentLimit, to.Limit()), Full: change.FullText(a)})); err != nil {
			return err
		}
	}
	return a.Findings(nil, nil, failures(r))
}

// compare makes the report.
func compare(ctx context.Context, a *app.App, w *workspace.Workspace, e change.Event, o Options) (*diff.Report, error) {
	base, err := e.Base(ctx, w, o.Base)
	if err != nil {
		return nil, err
	}
	s, err := openSides(ctx, a, w, base)
	if err != nil {
		return nil, err
	}
	if err := s.choose(w, o); err != nil {
		return nil, err
	}
	inputs, err := overlayInputs(ctx, s)
	if err != nil {
		return nil, err
	}
	state, err := stateInputs(ctx, s)
	if err != nil {
		return nil, err
	}
	return diff.New(append(inputs, state...), diff.Options{
		Environments: s.environments, Base: s.base.commit.Hash.String()[:12], Head: s.head.commit.Hash.String()[:12],
	}), nil
}

// write hands the report to whoever reads it: on Out, as outputs of the step and in its summary.
func write(a *app.App, r *diff.Report, format string) error {
	a.Runner.Output("reach", r.Blast)
	a.Runner.Output("changed", fmt.Sprint(r.Changed()))
	a.Runner.Summary("### Diff\n\n" + r.Markdown(diff.MarkdownOptions{Limit: diff.SummaryLimit - 1024, Full: "`platform diff` shows all of it."}))
	switch format {
	case app.FormatJSON:
		return a.PrintJSON(r)
	case formatMarkdown:
		fmt.Fprint(a.Out, a.Runner.Inert(r.Markdown(diff.MarkdownOptions{Limit: diff.CommentLimit, Full: "`platform diff` shows all of it."})))
	default:
		var text strings.Builder
		r.Terminal(&text, diff.Colors{Added: a.Green, Removed: a.Red, Changed: a.Yellow, Bold: a.Bold, Dim: a.Dim})
		fmt.Fprint(a.Out, a.Runner.Inert(text.String()))
	}
	return nil
}

// failures returns what the change broke, on the places that are known of it.
func failures(r *diff.Report) []finding.Finding {
	var list []finding.Finding
	for _, failure := range r.Failures() {
		whole := finding.Finding{Severity: finding.Error, RuleID: "render", Message: failure.Message}
		for _, c := range failure.Places {
			var problems finding.Problems
			if errors.As(c.Err, &problems) {
				for _, f := range problems { // a mistake in a base is one for all that read it
					if !slices.ContainsFunc(list, func(known finding.Finding) bool { return known.String() == f.String() }) {
						list = append(list, f)
					}
				}
				continue
			}
			whole.Components = []string{c.Component}
			whole.Environments = append(whole.Environments, c.Environment)
		}
		if len(whole.Environments) > 0 {
			list = append(list, whole)
		}
	}
	return list
}
