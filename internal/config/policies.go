package config

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/bmatcuk/doublestar/v4"
)

func (v *validator) policies(bundles []Bundle) {
	for i, b := range bundles {
		at := func(rest ...any) []any { return append([]any{"spec", "policies", i}, rest...) }
		if b.Name == "" {
			v.report("the policy bundle has no name", "add name, for example kubernetes", at()...)
		}
		if slices.ContainsFunc(bundles[:i], func(other Bundle) bool { return other.Name == b.Name && b.Name != "" }) {
			v.report(fmt.Sprintf("policy bundle %q is listed twice", b.Name), "rename or remove one", at("name")...)
		}
		if info, err := stat(v.root, b.Path); b.Path != "" && (err != nil || !info.IsDir()) {
			v.report(fmt.Sprintf("policy folder %q does not exist in this repository", b.Path),
				"write it from the root, without ./ and without a slash at the end, or drop path to use the built-in bundle", at("path")...)
		}
		if info, err := stat(v.root, b.Data); b.Data != "" && (err != nil || info.IsDir()) {
			v.report(fmt.Sprintf("policy data %q is no file of this repository", b.Data), "write it from the root, without ./", at("data")...)
		}
		for j, glob := range b.Files {
			if !relative(glob) || !doublestar.ValidatePattern(glob) {
				v.report("file glob "+isNot(glob, "a pattern of files"),
					"write it from the root of the repository, without ./, for example **/Dockerfile", at("files", j)...)
			}
		}
		if b.Combine && len(b.Files) > 0 {
			v.report("combine is for rendered manifests, and this bundle checks files", "drop combine, or drop files", at("combine")...)
		}
	}
}

func stat(root fs.FS, name string) (fs.FileInfo, error) {
	if !relative(name) {
		return nil, fs.ErrInvalid
	}
	return fs.Stat(root, name)
}

func (v *validator) severities(severities Severities, at ...any) {
	for _, rule := range slices.Sorted(maps.Keys(severities)) {
		switch severities[rule] {
		case "error", "warning", SeverityOff:
		default:
			v.report(fmt.Sprintf("severity of %s %s", rule, isNot(severities[rule], "a severity")), "use error, warning or off",
				append(slices.Clone(at), rule)...)
		}
	}
}

// SeverityOf returns the severity that the configuration gives a rule in an environment ("" for what belongs to none), or "" where it leaves
// it to the rule. The environment's word goes before the platform's, but a rule that the platform turned off by name stays off unless the
// environment names it.
func (p *Platform) SeverityOf(rule, environment string) string {
	e, _ := p.Environment(environment)
	if severity := e.Severity[rule]; severity != "" {
		return severity
	}
	if p.Spec.Severity[rule] == SeverityOff {
		return SeverityOff
	}
	return cmp.Or(e.Severity[AnyRule], p.Spec.Severity[rule], p.Spec.Severity[AnyRule])
}

// Production returns the names of the environments from which nothing is promoted further.
func (p *Platform) Production() []string {
	var names []string
	for _, e := range p.Spec.Environments {
		last := !slices.ContainsFunc(p.Spec.Environments, func(other Environment) bool { return slices.Contains(other.PromoteFrom, e.Name) })
		if last && len(e.PromoteFrom) > 0 {
			names = append(names, e.Name)
		}
	}
	return names
}
