package policy_test

import (
	"flag"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/format"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/rego"
	"github.com/org/platform/policy"
)

var update = flag.Bool("update", false, "format the Rego files")

// configured is what bundles see as data: what the program says of a small platform, and what that platform sets.
func configured() map[string]any {
	return map[string]any{"required_tags": []any{"owner"}, "platform": map[string]any{
		"registry":     "ghcr.io/org",
		"environments": []any{"dev", "prod"},
		"production":   []any{"prod"},
		"actions":      "org/platform",
	}}
}

// load compiles a default bundle alone.
func load(t testing.TB, name string) *rego.Policies {
	t.Helper()
	root, ok := policy.Bundle(name)
	if !ok {
		t.Fatalf("bundle %s is listed but not there", name)
	}
	p, err := rego.Load(t.Context(), []rego.Bundle{{Name: "policy/" + name, Root: root, Data: configured()}})
	if err != nil {
		t.Fatal(err)
	}
	p.Strict = true
	return p
}

// rules returns the rules of a bundle by id.
func rules(t testing.TB, p *rego.Policies) map[string]rego.Rule {
	t.Helper()
	byID := map[string]rego.Rule{}
	for _, r := range p.Rules() {
		if r.ID != strings.ToLower(r.ID) || strings.ContainsAny(r.ID, "._ ") { // METADATA of a package or a helper have no id
			t.Errorf("%s:%d: METADATA without id, or one that is not in kebab-case: %q", r.File, r.Line, r.ID)
		}
		if other, twice := byID[r.ID]; twice {
			t.Errorf("%s:%d: %s is the id of the rule in %s:%d too", r.File, r.Line, r.ID, other.File, other.Line)
		}
		byID[r.ID] = r
	}
	return byID
}

func TestBundles(t *testing.T) {
	t.Parallel()
	want := map[string]policy.Source{"catalog": policy.Files, "dockerfile": policy.Files, "kubernetes": policy.Manifests, "plan": policy.Files,
		"promotion": policy.None, "workflow": policy.Files}
	if got := policy.Names(); !slices.Equal(got, slices.Sorted(maps.Keys(want))) {
		t.Errorf("Names() = %v", got)
	}
	for name, kind := range want {
		if got := policy.Kind(name); got != kind {
			t.Errorf("Kind(%s) = %s, want %s", name, got, kind)
		}
		root, ok := policy.Bundle(name)
		if !ok {
			t.Fatalf("no bundle %s", name)
		}
		if examples, _ := fs.Glob(root, "examples"); len(examples) > 0 {
			t.Errorf("%s: the examples are embedded", name)
		}
	}
	for _, name := range []string{"kubernetes/lib", "nope", "", ".", ".."} {
		if _, ok := policy.Bundle(name); ok || policy.Kind(name) != policy.None {
			t.Errorf("%q is a bundle", name)
		}
	}
}

func TestGlobs(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		".github/workflows/ci.yml":         "workflow",
		".github/workflows/ci.yaml":        "workflow",
		".github/workflows/deep/ci.yml":    "", // GitHub reads no folders in there
		"action.yml":                       "workflow",
		"actions/deploy/action.yaml":       "workflow",
		"Dockerfile":                       "dockerfile",
		"services/hello/Dockerfile":        "dockerfile",
		"services/hello/dev.Dockerfile":    "dockerfile",
		"services/hello/Dockerfile.debug":  "dockerfile",
		"services/hello/Dockerfile.alpine": "dockerfile",
		"services/hello/Dockerfiles":       "",
		"infra/tfplan.json":                "plan",
		"infra/network.tfplan.json":        "plan",
		"infra/plan.json":                  "",
		"platform.yaml":                    "catalog",
		"services/hello/platform.yaml":     "",
		"services/hello/catalog-info.yaml": "catalog",
		"catalog-info.yaml":                "catalog",
	} {
		got := ""
		for _, name := range policy.Names() {
			for _, glob := range policy.Globs(name) {
				if matched, err := doublestar.Match(glob, file); err != nil || matched {
					got += name
				}
			}
		}
		if got != want {
			t.Errorf("%s belongs to %q, want %q", file, got, want)
		}
	}
}

const leastCoverage = 90 // percent of the lines of a file

func TestRegoTestsPass(t *testing.T) {
	t.Parallel()
	for _, name := range policy.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root, _ := policy.Bundle(name)
			results, err := rego.Test(t.Context(), []rego.Bundle{{Name: "policy/" + name, Root: root}}) // without what the program adds
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range results.Coverage {
				if file.Percent < leastCoverage {
					t.Errorf("%s: %.1f %% covered; not evaluated: lines %v", file.File, file.Percent, file.Uncovered)
				}
			}
			for _, r := range results.Results {
				if r.Status != rego.Passed {
					t.Errorf("%s:%d: %s: %s %s", r.File, r.Line, r.Name, r.Status, r.Message)
				}
			}
		})
	}
}

