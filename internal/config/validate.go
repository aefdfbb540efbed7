package config

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/strictyaml"
	"github.com/org/platform/internal/suggest"
)

// CatalogFile marks the folder of a component.
const CatalogFile = "catalog-info.yaml"

// A DNS label: environments and platforms name folders, branches and Kubernetes namespaces.
var dnsLabel = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)

const nameFix = "use lower case letters, digits and hyphens, 63 at most, with a letter or digit at both ends"

// An image repository has 255 bytes at most; a component's name takes up to 64 of them.
const maxRegistry = 190

// Host, port and path of an image repository. Registries refuse upper case, which the names of owners often have.
var registryForm = regexp.MustCompile(`^[a-z0-9]+([.-]+[a-z0-9]+)*(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$`)

type validator struct {
	doc      *strictyaml.Document
	root     fs.FS
	options  Options
	problems finding.Problems
}

func validate(doc *strictyaml.Document, p *Platform, root fs.FS, options Options) error {
	v := &validator{doc: doc, root: root, options: options}
	v.header(p)
	v.spec(&p.Spec)
	v.environments(p.Spec.Environments)
	finding.Sort(v.problems)
	return v.problems.ErrorOrNil()
}

func (v *validator) report(message, fix string, path ...any) {
	v.problems = append(v.problems, v.doc.Problem(message, fix, path...))
}

func (v *validator) header(p *Platform) {
	if p.APIVersion != APIVersion {
		v.report("apiVersion "+isNot(p.APIVersion, APIVersion), "write apiVersion: "+APIVersion, "apiVersion")
	}
	if p.Kind != Kind {
		v.report("kind "+isNot(p.Kind, Kind), "write kind: "+Kind, "kind")
	}
	if !dnsLabel.MatchString(p.Metadata.Name) {
		v.report("metadata.name "+isNot(p.Metadata.Name, "valid"), nameFix, "metadata", "name")
	}
}

func (v *validator) spec(s *Spec) {
	if len(s.Registry) > maxRegistry || !registryForm.MatchString(s.Registry) {
		v.report("spec.registry "+isNot(s.Registry, "an image repository prefix"),
			"write for example ghcr.io/org: lower case, without https://, tag and slash at the end", "spec", "registry")
	}
	if len(s.Components) == 0 {
		v.report("spec.components is empty", "list the globs of component folders, for example services/*", "spec", "components")
	}
	for i, glob := range s.Components {
		v.glob(glob, "spec", "components", i)
	}
	if !relative(s.State.Path) {
		v.report(fmt.Sprintf("spec.state.path %q leaves the repository or is its root", s.State.Path),
			"use a folder such as environments", "spec", "state", "path")
	}
	if !branchName(s.State.Branch) {
		v.report(fmt.Sprintf("spec.state.branch %q is not a branch name", s.State.Branch),
			"use a name such as main", "spec", "state", "branch")
	}
	v.policies(s.Policies)
	v.severities(s.Severity, "spec", "severity")
}

