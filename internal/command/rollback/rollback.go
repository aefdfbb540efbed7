// Package rollback is the command that brings an earlier release back to an environment.
package rollback

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/dispatch"
	"github.com/org/platform/internal/workspace"
)

// Options are the flags.
type Options struct {
	workspace.Options
	Component string
	Env       string
	To        string
	Reason    string
	DryRun    bool
	Output    string
}

// New returns the command.
func New(a *app.App) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "rollback COMPONENT --env ENVIRONMENT",
		Short: "Bring the previous release back to an environment",
		Long: "Rollback restores the stored files of an earlier release as one commit on the state branch. The release it replaces is held out of\n" +
			"the environment, so that automation does not bring it back; another release passes.",
		Example: "  platform rollback hello --env staging\n  platform rollback hello --env prod --to r-1a2b3c --reason 'errors since 14:10'",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Component = args[0]
			return run(cmd.Context(), a, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Env, "env", "", "`environment` to roll back (required)")
	f.StringVar(&o.To, "to", "", "`release` to bring back, or a unique beginning of its id (default: the one before)")
	f.StringVar(&o.Reason, "reason", "rolled back by hand", "`why`, for the commit and the hold")
	f.BoolVar(&o.DryRun, "dry-run", false, "say what would come back, write nothing")
	f.StringVar(&o.Ref, "ref", "", "`revision` whose platform.yaml counts (default HEAD)")
	o.Options.Flags(cmd)
	app.OutputFlag(cmd, &o.Output)
	return cmd
}

func run(ctx context.Context, a *app.App, o Options) error {
	if o.Env == "" {
		return app.Usagef("which environment? give --env ENVIRONMENT")
	}
	w, err := workspace.Open(ctx, a, o.Options)
	if err != nil {
		return err
	}
	d := dispatch.New(a, w)
	if _, unknown := w.Component(o.Component); unknown != nil {
		running, err := d.Running(ctx) // what the catalog no longer has may still run
		if err != nil {
			return err
		}
		if !slices.Contains(running, o.Component) {
			return unknown
		}
	}
	result, err := d.Rollback(ctx, delivery.RollbackOptions{
		Component: o.Component, Environment: o.Env, To: o.To, Reason: o.Reason, By: actor(a, w), DryRun: o.DryRun})
	if err != nil {
		return dispatch.Explain(err)
	}
	if o.Output == app.FormatJSON {
		return a.PrintJSON(result)
	}
	report(a, o, result)
	return nil
}

func report(a *app.App, o Options, r *delivery.RolledBack) {
	switch {
	case r.Already:
		fmt.Fprintf(a.Out, "%s in %s is already rolled back from %s to %s; name a release with --to to go further\n",
			o.Component, o.Env, r.From, r.Release.ID)
	case o.DryRun && r.From == "":
		fmt.Fprintf(a.Out, "the stored files of %s %s would be restored in %s\n", o.Component, r.Release.ID, o.Env)
	case o.DryRun:
		fmt.Fprintf(a.Out, "%s in %s would go back from %s to %s\n", o.Component, o.Env, r.From, r.Release.ID)
	case !r.Changed:
		fmt.Fprintf(a.Out, "%s already runs %s in %s; nothing to do\n", o.Component, r.Release.ID, o.Env)
	case r.From == "":
		fmt.Fprintf(a.Out, "%s the stored files of %s %s in %s: commit %.12s\n", a.Green("restored"), o.Component, r.Release.ID, o.Env, r.Commit)
	default:
		fmt.Fprintf(a.Out, "%s %s in %s from %s to %s: commit %.12s\n", a.Green("rolled back"), o.Component, o.Env, r.From, r.Release.ID, r.Commit)
		fmt.Fprintf(a.Out, "%s is held out of %s until another release arrives, or until %s is deleted\n", r.From, o.Env, r.Hold)
	}
}

// actor is who asked for it: the person behind the workflow, else who Git says we are.
func actor(a *app.App, w *workspace.Workspace) string {
	if who := a.Getenv("GITHUB_ACTOR"); who != "" {
		return who
	}
	return w.Repo.UserName()
}
