// Package audit is the command that tells who moved what where, and which gates held.
package audit

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/dispatch"
	"github.com/org/platform/internal/workspace"
)

// Options are the flags.
type Options struct {
	workspace.Options
	Since          string
	Env, Component string
	Output         string
}

// formatMarkdown is a table for an issue or a step summary.
const formatMarkdown = "markdown"

// New returns the command.
func New(a *app.App) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Tell who moved what where, and which gates held",
		Long: "Audit compares the state branch with itself, commit by commit along its first parents: what each one moved is what the trees say, so\n" +
			"that it does not matter whether a change was pushed, merged, squashed or rebased, or what its message claims. Who it was is what the\n" +
			"commits say. A change that the toolkit did not write is a hand edit.",
		Example: "  platform audit --since 7d --env prod\n  platform audit --since 2026-01-01 -o json\n  platform audit --component hello -o markdown",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), a, o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.Since, "since", "30d", "`how` far back: a span such as 24h, 30d or 4w, or a day such as 2026-01-31")
	f.StringVar(&o.Env, "env", "", "only this `environment`")
	f.StringVar(&o.Component, "component", "", "only this `component`")
	f.StringVar(&o.Ref, "ref", "", "`revision` whose platform.yaml counts (default HEAD)")
	o.Options.Flags(cmd)
	app.OutputFlag(cmd, &o.Output, formatMarkdown)
	return cmd
}

func run(ctx context.Context, a *app.App, o Options) error {
	since, err := dispatch.Since("since", o.Since, a.Now())
	if err != nil {
		return err
	}
	w, err := workspace.Open(ctx, a, o.Options)
	if err != nil {
		return err
	}
	d, err := dispatch.New(a, w)
	if err != nil {
		return err
	}
	moves, err := d.Audit(ctx, delivery.AuditOptions{Since: since, Environment: o.Env, Component: o.Component})
	if err != nil {
		return dispatch.Explain(err)
	}
	if len(moves) == 0 {
		if err := known(w, o); err != nil {
			return err
		}
	}
	switch o.Output {
	case app.FormatJSON:
		return a.PrintJSON(moves)
	case formatMarkdown:
		fmt.Fprint(a.Out, markdown(moves, since))
		return nil
	}
	if len(moves) == 0 {
		fmt.Fprintf(a.Out, "nothing moved since %s\n", dispatch.Clock(since))
		return nil
	}
	table(a, moves)
	return nil
}

// known says whether there are such an environment and component: what is gone from the configuration still has a past, a slip of the pen has none.
func known(w *workspace.Workspace, o Options) error {
	if o.Env != "" {
		if _, err := w.Environment(o.Env); err != nil {
			return err
		}
	}
	if o.Component != "" {
		if _, err := w.Component(o.Component); err != nil {
			return err
		}
	}
	return nil
}

func table(a *app.App, moves []delivery.Move) {
	var rows [][]string
	for _, m := range moves {
		rows = append(rows, []string{dispatch.Clock(m.When), m.Environment, m.Component, what(m), dispatch.PaintAction(a, m.Action), dispatch.Line(dispatch.Who(m)),
			dispatch.Gates(a, m), where(m)})
	}
	a.PrintTable([]string{"when (utc)", "environment", "component", "from → to", "action", "by", "gates", "commit"}, rows)
}

// what says what moved.
func what(m delivery.Move) string {
	switch {
	case m.Hold != nil:
		return dispatch.Line(m.Hold.String())
	case m.From == "" && m.To == "":
		return "-"
	default:
		return dispatch.Dash(string(m.From)) + " → " + dispatch.Dash(string(m.To))
	}
}

// where says with which commit, and pull request.
func where(m delivery.Move) string {
	if m.PullRequest != 0 {
		return fmt.Sprintf("%.7s #%d", m.Commit, m.PullRequest)
	}
	return fmt.Sprintf("%.7s", m.Commit)
}

// clock writes a time for people who read it elsewhere.
func clock(t time.Time) string { return dispatch.Clock(t) + " UTC" }
