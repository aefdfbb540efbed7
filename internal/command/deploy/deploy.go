// Package deploy is the command that writes a release into an environment's state.
package deploy

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/dispatch"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/workspace"
)

// Options are the flags.
type Options struct {
	workspace.Options
	Component string
	Images    []string
	Env       []string
	Force     bool
	DryRun    bool
	Output    string
}

// New returns the command.
func New(a *app.App) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "deploy --component NAME --image REPOSITORY@sha256:DIGEST",
		Short: "Write a release into an environment's state as one commit",
		Long: "Deploy renders the component's overlay at the source commit with the given image digests and writes the result to\n" +
			"environments/<env>/<component>/ on the state branch of the remote, as one commit, by compare-and-swap. The working tree is\n" +
			"neither read nor changed. Deploying what already runs writes nothing.\n\n" +
			"Environments with promoteFrom receive releases by promotion only.",
		Example: "  platform deploy --component hello --image ghcr.io/org/hello@sha256:…",
		RunE:    func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), a, o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.Component, "component", "", "`name` of the component to deploy (required)")
	f.StringArrayVar(&o.Images, "image", nil,
		"image to run: `[NAME=]REPOSITORY@sha256:DIGEST`; NAME is what manifests call it (default: the component); repeatable (required)")
	f.StringArrayVar(&o.Env, "env", nil, "`environment` to deploy to; repeatable (default: all with deploy: automatic)")
	f.StringVar(&o.Ref, "ref", "", "source `revision` (default HEAD)")
	f.BoolVar(&o.Force, "force", false, "write over state that was edited by hand or whose source commit is gone")
	f.BoolVar(&o.DryRun, "dry-run", false, "render and check, write nothing")
	o.Options.Flags(cmd)
	app.OutputFlag(cmd, &o.Output)
	return cmd
}

func run(ctx context.Context, a *app.App, o Options) error {
	if o.Component == "" {
		return app.Usagef("which component? give --component NAME")
	}
	w, err := workspace.Open(a, o.Options)
	if err != nil {
		return err
	}
	component, err := w.Component(o.Component)
	if err != nil {
		return err
	}
	images := make([]release.Image, len(o.Images))
	for i, s := range o.Images {
		if images[i], err = release.ParseImage(s, component.Name); err != nil {
			return &app.UsageError{Err: err}
		}
	}
	if len(images) == 0 {
		return app.Usagef("which image? give --image REPOSITORY@sha256:DIGEST (output image of containerize)")
	}
	deployed, err := dispatch.New(a, w).Deploy(ctx, delivery.DeployOptions{
		Component: component, Source: w.Commit, Images: images, Environments: o.Env, Force: o.Force, DryRun: o.DryRun})
	if err != nil {
		return dispatch.Explain(err)
	}
	return report(a, o, deployed)
}

func report(a *app.App, o Options, d *delivery.Deployed) error {
	a.Runner.Output("release", string(d.Release.ID))
	a.Runner.Output("changed", fmt.Sprint(d.Changed))
	a.Runner.Output("commit", d.Commit)
	environments := strings.Join(d.Environments, ", ")
	if !o.DryRun {
		a.Runner.Summary(summary(d, environments))
	}
	switch {
	case o.Output == app.FormatJSON:
		return a.PrintJSON(d)
	case !d.Changed:
		fmt.Fprintf(a.Out, "%s already runs %s in %s; nothing to do\n", d.Release.Component, d.Release.ID, environments)
	case o.DryRun:
		for _, env := range d.Environments {
			fmt.Fprintf(a.Out, "# %s would run %s %s\n%s", env, d.Release.Component, d.Release.ID, d.Manifests[env])
		}
	default:
		fmt.Fprintf(a.Out, "%s %s %s to %s: commit %.12s on %s\n", a.Green("deployed"), d.Release.Component, d.Release.ID, environments, d.Commit, d.Branch)
	}
	return nil
}

func summary(d *delivery.Deployed, environments string) string {
	if !d.Changed {
		return fmt.Sprintf("**%s** already runs `%s` in %s: nothing to do.\n", d.Release.Component, d.Release.ID, environments)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "### Deployed %s to %s\n\n| | |\n| --- | --- |\n| release | `%s` |\n| source | `%.12s` |\n",
		d.Release.Component, environments, d.Release.ID, d.Release.Source.Commit)
	for _, image := range d.Release.Images {
		fmt.Fprintf(&b, "| image | `%s` |\n", image.Reference())
	}
	fmt.Fprintf(&b, "| state | commit `%.12s` on `%s` |\n", d.Commit, d.Branch)
	return b.String()
}
