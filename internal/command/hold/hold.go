// Package hold is the command that keeps releases out of an environment.
package hold

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
	Release   string
	Expires   string
	Output    string
}

// all is the value of --release for everything.
const all = "all"

// New returns the command.
func New(a *app.App) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "hold COMPONENT --env ENVIRONMENT --reason WHY",
		Short: "Keep releases of a component out of an environment",
		Long: "Hold writes a hold: on a branch hold/<env>/<component> to merge, with a pull request where there is a forge, or with --direct at\n" +
			"once. While it lasts, neither deploy nor promote brings what it names; rollback does. A hold of everything is a freeze of one\n" +
			"component in one environment. It ends when it expires or resume lifts it; that of certain releases also when another arrives.",
		Example: "  platform hold hello --env prod --reason 'fair until Sunday' --expires 72h\n" +
			"  platform hold hello --env prod --release r-1a2b3c --reason 'leaks memory' --direct",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Component = args[0]
			return run(cmd.Context(), a, o)
		},
	}
	o.Asking.Flags(cmd, "`environment` to keep them out of", "")
	f := cmd.Flags()
	f.StringVar(&o.Release, "release", all, "`release` to keep out, or a unique beginning of its id; all is every one")
	f.StringVar(&o.Expires, "expires", "", "`when` it ends: a span such as 24h or 7d, or a time (default: when it is lifted)")
	f.StringVar(&o.Ref, "ref", "", "`revision` whose platform.yaml counts (default HEAD)")
	o.Options.Flags(cmd)
	app.OutputFlag(cmd, &o.Output)
	return cmd
}

func run(ctx context.Context, a *app.App, o Options) error {
	if err := o.Check(); err != nil {
		return err
	}
	if o.Reason == "" {
		return app.Usagef("why? give --reason WHY: who finds the hold will ask")
	}
	expires, err := dispatch.Until("expires", o.Expires, a.Now())
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
	if err := dispatch.Known(ctx, w, d, o.Component); err != nil {
		return err
	}
	options := delivery.HoldOptions{Asked: o.Asked(a, w), Component: o.Component, Environment: o.Env, Release: o.Release, Expires: expires}
	if o.Release == all {
		options.Release = ""
	}
	result, err := d.Hold(ctx, options)
	if err != nil {
		return dispatch.Explain(err)
	}
	if o.Output == app.FormatJSON {
		return a.PrintJSON(result)
	}
	report(a, o, result)
	return nil
}

func report(a *app.App, o Options, r *delivery.Held) {
	switch {
	case o.DryRun:
		fmt.Fprintf(a.Out, "would hold %s in %s: %s\n", o.Component, o.Env, r.Hold)
		return
	case r.Commit == "":
		fmt.Fprintf(a.Out, "%s in %s is held already: %s\n", o.Component, o.Env, r.Hold)
		return
	case r.Branch == "":
		fmt.Fprintf(a.Out, "%s %s in %s: %s\n", a.Green("held"), o.Component, o.Env, dispatch.Where(r.Landing))
	default:
		fmt.Fprintf(a.Out, "%s to hold %s in %s: %s\n", dispatch.Did(a, r.Landing, ""), o.Component, o.Env, dispatch.Where(r.Landing))
	}
	fmt.Fprintf(a.Out, "%s; to lift it: platform resume %s --env %s\n", r.Hold, o.Component, o.Env)
}
