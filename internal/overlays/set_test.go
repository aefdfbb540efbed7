package overlays_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/overlays"
	"github.com/org/platform/internal/testkit"
)

func TestOnlyReadersRenderAgain(t *testing.T) {
	t.Parallel()
	base := seed()
	for name, c := range map[string]struct {
		change files
		want   int // overlays rendered
	}{
		"nothing":                         {base, 0},
		"a file nobody reads":             {base.with("README.md", "changed"), 0},
		"a new file nobody reads":         {base.with("services/own/main.go", "package main"), 0},
		"the base of two":                 {base.with("services/own/deploy/base/c.yaml", configMap("new")), 2},
		"one overlay":                     {base.with("services/own/deploy/overlays/prod/kustomization.yaml", "namespace: x\nresources: [../../base]\n"), 1},
		"the base of three":               {base.with("base/c.yaml", configMap("new")), 3},
		"a file beside":                   {base.with("services/own/deploy/base/unused.yaml", configMap("new")), 0},
		"an overlay appears":              {base.with("services/shared/deploy/overlays/prod/kustomization.yaml", "namespace: x\nresources: [../../base]\n"), 2}, // dev, too, found no folder of overlays
		"an overlay for nobody yet":       {base.with("services/devonly/deploy/overlays/prod/kustomization.yaml", "resources: [../dev]\n"), 1},
		"an overlay vanishes":             {base.without("services/own/deploy/overlays/prod"), 1},
		"a second kustomization":          {base.with("services/own/deploy/base/kustomization.yml", "namespace: x"), 2},
		"a component appears":             {base.with("services/new/catalog-info.yaml", component("new"), "services/new/deploy/base/kustomization.yaml", "resources: [c.yaml]", "services/new/deploy/base/c.yaml", configMap("x")), 2},
		"a component vanishes":            {base.without("services/own"), 0},
		"a component is renamed":          {base.with("services/own/catalog-info.yaml", component("renamed")), 2},
		"a component moves":               {base.without("services/own/catalog-info.yaml").with("services/mine/catalog-info.yaml", component("own")), 2},
		"a component through a symlink":   {base.with("services/linked", "-> ../elsewhere", "elsewhere/catalog-info.yaml", component("linked"), "elsewhere/deploy/base/kustomization.yaml", "resources: [../../../base]\nnamePrefix: l-\n"), 2},
		"an owner changes":                {base.with("services/own/catalog-info.yaml", strings.Replace(component("own"), "team", "other", 1)), 0},
		"an environment appears":          {base.with("platform.yaml", base["platform.yaml"]+"  - {name: qa, promoteFrom: [dev]}\n"), 3},
		"the policy bundle changes":       {base.with("platform.yaml", base["platform.yaml"]+"  policies: [{name: kubernetes}]\n"), 0},
		"remote bases are allowed":        {base.with("platform.yaml", base["platform.yaml"]+"  render: {remoteBases: [https://example.com/a]}\n"), 6},
		"a read file becomes a symlink":   {base.with("base/c.yaml", "-> d.yaml", "base/d.yaml", configMap("shared")), 3},
		"a folder becomes a symlink":      {base.without("base").with("base", "-> other", "other/kustomization.yaml", "resources: []", "other/c.yaml", ""), 3},
		"a folder becomes a submodule":    {base.without("services/own/deploy").with("services/own/deploy", "@"), 2},
		"a folder becomes a file":         {base.without("services/own/deploy/overlays").with("services/own/deploy/overlays", "x"), 2},
		"everything but one is elsewhere": {base.without("services/shared", "services/devonly"), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := commit(t, base, c.change)
			for _, cache := range []string{"", t.TempDir()} {
				store := overlays.NewStore(overlays.Options{Cache: cache})
				first := mustRender(t, store, r, 0, nil)
				if first.Rendered() != 6 || first.Len() != 5 {
					t.Errorf("%d of %d overlays rendered at first", first.Rendered(), first.Len())
				}
				second, err := first.At(t.Context(), r.trees[1], nil)
				if err != nil {
					t.Fatal(err)
				}
				if cache != "" {
					second = mustRender(t, overlays.NewStore(overlays.Options{Cache: cache}), r, 1, nil)
				}
				if second.Rendered() != c.want {
					t.Errorf("cache %q: %d overlays rendered, want %d", cache, second.Rendered(), c.want)
				}
				want, err := fresh(t, r, 1)
				if diff := cmp.Diff(want, contents(t, second)); diff != "" || err != nil {
					t.Errorf("cache %q: %v (-fresh +cached):\n%s", cache, err, diff)
				}
			}
		})
	}
}

