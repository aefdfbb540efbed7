// Package promote is the command that makes promotions happen: it compares environments and proposes or writes what is missing.
package promote

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/dispatch"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/workspace"
)

// Options are the flags.
type Options struct {
	workspace.Options
	Component, To string
	Release       string
	Verdicts      string
	DryRun        bool
	Document      string
	Check         bool
	Output        string
}

// New returns the command.
func New(a *app.App) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "promote",
		Short: "Bring releases to the next environments by pull requests",
		Long: "Promote compares each environment with those it is promoted from, and makes the pull requests match: one from branch\n" +
			"promote/<env>/<component> for what upstream runs and the environment does not, a draft while its gates wait, merged by itself where\n" +
			"promotion is automatic. What is merged or superseded is closed. Without a forge the branches alone are used, and people merge them.\n" +
			"Everything is derived from Git: run it at any time, as often as you like.",
		Example: "  platform promote\n  platform promote --component hello --to staging --dry-run\n" +
			"  platform promote --component hello --to prod --release r-1a2b3c",
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), a, o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.Component, "component", "", "only this `component`")
	f.StringVar(&o.To, "to", "", "only to this `environment`")
	f.StringVar(&o.Release, "release", "", "`release` to bring, or a unique beginning of its id, where the environment is pinned; with --component and --to")
	f.StringVar(&o.Verdicts, "verdicts", "", "`file` with what policy-check --promotions says, for gates with policy: true")
	f.BoolVar(&o.DryRun, "dry-run", false, "print the plan and why, write nothing")
	f.StringVar(&o.Document, "document", "", "write the promotions as documents for policies to this `file`, - for the output, and nothing else")
	f.BoolVar(&o.Check, "check", false, "check the change of the workflow instead, as promote check does")
	f.StringVar(&o.Ref, "ref", "", "`revision` whose platform.yaml counts, with --check the one to check (default HEAD)")
	o.Options.Flags(cmd)
	app.OutputFlag(cmd, &o.Output)
	cmd.AddCommand(newCheck(a))
	return cmd
}

func run(ctx context.Context, a *app.App, o Options) error {
	if o.Check {
		return runCheck(ctx, a, checkOptions(o))
	}
	if o.Release != "" && (o.Component == "" || o.To == "") {
		return app.Usagef("--release names a release of one component for one environment: give --component and --to too")
	}
	w, err := workspace.Open(ctx, a, o.Options)
	if err != nil {
		return err
	}
	if err := o.validate(w); err != nil {
		return err
	}
	d, err := dispatch.New(a, w)
	if err != nil {
		return err
	}
	if o.Verdicts != "" {
		if d.Denied, err = readVerdicts(a.Path(o.Verdicts)); err != nil {
			return err
		}
	}
	result, err := d.Promote(ctx, delivery.PromoteOptions{Component: o.Component, To: o.To, Release: o.Release, DryRun: o.DryRun || o.Document != ""})
	if err != nil {
		return dispatch.Explain(err)
	}
	if o.Document != "" {
		return documents(a, o.Document, result.Outcomes)
	}
	if !o.DryRun {
		dispatch.Record(ctx, a, d)
	}
	if err := report(a, o, result); err != nil {
		return err
	}
	if err := result.Err(); err != nil {
		return err
	}
	return a.Findings(a.Err, nil, result.Problems()) // HEAD may not be what the state branch has: no source lines
}

// validate checks what is narrowed to.
func (o Options) validate(w *workspace.Workspace) error {
	if o.Component != "" {
		if _, err := w.Component(o.Component); err != nil {
			return err
		}
	}
	if o.To == "" {
		return nil
	}
	env, err := w.Environment(o.To)
	switch {
	case err != nil:
		return err
	case len(env.PromoteFrom) == 0:
		return app.Usagef("%s has no promoteFrom: it receives releases by deploy", o.To)
	case o.Release != "" && env.Mode != config.ModePinned:
		return app.Usagef("--release is for environments with mode: pinned, and %s is %s: it gets what upstream runs", o.To, env.Mode)
	}
	return nil
}

