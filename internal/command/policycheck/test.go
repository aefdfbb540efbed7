package policycheck

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/rego"
	"github.com/org/platform/internal/suggest"
)

type testOptions struct {
	Output   string
	Coverage float64
}

func newTest(a *app.App) *cobra.Command {
	var o testOptions
	cmd := &cobra.Command{
		Use:   "test [BUNDLE]...",
		Short: "Run the tests of policies, with coverage",
		Long: "Test runs the rules test_… in the *_test.rego files of the bundles in platform.yaml, as policies run: without network, environment and\n" +
			"files, with the bundle's own data and no other: what a test needs of data.platform it says itself, using with. It tells how much of the\n" +
			"policies they ran, and fails where a test does, or where less is covered than --coverage asks for.",
		Example: "  platform policy-check test\n  platform policy-check test house --coverage 90",
		Args:    cobra.ArbitraryArgs,
		RunE:    func(cmd *cobra.Command, args []string) error { return test(cmd.Context(), a, args, o) },
	}
	cmd.Flags().Float64Var(&o.Coverage, "coverage", 0, "`percent` of the policies that tests must run, in each bundle")
	app.OutputFlag(cmd, &o.Output)
	return cmd
}

// tested is a bundle with what its tests came to.
type tested struct {
	Bundle  string              `json:"bundle"`
	Covered float64             `json:"covered"` // percent
	Tests   []rego.TestResult   `json:"tests"`
	Files   []rego.FileCoverage `json:"files"`
}

func test(ctx context.Context, a *app.App, names []string, o testOptions) error {
	bundles, err := configured(ctx, a)
	if err != nil {
		return err
	}
	var known []string
	for _, b := range bundles {
		known = append(known, shortName(b))
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return app.Usagef("no policy bundle is called %q: %s", name, suggest.Hint(name, known))
		}
	}
	var all []tested
	for _, b := range bundles {
		if len(names) > 0 && !slices.Contains(names, shortName(b)) {
			continue
		}
		b.Data = nil // tests say what they need beyond the bundle's own data, and pass or fail the same everywhere
		results, err := rego.Test(ctx, []rego.Bundle{b})
		if err != nil {
			return err
		}
		all = append(all, tested{shortName(b), results.Covered, results.Results, results.Coverage})
	}
	return reportTests(a, all, o)
}

// shortName is what platform.yaml and people call a bundle.
func shortName(b rego.Bundle) string { return strings.TrimPrefix(b.Name, "policy/") }

func reportTests(a *app.App, all []tested, o testOptions) error {
	var findings []finding.Finding
	var rows [][]string
	for _, b := range all {
		counts := map[rego.TestStatus]int{}
		for _, t := range b.Tests {
			counts[t.Status]++
			if t.Status == rego.Failed || t.Status == rego.Broken {
				findings = append(findings, finding.Finding{RuleID: "policy-test", Severity: finding.Error, File: t.File, Line: t.Line, Confidence: finding.Exact,
					Message: strings.TrimSpace(fmt.Sprintf("%s.%s: %s %s", t.Package, t.Name, t.Status, t.Message))})
			}
		}
		if b.Covered < o.Coverage {
			findings = append(findings, tooLittle(b, o.Coverage))
		}
		rows = append(rows, []string{b.Bundle, fmt.Sprint(len(b.Tests)), fmt.Sprint(counts[rego.Passed]), fmt.Sprint(counts[rego.Failed] + counts[rego.Broken]),
			fmt.Sprint(counts[rego.Skipped]), fmt.Sprintf("%.1f%%", b.Covered)})
	}
	if o.Output == app.FormatJSON {
		if err := a.PrintJSON(all); err != nil {
			return err
		}
		return a.Findings(nil, nil, findings)
	}
	err := a.Findings(a.Out, nil, findings)
	a.PrintTable([]string{"BUNDLE", "TESTS", "PASSED", "FAILED", "SKIPPED", "COVERAGE"}, rows)
	return err
}

func tooLittle(b tested, want float64) finding.Finding {
	f := finding.Finding{RuleID: "policy-coverage", Severity: finding.Error, Confidence: finding.File, Fix: "test what they do not run",
		Message: fmt.Sprintf("the tests of %s run %.1f%% of its policies, not %g%%", b.Bundle, b.Covered, want)}
	for _, file := range b.Files { // the file that lacks most
		if len(file.Uncovered) > 0 && f.File == "" {
			f.File, f.Line, f.Confidence = file.File, file.Uncovered[0].First, finding.Exact
		}
	}
	return f
}
