// Package deploy is the command that writes releases into an environment's state.
package deploy

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/catalog"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/dispatch"
	"github.com/org/platform/internal/workspace"
)

// Options are the flags.
type Options struct {
	workspace.Options
	Component string
	Images    []string
	Releases  []string
	Files     []string
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
		Short: "Write releases into an environment's state as one commit",
		Long: "Deploy renders the component's overlay at the source commit with the given image digests and writes the result to\n" +
			"environments/<env>/<component>/ on the state branch of the remote, as one commit, by compare-and-swap. The working tree is\n" +
			"neither read nor changed. With --repository no clone is needed: only the objects that the deploy is about are fetched.\n\n" +
			"Many components go into one commit with --release or --releases. Deploying what already runs writes nothing, and a release\n" +
			"of an older commit never replaces one of a newer commit.\n\n" +
			"Environments with promoteFrom receive releases by promotion only.",
		Example: "  platform deploy --component hello --image ghcr.io/org/hello@sha256:…\n" +
			"  platform deploy --repository https://github.com/org/monorepo --ref main --component hello --image ghcr.io/org/hello@sha256:…\n" +
			"  platform deploy --release hello=ghcr.io/org/hello@sha256:… --release cart=ghcr.io/org/cart@sha256:…",
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), a, o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.Component, "component", "", "`name` of the component to deploy")
	f.StringArrayVar(&o.Images, "image", nil,
		"image that --component runs: `[NAME=]REPOSITORY@sha256:DIGEST`; NAME is what manifests call it (default: the component); repeatable")
	f.StringArrayVar(&o.Releases, "release", nil,
		"a component and its images: `COMPONENT=[NAME=]REPOSITORY@sha256:DIGEST[,…]`; repeatable, all in one commit")
	f.StringArrayVar(&o.Files, "releases", nil,
		"JSON `file` with one or a list of {\"component\": NAME, \"images\": [[NAME=]REPOSITORY@sha256:DIGEST, …]}; - is standard input; repeatable")
	f.StringArrayVar(&o.Env, "env", nil, "`environment` to deploy to; repeatable (default: all with deploy: automatic)")
	f.StringVar(&o.Ref, "ref", "", "source `revision` (default HEAD)")
	f.BoolVar(&o.Force, "force", false, "write over state that was edited by hand, or whose source commit is not in the history of this one")
	f.BoolVar(&o.DryRun, "dry-run", false, "render and check, write nothing")
	o.Options.Flags(cmd)
	app.OutputFlag(cmd, &o.Output)
	return cmd
}

func run(ctx context.Context, a *app.App, o Options) error {
	requests, err := requested(a, o)
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
	var names, files []string
	for _, r := range requests {
		names = append(names, r.Component)
		files = append(files, catalog.Candidates(w.Config.Spec.Components, r.Component)...)
	}
	if err := d.Prefetch(ctx, w.Commit, names, files, o.Env); err != nil {
		return dispatch.Explain(err)
	}
	items, err := resolve(w, requests)
	if err != nil {
		return err
	}
	deployed, err := d.Deploy(ctx, delivery.DeployOptions{
		Items: items, Source: w.Commit, Environments: o.Env, Force: o.Force, DryRun: o.DryRun})
	if err != nil {
		return dispatch.Explain(err)
	}
	if deployed.Changed && !o.DryRun {
		dispatch.Record(ctx, a, d, deployed.Placed()...)
	}
	return report(a, o, deployed)
}