func TestSet(t *testing.T) {
	t.Parallel()
	r := commit(t, seed().with("services/own/deploy/overlays/prod/kustomization.yaml", "resources: [absent.yaml]"))
	var seen []string
	got := map[string]string{}
	set := mustRender(t, overlays.NewStore(overlays.Options{}), r, 0, func(o overlays.Overlay, manifests []byte) error {
		seen = append(seen, o.Environment+" "+o.Component)
		got[o.Component+" "+o.Environment] = string(manifests)
		if (o.Err != nil) != (manifests == nil) {
			t.Errorf("%s for %s: %q and %v", o.Component, o.Environment, manifests, o.Err)
		}
		return nil
	})
	if diff := cmp.Diff([]string{"dev devonly", "dev own", "dev shared", "prod own", "prod shared"}, seen); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	want := map[string]string{
		"devonly dev": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: devonly-shared\n",
		"own dev":     "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: own\n  namespace: dev\n",
		"shared dev":  "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shared-shared\n",
		"shared prod": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shared-shared\n",
		"own prod":    "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if o, found := set.Find("own", "prod"); !found || o.Err == nil || o.Dir != "services/own/deploy/overlays/prod" || o.Path != "services/own" {
		t.Errorf("found %+v, %v", o, found)
	}
	for _, name := range [][2]string{{"devonly", "prod"}, {"own", "qa"}, {"nobody", "dev"}} {
		if o, found := set.Find(name[0], name[1]); found {
			t.Errorf("found %+v", o)
		}
		if _, err := set.Manifests(t.Context(), name[0], name[1]); err == nil || !strings.Contains(err.Error(), "has no overlay for") {
			t.Errorf("%v: %v", name, err)
		}
	}
	if _, err := set.Manifests(t.Context(), "own", "prod"); err == nil || !strings.Contains(err.Error(), "absent.yaml") {
		t.Errorf("own for prod: %v", err)
	}
	if !slices.Equal(set.Environments(), []string{"dev", "prod"}) || set.Tree() != r.trees[0] {
		t.Errorf("environments %v of tree %s", set.Environments(), set.Tree())
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	r := commit(t, seed(), seed().with("platform.yaml", "kind: ["), seed().with("services/own/catalog-info.yaml", "kind: ["), seed().without("platform.yaml"))
	for _, cache := range []string{"", t.TempDir()} {
		store := overlays.NewStore(overlays.Options{Cache: cache})
		if _, err := store.Render(cancelled(), r.Repository, r.trees[0], nil); err == nil {
			t.Error("cancelled, and no error")
		}
		if _, err := store.Render(t.Context(), r.Repository, r.trees[0], func(overlays.Overlay, []byte) error { return errSink }); !errors.Is(err, errSink) {
			t.Errorf("want %v, got %v", errSink, err)
		}
		set := mustRender(t, store, r, 0, nil)
		for _, tree := range r.trees[1:3] {
			if _, err := store.Render(t.Context(), r.Repository, tree, nil); !isProblem(err) {
				t.Errorf("want problems, got %v", err)
			}
			if _, err := set.At(t.Context(), tree, discard); !isProblem(err) {
				t.Errorf("want problems, got %v", err)
			}
		}
		if _, err := set.At(t.Context(), r.trees[3], nil); err == nil || !strings.Contains(err.Error(), "no platform.yaml") {
			t.Errorf("no platform.yaml: %v", err)
		}
	}
}

// Who cancels gets the reason, and no overlay that failed for it.
func TestCancelledOnTheWay(t *testing.T) {
	t.Parallel()
	r := commit(t, seed())
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := overlays.NewStore(overlays.Options{Workers: 1}).Render(ctx, r.Repository, r.trees[0], func(o overlays.Overlay, _ []byte) error {
			cancel()
			if o.Err != nil {
				t.Errorf("%s for %s: %v", o.Component, o.Environment, o.Err)
			}
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("want %v, got %v", context.Canceled, err)
		}
	}
}

func isProblem(err error) bool {
	_, ok := errors.AsType[finding.Problems](err)
	return ok
}

// The clone of a remote base is no part of the tree: an overlay on one is rendered each time, or the cache would say more than a render could.
func TestRemoteBasesAreNotCached(t *testing.T) {
	t.Parallel()
	remote := testkit.NewRemote(t)
	clone := remote.Clone(t)
	clone.Write(files{"kustomization.yaml": "resources: [c.yaml]\n", "c.yaml": configMap("remote")})
	id := clone.Commit("base")
	clone.Push()
	url := "file://" + remote.Dir
	tree := seed().with("platform.yaml", seed()["platform.yaml"]+"  render: {remoteBases: ["+url+"]}\n",
		"services/own/deploy/overlays/prod/kustomization.yaml", "resources: ['"+url+"//.?ref="+id+"']\n")
	r := commit(t, tree)
	cache := t.TempDir()
	for _, want := range []int{6, 1, 1} {
		set := mustRender(t, overlays.NewStore(overlays.Options{Cache: cache}), r, 0, nil)
		manifests, err := set.Manifests(t.Context(), "own", "prod")
		if err != nil || !strings.Contains(string(manifests), "name: remote") || set.Rendered() != want {
			t.Errorf("%d rendered, want %d; %q, %v", set.Rendered(), want, manifests, err)
		}
	}
	if err := os.Rename(remote.Dir, remote.Dir+".gone"); err != nil {
		t.Fatal(err)
	}
	if o, _ := mustRender(t, overlays.NewStore(overlays.Options{Cache: cache}), r, 0, nil).Find("own", "prod"); o.Err == nil {
		t.Error("an overlay renders from a base that is gone")
	}
}

// An overlay that failed is tried again: what it failed for may be gone without a change of its files.
func TestFailuresAreTriedAgain(t *testing.T) {
	t.Parallel()
	r := commit(t, seed().with("services/own/deploy/base/kustomization.yaml", "resources: [absent.yaml]"), seed())
	cache := t.TempDir()
	for _, c := range []struct{ tree, rendered, failed int }{{0, 6, 2}, {0, 2, 2}, {1, 2, 0}, {1, 0, 0}, {0, 2, 2}} {
		set := mustRender(t, overlays.NewStore(overlays.Options{Cache: cache}), r, c.tree, nil)
		failed := 0
		for o := range set.All() {
			if o.Err != nil {
				failed++
			}
		}
		if set.Rendered() != c.rendered || failed != c.failed {
			t.Errorf("tree %d: %d rendered, %d failed, want %+v", c.tree, set.Rendered(), failed, c)
		}
	}
}

func TestDeriveLeavesTheOldSetAlone(t *testing.T) {
	t.Parallel()
	trees := []files{seed(), seed().without("services/devonly", "base/c.yaml").with("base/kustomization.yaml", "resources: [d.yaml]", "base/d.yaml", configMap("d")),
		seed().with("services/a/catalog-info.yaml", component("a"), "services/a/deploy/base/kustomization.yaml", "resources: [../../../../base]"),
		seed().with("services/own/deploy/base/c.yaml", configMap("late"))}
	r := commit(t, trees...)
	store := overlays.NewStore(overlays.Options{})
	first := mustRender(t, store, r, 0, nil)
	before := contents(t, first)
	for i := range trees {
		next, err := first.At(t.Context(), r.trees[i], nil)
		if err != nil {
			t.Fatal(err)
		}
		back, err := next.At(t.Context(), r.trees[0], nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, set := range []*overlays.Set{first, back} {
			if after := contents(t, set); !maps.Equal(before, after) {
				t.Errorf("tree %d (-before +after):\n%s", i, cmp.Diff(before, after))
			}
		}
	}
}
