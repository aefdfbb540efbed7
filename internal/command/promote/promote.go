// Package promote is the command that makes promotions happen: it compares environments and proposes or writes what is missing.
package promote

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/dispatch"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/workspace"
)

// Options are the flags.
type Options struct {
	workspace.Options
	Component, To string
	DryRun        bool
	Output        string
}

// New returns the command.
func New(a *app.App) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "promote",
		Short: "Bring releases to the next environments, as branches to merge",
		Long: "Promote compares each environment with those it is promoted from. What upstream runs and the environment does not becomes a\n" +
			"branch promote/<env>/<component> to merge, or is written at once where promotion is automatic. Branches that are merged or\n" +
			"superseded are removed. Everything is derived from Git: run it at any time, as often as you like.",
		Example: "  platform promote\n  platform promote --component hello --to staging --dry-run",
		RunE:    func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), a, o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.Component, "component", "", "only this `component`")
	f.StringVar(&o.To, "to", "", "only to this `environment`")
	f.BoolVar(&o.DryRun, "dry-run", false, "print the plan and why, write nothing")
	f.StringVar(&o.Ref, "ref", "", "`revision` whose platform.yaml counts (default HEAD)")
	o.Options.Flags(cmd)
	app.OutputFlag(cmd, &o.Output)
	return cmd
}

func run(ctx context.Context, a *app.App, o Options) error {
	w, err := workspace.Open(ctx, a, o.Options)
	if err != nil {
		return err
	}
	if o.Component != "" {
		if _, err := w.Component(o.Component); err != nil {
			return err
		}
	}
	if o.To != "" {
		env, err := w.Environment(o.To)
		if err != nil {
			return err
		}
		if len(env.PromoteFrom) == 0 {
			return app.Usagef("%s has no promoteFrom: it receives releases by deploy", o.To)
		}
	}
	result, err := dispatch.New(a, w).Promote(ctx, delivery.PromoteOptions{Component: o.Component, To: o.To, DryRun: o.DryRun})
	if err != nil {
		return dispatch.Explain(err)
	}
	if err := report(a, o, result); err != nil {
		return err
	}
	if err := result.Err(); err != nil {
		return err
	}
	return a.Findings(a.Err, nil, result.Problems()) // HEAD may not be what the state branch has: no source lines
}

func report(a *app.App, o Options, p *delivery.Promotion) error {
	var branches []string
	changed := len(p.Closed) > 0
	for _, outcome := range p.Outcomes {
		if outcome.Result == delivery.Proposed || outcome.Result == delivery.AlreadyOpen {
			branches = append(branches, outcome.Branch)
		}
		changed = changed || outcome.Result == delivery.Proposed || outcome.Result == delivery.Promoted || outcome.Result == delivery.PassedThrough
	}
	a.Runner.Output("branches", strings.Join(branches, "\n"))
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
	for _, branch := range p.Closed {
		fmt.Fprintf(a.Out, "removed branch %s: merged or no longer wanted\n", branch)
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
	case o.Branch != "":
		return "merge branch " + o.Branch
	case o.Commit != "":
		return fmt.Sprintf("commit %.12s", o.Commit)
	case !o.Until.IsZero():
		return fmt.Sprintf("%s, until %s", o.Reason, o.Until.UTC().Format("2006-01-02 15:04 MST"))
	default:
		return strings.Join(strings.FieldsFunc(o.Reason, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
	}
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
