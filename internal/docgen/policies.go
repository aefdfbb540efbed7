package main

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/org/platform/internal/rego"
	"github.com/org/platform/policy"
)

// policyReference returns the rules of every default bundle, from the METADATA of the rules and the examples that are their tests.
func policyReference(root fs.FS) (string, error) {
	var b strings.Builder
	for _, name := range policy.Names() {
		bundle, _ := policy.Bundle(name)
		p, err := rego.Load(context.Background(), []rego.Bundle{{Name: "policy/" + name, Root: bundle}})
		if err != nil {
			return "", err
		}
		rules := p.Rules()
		slices.SortStableFunc(rules, func(a, b rego.Rule) int { // "error" < "warning"
			return cmp.Or(cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.ID, b.ID))
		})
		fmt.Fprintf(&b, "## Bundle %s\n\n%s\n\n| rule | severity | what it asks |\n| --- | --- | --- |\n", name, reads(name))
		for _, r := range rules {
			fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s |\n", r.ID, r.ID, r.Severity, prose.Replace(r.Title))
		}
		b.WriteString("\n")
		for _, r := range rules {
			if err := policyRule(&b, root, name, r); err != nil {
				return "", err
			}
		}
	}
	return b.String(), nil
}

// reads says what a bundle looks at.
func reads(name string) string {
	switch policy.Kind(name) {
	case policy.Manifests:
		return "It reads what the components' overlays render to."
	case policy.Files:
		return "It reads `" + strings.Join(policy.Globs(name), "`, `") + "`."
	default:
		return "It reads no files of the repository, but a document which a command makes; see its package in `policy/" + name + "`."
	}
}

func policyRule(b *strings.Builder, root fs.FS, bundle string, r rego.Rule) error {
	fmt.Fprintf(b, "### %s\n\n**%s.** %s\n\n", r.ID, prose.Replace(r.Title), prose.Replace(r.Why))
	fmt.Fprintf(b, "Severity: %s. Fix: %s. [More](%s)\n", r.Severity, prose.Replace(r.Fix), r.URL)
	for _, which := range []string{"fail", "pass"} {
		text, err := policyExample(root, bundle, r.ID, which)
		if err != nil {
			return err
		}
		heading := map[string]string{"fail": "Fails", "pass": "Passes"}[which]
		if marks, err := fs.ReadFile(root, path.Join("policy", bundle, "examples", r.ID, which+".paths")); err == nil { // JSON has no comments
			heading += " at `" + strings.Join(strings.Fields(string(marks)), "`, `") + "`"
		}
		fmt.Fprintf(b, "\n%s:\n\n%s", heading, text)
	}
	b.WriteString("\n")
	return nil
}

// languages by what the files of examples end in.
func languages() map[string]string {
	return map[string]string{".yaml": "yaml", ".yml": "yaml", ".json": "json", ".Dockerfile": "dockerfile"}
}

func policyExample(root fs.FS, bundle, id, which string) (string, error) {
	for _, extension := range slices.Sorted(maps.Keys(languages())) {
		content, err := fs.ReadFile(root, path.Join("policy", bundle, "examples", id, which+extension))
		if err != nil {
			continue // another extension
		}
		fence := "```" + languages()[extension] + "\n" + string(content) + "```\n"
		if strings.Contains(string(content), "\nkind: Platform\n") {
			fence = "<!-- platform.yaml -->\n" + fence // it is tested as each example of a platform.yaml is
		}
		return fence, nil
	}
	return "", fmt.Errorf("rule %s of bundle %s has no example policy/%s/examples/%s/%s.*", id, bundle, bundle, id, which)
}
