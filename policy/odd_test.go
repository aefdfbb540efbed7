package policy_test

import (
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/org/platform/internal/rego"
	"github.com/org/platform/policy"
)

// Whatever stands in a document, a rule finds something or not: it never ends the check, as it would with two values for one function.
func TestOddDocumentsDoNotStopTheCheck(t *testing.T) {
	t.Parallel()
	for _, name := range policy.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := load(t, name)
			p.Strict = false // as in production: a builtin that cannot use a value is undefined
			documents := exampleDocuments(t, name)
			rapid.Check(t, func(r *rapid.T) {
				var odd []any
				for _, d := range rapid.SliceOfN(rapid.SampledFrom(documents), 1, 4).Draw(r, "documents") {
					document := mutated(r, d, rapid.IntRange(1, 4).Draw(r, "changes"))
					if _, err := p.Check(t.Context(), rego.Document, document); err != nil {
						r.Fatal(err)
					}
					odd = append(odd, map[string]any{"contents": document, "component": rapid.SampledFrom([]string{"a", "b"}).Draw(r, "component"), "environment": "prod"})
				}
				for _, scope := range []rego.Scope{rego.Component, rego.Environment, rego.Inventory} {
					if _, err := p.Check(t.Context(), scope, odd); err != nil {
						r.Fatal(err)
					}
				}
			})
		})
	}
}

// exampleDocuments returns every document of a bundle's examples.
func exampleDocuments(t *testing.T, bundle string) []any {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(bundle, "examples", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var all []any
	for _, file := range files {
		if filepath.Ext(file) == ".paths" {
			continue
		}
		for _, d := range parse(t, file, read(t, file)) {
			all = append(all, d.Value, []any{d.Value})
		}
	}
	return all
}

// mutated returns a document with a few values changed, doubled or taken away.
func mutated(r *rapid.T, document any, changes int) any {
	for range changes {
		document = mutate(r, document)
	}
	return document
}

func mutate(r *rapid.T, value any) any {
	deeper := rapid.IntRange(0, 5).Draw(r, "deeper") > 0
	switch v := value.(type) {
	case map[string]any:
		if keys := slices.Sorted(maps.Keys(v)); deeper && len(keys) > 0 {
			key := rapid.SampledFrom(keys).Draw(r, "key")
			changed := maps.Clone(v)
			changed[key] = mutate(r, v[key])
			return changed
		}
	case []any:
		if deeper && len(v) > 0 {
			changed := slices.Clone(v)
			i := rapid.IntRange(0, len(v)-1).Draw(r, "index")
			changed[i] = mutate(r, v[i])
			return append(changed, v[:rapid.IntRange(0, 1).Draw(r, "doubled")]...)
		}
	}
	return rapid.SampledFrom([]any{nil, true, 0, -1.5, "", "x", "*", "${{ github.event.issue.title }}", "a/b:c@d", []any{}, []any{nil}, []any{"*", 1}, map[string]any{},
		map[string]any{"x": nil}, []any{map[string]any{}}}).Draw(r, "value")
}
