package placement_test

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/placement"
)

// bomb is YAML whose aliases stand for 10^levels items.
func bomb(levels int) string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < levels; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [%s*a%d]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 9), i-1)
	}
	return b.String()
}

// hostile returns an overlay of a base whose render hands back what the files of the base say.
func hostile(kustomization, resource string) (fstest.MapFS, placement.Object, placement.Render) {
	root := fstest.MapFS{
		"overlay/kustomization.yaml": {Data: []byte(kustomization)},
		"base/kustomization.yaml":    {Data: []byte("resources: [deployment.yaml]\n")},
		"base/deployment.yaml":       {Data: []byte(resource)},
	}
	object := failing("spec.replicas", placement.Object{Name: "web", Original: "web", Origin: "base/deployment.yaml", Manifest: []byte(resource)})
	return root, object, func(_ context.Context, root fs.FS) ([]placement.Object, error) {
		data, err := fs.ReadFile(root, "overlay/kustomization.yaml")
		o := object
		o.Manifest = append([]byte("# "+fmt.Sprint(len(data))+"\n"), object.Manifest...) // another one for each probe
		return []placement.Object{o}, err
	}
}

const plain = "kind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 1\n"

func TestAliasesAreNotExpanded(t *testing.T) {
	t.Parallel()
	atReplicas := placement.Place{File: "base/deployment.yaml", Line: 4, Confidence: finding.Exact}
	root, object, render := hostile("resources: [../base]\n"+bomb(30)+"commonLabels: *a29\npatches: *a29\nlabels: [{pairs: *a29}]\nimages: *a29\n", plain)
	if got := one(t, root, "overlay", object, render); !same(got, atReplicas) {
		t.Errorf("a kustomization: got %+v", got)
	}
	root, object, render = hostile("resources: [../base]\nnamespace: a\nnamePrefix: b\n", plain+bomb(30))
	object.Failures[0].Path = "a29"
	got := one(t, root, "overlay", object, render)
	if got.File != "base/deployment.yaml" || got.Line != 34 {
		t.Errorf("a resource: got %+v", got)
	}
	merges := "a0: &a0 {x: y}\n"
	for i := 1; i < 40; i++ {
		merges += fmt.Sprintf("a%d: &a%d {<<: [*a%d, *a%d]}\n", i, i, i-1, i-1)
	}
	root, object, render = hostile("resources: [../base]\nnamespace: a\n", plain+merges+"<<: *a39\n")
	object.Failures[0].Path = "nowhere.at.all"
	if got := one(t, root, "overlay", object, render); got.File != "base/deployment.yaml" || got.Confidence != finding.Parent {
		t.Errorf("merge keys: got %+v", got)
	}
}

func TestLargeFiles(t *testing.T) {
	t.Parallel()
	long := `{"kind": "Deployment", "metadata": {"name": "web", "annotations": {"x": "` + strings.Repeat("y", 1<<20) + `"}}, "spec": {"replicas": 1}}`
	root, object, render := hostile("resources: [../base]\nnamespace: a\n", long)
	first := placement.Place{File: "base/deployment.yaml", Line: 1, Confidence: finding.Exact}
	if got := one(t, root, "overlay", object, render); !same(got, first) || got.Column != strings.Index(long, `"replicas"`)+1 {
		t.Errorf("one line of 1 MB: got %+v", got)
	}
	items := `{"kind": "Deployment", "metadata": {"name": "web"}, "items": [` + strings.Repeat(`{"a": 1},`, 1<<17) + `{}], "spec": {"replicas": 1}}`
	root, object, render = hostile("resources: [../base]\nnamespace: a\n", items)
	if got := one(t, root, "overlay", object, render); got.Line != 1 || got.Confidence != finding.Exact {
		t.Errorf("one line of many items: got %+v", got)
	}
	root, object, render = hostile("resources: [../base]\n", plain+"#"+strings.Repeat("y", 5<<20))
	if got := one(t, root, "overlay", object, render); !same(got, placement.Place{File: "base/deployment.yaml", Confidence: finding.File}) {
		t.Errorf("a file that is too large: got %+v", got)
	}
	root, object, render = hostile("resources: [../base]\n", plain+"deep: "+strings.Repeat("[", 9000)+strings.Repeat("]", 9000))
	if got := one(t, root, "overlay", object, render); got.File != "base/deployment.yaml" {
		t.Errorf("a deep file: got %+v", got)
	}
}

// Targets are anchored: a part of a name does not select it, nor does an expression that cannot be read.
func TestTargetsAreAnchored(t *testing.T) {
	t.Parallel()
	for target, line := range map[string]int{"w": 4, "we": 4, "eb": 4, "w|x": 4, "(": 4, "web": 5, "w.*": 5, "x|web": 5} {
		patch := "patches:\n- target: {name: \"" + target + "\"}\n  patch: |-\n    - {op: replace, path: /spec/replicas, value: 1}\n"
		root, object, _ := hostile("resources: [../base]\n"+patch, plain)
		if got := one(t, root, "overlay", object, nil); got.Line != line {
			t.Errorf("target %q: got %+v, want line %d", target, got, line)
		}
	}
}
