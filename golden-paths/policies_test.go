package goldenpaths_test

import (
	"path"
	"testing"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/filters/imagetag"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/org/platform/internal/rego"
	"github.com/org/platform/policy"
)

// policies compiles a default bundle for a platform whose last environment is production.
func policies(t *testing.T, bundle string, environments []string) *rego.Policies {
	t.Helper()
	root, ok := policy.Bundle(bundle)
	if !ok {
		t.Fatalf("no bundle %s", bundle)
	}
	data := map[string]any{"registry": "ghcr.io/org", "actions": "org/platform", "production": []any{environments[len(environments)-1]}}
	p, err := rego.Load(t.Context(), []rego.Bundle{{Name: bundle, Root: root, Data: map[string]any{"platform": data}}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func expectNothing(t *testing.T, p *rego.Policies, scope rego.Scope, input any) {
	t.Helper()
	found, err := p.Check(t.Context(), scope, input)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range found {
		t.Errorf("%s: %s at %s: %s", v.RuleID, v.Message, v.Path, v.Fix)
	}
}

// What people are given passes every default policy, also those that only warn.
func TestGoServicePassesThePolicies(t *testing.T) {
	t.Parallel()
	environments := []string{"dev", "staging", "prod"}
	files := goServiceFiles(t, nil)
	manifests, workflows, entities := policies(t, "kubernetes", environments), policies(t, "workflow", environments), policies(t, "catalog", environments)
	for name, p := range map[string]*rego.Policies{".github/workflows/hello.yml": workflows, "services/hello/catalog-info.yaml": entities} {
		var document any
		if err := yaml.Unmarshal(files[name].Content, &document); err != nil || document == nil {
			t.Fatalf("%s: %v", name, err)
		}
		expectNothing(t, p, rego.Document, document)
	}
	fsys := filesys.MakeFsInMemory()
	for p, f := range files {
		if err := fsys.WriteFile("/"+p, f.Content); err != nil {
			t.Fatal(err)
		}
	}
	var inventory []any
	for _, environment := range environments {
		objects := rendered(t, fsys, environment)
		if len(objects) < 5 {
			t.Fatalf("%s: %d objects", environment, len(objects))
		}
		for _, object := range objects {
			expectNothing(t, manifests, rego.Document, object.(map[string]any)["contents"])
		}
		expectNothing(t, manifests, rego.Component, objects)
		inventory = append(inventory, objects...)
	}
	expectNothing(t, manifests, rego.Inventory, inventory)
}

// rendered returns the objects of the service in an environment, with its image as a release brings it.
func rendered(t *testing.T, fsys filesys.FileSystem, environment string) []any {
	t.Helper()
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(fsys, path.Join("/services/hello/deploy/overlays", environment))
	if err != nil {
		t.Fatal(err)
	}
	const digest = "sha256:4bcff63911fcb4448bd4fdacec207030997caf25e9bea4045fa6c8c44de311d1"
	image := types.Image{Name: "hello", NewName: "ghcr.io/org/hello", Digest: digest}
	if err := resources.ApplyFilter(imagetag.Filter{ImageTag: image, FsSlice: []types.FieldSpec{{Path: "spec/template/spec/containers[]/image"}}}); err != nil {
		t.Fatal(err)
	}
	var all []any
	for _, r := range resources.Resources() {
		contents, err := r.Map()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, map[string]any{"path": "", "contents": contents, "component": "hello", "environment": environment})
	}
	return all
}
