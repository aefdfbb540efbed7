// Package newcomponent is the command new: it generates a component from a golden path.
package newcomponent

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/spf13/cobra"

	goldenpaths "github.com/org/platform/golden-paths"
	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/scaffold"
	"github.com/org/platform/internal/suggest"
	"github.com/org/platform/internal/workspace"
)

// Options are the flags and arguments.
type Options struct {
	GoldenPath, Name string
	Path             string
	Owner            string
	Set              []string
	DryRun           bool
	Output           string
}

// New returns the command.
func New(a *app.App) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "new GOLDEN-PATH NAME",
		Short: "Generate a component from a golden path",
		Long: "New writes a component that builds, passes the policies and deploys as it is: code with a test, catalog entry, overlays for every\n" +
			"environment, docs and its workflow. It writes everything or nothing and never over an existing file.\n\n" +
			"Golden paths: " + strings.Join(goldenpaths.Names(), ", "),
		Example: "  platform new go-service hello --owner team-greeting --set port=9090",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.GoldenPath, o.Name = args[0], args[1]
			return run(cmd.Context(), a, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Path, "path", "", "`folder` of the component (default: the first glob of spec.components with its * replaced by NAME)")
	f.StringVar(&o.Owner, "owner", "", "`team` which owns the component (default: the name of the platform)")
	f.StringArrayVar(&o.Set, "set", nil, "parameter of the golden path: `NAME=VALUE`; repeatable")
	f.BoolVar(&o.DryRun, "dry-run", false, "list the files, write nothing")
	app.OutputFlag(cmd, &o.Output)
	return cmd
}

func run(ctx context.Context, a *app.App, o Options) error {
	source, known := goldenpaths.Get(o.GoldenPath)
	if !known {
		return app.Usagef("unknown golden path %q: %s", o.GoldenPath, suggest.Hint(o.GoldenPath, goldenpaths.Names()))
	}
	golden, err := scaffold.Load(source)
	if err != nil {
		return err
	}
	w, err := workspace.Open(ctx, a, workspace.Options{WorkingTree: true, NoComponentsYet: true})
	if err != nil {
		return err
	}
	if o.Owner == "" {
		o.Owner = w.Config.Metadata.Name
	}
	components, err := w.Catalog()
	if err != nil {
		return err
	}
	for _, existing := range components.Components {
		if strings.EqualFold(existing.Name, o.Name) {
			return app.Usagef("component %q already exists in %s", existing.Name, existing.Path)
		}
	}
	values, err := values(w, golden, o)
	if err != nil {
		return err
	}
	files, err := golden.Generate(values)
	if err != nil {
		return &app.UsageError{Err: err}
	}
	if !o.DryRun {
		if err := scaffold.Write(w.Root, files); err != nil {
			return err
		}
	}
	return report(a, o, files)
}

func values(w *workspace.Workspace, golden *scaffold.GoldenPath, o Options) (map[string]any, error) {
	folder, err := componentFolder(w.Config.Spec.Components, o)
	if err != nil {
		return nil, err
	}
	values := map[string]any{
		"name": o.Name, "path": folder, "owner": o.Owner, "registry": w.Config.Spec.Registry,
		"module":       path.Join(w.Repo.ModulePath(w.Config.Metadata.Name), folder),
		"environments": toAny(w.Config.EnvironmentNames()),
		"actions":      w.Config.Spec.Actions.Repository, "actionsRef": w.Config.Spec.Actions.Ref,
	}
	for _, s := range o.Set {
		name, text, ok := strings.Cut(s, "=")
		if !ok {
			return nil, app.Usagef("--set %q is not NAME=VALUE", s)
		}
		values[name] = golden.Value(name, text)
	}
	return values, nil
}

// componentFolder returns the component's folder, which must lie where the catalog looks.
func componentFolder(globs []string, o Options) (string, error) {
	folder := o.Path
	if folder == "" {
		base, _ := doublestar.SplitPattern(globs[0])
		folder = path.Join(base, o.Name)
	}
	for _, glob := range globs {
		if ok, err := doublestar.Match(glob, folder); err == nil && ok {
			return folder, nil
		}
	}
	return "", app.Usagef("folder %s matches no glob of spec.components: %s; choose one with --path", folder, strings.Join(globs, ", "))
}

func toAny(list []string) []any {
	values := make([]any, len(list))
	for i, v := range list {
		values[i] = v
	}
	return values
}

func report(a *app.App, o Options, files scaffold.Files) error {
	if o.Output == app.FormatJSON {
		return a.PrintJSON(map[string]any{"component": o.Name, "goldenPath": o.GoldenPath, "files": files.Paths()})
	}
	verb := a.Green("created")
	if o.DryRun {
		verb = "would create"
	}
	for _, p := range files.Paths() {
		fmt.Fprintf(a.Out, "%s %s\n", verb, p)
	}
	return nil
}