func TestEveryRuleExplainsItself(t *testing.T) {
	t.Parallel()
	bundleOf := map[string]string{}
	for _, name := range policy.Names() {
		for id, r := range rules(t, load(t, name)) {
			if r.Title == "" || r.Why == "" || r.Fix == "" || !strings.HasPrefix(r.URL, "https://") || !strings.Contains(r.Title, " ") {
				t.Errorf("%s:%d: the METADATA of %s are not complete: %+v", r.File, r.Line, id, r)
			}
			if (r.Severity == finding.Warning) != (r.Name == "warn") {
				t.Errorf("%s:%d: rule %s is %s in %s", r.File, r.Line, id, r.Severity, r.Name)
			}
			if other, twice := bundleOf[id]; twice {
				t.Errorf("%s:%d: bundle %s has a rule %s too", r.File, r.Line, other, id)
			}
			if bundleOf[id] = name; name != "kubernetes" && !strings.HasPrefix(id, name+"-") {
				t.Errorf("%s:%d: the id %s does not begin with %s-", r.File, r.Line, id, name)
			}
		}
	}
}

// What operators agreed on: which rules of manifests fail a check, and which only warn.
func TestKubernetesRules(t *testing.T) {
	t.Parallel()
	want := map[finding.Severity][]string{
		finding.Error: {"allowed-registries", "drop-all-capabilities", "duplicate-id", "image-by-digest", "image-no-latest", "ingress-no-snippets",
			"ingress-tls", "memory-limit", "no-cluster-admin", "no-default-namespace", "no-host-namespaces", "no-host-path", "no-plaintext-secret",
			"no-privilege-escalation", "no-privileged", "no-wildcard-rbac", "owner-label", "removed-api", "resource-requests", "run-as-non-root",
			"selector-matches-template", "service-selects-pods"},
		finding.Warning: {"liveness-probe", "network-policy", "no-token-automount", "pod-disruption-budget", "production-replicas",
			"read-only-root-filesystem", "readiness-probe", "seccomp-profile", "service-exposure", "topology-spread"},
	}
	got := map[finding.Severity][]string{}
	byID := rules(t, load(t, "kubernetes"))
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		got[byID[id].Severity] = append(got[byID[id].Severity], id)
	}
	for severity := range want {
		if !slices.Equal(got[severity], want[severity]) {
			t.Errorf("%s: got %v\nwant %v", severity, got[severity], want[severity])
		}
	}
}

// Bundles are compiled alone, so each has its copy.
func TestBundlesShareOneResult(t *testing.T) {
	t.Parallel()
	const file = "lib/result.rego"
	want, err := os.ReadFile(path.Join("kubernetes", file))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range policy.Names() {
		if got, err := os.ReadFile(path.Join(name, file)); err != nil || string(got) != string(want) {
			t.Errorf("%s/%s differs from the one of kubernetes; copy it: %v", name, file, err)
		}
	}
}

func TestRegoIsFormatted(t *testing.T) {
	t.Parallel()
	for file, content := range regoFiles(t) {
		formatted, err := format.SourceWithOpts(file, content, format.Opts{RegoVersion: ast.RegoV1})
		if *update && err == nil {
			content, err = formatted, os.WriteFile(file, formatted, 0o644)
		}
		if err != nil || string(formatted) != string(content) {
			t.Errorf("%s is not formatted as opa fmt does: %v", file, err)
		}
		for i, line := range strings.Split(string(content), "\n") {
			if len(line) > 160 {
				t.Errorf("%s:%d: %d columns", file, i+1, len(line))
			}
		}
	}
}

func regoFiles(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := fs.WalkDir(os.DirFS("."), ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || path.Ext(file) != ".rego" {
			return err
		}
		all[file], err = os.ReadFile(file)
		return err
	})
	if err != nil || len(all) == 0 {
		t.Fatalf("%d files: %v", len(all), err)
	}
	return all
}

func BenchmarkCheck(b *testing.B) {
	p := load(b, "kubernetes")
	input := map[string]any{"kind": "Deployment", "metadata": map[string]any{"name": "web"}, "spec": map[string]any{
		"template": map[string]any{"spec": map[string]any{"containers": []any{map[string]any{"name": "app", "image": "web:1"}}}}}}
	for b.Loop() {
		if _, err := p.Check(b.Context(), rego.Document, input); err != nil {
			b.Fatal(err)
		}
	}
}
