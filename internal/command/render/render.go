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
	All                    bool
	To                     string
	Check                  bool
	Base                   string
	Output                 string
}

// New returns the command.
func New(a *app.App) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "render ENVIRONMENT [COMPONENT]",
		Short: "Print the manifests of a component or an environment at any commit, or prove those stored",
		Long: "Render runs kustomize over the component's overlay, straight from Git where --ref names a commit and from the files on disk\n" +
			"where it does not. Nothing is checked out.\n\n" +
			"With --all it renders every overlay of a commit. What the renders read is remembered, so that the next time only those are rendered\n" +
			"again which read what was changed.\n\n" +
			"With --check it proves that every environments/**/manifests.yaml of a commit is what its release renders to. A hand edit is a\n" +
			"finding on its line. With --base only what differs from that revision is checked, as for a pull request.",
		Example: "  platform render prod hello\n  platform render prod hello --ref HEAD~1\n  platform render staging\n" +
			"  platform render --all --to rendered\n  platform render --check\n  platform render --check --base origin/main",
		Args: cobra.MaximumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.Environment = args[0]
			}
			if len(args) > 1 {
				o.Component = args[1]
			}
			return run(cmd.Context(), a, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Ref, "ref", "", "`revision` to render (default: the files on disk)")
	f.BoolVar(&o.All, "all", false, "render every overlay of a commit (default HEAD), but only what was changed since the last time")
	f.StringVar(&o.To, "to", "", "with --all, `folder` to write ENVIRONMENT/COMPONENT.yaml to")
	f.BoolVar(&o.Check, "check", false, "prove that the stored manifests are what their releases render to")
	f.StringVar(&o.Base, "base", "", "with --check, look only at what differs from this `revision`")
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
	if err := o.validate(); err != nil {
		return err
	}
	o.WorkingTree = !o.Check && !o.All
	w, err := workspace.Open(ctx, a, o.Options)
	if err != nil {
		return err
	}
	if o.All {
		return all(ctx, a, w, o)
	}
	if o.Environment != "" {
		if _, err := w.Environment(o.Environment); err != nil {
			return err
		}
	}
	if o.Check {
		return check(ctx, a, w, o)
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

func (o Options) validate() error {
	switch {
	case o.All:
		return o.allFlags()
	case o.To != "":
		return app.Usagef("--to is for --all")
	case o.Component == "" && len(o.Images) > 0:
		return app.Usagef("--image needs a COMPONENT")
	case o.Check && len(o.Images) > 0:
		return app.Usagef("--check renders the images of the releases: --image has no place there")
	case !o.Check && o.Base != "":
		return app.Usagef("--base is for --check; to compare what two revisions render to use: diff --base %s", o.Base)
	case !o.Check && o.Environment == "":
		return app.Usagef("which environment? give ENVIRONMENT [COMPONENT], --all or --check")
	}
	return nil
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
