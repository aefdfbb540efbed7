package policy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/placement/fieldpath"
	"github.com/org/platform/internal/rego"
	"github.com/org/platform/policy"
)

// bundles returns every default bundle.
func bundles(t *testing.T) []rego.Bundle {
	t.Helper()
	var all []rego.Bundle
	for _, name := range policy.Names() {
		root, ok := policy.Bundle(name)
		if !ok {
			t.Fatalf("bundle %s is listed but not there", name)
		}
		all = append(all, rego.Bundle{Name: "policy/" + name, Root: root})
	}
	return all
}

func load(t *testing.T) *rego.Policies {
	t.Helper()
	p, err := rego.Load(t.Context(), bundles(t))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestBundles(t *testing.T) {
	t.Parallel()
	if got, want := policy.Names(), []string{"kubernetes"}; !slices.Equal(got, want) {
		t.Errorf("Names() = %v, want %v", got, want)
	}
	if _, ok := policy.Bundle("kubernetes/lib"); ok {
		t.Error("a folder inside a bundle is a bundle")
	}
}

func TestEveryRuleHasExamplesThatPass(t *testing.T) {
	t.Parallel()
	results, err := rego.Test(t.Context(), bundles(t))
	if err != nil {
		t.Fatal(err)
	}
	passed := map[string]bool{}
	for _, r := range results {
		if r.Status != rego.Passed {
			t.Errorf("%s:%d: %s: %s %s", r.File, r.Line, r.Name, r.Status, r.Message)
		}
		passed[r.Name] = r.Status == rego.Passed
	}
	for _, rule := range load(t).Rules() {
		for _, example := range []string{"_passes", "_fails"} {
			if name := "test_" + strings.ReplaceAll(rule.ID, "-", "_") + example; !passed[name] {
				t.Errorf("%s:%d: rule %s has no passing test %s", rule.File, rule.Line, rule.ID, name)
			}
		}
	}
}

func TestEveryRuleExplainsItself(t *testing.T) {
	t.Parallel()
	want := map[string]finding.Severity{
		"image-by-digest": finding.Error, "image-no-latest": finding.Error, "no-privileged": finding.Error, "run-as-non-root": finding.Error,
		"no-privilege-escalation": finding.Error, "drop-all-capabilities": finding.Error, "memory-limit": finding.Error,
		"owner-label": finding.Error, "no-host-namespaces": finding.Error,
		"readiness-probe": finding.Warning, "read-only-root-filesystem": finding.Warning,
	}
	for _, r := range load(t).Rules() {
		if r.Title == "" || r.Why == "" || r.Fix == "" || !strings.HasPrefix(r.URL, "https://") || !strings.Contains(r.Title, " ") {
			t.Errorf("%s:%d: the METADATA of %s are not complete: %+v", r.File, r.Line, r.ID, r)
		}
		if r.Severity != want[r.ID] || (r.Severity == finding.Warning) != (r.Name == "warn") {
			t.Errorf("%s:%d: rule %s is %s in %s, want %s", r.File, r.Line, r.ID, r.Severity, r.Name, want[r.ID])
		}
		delete(want, r.ID)
	}
	for id := range want {
		t.Errorf("no rule %s", id)
	}
}

// An empty pod breaks every rule that asks for something, so this sees each of them through the Go side.
func TestViolationsAreComplete(t *testing.T) {
	t.Parallel()
	input := map[string]any{"kind": "Pod", "metadata": map[string]any{"name": "web"}, "spec": map[string]any{
		"hostPID": true, "containers": []any{map[string]any{"name": "app", "image": "web", "securityContext": map[string]any{"privileged": true}}}}}
	p := load(t)
	found, err := p.Check(t.Context(), input)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != len(p.Rules()) {
		t.Errorf("%d violations, want one of each of the %d rules", len(found), len(p.Rules()))
	}
	for _, v := range found {
		if path, err := fieldpath.Parse(v.Path); err != nil || len(path) < 2 {
			t.Errorf("%s: path %q: %v", v.RuleID, v.Path, err)
		}
		if v.Title == "" || v.Fix == "" || v.URL == "" || !strings.HasPrefix(v.Message, "Pod/web") {
			t.Errorf("not complete: %+v", v)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	root, _ := policy.Bundle("kubernetes")
	p, err := rego.Load(b.Context(), []rego.Bundle{{Name: "kubernetes", Root: root}})
	if err != nil {
		b.Fatal(err)
	}
	input := map[string]any{"kind": "Deployment", "metadata": map[string]any{"name": "web"}, "spec": map[string]any{
		"template": map[string]any{"spec": map[string]any{"containers": []any{map[string]any{"name": "app", "image": "web:1"}}}}}}
	for b.Loop() {
		if _, err := p.Check(b.Context(), input); err != nil {
			b.Fatal(err)
		}
	}
}
