package placement_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/placement"
)

// A base that is fetched is not in the repository: the line that names it is all that can be changed.
func TestLocateInRemoteBase(t *testing.T) {
	t.Parallel()
	const remote = "resources:\n- https://example.com/a?ref=1\n- https://example.com/b?ref=1\n"
	tests := []struct {
		name, overlay string
		want          placement.Place
	}{
		{"the only one", "resources:\n- github.com/org/repo//base?ref=1\n", placement.Place{File: "overlay/kustomization.yaml", Line: 2, Confidence: finding.Parent}},
		{"the one without which the object is gone", remote, placement.Place{File: "overlay/kustomization.yaml", Line: 3, Confidence: finding.Parent}},
		{"none", "resources: [../base]\n", placement.Place{}},
	}
	for _, tt := range tests {
		root := fstest.MapFS{"overlay/kustomization.yaml": {Data: []byte(tt.overlay)}}
		object := failing("spec.replicas", placement.Object{Name: "web", Manifest: []byte("kind: Deployment\nspec: {replicas: 1}\n")})
		got := one(t, root, "overlay", object, func(_ context.Context, root fs.FS) ([]placement.Object, error) {
			data, err := fs.ReadFile(root, "overlay/kustomization.yaml")
			if !strings.Contains(string(data), "/b?") && tt.overlay == remote {
				return nil, err
			}
			return []placement.Object{object}, err
		})
		if !same(got, tt.want) {
			t.Errorf("%s: got %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

// What probes cannot tell is placed by the layers, less surely where the layers do not know either.
func TestLocateWithoutEvidence(t *testing.T) {
	t.Parallel()
	e := read(t, "testdata/replacement.txtar")
	full, _ := e.overlay(t)
	if got := e.locate(t, full); !same(got, e.want) {
		t.Fatalf("with probes: got %+v, want %+v", got, e.want)
	}
	fails := full
	fails.Render = func(context.Context, fs.FS) ([]placement.Object, error) { return nil, errors.New("does not render") }
	once := full
	once.MaxProbes = 1
	none := full
	none.Render = nil
	static := full
	static.Objects = append([]placement.Object(nil), full.Objects...)
	for i := range static.Objects {
		static.Objects[i].Failures = append([]placement.Failure(nil), static.Objects[i].Failures...)
		for j := range static.Objects[i].Failures {
			static.Objects[i].Failures[j].Static = true
		}
	}
	base := placement.Place{File: "base/deployment.yaml", Line: 22, Confidence: finding.Parent} // its value is not the rendered one
	for name, o := range map[string]placement.Overlay{"no render": none, "a render that fails": fails, "a static failure": static, "no probe left": once} {
		if got := e.locate(t, o); !same(got, base) {
			t.Errorf("%s: got %+v, want %+v", name, got, base)
		}
	}
}

// Probes are shared by the failures of an overlay and bounded.
func TestProbesAreSharedAndBounded(t *testing.T) {
	t.Parallel()
	o, probes := bench(t)
	before, err := o.Locate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if *probes > 15 {
		t.Errorf("%d probes for 6 entries", *probes)
	}
	for _, places := range before {
		for _, p := range places {
			if p.File == "" {
				t.Errorf("no place: %q", p.Trace)
			}
		}
	}
	*probes, o.MaxProbes = 0, 2
	if _, err := o.Locate(t.Context()); err != nil || *probes != 2 {
		t.Errorf("%d probes where 2 are allowed, %v", *probes, err)
	}
}

func TestLocateEndsWithItsContext(t *testing.T) {
	t.Parallel()
	o, _ := bench(t)
	ctx, cancel := context.WithCancel(t.Context())
	render := o.Render
	o.Render = func(ctx context.Context, root fs.FS) ([]placement.Object, error) {
		cancel()
		return render(ctx, root)
	}
	if places, err := o.Locate(ctx); !errors.Is(err, context.Canceled) || places != nil {
		t.Errorf("got %v, %v", places, err)
	}
}

func TestTraceOnlyWhereAsked(t *testing.T) {
	t.Parallel()
	e := read(t, "testdata/images-tag.txtar")
	o, _ := e.overlay(t)
	const want = "without images[0] of overlay/kustomization.yaml: failure gone"
	if got := e.locate(t, o); !strings.Contains(strings.Join(got.Trace, "\n"), want) {
		t.Errorf("trace %q", got.Trace)
	}
	o.Trace = false
	if got := e.locate(t, o); got.Trace != nil {
		t.Errorf("trace %q", got.Trace)
	}
}
