package catalog_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/catalog"
	"github.com/org/platform/internal/finding"
)

// load reads a catalog of services/NAME/catalog-info.yaml files.
func load(files map[string]string) (*catalog.Catalog, error) {
	root := fstest.MapFS{}
	for name, text := range files {
		root["services/"+name+"/catalog-info.yaml"] = &fstest.MapFile{Data: []byte(text)}
	}
	return catalog.Load(root, []string{"services/*"})
}

// entity returns a component, with more lines of its spec.
func entity(name string, spec ...string) string {
	text := "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: " + name + "\nspec:\n  owner: team-a\n"
	for _, line := range spec {
		text += "  " + line + "\n"
	}
	return text
}

func TestLoad(t *testing.T) {
	t.Parallel()
	got, err := load(map[string]string{
		"shop": `# Backstage reads more than we do.
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: Shop.Front_end
  description: Sells things
  annotations: {github.com/project-slug: org/repo}
spec:
  type: service
  lifecycle: production
  owner: group:default/team-a
  system: retail
  dependsOn:
  - component:default/PAYMENTS
  - Component:billing
  - billing
  - DEFAULT/billing
  - resource:default/database
  - component:elsewhere/unknown
  - elsewhere/unknown
  - api:unknown
`,
		"payments": "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {name: payments}\nspec: {owner: [anything], definition: 1, definition: 2}\n" +
			"--- # the second\n" + entity("payments") + "---\n---\nkind: Template\n...\n",
		"billing": entity("billing", "dependsOn: []"),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []catalog.Component{
		{Name: "Shop.Front_end", Path: "services/shop", Owner: "group:default/team-a", Type: "service", Lifecycle: "production", Description: "Sells things",
			DependsOn: []string{"billing", "payments"}},
		{Name: "billing", Path: "services/billing", Owner: "team-a"},
		{Name: "payments", Path: "services/payments", Owner: "team-a"},
	}
	if diff := cmp.Diff(want, got.Components); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Shop.Front_end", "billing", "payments"}, got.Names()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestGlobs(t *testing.T) {
	t.Parallel()
	root := fstest.MapFS{
		"services/a/catalog-info.yaml":        {Data: []byte(entity("a"))},
		"services/deep/b/catalog-info.yaml":   {Data: []byte(entity("b"))},
		"libraries/c/catalog-info.yaml":       {Data: []byte(entity("c"))},
		"services/none/README.md":             {},
		"services/a/testdata/not-a-catalog.y": {},
	}
	for globs, want := range map[string]string{
		"services/*":             "a",
		"services/* services/**": "a b", // a folder found twice is one component
		"services/** libraries":  "a b",
		"{services,libraries}/*": "a c",
		"libraries/c services/a": "a c",
		"nothing/*":              "",
	} {
		c, err := catalog.Load(root, strings.Fields(globs))
		if err != nil {
			t.Errorf("%s: %v", globs, err)
			continue
		}
		if got := strings.Join(c.Names(), " "); got != want {
			t.Errorf("%s: got %q, want %q", globs, got, want)
		}
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	const nameFix = " (use letters and digits with single - _ . between, 63 at most, not ending in .yaml or .lock)\n"
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"owner missing": {map[string]string{"a": "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: a}\nspec:\n  type: service\n"},
			"services/a/catalog-info.yaml:5:3: component \"a\" has no owner (add spec.owner: the team to call)\n"},
		"owner empty": {map[string]string{"a": "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: a}\nspec:\n  owner: ''\n"},
			"services/a/catalog-info.yaml:5:10: component \"a\" has no owner (add spec.owner: the team to call)\n"},
		"same name in another case": {map[string]string{"a": entity("Hello"), "b": entity("hello"), "c": entity("other")},
			"services/b/catalog-info.yaml:4:9: component \"hello\" is already defined as \"Hello\" in services/a/catalog-info.yaml (names are unique without regard to case; rename one)\n"},
		"same name in one file": {map[string]string{"a": entity("x") + "---\n" + entity("x")},
			"services/a/catalog-info.yaml:11:9: component \"x\" is already defined as \"x\" in services/a/catalog-info.yaml (names are unique without regard to case; rename one)\n"},
		"unknown dependency": {map[string]string{"a": entity("shop", "dependsOn: [paymnets]"), "b": entity("payments", "dependsOn:", "- component:default/shp", "- shop")},
			"services/a/catalog-info.yaml:7:15: component \"shop\" depends on \"paymnets\", which does not exist (did you mean payments?)\n" +
				"services/b/catalog-info.yaml:8:5: component \"payments\" depends on \"component:default/shp\", which does not exist (did you mean shop?)\n"},
		"apiVersion": {map[string]string{"a": strings.Replace(entity("a"), "v1alpha1", "v1", 1)},
			"services/a/catalog-info.yaml:1:13: apiVersion is \"backstage.io/v1\" (write apiVersion: backstage.io/v1alpha1)\n"},
		"kind in another case": {map[string]string{"a": strings.Replace(entity("a"), "Component", "component", 1)},
			"services/a/catalog-info.yaml:2:7: kind is \"component\" (write kind: Component)\n"},
		"no kind": {map[string]string{"a": "metadata: {name: a}\n", "b": "- a\n"},
			"services/a/catalog-info.yaml:1:1: the document has no kind (write kind: Component, or the kind of Backstage entity it is)\n" +
				"services/b/catalog-info.yaml:1:1: the document has no kind (write kind: Component, or the kind of Backstage entity it is)\n"},
		"wrong types": {map[string]string{"a": strings.Replace(entity("a", "dependsOn: b"), "team-a", "[team-a]", 1)},
			"services/a/catalog-info.yaml:6:10: spec.owner must be a string, not a list\nservices/a/catalog-info.yaml:7:14: spec.dependsOn must be a list, not \"b\"\n"},
		"set twice": {map[string]string{"a": entity("a", "owner: b")},
			"services/a/catalog-info.yaml:7:3: field \"owner\" in spec is set twice, first on line 6 (keep one)\n"},
		"several files": {map[string]string{"a": "kind: [\n", "b": entity("-b"), "c": entity("c")},
			"services/a/catalog-info.yaml:2: not valid YAML: did not find expected node content (check indentation, brackets and colons from this line on)\n" +
				"services/b/catalog-info.yaml:4:9: metadata.name \"-b\" is not a component name" + nameFix},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := load(c.files)
			var problems finding.Problems
			if got != nil || !errors.As(err, &problems) {
				t.Fatalf("got %v, %v; want Problems", got, err)
			}
			if diff := cmp.Diff(c.want, problems.Error()+"\n"); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 63)
	for _, good := range []string{"a", "A1", "my-service", "my_service.v2", "1", long, "locks", "yaml"} {
		if _, err := load(map[string]string{"a": entity("'" + good + "'")}); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "-a", "a-", "a--b", "a._b", "a b", "a/b", "..", ".", "größe", "a\\n", long + "x", "hello.hold.yaml", "main.lock"} {
		if _, err := load(map[string]string{"a": entity(`"` + bad + `"`)}); err == nil || !strings.Contains(err.Error(), "is not a component name") {
			t.Errorf("%s: got %v", bad, err)
		}
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	c, err := load(map[string]string{"a": entity("payments"), "b": entity("shop")})
	if err != nil {
		t.Fatal(err)
	}
	if found, err := c.Find("shop"); err != nil || found.Path != "services/b" {
		t.Errorf("got %+v, %v", found, err)
	}
	_, err = c.Find("shopp")
	var unknown *catalog.UnknownError
	if !errors.As(err, &unknown) || err.Error() != `unknown component "shopp": did you mean shop?` {
		t.Errorf("got %v", err)
	}
}
