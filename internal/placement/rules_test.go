package placement_test

import (
	"bytes"
	"context"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/org/platform/internal/placement"
	"github.com/org/platform/internal/placement/fieldpath"
	"github.com/org/platform/internal/render"
)

// rule is a rule of an example, evaluated over every object of the example's kind:
//
//	present PATH          the field exists
//	absent PATH           it does not
//	equals PATH VALUE     it exists and is the value
//	forbid PATH VALUE     it is not the value
//	matches PATH EXPR     where it exists it matches the expression
//	replicated PATH EXPR  the same, of objects with more than one replica only
//	lacks PATH            the object as a whole fails where the field exists
//	companion KIND        the object as a whole fails where no object of that kind is rendered
//	selects PATH          the field is a label of some Deployment's pods
//
// [*] in a path is every item of a list.
type rule struct{ op, path, value string }

func parseRule(line string) rule {
	var r rule
	r.op, line, _ = strings.Cut(line, " ")
	r.path, r.value, _ = strings.Cut(line, " ")
	return r
}

// failures returns the paths at which an object fails.
func (r rule) failures(t testing.TB, object any, all []any) []string {
	t.Helper()
	if r.op == "companion" {
		for _, other := range all {
			if at(other, "kind") == r.path {
				return nil
			}
		}
		return []string{""}
	}
	var failed []string
	for _, path := range expand(t, object, r.path) {
		value, exists := lookup(object, path)
		text := scalar(value)
		switch r.op {
		case "present":
			exists = !exists
		case "absent":
		case "lacks":
			path = nil
		case "equals":
			exists = !exists || text != r.value
		case "forbid":
			exists = exists && text == r.value
		case "matches":
			exists = exists && !regexp.MustCompile(r.value).MatchString(text)
		case "replicated":
			exists = exists && !slices.Contains([]string{"", "0", "1"}, at(object, "spec", "replicas")) && !regexp.MustCompile(r.value).MatchString(text)
		case "selects":
			for _, other := range all {
				labels, _ := lookup(other, fieldpath.Path{fieldpath.Key("spec"), fieldpath.Key("template"), fieldpath.Key("metadata"),
					fieldpath.Key("labels"), fieldpath.Key(path[len(path)-1].Key)})
				exists = exists && scalar(labels) != text
			}
		default:
			t.Fatalf("no rule %q", r.op)
		}
		if exists {
			failed = append(failed, path.String())
		}
	}
	return failed
}

// expand returns the paths that a pattern stands for.
func expand(t testing.TB, object any, pattern string) []fieldpath.Path {
	t.Helper()
	before, after, several := strings.Cut(pattern, "[*]")
	path, err := fieldpath.Parse(before)
	if err != nil {
		t.Fatal(err)
	}
	if !several {
		return []fieldpath.Path{path}
	}
	list, _ := lookup(object, path)
	items, _ := list.([]any)
	var all []fieldpath.Path
	for i, item := range items {
		for _, rest := range expand(t, item, strings.TrimPrefix(after, ".")) {
			all = append(all, append(append(append(fieldpath.Path{}, path...), fieldpath.Index(i)), rest...))
		}
	}
	return all
}

func lookup(value any, path fieldpath.Path) (any, bool) {
	for _, s := range path {
		switch node := value.(type) {
		case map[string]any:
			next, ok := node[s.Key]
			if !ok {
				return nil, false
			}
			value = next
		case []any:
			if s.Index < 0 || s.Index >= len(node) {
				return nil, false
			}
			value = node[s.Index]
		default:
			return nil, false
		}
	}
	return value, true
}

func at(object any, keys ...string) string {
	var path fieldpath.Path
	for _, k := range keys {
		path = append(path, fieldpath.Key(k))
	}
	value, _ := lookup(object, path)
	return scalar(value)
}

func scalar(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	text, _ := yaml.Marshal(value)
	return strings.TrimSpace(string(text))
}

// evaluate renders an overlay and checks a rule, as policy-check does.
func evaluate(ctx context.Context, t testing.TB, root fs.FS, dir, kind string, rules []rule, origins bool) ([]placement.Object, []string, error) {
	t.Helper()
	result, err := render.Render(ctx, render.Request{Root: root, Dir: dir, Origins: origins})
	if err != nil {
		return nil, nil, err
	}
	var objects []placement.Object
	var all []any
	for _, data := range bytes.Split(result.Manifests, []byte("\n---\n")) {
		var value any
		if err := yaml.Unmarshal(data, &value); err != nil {
			t.Fatal(err)
		}
		if value == nil {
			continue
		}
		all = append(all, value)
		objects = append(objects, placement.Object{APIVersion: at(value, "apiVersion"), Kind: at(value, "kind"), Manifest: data,
			Namespace: at(value, "metadata", "namespace"), Name: at(value, "metadata", "name")})
	}
	for i := range objects {
		o := &objects[i]
		if origins {
			o.Original, o.Origin = result.Resources[i].OriginalName, result.Resources[i].Origin
		}
		if o.Kind != kind {
			continue
		}
		for _, r := range rules {
			for _, path := range r.failures(t, all[i], all) {
				o.Failures = append(o.Failures, placement.Failure{RuleID: r.op + " " + r.path, Path: path,
					Alone: r.op != "companion" && r.op != "selects"})
			}
		}
	}
	return objects, result.Reads, nil
}
