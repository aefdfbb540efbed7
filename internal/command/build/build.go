// Package build is the command that tests and builds a component.
package build

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/build"
	"github.com/org/platform/internal/workspace"
)

// Options are the flags.
type Options struct {
	Component string
	Platforms []string
	Main      string
	SkipTests bool
	Output    string
}

// New returns the command.
func New(a *app.App) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "build --component NAME",
		Short: "Test and build a component, reproducibly",
		Long: "Build runs go vet and go test, then go build for each platform into <component>/dist/<os>_<arch>/. The same source gives the same\n" +
			"bytes. Failing tests and compile errors are findings on their file and line.",
		Example: "  platform build --component hello --platform linux/amd64 --platform linux/arm64",
		RunE:    func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), a, o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.Component, "component", "", "`name` of the component (required)")
	f.StringArrayVar(&o.Platforms, "platform", []string{"linux/amd64"}, "`os/arch` to build for; repeatable")
	f.StringVar(&o.Main, "main", "", "main package, as a `folder` of the component, where there are several")
	f.BoolVar(&o.SkipTests, "skip-tests", false, "build without testing")
	app.OutputFlag(cmd, &o.Output)
	return cmd
}

func run(ctx context.Context, a *app.App, o Options) error {
	if o.Component == "" {
		return app.Usagef("which component? give --component NAME")
	}
	w, err := workspace.Open(ctx, a, workspace.Options{WorkingTree: true})
	if err != nil {
		return err
	}
	component, err := w.Component(o.Component)
	if err != nil {
		return err
	}
	platforms := make([]build.Platform, len(o.Platforms))
	for i, s := range o.Platforms {
		if platforms[i], err = build.ParsePlatform(s); err != nil {
			return &app.UsageError{Err: err}
		}
	}
	result, err := build.Build(ctx, build.Options{
		Dir: filepath.Join(w.Root, filepath.FromSlash(component.Path)), Name: component.Name, Platforms: platforms, Main: o.Main, SkipTests: o.SkipTests,
		Progress: func(s string) { a.Progress("%s", s) },
	})
	if err != nil {
		return err
	}
	for i := range result.Findings {
		f := &result.Findings[i]
		f.Components = []string{component.Name}
		if f.File != "" {
			f.File = path.Join(component.Path, f.File)
		}
	}
	return report(a, o, w, result)
}

func report(a *app.App, o Options, w *workspace.Workspace, r *build.Result) error {
	var files []string
	for _, artifact := range r.Artifacts {
		if rel, err := filepath.Rel(w.Root, artifact.Path); err == nil {
			files = append(files, filepath.ToSlash(rel))
		}
	}
	a.Runner.Output("artifacts", strings.Join(files, "\n"))
	a.Runner.Summary(summary(o, r))
	if o.Output == app.FormatJSON {
		if err := a.PrintJSON(r); err != nil {
			return err
		}
		return a.Findings(nil, nil, r.Findings)
	}
	if !o.SkipTests {
		fmt.Fprintf(a.Out, "tests: %d passed, %d failed, %d skipped in %d packages\n", r.Tests.Passed, r.Tests.Failed, r.Tests.Skipped, r.Tests.Packages)
	}
	for i, artifact := range r.Artifacts {
		fmt.Fprintf(a.Out, "%s %s  %s  sha256:%.12s  %.1f MB\n", a.Green("built"), files[i], artifact.Platform, artifact.SHA256, float64(artifact.Size)/1e6)
	}
	return a.Findings(a.Out, w.Files, r.Findings)
}

func summary(o Options, r *build.Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### Build %s\n\n%d tests passed, %d failed, %d skipped.\n\n", o.Component, r.Tests.Passed, r.Tests.Failed, r.Tests.Skipped)
	for _, artifact := range r.Artifacts {
		fmt.Fprintf(&b, "- `%s` sha256 `%.12s`\n", artifact.Platform, artifact.SHA256)
	}
	return b.String()
}
