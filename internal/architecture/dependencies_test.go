package architecture

import (
	"path"
	"slices"
	"strings"
	"testing"
)

// heavy are the dependencies worth keeping out of a binary, by the adapter that alone may bring them in.
var heavy = map[string]string{
	"forge":    "github.com/google/go-github",
	"git":      "github.com/go-git/go-git/v5",
	"render":   "sigs.k8s.io/kustomize",
	"rego":     "github.com/open-policy-agent",
	"registry": "github.com/google/go-containerregistry",
}

// links says which adapters each binary links, and no other.
var links = map[string][]string{
	"build":        {"git"},
	"containerize": {"git", "registry"},
	"deploy":       {"forge", "git", "render"},
	"diff":         {"forge", "git", "render"},
	"policy-check": {"forge", "git", "rego", "render"},
	"promote":      {"forge", "git", "render"},
	"rollback":     {"forge", "git", "registry", "render"},
	"platform":     {"forge", "git", "registry", "rego", "render"},
}

// never are dependencies that no binary links: cloud SDKs, the Kubernetes client, and tools that belong in internal/tools.
var never = []string{"github.com/open-policy-agent/conftest/runner", "github.com/aws/aws-sdk-go", "github.com/aws/aws-sdk-go-v2",
	"github.com/Azure/azure-sdk-for-go", "cloud.google.com/go", "k8s.io/client-go", "k8s.io/api", "github.com/nektos/act",
	"github.com/invopop/jsonschema", "github.com/rogpeppe/go-internal/testscript", module + "internal/testkit"}

func TestBinariesLinkOnlyWhatTheyNeed(t *testing.T) {
	t.Parallel()
	for _, p := range below(t, "cmd") {
		name := path.Base(p.ImportPath)
		want, known := links[name]
		if !known {
			t.Errorf("cmd/%s: say in links which adapters it may link", name)
			continue
		}
		var have []string
		for adapter, dependency := range heavy {
			if slices.ContainsFunc(p.Deps, func(d string) bool { return within(d, dependency) }) {
				have = append(have, adapter)
			}
		}
		slices.Sort(have)
		if !slices.Equal(have, want) {
			t.Errorf("cmd/%s links %v, want %v; find the way in with: go list -deps ./cmd/%s", name, have, want, name)
		}
		for _, dependency := range never {
			if slices.ContainsFunc(p.Deps, func(d string) bool { return within(d, dependency) }) {
				t.Errorf("cmd/%s links %s", name, dependency)
			}
		}
	}
}

func TestOnlyItsAdapterImportsAHeavyDependency(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		for adapter, dependency := range heavy {
			imports := slices.ContainsFunc(p.Imports, func(i string) bool { return within(i, dependency) })
			if imports && p.short() != "internal/"+adapter && p.short() != "internal/testkit" {
				t.Errorf("%s imports %s; only internal/%s does", p.short(), dependency, adapter)
			}
		}
	}
}

// domain packages are plain values in, a plan or a result out.
var domain = []string{"catalog", "config", "diff", "document", "finding", "placement", "promotion", "release", "report", "schedule", "state",
	"strictyaml", "suggest", "waiver"}

func TestDomainKnowsNoAdapter(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, p := range below(t, "internal") {
		name, _, _ := strings.Cut(strings.TrimPrefix(p.short(), "internal/"), "/")
		if !slices.Contains(domain, name) {
			continue
		}
		seen[name] = true
		for _, d := range p.Deps {
			inside, ours := strings.CutPrefix(d, module)
			allowed, _, _ := strings.Cut(strings.TrimPrefix(inside, "internal/"), "/")
			switch {
			case ours && !slices.Contains(domain, allowed):
				t.Errorf("%s depends on %s, which is not domain", p.short(), inside)
			case within(d, "github.com/spf13"), d == "os/exec", within(d, "net/http"):
				t.Errorf("%s depends on %s", p.short(), d)
			}
			for _, dependency := range heavy {
				if within(d, dependency) {
					t.Errorf("%s depends on %s", p.short(), d)
				}
			}
		}
	}
	if len(seen) != len(domain) {
		t.Errorf("found domain packages %v, want %v", seen, domain)
	}
}

func TestCommandsDoNotImportEachOther(t *testing.T) {
	t.Parallel()
	for _, p := range below(t, "internal/command") {
		for _, i := range p.Imports {
			if within(i, module+"internal/command") {
				t.Errorf("%s imports %s", p.short(), i)
			}
		}
	}
}
