package catalog

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/strictyaml"
	"github.com/org/platform/internal/suggest"
)

// entity is the part of a Backstage entity we read; the format has more, and plugins add to it, so decoding is lenient.
// https://backstage.io/docs/features/software-catalog/descriptor-format
type entity struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string `yaml:"kind"`
	Metadata   struct {
		Name        string `yaml:"name"`
		Description string `yaml:"description"`
	} `yaml:"metadata"`
	Spec struct {
		Type      string   `yaml:"type"`
		Lifecycle string   `yaml:"lifecycle"`
		Owner     string   `yaml:"owner"`
		DependsOn []string `yaml:"dependsOn"`
	} `yaml:"spec"`
}

const apiVersion = "backstage.io/v1alpha1"

// Backstage's rule for metadata.name.
var validName = regexp.MustCompile(`^[A-Za-z0-9]+([-_.][A-Za-z0-9]+)*$`)

// isName says whether a name can be a component's: it also names a folder of the state, beside which lies NAME.hold.yaml, and a branch.
func isName(name string) bool {
	return validName.MatchString(name) && len(name) <= 63 && !strings.HasSuffix(name, ".lock") && !strings.HasSuffix(name, ".yaml")
}

func (l *loader) file(root fs.FS, file string) error {
	data, err := fs.ReadFile(root, file)
	if err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	docs, err := strictyaml.Documents(file, data)
	if err != nil {
		return l.collect(err)
	}
	for _, doc := range docs {
		if err := l.document(doc); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) report(doc *strictyaml.Document, message, fix string, path ...any) {
	l.problems = append(l.problems, doc.Problem(message, fix, path...))
}

// collect keeps problems for later, so that those of all files are reported at once, and returns any other error.
func (l *loader) collect(err error) error {
	var problems finding.Problems
	if errors.As(err, &problems) {
		l.problems = append(l.problems, problems...)
		return nil
	}
	return err
}

func (l *loader) document(doc *strictyaml.Document) error {
	switch kind, found := doc.Lookup("kind"); {
	case found == 0:
		l.report(doc, "the document has no kind", "write kind: Component, or the kind of Backstage entity it is", "kind")
		return nil
	case kind.Value != "Component" && strings.EqualFold(kind.Value, "Component"):
		l.report(doc, fmt.Sprintf("kind is %q", kind.Value), "write kind: Component", "kind")
		return nil
	case kind.Value != "Component":
		return nil // other kinds belong to Backstage
	}
	var e entity
	if err := doc.DecodeKnown(&e); err != nil {
		return l.collect(err)
	}
	l.declare(doc, e)
	return nil
}

func (l *loader) declare(doc *strictyaml.Document, e entity) {
	name := e.Metadata.Name
	if e.APIVersion != apiVersion {
		l.report(doc, fmt.Sprintf("apiVersion is %q", e.APIVersion), "write apiVersion: "+apiVersion, "apiVersion")
	}
	if !isName(name) {
		l.report(doc, fmt.Sprintf("metadata.name %q is not a component name", name),
			"use letters and digits with single - _ . between, 63 at most, not ending in .yaml or .lock", "metadata", "name")
		return
	}
	if e.Spec.Owner == "" {
		l.report(doc, fmt.Sprintf("component %q has no owner", name), "add spec.owner: the team to call", "spec", "owner")
	}
	key := strings.ToLower(name)
	if first, twice := l.names[key]; twice {
		l.report(doc, fmt.Sprintf("component %q is already defined as %q in %s", name, first.component.Name, first.doc.File),
			"names are unique without regard to case; rename one", "metadata", "name")
		return
	}
	d := declared{doc: doc, component: Component{
		Name: name, Path: path.Dir(doc.File), Owner: e.Spec.Owner, Type: e.Spec.Type, Lifecycle: e.Spec.Lifecycle,
		Description: e.Metadata.Description, DependsOn: e.Spec.DependsOn,
	}}
	l.names[key] = d
	l.declared = append(l.declared, d)
}

// resolve turns dependsOn references into component names. References to other kinds are left to Backstage.
func (l *loader) resolve() {
	known := make([]string, len(l.declared))
	for i, d := range l.declared {
		known[i] = d.component.Name
	}
	for i := range l.declared {
		d := &l.declared[i]
		var names []string
		for j, reference := range d.component.DependsOn {
			name, ours := componentName(reference)
			if !ours {
				continue
			}
			if target, ok := l.names[strings.ToLower(name)]; ok {
				names = append(names, target.component.Name)
				continue
			}
			l.report(d.doc, fmt.Sprintf("component %q depends on %q, which does not exist", d.component.Name, reference),
				suggest.Hint(name, known), "spec", "dependsOn", j)
		}
		slices.Sort(names)
		d.component.DependsOn = slices.Compact(names)
	}
}

// componentName reads an entity reference [kind:][namespace/]name. Only components of the default namespace are ours.
// https://backstage.io/docs/features/software-catalog/references
func componentName(reference string) (name string, ours bool) {
	kind, rest, found := strings.Cut(reference, ":")
	if !found {
		kind, rest = "component", reference
	}
	namespace, name, found := strings.Cut(rest, "/")
	if !found {
		namespace, name = "default", rest
	}
	return name, strings.EqualFold(kind, "component") && strings.EqualFold(namespace, "default")
}
