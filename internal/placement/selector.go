package placement

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/org/platform/internal/placement/fieldpath"
)

// selected says whether a patch's target selects the resource. A selector we cannot read selects nothing, so that no
// finding is placed on a patch that has nothing to do with it.
func (s *search) selected(target *yaml.Node) bool {
	return matches(text(target, "kind"), s.object.Kind) && matches(text(target, "name"), s.names...) &&
		matches(text(target, "namespace"), s.namespaces()...) &&
		s.labelled(text(target, "labelSelector"), "labels") && s.labelled(text(target, "annotationSelector"), "annotations")
}

// namespaces returns the namespaces that the object can have on its way through the layers.
func (s *search) namespaces() []string {
	all := []string{s.object.Namespace, text(s.origin.node, "metadata", "namespace")}
	for _, l := range s.layers {
		all = append(all, text(l.root, "namespace"))
	}
	return all
}

// matches says whether kustomize's anchored expression matches one of the values; the empty one matches all.
func matches(expression string, values ...string) bool {
	if expression == "" {
		return true
	}
	compiled, err := regexp.Compile(`^(?:` + expression + `)$`)
	return err == nil && slices.ContainsFunc(values, compiled.MatchString)
}

// labelled evaluates a selector of equalities over the rendered resource.
func (s *search) labelled(selector, where string) bool {
	if selector == "" {
		return true
	}
	if s.rendered == nil || strings.ContainsAny(selector, "()") {
		return false
	}
	for term := range strings.SplitSeq(selector, ",") {
		key, want, equality := strings.Cut(term, "=")
		negated := strings.HasSuffix(key, "!") || strings.HasPrefix(key, "!")
		key = strings.TrimSpace(strings.Trim(key, "! "))
		path := fieldpath.Path{fieldpath.Key("metadata"), fieldpath.Key(where), fieldpath.Key(key)}
		value, depth, _ := descend(s.rendered, align(path, nil))
		holds := depth == 3
		if equality {
			holds = holds && value.Value == strings.TrimSpace(strings.TrimPrefix(want, "="))
		}
		if holds == negated {
			return false
		}
	}
	return true
}
