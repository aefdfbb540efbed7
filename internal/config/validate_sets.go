package config

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/org/platform/internal/strictyaml"
	"github.com/org/platform/internal/suggest"
)

// maxLabel is GitHub's limit, in characters.
const maxLabel = 50

func (v *validator) sets(sets []Set) {
	members := map[string]string{} // the set of each component
	for _, s := range slices.Backward(sets) {
		for _, c := range s.Components {
			members[strings.ToLower(c)] = s.Name // of several sets, the first counts
		}
	}
	names := map[string]bool{}
	for i, s := range sets {
		at := func(rest ...any) []any { return append([]any{"spec", "sets", i}, rest...) }
		_, component := members[s.Name]
		switch {
		case !dnsLabel.MatchString(s.Name):
			v.report("set name "+isNot(s.Name, "valid"), nameFix, at("name")...)
		case names[s.Name]:
			v.report(fmt.Sprintf("set %q is defined twice", s.Name), "rename or remove one", at("name")...)
		case component:
			v.namedLikeComponent(s.Name, at("name")...)
		}
		names[s.Name] = true
		if len(s.Components) < 2 {
			v.report(fmt.Sprintf("set %q has fewer than two components", s.Name), "add what is promoted with it, or drop the set", at("components")...)
		}
		v.componentNames(s.Components, at("components")...)
		for j, c := range s.Components {
			if first := members[strings.ToLower(c)]; first != s.Name {
				v.report(fmt.Sprintf("component %q is in set %q too", c, first), "a component is promoted with one set: keep one", at("components", j)...)
			}
		}
		v.oneOf("order", s.Order, []string{OrderAtomic, OrderOrdered}, at("order")...)
	}
}

func (v *validator) namedLikeComponent(set string, at ...any) {
	v.report(fmt.Sprintf("set %q has the name of a component, so both would use one branch", set), "rename the set", at...)
}

func (v *validator) componentNames(names []string, at ...any) {
	v.repeated("component", names, strings.ToLower, at...)
	for i, name := range names {
		if name == "" {
			v.report("the component has no name", "write the name in its "+CatalogFile, append(slices.Clone(at), i)...)
		}
	}
}

// pullRequests checks labels and teams. The label that asks for skipping gates must not be one that promotions have anyway.
func (v *validator) pullRequests(s *Spec) {
	v.oneOf("mergeMethod", s.PullRequests.MergeMethod, []string{"squash", "merge", "rebase"}, "spec", "pullRequests", "mergeMethod")
	v.label(s.BreakGlass.Label, "spec", "breakGlass", "label")
	if strings.EqualFold(s.BreakGlass.Label, LabelPromotion) {
		v.report(fmt.Sprintf("label %q is on every promotion, so it asks for nothing", s.BreakGlass.Label), "use another, such as break-glass",
			"spec", "breakGlass", "label")
	}
	v.repeated("team", s.BreakGlass.Teams, strings.ToLower, "spec", "breakGlass", "teams")
	for i, team := range s.BreakGlass.Teams {
		if !teamForm.MatchString(team) {
			v.report("team "+isNot(team, "a team"), "write org/team, without @; people are allowed through a team", "spec", "breakGlass", "teams", i)
		}
	}
	v.repeated("label", s.PullRequests.Labels, strings.ToLower, "spec", "pullRequests", "labels")
	for i, label := range s.PullRequests.Labels {
		v.label(label, "spec", "pullRequests", "labels", i)
		if strings.EqualFold(label, s.BreakGlass.Label) {
			v.report(fmt.Sprintf("label %q asks for skipping gates, and would be on every promotion", label), "use another", "spec", "pullRequests", "labels", i)
		}
	}
}

func (v *validator) label(label string, at ...any) {
	if label == "" || strings.TrimSpace(label) != label || strings.ContainsFunc(label, unicode.IsControl) || utf8.RuneCountInString(label) > maxLabel {
		v.report("label "+isNot(label, "a label"), fmt.Sprintf("write 1 to %d characters on one line, without blanks around them", maxLabel), at...)
	}
}

// CheckComponents reports what platform.yaml, at the root of a repository tree, says of components that the catalog does not have, and sets that
// have the name of a component. The error is a finding.Problems. Load does not know the catalog.
func (p *Platform) CheckComponents(root fs.FS, catalog []string) error {
	known, branches := map[string]bool{}, map[string]bool{}
	for _, name := range catalog {
		known[name], branches[strings.ToLower(name)] = true, true
	}
	data, err := fs.ReadFile(root, FileName)
	if err != nil {
		return fmt.Errorf("read %s: %w", FileName, err)
	}
	doc, err := strictyaml.Single(FileName, data)
	if err != nil {
		return err
	}
	v := &validator{doc: doc, platform: p}
	exist := func(names []string, at ...any) {
		for i, name := range names {
			if !known[name] {
				v.report(fmt.Sprintf("component %q does not exist", name), suggest.Hint(name, catalog), append(slices.Clone(at), i)...)
			}
		}
	}
	for i, s := range p.Spec.Sets {
		if branches[s.Name] {
			v.namedLikeComponent(s.Name, "spec", "sets", i, "name")
		}
		exist(s.Components, "spec", "sets", i, "components")
	}
	for i, f := range p.Spec.Freezes {
		exist(f.Components, "spec", "freezes", i, "components")
	}
	return v.result()
}
