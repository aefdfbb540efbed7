package rego

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/org/platform/internal/finding"
)

// Scope is what the input of a namespace is. A package says it in its METADATA, as custom: {input: component}.
type Scope string

// The scopes. The input of all but Document is a list in the shape of conftest --combine: objects of path and contents, here with component and
// environment too.
const (
	Document    Scope = "document"    // one decoded document; of packages that say nothing
	Component   Scope = "component"   // all objects of one component in one environment; of packages of a Bundle with Combine that say nothing
	Environment Scope = "environment" // all objects of all components in one environment
	Inventory   Scope = "inventory"   // as Environment, with apiVersion, kind and metadata only
)

func scopes() []string {
	return []string{string(Document), string(Component), string(Environment), string(Inventory)}
}

// Has says whether there are policies of a scope, so that it pays to make its input.
func (p *Policies) Has(s Scope) bool {
	return slices.ContainsFunc(p.namespaces, func(n namespace) bool { return n.scope == s })
}

// assignScopes gives every namespace its scope: what it declares, else what its bundle says. OPA refuses a package that declares twice.
func (m *material) assignScopes(namespaces []namespace, modules map[string]*ast.Module) error {
	declared, implied := map[string]Scope{}, map[string]Scope{}
	var problems finding.Problems
	var undecided []*ast.Module
	for _, file := range slices.Sorted(maps.Keys(modules)) {
		module, name := modules[file], namespaceOf(modules[file])
		scope, problem := m.declaredScope(module)
		if problem != nil {
			problems = append(problems, *problem)
		}
		if scope != "" {
			declared[name] = scope
		}
		if scope = m.impliedScope(module); implied[name] != "" && implied[name] != scope {
			undecided = append(undecided, module)
		}
		implied[name] = scope
	}
	for i, n := range namespaces {
		namespaces[i].scope = cmp.Or(declared[n.name], implied[n.name])
	}
	for _, module := range undecided {
		if name := namespaceOf(module); declared[name] == "" {
			f := problemAt(module.Package.Loc(), fmt.Sprintf("package %s is in two bundles, of which one combines its input", name), m.show)
			f.Fix = "say which it is in the METADATA of the package, as custom: {input: component}"
			problems = append(problems, f)
		}
	}
	if len(problems) > 0 {
		finding.Sort(problems)
		return problems
	}
	return nil
}

// declaredScope returns what the METADATA of a package say, or "" where they say nothing.
func (m *material) declaredScope(module *ast.Module) (Scope, *finding.Finding) {
	for _, a := range module.Annotations {
		value, set := a.Custom["input"]
		if a.Scope != "package" || !set {
			continue
		}
		if text, _ := value.(string); slices.Contains(scopes(), text) {
			return Scope(text), nil
		}
		f := problemAt(lineOf(a, "input:"), "", m.show)
		f.Message = fmt.Sprintf("custom.input of package %s is %v: there are %s", namespaceOf(module), value, strings.Join(scopes(), ", "))
		f.Fix = "write custom: {input: document}, or leave it out"
		return "", &f
	}
	return "", nil
}

// lineOf finds the line of a comment on which a word stands, which OPA does not tell.
func lineOf(a *ast.Annotations, word string) *ast.Location {
	if a.Location == nil {
		return nil
	}
	loc := *a.Location
	for i, line := range strings.Split(string(loc.Text), "\n") {
		if at := strings.Index(line, word); at >= 0 {
			loc.Row, loc.Col = loc.Row+i, at+1
			break
		}
	}
	return &loc
}

func (m *material) impliedScope(module *ast.Module) Scope {
	if b := m.bundleOf(module.Package.Loc()); b != nil && b.Combine {
		return Component
	}
	return Document
}
