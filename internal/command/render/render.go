// Package render is the command that prints what kustomize makes of a component for an environment.
package render

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/catalog"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/render"
	"github.com/org/platform/internal/workspace"
)

// Options are the flags and arguments.
type Options struct {
	workspace.Options
	Environment, Component string
	Images                 []string
	Output                 string
}

// New returns the command.
func New(a *app.App) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "render ENVIRONMENT [COMPONENT]",
		Short: "Print the manifests of a component, or of a whole environment, at any commit",
		Long: "Render runs kustomize over the component's overlay, straight from Git where --ref names a commit and from the files on disk\n" +
			"where it does not. Nothing is checked out.",
		Example: "  platform render prod hello\n  platform render prod hello --ref HEAD~1\n  platform render staging",
		Args:    cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Environment = args[0]
			if len(args) == 2 {
				o.Component = args[1]
			}
			return run(cmd.Context(), a, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Ref, "ref", "", "`revision` to render (default: the files on disk)")
	f.StringArrayVar(&o.Images, "image", nil, "pin an image: `[NAME=]REPOSITORY@sha256:DIGEST`; needs COMPONENT; repeatable")
	o.Options.Flags(cmd)
	app.OutputFlag(cmd, &o.Output)
	return cmd
}

// rendered is one component for -o json.
type rendered struct {
	Component   string `json:"component"`
	Environment string `json:"environment"`
	Dir         string `json:"dir"`
	Manifests   string `json:"manifests"`
}

func run(ctx context.Context, a *app.App, o Options) error {
	if o.Component == "" && len(o.Images) > 0 {
		return app.Usagef("--image needs a COMPONENT")
	}
	o.WorkingTree = true
	w, err := workspace.Open(ctx, a, o.Options)
	if err != nil {
		return err
	}
	if _, err := w.Environment(o.Environment); err != nil {
		return err
	}
	var components []catalog.Component
	if o.Component == "" {
		all, err := w.Catalog()
		if err != nil {
			return err
		}
		components = all.Components
	} else {
		component, err := w.Component(o.Component)
		if err != nil {
			return err
		}
		components = []catalog.Component{component}
	}
	requests, err := requests(w, components, o)
	if err != nil {
		return err
	}
	a.Progress("rendering %d of %s", len(requests), o.Environment)
	return print(a, o, components, requests, render.All(ctx, requests, runtime.GOMAXPROCS(0)))
}

func requests(w *workspace.Workspace, components []catalog.Component, o Options) ([]render.Request, error) {
	var list []render.Request
	for _, c := range components {
		var images []render.Image
		for _, s := range o.Images {
			image, err := release.ParseImage(s, c.Name)
			if err != nil {
				return nil, &app.UsageError{Err: err}
			}
			images = append(images, render.Image{Name: image.Name, NewName: image.NewName, Digest: image.Digest})
		}
		dir, err := render.OverlayDir(w.Files, c.Path, o.Environment)
		if err != nil {
			return nil, err
		}
		list = append(list, render.Request{Root: w.Files, Dir: dir, Images: images, RemoteBases: w.Config.Spec.Render.RemoteBases})
	}
	return list, nil
}

// print writes everything or, where something failed, all errors and nothing else: half an environment is worse than none.
func print(a *app.App, o Options, components []catalog.Component, requests []render.Request, outcomes []render.Outcome) error {
	var failed []error
	var list []rendered
	for i, outcome := range outcomes {
		if outcome.Err != nil {
			failed = append(failed, outcome.Err)
			continue
		}
		list = append(list, rendered{components[i].Name, o.Environment, requests[i].Dir, string(outcome.Result.Manifests)})
	}
	if err := errors.Join(failed...); err != nil {
		return err
	}
	if o.Output == app.FormatJSON {
		return a.PrintJSON(list)
	}
	for i, r := range list {
		if i > 0 {
			fmt.Fprintln(a.Out, "---")
		}
		fmt.Fprint(a.Out, r.Manifests)
	}
	return nil
}