func report(a *app.App, o Options, p *delivery.Promotion) error {
	var branches, pulls []string
	changed := len(p.Closed) > 0
	for _, outcome := range p.Outcomes {
		if outcome.Result == delivery.Proposed || outcome.Result == delivery.AlreadyOpen {
			branches = append(branches, outcome.Branch)
		}
		if outcome.URL != "" {
			pulls = append(pulls, outcome.URL)
		}
		changed = changed || outcome.Result == delivery.Proposed || outcome.Result == delivery.Promoted || outcome.Result == delivery.PassedThrough
	}
	a.Runner.Output("branches", strings.Join(slices.Compact(branches), "\n"))
	a.Runner.Output("pull-requests", strings.Join(slices.Compact(pulls), "\n"))
	a.Runner.Output("changed", fmt.Sprint(changed))
	if len(p.Outcomes) > 0 && !o.DryRun {
		a.Runner.Summary(summary(p))
	}
	if o.Output == app.FormatJSON {
		return a.PrintJSON(p)
	}
	if len(p.Outcomes) == 0 {
		fmt.Fprintln(a.Out, "nothing to promote: no upstream environment runs anything")
		return nil
	}
	var rows [][]string
	for _, outcome := range p.Outcomes {
		rows = append(rows, []string{outcome.Component,
			strings.Join(outcome.From, "+") + " → " + outcome.Environment, string(outcome.Release.ID), paint(a, outcome), detail(outcome)})
	}
	a.PrintTable([]string{"component", "promotion", "release", "action", "detail"}, rows)
	for _, c := range p.Closed {
		fmt.Fprintf(a.Out, "removed branch %s: %s\n", c.Branch, c.Reason)
	}
	return nil
}

func word(o delivery.Outcome) string {
	if o.Result != delivery.Nothing {
		return string(o.Result)
	}
	return string(o.Action)
}

func paint(a *app.App, o delivery.Outcome) string {
	switch {
	case o.Action == promotion.Blocked, o.Result == delivery.Failed:
		return a.Red(word(o))
	case o.Action == promotion.Wait, o.Action == promotion.Held, o.Result == delivery.NotOurs:
		return a.Yellow(word(o))
	case o.Action == promotion.Current:
		return a.Dim(word(o))
	default:
		return a.Green(word(o))
	}
}

func detail(o delivery.Outcome) string {
	switch {
	case o.Result == delivery.NotOurs:
		return o.Branch + " has commits of somebody else; merge or delete it"
	case o.Result == delivery.Declined:
		return "its pull request was closed by hand; delete branch " + o.Branch + " to have it opened again"
	case o.PullRequest != 0 && o.Draft:
		return fmt.Sprintf("draft #%d: %s", o.PullRequest, why(o))
	case o.PullRequest != 0:
		return fmt.Sprintf("merge #%d", o.PullRequest)
	case o.Branch != "":
		return "merge branch " + o.Branch
	case o.Commit != "":
		return fmt.Sprintf("commit %.12s", o.Commit)
	default:
		return why(o)
	}
}

// why is the reason of a step, with all gates that wait.
func why(o delivery.Outcome) string {
	reason := strings.Join(strings.FieldsFunc(o.Reason, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
	if !o.Until.IsZero() {
		reason += ", until " + o.Until.UTC().Format("2006-01-02 15:04 MST")
	}
	return reason
}

func summary(p *delivery.Promotion) string {
	var b strings.Builder
	b.WriteString("### Promotions\n\n| component | promotion | release | action | |\n| --- | --- | --- | --- | --- |\n")
	for _, o := range p.Outcomes {
		fmt.Fprintf(&b, "| %s | %s ▸ %s | `%s` | %s | %s |\n",
			o.Component, strings.Join(o.From, "+"), o.Environment, o.Release.ID, word(o), strings.ReplaceAll(detail(o), "|", "\\|"))
	}
	return b.String()
}
