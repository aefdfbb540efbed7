// Package containerize is the command that makes an image of a built component and pushes it, without a daemon.
package containerize

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/catalog"
	"github.com/org/platform/internal/registry"
	"github.com/org/platform/internal/workspace"
)

// Options are the flags.
type Options struct {
	Component string
	Platforms []string
	Base      string
	Tags      []string
	Username  string
	Password  string
	Token     string
	DryRun    bool
	Output    string
}

// New returns the command.
func New(a *app.App) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "containerize --component NAME",
		Short: "Make an image of a built component and push it, without a daemon",
		Long: "Containerize puts the binaries that build left in <component>/dist into an image, for one platform or several, and pushes it to\n" +
			"<registry>/<component>. The same binaries give the same digest; pushing it again uploads nothing.",
		Example: "  platform containerize --component hello\n  platform containerize --component hello --base gcr.io/distroless/static@sha256:…",
		RunE:    func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), a, o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.Component, "component", "", "`name` of the component (required)")
	f.StringArrayVar(&o.Platforms, "platform", []string{"linux/amd64"}, "`os/arch` to include; repeatable")
	f.StringVar(&o.Base, "base", "", "base `image`, pinned by digest (default: empty, for static binaries)")
	f.StringArrayVar(&o.Tags, "tag", nil, "also point this `tag` at the image; repeatable")
	f.StringVar(&o.Username, "username", "", "registry `user` (default: as docker login left it)")
	f.StringVar(&o.Password, "password", "", "registry password or `token`")
	f.StringVar(&o.Token, "token", "", "GitHub `token`, used for ghcr.io alone where no password is given")
	f.BoolVar(&o.DryRun, "dry-run", false, "compute the digest, push nothing")
	app.OutputFlag(cmd, &o.Output)
	return cmd
}

func run(ctx context.Context, a *app.App, o Options) error {
	if o.Component == "" {
		return app.Usagef("which component? give --component NAME")
	}
	a.Runner.Mask(o.Password)
	a.Runner.Mask(o.Token)
	w, err := workspace.Open(ctx, a, workspace.Options{WorkingTree: true})
	if err != nil {
		return err
	}
	component, err := w.Component(o.Component)
	if err != nil {
		return err
	}
	artifacts, err := artifacts(w.Root, component, o.Platforms)
	if err != nil {
		return err
	}
	created, err := registry.SourceDateEpoch(a.Getenv("SOURCE_DATE_EPOCH"))
	if err != nil {
		return &app.UsageError{Err: err}
	}
	options := registry.Options{Repository: w.Config.Image(component.Name), Name: component.Name,
		Artifacts: artifacts, Base: o.Base, Tags: o.Tags, Created: created,
		Labels: map[string]string{"org.opencontainers.image.title": component.Name},
		Auth:   auth(a, o, w.Config.Spec.Registry)}
	push := registry.Push
	if o.DryRun {
		push = registry.Build
	}
	a.Progress("pushing %s", options.Repository)
	image, err := push(ctx, options)
	if err != nil {
		return err
	}
	return report(a, o, image)
}

// auth returns the credentials given, else on ghcr.io those of the workflow. No other registry is shown a GitHub token.
func auth(a *app.App, o Options, prefix string) registry.Auth {
	if host, _, _ := strings.Cut(prefix, "/"); host != "ghcr.io" || o.Token == "" || o.Username != "" || o.Password != "" {
		return registry.Auth{Username: o.Username, Password: o.Password}
	}
	return registry.Auth{Username: cmp.Or(a.Getenv("GITHUB_ACTOR"), "x-access-token"), Password: o.Token}
}

// artifacts finds what build left for each platform.
func artifacts(root string, c catalog.Component, platforms []string) ([]registry.Artifact, error) {
	var list []registry.Artifact
	for _, platform := range platforms {
		system, arch, ok := strings.Cut(platform, "/")
		if !ok || strings.ContainsAny(platform, `\.`) {
			return nil, app.Usagef("platform %q is not os/arch; write for example linux/arm64", platform)
		}
		file := filepath.Join(root, filepath.FromSlash(c.Path), "dist", system+"_"+arch, c.Name)
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s has no binary for %s; run first: build --component %s --platform %s", c.Path, platform, c.Name, platform)
		} else if err != nil {
			return nil, err
		}
		list = append(list, registry.Artifact{OS: system, Arch: arch, Path: file})
	}
	return list, nil
}

func report(a *app.App, o Options, image *registry.Image) error {
	a.Runner.Output("image", o.Component+"="+image.Reference())
	a.Runner.Output("digest", image.Digest)
	if !o.DryRun {
		a.Runner.Summary(fmt.Sprintf("### Image of %s\n\n`%s`\n\n%s\n", o.Component, image.Reference(), strings.Join(image.Platforms, ", ")))
	}
	if o.Output == app.FormatJSON {
		return a.PrintJSON(image)
	}
	verb := a.Green("pushed")
	switch {
	case o.DryRun:
		verb = "would push"
	case !image.Pushed:
		verb = a.Dim("already there")
	}
	fmt.Fprintf(a.Out, "%s %s  %s  %.1f MB\n", verb, image.Reference(), strings.Join(image.Platforms, ","), float64(image.Size)/1e6)
	return nil
}
