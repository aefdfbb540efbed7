package overlays_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/overlays"
)

// changed describes what Changed and Reached say of two trees.
func changed(t *testing.T, base, head files) (pairs, reach []string) {
	t.Helper()
	r := commit(t, base, head)
	before := mustRender(t, overlays.NewStore(overlays.Options{}), r, 0, nil)
	after, err := before.At(t.Context(), r.trees[1], nil)
	if err != nil {
		t.Fatal(err)
	}
	side := func(manifests []byte, err error) string {
		switch {
		case err != nil && manifests != nil:
			return "both"
		case err != nil:
			return "fails"
		case manifests == nil:
			return "absent"
		default:
			_, name, _ := strings.Cut(string(manifests), "name: ")
			name, _, _ = strings.Cut(name, "\n")
			return name
		}
	}
	for p, err := range overlays.Changed(t.Context(), before, after) {
		if err != nil {
			t.Fatal(err)
		}
		pairs = append(pairs, fmt.Sprintf("%s %s %s: %s → %s", p.Environment, p.Component, p.Path, side(p.Before, p.BeforeErr), side(p.After, p.AfterErr)))
	}
	reached, err := overlays.Reached(t.Context(), before, after)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range reached {
		line := one.Path + ":"
		for _, o := range one.Overlays {
			line += " " + o.Environment + "/" + o.Component
		}
		reach = append(reach, line)
	}
	return pairs, reach
}

func TestChangedAndReached(t *testing.T) {
	t.Parallel()
	base := seed()
	broken := base.with("services/own/deploy/base/kustomization.yaml", "resources: [absent.yaml]")
	for name, c := range map[string]struct {
		base, head   files
		pairs, reach []string
	}{
		"nothing":             {base, base, nil, nil},
		"a file nobody reads": {base, base.with("README.md", "", "services/own/deploy/base/unused.yaml", "x"), nil, nil},
		"a shared base": {base, base.with("base/c.yaml", configMap("longer-name")),
			[]string{"dev devonly services/devonly: devonly-shared → devonly-longer-name", "dev shared services/shared: shared-shared → shared-longer-name",
				"prod shared services/shared: shared-shared → shared-longer-name"},
			[]string{"base/c.yaml: dev/devonly dev/shared prod/shared"}},
		"a comment": {base, base.with("base/c.yaml", "# only this\n"+configMap("shared")), nil, []string{"base/c.yaml: dev/devonly dev/shared prod/shared"}},
		"another file": {base, base.without("base/c.yaml").with("base/d.yaml", configMap("d"), "base/kustomization.yaml", "resources: [d.yaml]"),
			[]string{"dev devonly services/devonly: devonly-shared → devonly-d", "dev shared services/shared: shared-shared → shared-d", "prod shared services/shared: shared-shared → shared-d"},
			[]string{"base/c.yaml: dev/devonly dev/shared prod/shared", "base/d.yaml: dev/devonly dev/shared prod/shared",
				"base/kustomization.yaml: dev/devonly dev/shared prod/shared"}},
		"a file that was looked for": {base, base.with("services/devonly/deploy/overlays/dev/kustomization.yml", "x"),
			[]string{"dev devonly services/devonly: devonly-shared → fails"}, []string{"services/devonly/deploy/overlays/dev/kustomization.yml: dev/devonly"}},
		"breaks": {base, broken, []string{"dev own services/own: own → fails", "prod own services/own: own → fails"},
			[]string{"services/own/deploy/base/kustomization.yaml: dev/own prod/own"}},
		"is mended": {broken, base, []string{"dev own services/own: fails → own", "prod own services/own: fails → own"},
			[]string{"services/own/deploy/base/kustomization.yaml: dev/own prod/own"}},
		"stays broken": {broken, broken.with("services/own/deploy/base/kustomization.yaml", "resources: [nothing.yaml]"), nil,
			[]string{"services/own/deploy/base/kustomization.yaml: dev/own prod/own"}},
		"a new overlay": {base, base.with("services/devonly/deploy/overlays/prod/kustomization.yaml", "resources: [../dev]"),
			[]string{"prod devonly services/devonly: absent → devonly-shared"}, []string{"services/devonly/deploy/overlays/prod/kustomization.yaml: prod/devonly"}},
		"a component goes": {base, base.without("services/devonly"), []string{"dev devonly services/devonly: devonly-shared → absent"},
			[]string{"services/devonly/deploy/overlays/dev/kustomization.yaml: dev/devonly"}},
		"a component comes": {base.without("services/own"), base, []string{"dev own services/own: absent → own", "prod own services/own: absent → own"},
			[]string{"services/own/deploy/base/c.yaml: dev/own prod/own", "services/own/deploy/base/kustomization.yaml: dev/own prod/own",
				"services/own/deploy/overlays/dev/kustomization.yaml: dev/own", "services/own/deploy/overlays/prod/kustomization.yaml: prod/own"}},
		"an environment comes": {base, base.with("platform.yaml", base["platform.yaml"]+"  - {name: qa, promoteFrom: [dev]}\n"),
			[]string{"qa own services/own: absent → own", "qa shared services/shared: absent → shared-shared"}, nil},
		"an environment goes": {base.with("platform.yaml", base["platform.yaml"]+"  - {name: qa, promoteFrom: [dev]}\n"), base,
			[]string{"qa own services/own: own → absent", "qa shared services/shared: shared-shared → absent"}, nil},
		"a symlink points elsewhere": {base.with("base/c.yaml", "-> d.yaml", "base/d.yaml", configMap("d"), "base/e.yaml", configMap("ee")),
			base.with("base/c.yaml", "-> e.yaml", "base/d.yaml", configMap("d"), "base/e.yaml", configMap("ee")),
			[]string{"dev devonly services/devonly: devonly-d → devonly-ee", "dev shared services/shared: shared-d → shared-ee", "prod shared services/shared: shared-d → shared-ee"},
			[]string{"base/c.yaml: dev/devonly dev/shared prod/shared"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pairs, reach := changed(t, c.base, c.head)
			if diff := cmp.Diff(c.pairs, pairs); diff != "" {
				t.Errorf("pairs (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.reach, reach); diff != "" {
				t.Errorf("reach (-want +got):\n%s", diff)
			}
		})
	}
}

func TestChangedEndsWithTheFirstError(t *testing.T) {
	t.Parallel()
	r := commit(t, seed(), seed().with("base/c.yaml", configMap("other")))
	before := mustRender(t, overlays.NewStore(overlays.Options{MaxBytes: 1}), r, 0, nil) // keeps nothing
	after, err := before.At(t.Context(), r.trees[1], nil)
	if err != nil {
		t.Fatal(err)
	}
	for p, err := range overlays.Changed(t.Context(), before, after) {
		if err != nil || len(p.Before) == 0 || len(p.After) == 0 {
			t.Errorf("%+v, %v", p, err)
		}
		break
	}
	errs := 0
	for _, err := range overlays.Changed(cancelled(), before, after) {
		if errs++; !errors.Is(err, context.Canceled) {
			t.Errorf("want %v, got %v", context.Canceled, err)
		}
	}
	if errs != 1 {
		t.Errorf("%d errors", errs)
	}
	if _, err := overlays.Reached(cancelled(), before, after); !errors.Is(err, context.Canceled) {
		t.Errorf("want %v, got %v", context.Canceled, err)
	}
}
