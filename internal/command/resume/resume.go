// Package resume is the command that lifts a hold.
package resume

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/dispatch"
	"github.com/org/platform/internal/workspace"
)

// Options are the flags.
type Options struct {
	workspace.Options
	dispatch.Asking
	Component string
	Output    string
}

// New returns the command.
func New(a *app.App) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "resume COMPONENT --env ENVIRONMENT",
		Short: "Let releases in again that a hold keeps out of an environment",
		Long: "Resume deletes the hold of a component in an environment: on a branch resume/<env>/<component> to merge, with a pull request where\n" +
			"there is a forge, or with --direct at once. What was held is then promoted as anything else, when its gates hold.",
		Example: "  platform resume hello --env staging --reason 'fixed in the database'\n  platform resume hello --env prod --direct",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Component = args[0]
			return run(cmd.Context(), a, o)
		},
	}
	o.Asking.Flags(cmd, "`environment` of the hold", "lifted by hand")
	cmd.Flags().StringVar(&o.Ref, "ref", "", "`revision` whose platform.yaml counts (default HEAD)")
	o.Options.Flags(cmd)
	app.OutputFlag(cmd, &o.Output)
	return cmd
}

func run(ctx context.Context, a *app.App, o Options) error {
	if err := o.Check(); err != nil {
		return err
	}
	w, err := workspace.Open(ctx, a, o.Options)
	if err != nil {
		return err
	}
	d, err := dispatch.New(a, w) // the component need not be known: a hold may be of one that is gone
	if err != nil {
		return err
	}
	result, err := d.Resume(ctx, delivery.ResumeOptions{Asked: o.Asked(a, w), Component: o.Component, Environment: o.Env})
	if err != nil {
		return dispatch.Explain(err)
	}
	if o.Output == app.FormatJSON {
		return a.PrintJSON(result)
	}
	was := "a hold that nobody can read"
	if result.Hold != nil {
		was = result.Hold.String()
	}
	if o.DryRun {
		fmt.Fprintf(a.Out, "would lift the hold of %s in %s: %s\n", o.Component, o.Env, was)
		return nil
	}
	fmt.Fprintf(a.Out, "%s %s in %s: %s\nwas: %s\n", did(a, result.Landing), o.Component, o.Env, dispatch.Where(result.Landing), was)
	return nil
}

func did(a *app.App, l delivery.Landing) string {
	if l.Branch == "" {
		return a.Green("resumed")
	}
	return dispatch.Did(a, l, "") + " to resume"
}
