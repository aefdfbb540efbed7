package rego

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/org/platform/internal/finding"
)

// Rule is what a policy says about itself in a METADATA comment.
type Rule struct {
	ID        string           // custom.id, else namespace and rule name
	Title     string           // title
	Why       string           // description
	Severity  finding.Severity // custom.severity, else from the rule's name
	Fix       string           // custom.fix
	URL       string           // the first related resource
	Namespace string
	Name      string // such as deny
	File      string // bundle name and path in the bundle
	Line      int    // of the METADATA comment
}

// Rules returns the rules that have a METADATA comment, in the order of their files.
func (p *Policies) Rules() []Rule { return slices.Clone(p.rules) }

var ruleName = regexp.MustCompile(`^(deny|violation|warn)(_[a-zA-Z0-9]+)*$`)

// byName returns the severity that conftest's naming convention gives.
func byName(rule string) finding.Severity {
	if strings.HasPrefix(rule, "warn") {
		return finding.Warning
	}
	return finding.Error
}

// exceptionName is the name under which an exception rule lists a rule: as conftest has it, without its prefixes in this order.
func exceptionName(rule string) string {
	for _, prefix := range []string{"violation", "deny", "warn"} {
		if rule == prefix {
			return ""
		}
	}
	for _, prefix := range []string{"violation_", "deny_", "warn_"} {
		rule = strings.TrimPrefix(rule, prefix)
	}
	return rule
}

// discover lists the namespaces that hold rules, sorted, with their rules, sorted. A rule that could never report is a problem.
func discover(modules map[string]*ast.Module, show func(string) string) ([]namespace, error) {
	spaces := map[string]*namespace{}
	var problems finding.Problems
	for _, module := range modules {
		for _, rule := range module.Rules {
			name := headName(rule.Head)
			if !ruleName.MatchString(name) || len(rule.Head.Args) > 0 { // a function is a helper, whatever it is called
				continue
			}
			if len(rule.Head.Ref()) > 1 {
				f := problemAt(rule.Head.Loc(), fmt.Sprintf("%s is never evaluated: %s is one set", rule.Head.Ref(), name), show)
				f.Fix = fmt.Sprintf("write: %s contains msg if { … }", name)
				problems = append(problems, f)
				continue
			}
			n := namespaceOf(module)
			if spaces[n] == nil {
				spaces[n] = &namespace{name: n, path: module.Package.Path, places: map[string]finding.Finding{}}
			}
			spaces[n].rules = append(spaces[n].rules, name)
			f, known := problemAt(rule.Head.Loc(), "", show), spaces[n].places[name]
			if known.File == "" || cmp.Or(cmp.Compare(f.File, known.File), cmp.Compare(f.Line, known.Line)) < 0 {
				spaces[n].places[name] = f
			}
		}
	}
	if len(problems) > 0 {
		finding.Sort(problems)
		return nil, problems
	}
	var found []namespace
	for _, name := range slices.Sorted(maps.Keys(spaces)) {
		n := spaces[name]
		slices.Sort(n.rules)
		n.rules = slices.Compact(n.rules)
		found = append(found, *n)
	}
	return found, nil
}

func headName(head *ast.Head) string {
	if ref := head.Ref(); len(ref) > 0 {
		if name, ok := ref[0].Value.(ast.Var); ok {
			return string(name)
		}
	}
	return ""
}

// namespaceOf returns the package without data; it begins with a bracket where its first part is not a plain word.
func namespaceOf(module *ast.Module) string {
	return strings.TrimPrefix(strings.TrimPrefix(module.Package.Path.String(), "data"), ".")
}

// describe collects the METADATA comments of rules.
func describe(modules map[string]*ast.Module, show func(string) string) []Rule {
	var rules []Rule
	for _, module := range modules {
		for _, rule := range module.Rules {
			name := headName(rule.Head)
			if !ruleName.MatchString(name) {
				continue
			}
			for _, a := range rule.Annotations {
				if a.Scope == "rule" {
					rules = append(rules, described(a, namespaceOf(module), name, show))
				}
			}
		}
	}
	slices.SortFunc(rules, func(a, b Rule) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line)) })
	return rules
}

func described(a *ast.Annotations, namespace, name string, show func(string) string) Rule {
	r := Rule{ID: namespace + "." + name, Title: a.Title, Why: a.Description, Severity: byName(name), Namespace: namespace, Name: name}
	if id, ok := a.Custom["id"].(string); ok && id != "" {
		r.ID = id
	}
	if severity, ok := severityOf(a.Custom["severity"]); ok {
		r.Severity = severity
	}
	r.Fix, _ = a.Custom["fix"].(string)
	if len(a.RelatedResources) > 0 {
		r.URL = a.RelatedResources[0].Ref.String()
	}
	if a.Location != nil {
		r.File, r.Line = show(a.Location.File), a.Location.Row
	}
	return r
}
