package overlays_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/org/platform/internal/overlays"
)

// The places and contents that edits are drawn from meet in many ways: what is a folder in one tree is a file, a symlink or a submodule in
// the next, and what was looked for in vain appears.
var (
	places = []string{
		"platform.yaml", "base", "base/kustomization.yaml", "base/kustomization.yml", "base/c.yaml", "base/more/c.yaml", "base/more/kustomization.yaml",
		"services", "services/own", "services/own/deploy", "services/own/catalog-info.yaml", "services/own/deploy/base",
		"services/own/deploy/base/c.yaml", "services/own/deploy/base/kustomization.yaml", "services/own/deploy/overlays",
		"services/own/deploy/overlays/dev", "services/own/deploy/overlays/dev/kustomization.yaml", "services/own/deploy/overlays/prod",
		"services/own/deploy/overlays/prod/Kustomization", "services/own/deploy/overlays/prod/patch.yaml",
		"services/shared/deploy/overlays/prod/kustomization.yaml", "services/shared/catalog-info.yaml", "services/new", "services/new/catalog-info.yaml",
		"services/new/deploy/base/kustomization.yaml", "services/devonly", "libraries/deep/er/catalog-info.yaml", "libraries/deep", "policies/p.rego", "policies",
	}
	scraps = []string{
		"resources: [c.yaml]\n", "resources: [../../base]\n", "resources: [../../../../base]\n", "resources: [../../../../../base]\nnamePrefix: p-\n",
		"resources: [c.yaml, more]\n", "resources: [../dev]\npatches: [{path: patch.yaml}]\n", "configMapGenerator: [{name: g, files: [c.yaml]}]\n",
		"resources: [../../base]\nopenapi: {path: patch.yaml}\n", "resources: [absent.yaml]\n", "kind: [", "{}",
		configMap("own"), configMap("other") + "data: {a: b}\n", "metadata: {name: own}\nkind: ConfigMap\napiVersion: v1\ndata: {c: d}\n",
		component("own"), component("new"), component("shared"), component("own") + "---\n" + component("twin"),
		"-> base", "-> ../base", "-> c.yaml", "-> ../own", "-> ../../own/deploy", "-> dev", "-> ../../../base", "-> nowhere", "-> ../..", "-> .", "-> ../../..",
		"-> ../../../../services/own/deploy/base/c.yaml", "@", "@",
	}
	platforms = []func(string) string{
		func(s string) string { return s },
		func(s string) string { return s + "  - {name: qa, promoteFrom: [dev]}\n" },
		func(s string) string { return strings.Replace(s, "services/*", "services/*, libraries/**", 1) },
		func(s string) string { return strings.Replace(s, "services/*", "'**'", 1) },
		func(s string) string { return strings.Replace(s, "name: dev", "name: other", 1) }, // an error: prod is promoted from dev
		func(s string) string { return s + "  policies: [{name: p, path: policies}]\n" },
		func(s string) string { return s + "  render: {remoteBases: [https://example.com/a]}\n" },
	}
)

func edit(t *rapid.T, tree files) files {
	tree = maps.Clone(tree)
	for range rapid.IntRange(1, 3).Draw(t, "edits") {
		name := rapid.SampledFrom(places).Draw(t, "place")
		switch rapid.IntRange(0, 9).Draw(t, "kind") {
		case 0:
			tree = tree.without(name)
		case 1:
			tree["platform.yaml"] = rapid.SampledFrom(platforms).Draw(t, "platform")(seed()["platform.yaml"])
		case 2: // back to how it was
			for _, n := range slices.Sorted(maps.Keys(seed())) {
				if n == name || strings.HasPrefix(n, name+"/") {
					tree = tree.place(n, seed()[n])
				}
			}
		default:
			tree = tree.place(name, rapid.SampledFrom(scraps).Draw(t, "content"))
		}
	}
	return tree
}

// place puts a file where other things may be in the way.
func (f files) place(name, content string) files {
	f = f.without(name)
	maps.DeleteFunc(f, func(other, _ string) bool { return strings.HasPrefix(name, other+"/") })
	f[name] = content
	return f
}

// Whatever is edited: from memory, from the index of another tree, or afresh, the overlays are the same, byte for byte.
func TestCachedIsFresh(t *testing.T) {
	t.Parallel()
	good, reused := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		trees := []files{seed()}
		for range rapid.IntRange(1, 4).Draw(rt, "trees") {
			from := rapid.SampledFrom(trees).Draw(rt, "from")
			trees = append(trees, edit(rt, from))
		}
		r := commit(t, trees...)
		cache := t.TempDir()
		last := mustRender(t, overlays.NewStore(overlays.Options{}), r, 0, nil)
		for i, id := range r.trees {
			want, wantErr := fresh(t, r, i)
			stored, storedErr := overlays.NewStore(overlays.Options{Cache: cache}).Render(t.Context(), open(t, r.dir), id, nil)
			derived, derivedErr := last.At(t.Context(), id, nil)
			if text(wantErr) != text(storedErr) || text(wantErr) != text(derivedErr) {
				rt.Fatalf("fresh: %v\nstored: %v\nderived: %v", wantErr, storedErr, derivedErr)
			}
			if wantErr != nil {
				continue
			}
			for how, set := range map[string]*overlays.Set{"stored": stored, "derived": derived} {
				if diff := cmp.Diff(want, contents(t, set)); diff != "" {
					rt.Fatalf("tree %d %s (-fresh +%s):\n%s\n%v", i, how, how, diff, trees[i])
				}
				good, reused = good+1, reused+set.Len()-set.Rendered()
			}
			last = derived
		}
	})
	if good < 100 || reused < good {
		t.Errorf("of %d sets %d overlays were taken from the cache: that proves little", good, reused)
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
