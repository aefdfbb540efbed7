// Package policycheck is the command policy-check: it checks rendered manifests and files against policies, and shows each finding on the line to
// change.
package policycheck

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/change"
	"github.com/org/platform/internal/workspace"
)

// The formats of -o beside those of every command.
const (
	formatSARIF    = "sarif"
	formatJUnit    = "junit"
	formatMarkdown = "markdown"
)

// What fails the check.
const (
	failOnNew = "new"
	failOnAll = "all"
)

// Options are the flags.
type Options struct {
	workspace.Options
	Base       string
	All        bool
	Components []string
	Envs       []string
	Images     []string
	FailOn     string
	Trace      string
	Output     string
	SARIF      string
	JUnit      string
	Comment    bool
	CheckRun   bool
	Verbose    bool
	Promotions string
	Verdicts   string
}

// New returns the command.
func New(a *app.App) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "policy-check",
		Short: "Check manifests and files against policies, and show the line to change",
		Long: "Policy-check renders what a change affects, evaluates the policy bundles of platform.yaml over it and over the files they name, and\n" +
			"shows each finding on the authored file and line that causes it. The same cause in several environments is one finding.\n\n" +
			"What was there before the change is known: it is reported, and does not fail. The change is the working folder against where the branch\n" +
			"left the default branch, or against the last commit on that branch itself; in a workflow what the event names. Where nothing differs, or\n" +
			"there is nothing to compare with, everything is checked and new.\n\n" +
			"The component's own image is pinned by digest, as a deploy does it.",
		Example: "  platform policy-check\n  platform policy-check --all --fail-on all\n  platform policy-check --component hello --env prod --base origin/main\n" +
			"  platform policy-check explain image-by-digest",
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), a, o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.Base, "base", "", "`revision` to compare with (default: see above)")
	f.StringVar(&o.Ref, "ref", "", "`revision` to check (default: the working folder)")
	f.BoolVar(&o.All, "all", false, "check what the change leaves alone too")
	f.StringArrayVar(&o.Components, "component", nil, "check this `component`, changed or not, and no files; repeatable")
	f.StringArrayVar(&o.Envs, "env", nil, "only this `environment`; repeatable (default: all)")
	f.StringArrayVar(&o.Images, "image", nil, "pin an image: `[NAME=]REPOSITORY@sha256:DIGEST`; repeatable")
	f.StringVar(&o.FailOn, "fail-on", failOnNew, "`findings` that fail the check: new, or all; waived ones never do")
	f.StringVar(&o.Trace, "trace", "", "tell how the findings of this `rule or fingerprint` were placed")
	f.StringVar(&o.SARIF, "sarif", "", "write SARIF 2.1.0 to this `file` too")
	f.StringVar(&o.JUnit, "junit", "", "write JUnit XML to this `file` too")
	f.BoolVar(&o.Comment, "comment", false, "write to the pull request of the workflow as one comment, which later runs update")
	f.BoolVar(&o.CheckRun, "check-run", false, "annotate through a check run, without a limit to their number, where the token may write one")
	f.BoolVarP(&o.Verbose, "verbose", "v", false, "show known and waived findings too")
	f.StringVar(&o.Promotions, "promotions", "", "judge the promotions in this `file` of promote --document, - for the input, by the bundle promotion instead")
	f.StringVar(&o.Verdicts, "verdicts", "", "with --promotions: write the verdicts to this `file` too, for promote --verdicts")
	o.Options.Flags(cmd)
	app.OutputFlag(cmd, &o.Output, formatSARIF, formatJUnit, formatMarkdown)
	cmd.AddCommand(newTest(a), newExplain(a))
	return cmd
}

func run(ctx context.Context, a *app.App, o Options) error {
	if !slices.Contains([]string{failOnNew, failOnAll}, o.FailOn) {
		return app.Usagef("--fail-on %q is neither %s nor %s", o.FailOn, failOnNew, failOnAll)
	}
	if o.Promotions != "" {
		return judgePromotions(ctx, a, o)
	}
	e, err := change.ReadEvent(a)
	if err != nil {
		return err
	}
	if e.Name == change.PullRequestTarget && o.Ref == "" {
		return app.Usagef("on %s the commit of the workflow is the base, not the change: give --ref, or run on pull_request", e.Name)
	}
	var to publisher
	if to, err = newPublisher(a, o, e); err != nil {
		return err
	}
	result, w, err := runCheck(ctx, a, o, e)
	if err != nil {
		return err
	}
	if o.FailOn == failOnAll {
		for i := range result.Findings {
			result.Findings[i].Known = false
		}
	}
	r := newReport(result, w)
	if err := write(a, o, r); err != nil {
		return err
	}
	return to.publish(ctx, a, r)
}
