package check_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/check"
)

const telling = `package house

deny contains {"id": "told", "msg": sprintf("%s in %s", [data.conftest.file.name, data.conftest.file.dir]), "path": ["spec"]} if input.spec
`

// Policies that ask are told the file: that of a file, and the kustomization of a rendered object, each its own.
func TestPoliciesAreToldTheFile(t *testing.T) {
	t.Parallel()
	head := files(map[string]string{"policy/house/house.rego": telling, "policy/pipelines/pipelines.rego": telling, "ci/a.yml": "spec: 1\n"})
	result, err := newRepository(t, nil, head).check()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range result.Findings {
		got = append(got, f.Message+" for "+strings.Join(f.Components, ",")+" "+strings.Join(f.Environments, ","))
	}
	slices.Sort(got)
	want := []string{"a.yml in /ci for  ", "kustomization.yaml in /services/api/deploy/overlays/dev for api,web dev,prod"}
	if diff := cmp.Diff(want, got); diff != "" { // of several overlays with one cause the first tells
		t.Errorf("-want +got:\n%s", diff)
	}
}

// An overlay that moved may have other findings in an object that stayed the same, where policies look at the file.
func TestAMovedOverlayIsEvaluatedAgain(t *testing.T) {
	t.Parallel()
	rule := map[string]string{"policy/house/house.rego": strings.Replace(telling, "if input.spec", "if {\n\tendswith(data.conftest.file.dir, \"prod\")\n\tinput.spec\n}", 1)}
	base, head := files(rule), files(rule)
	const overlay = "services/web/deploy/overlays/prod/kustomization.yaml"
	delete(base, overlay)
	base["services/web/deploy/base/kustomization.yaml"] = "resources: [../../../../base]\nnamePrefix: web-\n"
	head[overlay] += "configMapGenerator: [{name: added, literals: [a=1]}]\n"
	newRepository(t, base, head).finds([]string{"error told base/deployment.yaml:5 web prod"})
}

// What is done in advance on cores that are free comes to the same as what is done when it is wanted.
func TestTheSameOnAnyNumberOfCores(t *testing.T) {
	t.Parallel()
	prod := "services/web/deploy/overlays/prod/kustomization.yaml"
	head := files(map[string]string{prod: "resources: [../../../../../base]\nnamePrefix: web-\nreplicas: [{name: app, count: 4}]\n"})
	r := newRepository(t, files(nil), head)
	want := []string{"error odd-replicas " + prod + ":3 web prod changed", "warning tagged base/deployment.yaml:11 web prod known"}
	for _, workers := range []int{1, 2, 8} {
		if result := r.finds(want, func(o *check.Options) { o.Workers = workers }); result.Documents != 1 || result.Renders != 1 {
			t.Errorf("%d workers: %d documents of %d renders", workers, result.Documents, result.Renders)
		}
	}
}
