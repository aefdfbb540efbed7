package render_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/org/platform/internal/render"
)

func TestOverlayDir(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, environment string
		root              fstest.MapFS
		want, wantErr     string
	}{
		{"overlay", "dev", files("a/deploy/overlays/dev/kustomization.yaml", ""), "a/deploy/overlays/dev", ""},
		{"overlay wins", "dev", files("a/deploy/overlays/dev/kustomization.yaml", "", "a/deploy/base/kustomization.yaml", ""),
			"a/deploy/overlays/dev", ""},
		{"base", "dev", files("a/deploy/base/Kustomization", ""), "a/deploy/base", ""},
		{"overlay is a symlink", "dev", files("a/deploy/overlays/dev", "-> prod", "a/deploy/overlays/prod/kustomization.yaml", ""),
			"a/deploy/overlays/dev", ""},
		{"base without kustomization", "dev", files("a/deploy/base/x.yaml", "", "a/deploy/overlays/prod/kustomization.yml", ""), "",
			"a has no overlay for dev: neither a folder a/deploy/overlays/dev nor a kustomization.yaml in a/deploy/base " +
				"(overlays there are: prod)"},
		{"nothing", "dev", files("b/x", ""), "", "a has no overlay for dev"},
		{"not a name", "../prod", files("b/x", ""), "", `environment "../prod" is not a name`},
		{"dot", ".", files("b/x", ""), "", `environment "." is not a name`},
		{"leaves", "dev", files("a/deploy/overlays/dev", "-> ../../../../x"), "", "leaves the repository"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := render.OverlayDir(tt.root, "a", tt.environment)
			if got != tt.want {
				t.Errorf("want %q, got %q", tt.want, got)
			}
			if (err != nil) != (tt.wantErr != "") || err != nil && !strings.Contains(err.Error(), tt.wantErr) {
				t.Errorf("want error %q, got %v", tt.wantErr, err)
			}
		})
	}
}
