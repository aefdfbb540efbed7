package policycheck

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/check"
	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/rego"
	"github.com/org/platform/internal/suggest"
	"github.com/org/platform/internal/workspace"
	"github.com/org/platform/policy"
)

func newExplain(a *app.App) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "explain [RULE]",
		Short: "Say why a rule is there and how to mend what it finds",
		Long: "Explain prints what a rule says of itself: why it is there, how to mend what it finds, and where to read more. Without a rule it lists\n" +
			"all rules of the bundles in platform.yaml; where there is no platform.yaml, those of the built-in bundles.",
		Example: "  platform policy-check explain\n  platform policy-check explain image-by-digest",
		Args:    cobra.MaximumNArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return explain(cmd.Context(), a, args, format) },
	}
	app.OutputFlag(cmd, &format)
	return cmd
}

// described is a rule as explain shows it.
type described struct {
	ID       string           `json:"id"`
	Bundle   string           `json:"bundle"`
	Severity finding.Severity `json:"severity"`
	Title    string           `json:"title"`
	Why      string           `json:"why,omitempty"`
	Fix      string           `json:"fix,omitempty"`
	URL      string           `json:"url,omitempty"`
	Source   string           `json:"source"` // file:line of the rule
}

func explain(ctx context.Context, a *app.App, args []string, format string) error {
	bundles, err := configured(ctx, a)
	if err != nil {
		return err
	}
	var all []described
	for _, b := range bundles {
		policies, err := rego.Load(ctx, []rego.Bundle{b})
		if err != nil {
			return err
		}
		for _, r := range policies.Rules() {
			all = append(all, described{r.ID, strings.TrimPrefix(b.Name, "policy/"), r.Severity, r.Title, r.Why, r.Fix, r.URL, fmt.Sprintf("%s:%d", r.File, r.Line)})
		}
	}
	if len(args) == 1 {
		return explainOne(a, all, args[0], format)
	}
	if format == app.FormatJSON {
		return a.PrintJSON(all)
	}
	var rows [][]string
	for _, r := range all {
		rows = append(rows, []string{r.ID, severity(a, r.Severity), r.Bundle, r.Title})
	}
	a.PrintTable([]string{"RULE", "SEVERITY", "BUNDLE", "TITLE"}, rows)
	return nil
}

func explainOne(a *app.App, all []described, id, format string) error {
	i := slices.IndexFunc(all, func(r described) bool { return r.ID == id })
	if i < 0 {
		var ids []string
		for _, r := range all {
			ids = append(ids, r.ID)
		}
		return app.Usagef("no policy bundle has a rule %q: %s", id, suggest.Hint(id, ids))
	}
	r := all[i]
	if format == app.FormatJSON {
		return a.PrintJSON(r)
	}
	fmt.Fprintf(a.Out, "%s  %s\n%s\n", a.Bold(r.ID), severity(a, r.Severity), r.Title)
	for _, part := range []struct{ head, text string }{{"Why", r.Why}, {"Fix", r.Fix}, {"More", r.URL}, {"Rule", r.Source}} {
		if part.text != "" {
			fmt.Fprintf(a.Out, "\n%s\n%s\n", a.Bold(part.head), indent(part.text))
		}
	}
	return nil
}

// indent wraps a paragraph for a terminal.
func indent(text string) string {
	const width = 100
	var b strings.Builder
	column := 0
	for word := range strings.FieldsSeq(text) {
		switch {
		case column == 0:
			b.WriteString("  ")
			column = 2
		case column+1+len(word) > width:
			b.WriteString("\n  ")
			column = 2
		default:
			b.WriteString(" ")
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}

func severity(a *app.App, s finding.Severity) string {
	if s == finding.Error {
		return a.Red(string(s))
	}
	return a.Yellow(string(s))
}

// configured returns the bundles of platform.yaml; where there is none, all that are built in.
func configured(ctx context.Context, a *app.App) ([]rego.Bundle, error) {
	w, err := workspace.Open(ctx, a, workspace.Options{WorkingTree: true})
	if errors.Is(err, config.ErrNotFound) || errors.Is(err, git.ErrNoRepository) {
		var all []rego.Bundle
		for _, name := range policy.Names() {
			b, err := check.Bundle(nil, config.Bundle{Name: name})
			if err != nil {
				return nil, err
			}
			all = append(all, b)
		}
		return all, nil
	}
	if err != nil {
		return nil, err
	}
	return bundlesOf(w.Files, w.Config)
}

func bundlesOf(files fs.FS, p *config.Platform) ([]rego.Bundle, error) {
	var all []rego.Bundle
	for _, b := range p.Spec.Policies {
		bundle, err := check.Bundle(files, b)
		if err == nil {
			bundle.Data, err = check.Data(files, p, b)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, bundle)
	}
	return all, nil
}
