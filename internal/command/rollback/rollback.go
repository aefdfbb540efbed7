// Package rollback is the command that brings an earlier release back to an environment.
package rollback

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/dispatch"
	"github.com/org/platform/internal/registry"
	"github.com/org/platform/internal/workspace"
)

// Options are the flags.
type Options struct {
	workspace.Options
	dispatch.Asking
	Component      string
	To             string
	Expires        string
	SkipImageCheck bool
	Output         string
}

// New returns the command.
func New(a *app.App) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "rollback COMPONENT --env ENVIRONMENT",
		Short: "Bring the previous release back to an environment",
		Long: "Rollback restores the stored files of an earlier release, byte for byte: on a branch rollback/<env>/<component> to merge, with a pull\n" +
			"request where there is a forge, or with --direct at once. The release it replaces is held out of the environment in the same commit,\n" +
			"so that automation does not bring it back; another release passes, and resume lifts the hold.\n\n" +
			"It waits for no gate: not for soak, freezes or holds. Policies apply, to the pull request as to any. The images are looked up in\n" +
			"their registry first, with the credentials of docker login.",
		Example: "  platform rollback hello --env staging\n" +
			"  platform rollback hello --env prod --reason 'errors since 14:10' --direct\n" +
			"  platform rollback hello --env prod --to r-1a2b3c --expires 24h",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Component = args[0]
			return run(cmd.Context(), a, o)
		},
	}
	f := cmd.Flags()
	o.Asking.Flags(cmd, "`environment` to roll back", "rolled back by hand")
	f.StringVar(&o.To, "to", "", "`release` to bring back, or a unique beginning of its id (default: the one before)")
	f.StringVar(&o.Expires, "expires", "", "`when` the hold ends: a span such as 24h or 7d, or a time (default: with the next release)")
	f.BoolVar(&o.SkipImageCheck, "skip-image-check", false, "do not ask the registry whether the images are still there")
	f.StringVar(&o.Ref, "ref", "", "`revision` whose platform.yaml counts (default HEAD)")
	o.Options.Flags(cmd)
	app.OutputFlag(cmd, &o.Output)
	return cmd
}

func run(ctx context.Context, a *app.App, o Options) error {
	if err := o.Check(); err != nil {
		return err
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
	options := delivery.RollbackOptions{Asked: o.Asked(a, w), Component: o.Component, Environment: o.Env, To: o.To, Expires: expires,
		Dependents: func(component string) ([]string, error) { return dependents(w, component) }}
	if !o.SkipImageCheck {
		options.ImageExists = func(ctx context.Context, reference string) (bool, error) {
			return registry.Exists(ctx, reference, registry.Auth{})
		}
	}
	result, err := d.Rollback(ctx, options)
	if err != nil {
		return dispatch.Explain(err)
	}
	outputs(a, o, result)
	if o.Output == app.FormatJSON {
		return a.PrintJSON(result)
	}
	report(a, o, result)
	return nil
}

// dependents returns the components which the catalog says depend on one.
func dependents(w *workspace.Workspace, component string) ([]string, error) {
	all, err := w.Catalog()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, c := range all.Components {
		if slices.Contains(c.DependsOn, component) {
			names = append(names, c.Name)
		}
	}
	return names, nil
}
