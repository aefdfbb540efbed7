// Package status is the command that shows what runs where, what comes next and where it came from.
package status

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/dispatch"
	"github.com/org/platform/internal/report"
	"github.com/org/platform/internal/workspace"
)

const formatMarkdown = "markdown"

// Options are the flags.
type Options struct {
	workspace.Options
	Component    string
	Environments []string
	Output       string
}

// New returns the command.
func New(a *app.App) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show which release runs where, who is ahead of whom, and what each waits for",
		Long: "Status shows a row for each component and a column for each environment, in the order releases travel: the release, for how long it\n" +
			"has run, how many commits of the component it is behind or ahead of its upstream, and the gate, pull request or hold that comes next.\n" +
			"Where that is wider than 160 columns, each environment has a row. All times are UTC.\n\n" +
			"With --component it shows where each release came from: its commit, pull request and images, and the environments that it runs in or\n" +
			"waits for. Pull requests are those that GitHub names; without a token the subject of the commit tells, and nobody is asked.",
		Example: "  platform status\n  platform status --env prod-eu --env prod-us\n  platform status --component hello -o json",
		RunE:    func(cmd *cobra.Command, _ []string) error { return dispatch.Explain(run(cmd.Context(), a, o)) },
	}
	cmd.Flags().StringVar(&o.Component, "component", "", "where this `component` comes from and where it is")
	cmd.Flags().StringSliceVar(&o.Environments, "env", nil, "only this `environment`; may be repeated")
	cmd.Flags().StringVar(&o.Ref, "ref", "", "`revision` whose platform.yaml counts (default HEAD)")
	o.Options.Flags(cmd)
	app.OutputFlag(cmd, &o.Output, formatMarkdown)
	return cmd
}

func run(ctx context.Context, a *app.App, o Options) error {
	w, err := workspace.Open(ctx, a, o.Options)
	if err != nil {
		return err
	}
	for _, name := range o.Environments {
		if _, err := w.Environment(name); err != nil {
			return err
		}
	}
	all, err := w.Catalog()
	if err != nil {
		return err
	}
	d, err := dispatch.New(a, w)
	if err != nil {
		return err
	}
	if o.Component != "" {
		return runChain(ctx, a, w, d, o)
	}
	rows, err := d.Status(ctx, all.Names(), true)
	if err != nil {
		return err
	}
	rows = slices.DeleteFunc(rows, func(row delivery.Row) bool { return !o.shows(row.Environment) })
	var environments []string
	for _, env := range w.Config.EnvironmentNames() {
		if o.shows(env) {
			environments = append(environments, env)
		}
	}
	a.Runner.Summary("### Status\n\n" + matrixMarkdown(a.Now(), environments, rows, report.SummaryLimit-1024))
	switch o.Output {
	case app.FormatJSON:
		return a.PrintJSON(rows)
	case formatMarkdown:
		fmt.Fprint(a.Out, a.Runner.Inert(matrixMarkdown(a.Now(), environments, rows, 0)))
	default:
		printRows(a, environments, rows)
	}
	return nil
}

func runChain(ctx context.Context, a *app.App, w *workspace.Workspace, d *delivery.Delivery, o Options) error {
	if err := dispatch.Known(ctx, w, d, o.Component); err != nil {
		return err
	}
	found, err := d.Chain(ctx, o.Component)
	if err != nil {
		return err
	}
	c := chain{Chain: found}
	if component, err := w.Component(o.Component); err == nil { // what runs may have left the catalog
		c.Owner, c.Path = component.Owner, component.Path
	}
	c.narrow(o.shows)
	a.Runner.Summary("### Status of " + report.Code(o.Component) + "\n\n" + c.markdown(a.Now()))
	switch o.Output {
	case app.FormatJSON:
		return a.PrintJSON(c)
	case formatMarkdown:
		fmt.Fprint(a.Out, a.Runner.Inert(c.markdown(a.Now())))
	default:
		c.print(a)
	}
	return nil
}

func (o Options) shows(environment string) bool {
	return len(o.Environments) == 0 || slices.Contains(o.Environments, environment)
}
