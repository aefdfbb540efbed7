// Package policycheck is the command policy-check: it checks rendered manifests against policies and places what it finds in the files people
// wrote.
package policycheck

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/catalog"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/rego"
	"github.com/org/platform/internal/suggest"
	"github.com/org/platform/internal/workspace"
	"github.com/org/platform/policy"
)

// Options are the flags.
type Options struct {
	workspace.Options
	Components []string
	Envs       []string
	Images     []string
	Output     string
}

// New returns the command.
func New(a *app.App) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "policy-check",
		Short: "Check rendered manifests against policies, and show the line to change",
		Long: "Policy-check renders every component for every environment and evaluates the policy bundles of platform.yaml on each object. A\n" +
			"finding is shown on the authored file and line it comes from; the same cause in several environments is one finding.\n\n" +
			"The component's own image is pinned as a deploy would pin it.",
		Example: "  platform policy-check\n  platform policy-check --component hello --env prod",
		RunE:    func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), a, o) },
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.Components, "component", nil, "only this `component`; repeatable (default: all)")
	f.StringArrayVar(&o.Envs, "env", nil, "only this `environment`; repeatable (default: all)")
	f.StringArrayVar(&o.Images, "image", nil, "pin an image: `[NAME=]REPOSITORY@sha256:DIGEST`; repeatable")
	f.StringVar(&o.Ref, "ref", "", "`revision` to check (default: the files on disk)")
	app.OutputFlag(cmd, &o.Output)
	return cmd
}

func run(ctx context.Context, a *app.App, o Options) error {
	o.WorkingTree = true
	w, err := workspace.Open(ctx, a, o.Options)
	if err != nil {
		return err
	}
	components, err := selected(w, o)
	if err != nil {
		return err
	}
	bundles, err := bundles(w)
	if err != nil {
		return err
	}
	policies, err := rego.Load(ctx, bundles)
	if err != nil {
		return err
	}
	c := checker{w: w, policies: policies, options: o}
	if err := c.check(ctx, components); err != nil {
		return err
	}
	return report(a, o, w.Files, &c)
}

func selected(w *workspace.Workspace, o Options) ([]catalog.Component, error) {
	for _, env := range o.Envs {
		if _, err := w.Environment(env); err != nil {
			return nil, err
		}
	}
	if len(o.Components) == 0 {
		all, err := w.Catalog()
		if err != nil {
			return nil, err
		}
		return all.Components, nil
	}
	var list []catalog.Component
	for _, name := range o.Components {
		component, err := w.Component(name)
		if err != nil {
			return nil, err
		}
		list = append(list, component)
	}
	return list, nil
}

// bundles finds the policies of platform.yaml: built in, or in the repository.
func bundles(w *workspace.Workspace) ([]rego.Bundle, error) {
	var list []rego.Bundle
	for _, b := range w.Config.Spec.Policies {
		if b.Path != "" {
			root, err := fs.Sub(w.Files, path.Clean(b.Path))
			if err != nil {
				return nil, fmt.Errorf("policy bundle %s: %w", b.Name, err)
			}
			list = append(list, rego.Bundle{Name: path.Clean(b.Path), Root: root})
			continue
		}
		root, known := policy.Bundle(b.Name)
		if !known {
			return nil, fmt.Errorf("platform.yaml names the unknown policy bundle %q: %s; or give its path", b.Name, suggest.Hint(b.Name, policy.Names()))
		}
		list = append(list, rego.Bundle{Name: "policy/" + b.Name, Root: root})
	}
	return list, nil
}

func report(a *app.App, o Options, files fs.FS, c *checker) error {
	errors := finding.Errors(c.findings)
	warnings := len(c.findings) - errors
	a.Runner.Output("errors", fmt.Sprint(errors))
	a.Runner.Output("warnings", fmt.Sprint(warnings))
	finding.Sort(c.findings)
	a.Runner.Summary(summary(c, errors, warnings))
	if o.Output == app.FormatJSON {
		if err := a.PrintJSON(c.findings); err != nil {
			return err
		}
		return a.Findings(nil, nil, c.findings)
	}
	err := a.Findings(a.Out, files, c.findings)
	fmt.Fprintf(a.Out, "%d objects of %d renders checked with %d rules: %s, %s\n",
		c.objects, c.renders, len(c.policies.Rules()), count(errors, "error"), count(warnings, "warning"))
	return err
}

func count(n int, unit string) string {
	if n != 1 {
		unit += "s"
	}
	return fmt.Sprintf("%d %s", n, unit)
}

func summary(c *checker, errors, warnings int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### Policy check: %s, %s\n\n%d objects of %d renders.\n\n", count(errors, "error"), count(warnings, "warning"), c.objects, c.renders)
	if len(c.findings) > 0 {
		b.WriteString("| | rule | where | problem | fix |\n| --- | --- | --- | --- | --- |\n")
	}
	cell := strings.NewReplacer("|", "\\|", "\n", " ", "<", "&lt;")
	for _, f := range c.findings {
		fmt.Fprintf(&b, "| %s | %s | `%s` | %s (%s) | %s |\n",
			f.Severity, f.RuleID, f.Place(), cell.Replace(f.Message), strings.Join(f.Environments, ", "), cell.Replace(f.Fix))
	}
	return b.String()
}
