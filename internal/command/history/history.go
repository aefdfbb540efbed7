// Package history is the command that shows what ran in one place.
package history

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/dispatch"
	"github.com/org/platform/internal/state"
	"github.com/org/platform/internal/workspace"
)

// Options are the flags.
type Options struct {
	workspace.Options
	Environment, Component string
	Limit                  int
	Output                 string
}

// defaultLimit is how many rows people want to see.
const defaultLimit = 20

// New returns the command.
func New(a *app.App) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "history ENVIRONMENT COMPONENT",
		Short: "Show what a component ran in an environment, who brought it, and for how long",
		Long: "History reads the state branch: each release that the component ran there, newest first, with the commit it was made from, how it\n" +
			"came, by whom, and which gates it had to pass. Times are those at which it came to the state branch.",
		Example: "  platform history prod hello\n  platform history staging hello --limit 0 -o json",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Environment, o.Component = args[0], args[1]
			return run(cmd.Context(), a, o)
		},
	}
	cmd.Flags().IntVar(&o.Limit, "limit", defaultLimit, "show at most this `many`, 0 for all")
	cmd.Flags().StringVar(&o.Ref, "ref", "", "`revision` whose platform.yaml counts (default HEAD)")
	o.Options.Flags(cmd)
	app.OutputFlag(cmd, &o.Output)
	return cmd
}

func run(ctx context.Context, a *app.App, o Options) error {
	if o.Limit < 0 {
		return app.Usagef("--limit %d: give how many rows to show, 0 for all", o.Limit)
	}
	w, err := workspace.Open(ctx, a, o.Options)
	if err != nil {
		return err
	}
	d, err := dispatch.New(a, w)
	if err != nil {
		return err
	}
	episodes, err := d.Episodes(ctx, state.Key{Environment: o.Environment, Component: o.Component}, o.Limit)
	if err != nil {
		return dispatch.Explain(err)
	}
	if len(episodes) == 0 {
		if _, err := w.Component(o.Component); err != nil {
			return err // what has left the catalog still has a history, a slip of the pen has none
		}
	}
	if o.Output == app.FormatJSON {
		return a.PrintJSON(episodes)
	}
	if len(episodes) == 0 {
		fmt.Fprintf(a.Out, "%s never ran in %s\n", o.Component, o.Environment)
		return nil
	}
	var rows [][]string
	for _, e := range episodes {
		rows = append(rows, []string{dispatch.Clock(e.When), dispatch.Dash(string(e.To)), source(e), dispatch.PaintAction(a, e.Action),
			dispatch.Line(dispatch.Who(e.Move)), dispatch.Gates(a, e.Move), span(e.Ran(a.Now()))})
	}
	a.PrintTable([]string{"when (utc)", "release", "source", "action", "by", "gates", "ran"}, rows)
	if len(episodes) == o.Limit {
		fmt.Fprintln(a.Out, a.Dim("there may be more: --limit 0 shows all"))
	}
	return nil
}

// maxSubject is how many characters of a commit's subject fit into a table.
const maxSubject = 40

func source(e delivery.Episode) string {
	if e.Source == "" {
		return "-"
	}
	subject := []rune(dispatch.Line(e.Subject))
	if len(subject) > maxSubject {
		subject = append(subject[:maxSubject-1], '…')
	}
	return strings.TrimSpace(fmt.Sprintf("%.7s %s", e.Source, string(subject)))
}

// span writes a duration in its two largest units.
func span(d time.Duration) string {
	days, hours, minutes := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60
	switch {
	case d < 0:
		return "0s"
	case days > 0:
		return fmt.Sprintf("%dd%dh", days, hours)
	case hours > 0:
		return fmt.Sprintf("%dh%dm", hours, minutes)
	case minutes > 0:
		return fmt.Sprintf("%dm", minutes)
	default:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	}
}
