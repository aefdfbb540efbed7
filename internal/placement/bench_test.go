package placement_test

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/org/platform/internal/placement"
)

// bench returns an overlay of six entries and ten failures, with the number of its probes.
func bench(t testing.TB) (o placement.Overlay, probes *int) {
	t.Helper()
	const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: %[1]s
  labels: {app: %[1]s}
spec:
  replicas: 1
  selector: {matchLabels: {app: %[1]s}}
  template:
    metadata:
      labels: {app: %[1]s}
    spec:
      containers:
      - name: app
        image: %[1]s:latest
`
	const patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  replicas: 50\n"
	var all strings.Builder
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		fmt.Fprintf(&all, deployment+"---\n", name)
	}
	root := fstest.MapFS{
		"base/kustomization.yaml": {Data: []byte("resources: [all.yaml]\n")},
		"base/all.yaml":           {Data: []byte(all.String())},
		"overlay/patch.yaml":      {Data: []byte(patch)},
		"overlay/kustomization.yaml": {Data: []byte(`resources: [../base]
namespace: team
commonAnnotations: {team: a}
labels:
- pairs: {tier: front}
images:
- {name: b, newTag: "2"}
replicas:
- {name: c, count: 3}
patches:
- path: patch.yaml
`)},
	}
	rules := []rule{parseRule("matches spec.template.spec.containers[*].image :[0-9]+$"), parseRule("matches spec.replicas ^[0-9]$"),
		parseRule("present spec.template.spec.containers[*].resources.limits.memory")}
	objects, reads, err := evaluate(t.Context(), t, root, "overlay", "Deployment", rules, true)
	if err != nil {
		t.Fatal(err)
	}
	failures := 0
	for _, o := range objects {
		failures += len(o.Failures)
	}
	if failures != 10 {
		t.Fatalf("%d failures", failures)
	}
	probes = new(int)
	return placement.Overlay{Root: root, Dir: "overlay", Objects: objects, Reads: reads,
		Render: func(ctx context.Context, root fs.FS) ([]placement.Object, error) {
			*probes++
			all, _, err := evaluate(ctx, t, root, "overlay", "Deployment", rules, false)
			return all, err
		}}, probes
}

func BenchmarkLocateTenFailures(b *testing.B) {
	o, probes := bench(b)
	*probes = 0
	for b.Loop() {
		if _, err := o.Locate(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(*probes)/float64(b.N), "probes/op")
}