func (v *validator) glob(glob string, at ...any) {
	if !relative(glob) || !doublestar.ValidatePattern(glob) {
		v.report("component glob "+isNot(glob, "a pattern of folders"),
			"write it from the root of the repository, without ./ and without a slash at the end, for example services/*", at...)
		return
	}
	if v.options.NoComponentsYet {
		return
	}
	matches, err := doublestar.Glob(v.root, path.Join(glob, CatalogFile))
	if err != nil || len(matches) > 0 {
		return // what cannot be read is reported by whoever reads it
	}
	base, pattern := doublestar.SplitPattern(glob)
	if !strings.ContainsAny(pattern, `*?[{\`) {
		base = glob // one folder
	}
	fix := fmt.Sprintf("no folder there has a %s; make the first component with: platform new go-service NAME", CatalogFile)
	if _, err := fs.Stat(v.root, base); err != nil {
		fix = noFolder(v.root, base)
	}
	v.report(fmt.Sprintf("component glob %q matches nothing", glob), fix, at...)
}

// noFolder names the first folder of a path that does not exist, and those which may have been meant.
func noFolder(root fs.FS, folder string) string {
	entries, err := fs.ReadDir(root, path.Dir(folder))
	if err != nil && folder != "." {
		return noFolder(root, path.Dir(folder))
	}
	var folders []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			folders = append(folders, path.Join(path.Dir(folder), e.Name()))
		}
	}
	return fmt.Sprintf("there is no folder %s; %s", folder, suggest.Hint(folder, folders))
}

func (v *validator) environments(environments []Environment) {
	if len(environments) == 0 {
		v.report("spec.environments is empty", "name at least one environment, for example dev", "spec", "environments")
	}
	first := map[string]int{}
	names := make([]string, len(environments))
	for i, e := range environments {
		names[i] = e.Name
		if !dnsLabel.MatchString(e.Name) {
			v.report("environment name "+isNot(e.Name, "valid"), nameFix, "spec", "environments", i, "name")
			continue
		}
		if j, twice := first[e.Name]; twice {
			node, _ := v.doc.Lookup("spec", "environments", j, "name")
			v.report(fmt.Sprintf("environment %q is defined twice, first on line %d", e.Name, node.Line), "rename or remove one",
				"spec", "environments", i, "name")
			continue
		}
		first[e.Name] = i
	}
	for i, e := range environments {
		v.environment(i, e, names)
	}
	v.cycle(environments)
}

func (v *validator) environment(i int, e Environment, names []string) {
	at := func(rest ...any) []any { return append([]any{"spec", "environments", i}, rest...) }
	for j, from := range e.PromoteFrom {
		if !slices.Contains(names, from) {
			others := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == "" || n == e.Name })
			v.report(fmt.Sprintf("environment %q is promoted from %q, which does not exist", e.Name, from), suggest.Hint(from, others),
				at("promoteFrom", j)...)
		}
		if slices.Contains(e.PromoteFrom[:j], from) {
			v.report(fmt.Sprintf("environment %q lists %q twice in promoteFrom", e.Name, from), "keep one", at("promoteFrom", j)...)
		}
	}
	v.severities(e.Severity, at("severity")...)
	v.oneOf("deploy", e.Deploy, []string{DeployAutomatic, DeployManual}, at("deploy"))
	v.oneOf("promotion", e.Promotion, []string{PromotionAutomatic, PromotionManual}, at("promotion"))
	for j, gate := range e.Gates {
		if gate.Soak == 0 {
			v.report("the gate is empty", "set soak, for example soak: 30m, or drop the gate", at("gates", j)...)
		}
	}
	if len(e.PromoteFrom) > 0 && e.Deploy == DeployAutomatic {
		v.report(fmt.Sprintf("environment %q has promoteFrom and deploy: automatic; a deploy would skip %s",
			e.Name, strings.Join(e.PromoteFrom, ", ")), "drop deploy, or drop promoteFrom", at("deploy")...)
	}
	if len(e.PromoteFrom) == 0 && (e.Promotion != "" || len(e.Gates) > 0) {
		v.report(fmt.Sprintf("environment %q has no promoteFrom, so promotion and gates never apply", e.Name),
			"add promoteFrom, or drop them", at()...)
	}
}

func (v *validator) oneOf(field, value string, allowed []string, at []any) {
	if value != "" && !slices.Contains(allowed, value) {
		v.report(field+" "+isNot(value, "a mode"), "use "+strings.Join(allowed, " or "), at...)
	}
}

// cycle reports each cycle of promoteFrom once, on the edge that closes it.
func (v *validator) cycle(environments []Environment) {
	index := map[string]int{}
	for i, e := range slices.Backward(environments) {
		index[e.Name] = i // where a name is defined twice, the first counts
	}
	state := make([]int, len(environments)) // 0 new, 1 on the trail, 2 done
	var visit func(i int, trail []string)
	visit = func(i int, trail []string) {
		state[i] = 1
		trail = append(trail, environments[i].Name)
		for j, from := range environments[i].PromoteFrom {
			k, known := index[from]
			switch {
			case !known:
			case state[k] == 1:
				loop := append(slices.Clone(trail[slices.Index(trail, from):]), from)
				v.report("environments promote in a circle: "+strings.Join(loop, " ← "),
					"remove one promoteFrom", "spec", "environments", i, "promoteFrom", j)
			case state[k] == 0:
				visit(k, trail)
			}
		}
		state[i] = 2
	}
	for i := range environments {
		if state[i] == 0 {
			visit(i, nil)
		}
	}
}

// isNot says what is wrong with a value: one that is missing is another mistake than one that is mistyped.
func isNot(value, want string) string {
	if value == "" {
		return "is missing"
	}
	return fmt.Sprintf("%q is not %s", value, want)
}

// relative says whether p is a clean path below the repository's root.
func relative(p string) bool {
	return p != "" && p != "." && fs.ValidPath(p)
}

// branchName accepts the safe subset of git-check-ref-format.
func branchName(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if !branchPart.MatchString(part) || strings.Contains(part, "..") || strings.HasSuffix(part, ".") || strings.HasSuffix(part, ".lock") {
			return false
		}
	}
	return true
}

var branchPart = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]*$`)
