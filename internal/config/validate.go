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
	platform *Platform
	root     fs.FS
	options  Options
	problems finding.Problems
}

func validate(doc *strictyaml.Document, p *Platform, root fs.FS, options Options) error {
	v := &validator{doc: doc, platform: p, root: root, options: options}
	v.header(p)
	v.spec(&p.Spec)
	v.environments(p.Spec.Environments)
	v.sets(p.Spec.Sets)
	v.freezes(p.Spec.Freezes)
	return v.result()
}

// maxProblems bounds what is reported: nobody reads more, and an alias can repeat a problem without end.
const maxProblems = 50

// result returns the problems in the order of the file, nil where there are none.
func (v *validator) result() error {
	finding.Sort(v.problems)
	if len(v.problems) > maxProblems {
		rest := v.problems[maxProblems]
		rest.Message, rest.Fix = fmt.Sprintf("more than %d problems: the rest is not shown", maxProblems), ""
		v.problems = append(v.problems[:maxProblems], rest)
	}
	return v.problems.ErrorOrNil()
}

func (v *validator) report(message, fix string, path ...any) {
	v.problems = append(v.problems, v.doc.Problem(message, fix, path...))
}

// has says whether the file sets a field, if only to what it would be without.
func (v *validator) has(path ...any) bool {
	_, steps := v.doc.Lookup(path...)
	return steps == len(path)
}

func (v *validator) oneOf(field, value string, allowed []string, at ...any) {
	if value != "" && !slices.Contains(allowed, value) {
		fix := "use " + strings.Join(allowed[:len(allowed)-1], ", ") + " or " + allowed[len(allowed)-1]
		if near := suggest.Nearest(value, allowed); len(near) > 0 {
			fix = "did you mean " + near[0] + "? " + fix
		}
		v.report(fmt.Sprintf("%s %q is unknown", field, value), fix, at...)
	}
}

// repeated reports what a list names twice, at the second of the two. Names are the same if their keys are.
func (v *validator) repeated(what string, list []string, key func(string) string, at ...any) {
	seen := map[string]bool{}
	for i, item := range list {
		if seen[key(item)] {
			v.report(fmt.Sprintf("%s %q is listed twice", what, item), "keep one", append(slices.Clone(at), i)...)
		}
		seen[key(item)] = true
	}
}

func asWritten(name string) string { return name }

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
	v.oneOf("deployments", s.Deployments, []string{DeploymentsWritten, DeploymentsExternal, DeploymentsOff}, "spec", "deployments")
	v.pullRequests(s)
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
