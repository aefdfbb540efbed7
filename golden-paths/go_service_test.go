package goldenpaths_test

import (
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/org/platform/internal/scaffold"
)

const goService = "go-service"

func goServiceFiles(t *testing.T, changes map[string]any) scaffold.Files {
	t.Helper()
	values := readValues(t, filepath.Join(goService, "tests", "default", "input.yaml"))
	maps.Copy(values, changes)
	return generate(t, load(t, os.DirFS(goService)), values)
}

// The service must build and pass its own tests with nothing but the standard library.
func TestGoServiceBuildsAndPasses(t *testing.T) {
	t.Parallel()
	for _, values := range []map[string]any{
		{},
		{"name": "on", "port": 9090, "description": `Says "hello" in C:\n.`},
	} {
		dir := t.TempDir()
		if err := scaffold.Write(dir, goServiceFiles(t, values)); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"vet", "./..."}, {"test", "./..."}} {
			cmd := exec.CommandContext(t.Context(), "go", args...)
			cmd.Dir = filepath.Join(dir, "services", "hello")
			cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off", "GOPROXY=off")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("go %s: %v\n%s", strings.Join(args, " "), err, out)
			}
		}
		out, err := exec.CommandContext(t.Context(), "gofmt", "-l", dir).CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Errorf("gofmt: %v\n%s", err, out)
		}
	}
}

// Names that YAML takes for something else must stay names: the overlays of each environment build, use no deprecated field, and
// run what they should where they should.
func TestGoServiceOverlays(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"hello", "on", "null", "e1"} {
		environments := []string{"no", "8", "1e3"}
		fsys := filesys.MakeFsInMemory()
		files := goServiceFiles(t, map[string]any{"name": name, "owner": "123", "environments": environments})
		for p, f := range files {
			if err := fsys.WriteFile("/"+p, f.Content); err != nil {
				t.Fatal(err)
			}
		}
		overlays := below(files, "services/hello/deploy/*/*", "kustomization.yaml")
		if len(overlays) != len(environments) {
			t.Fatalf("got overlays %v, want one for each of %v", overlays, environments)
		}
		for _, p := range append(overlays, "services/hello/deploy/base/kustomization.yaml") {
			var k types.Kustomization
			if err := k.Unmarshal(files[p].Content); err != nil {
				t.Fatalf("%s: %v", p, err)
			}
			if deprecated := k.CheckDeprecatedFields(); deprecated != nil && len(*deprecated) > 0 {
				t.Errorf("%s: %v", p, *deprecated)
			}
		}
		for i, environment := range environments {
			replicas := 2
			if i == 0 {
				replicas = 1
			}
			checkDeployment(t, fsys, name, environment, replicas)
		}
	}
}

func checkDeployment(t *testing.T, fsys filesys.FileSystem, name, environment string, replicas int) {
	t.Helper()
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(fsys, path.Join("/services/hello/deploy/overlays", environment))
	if err != nil {
		t.Fatalf("%s in %s: %v", name, environment, err)
	}
	kinds := map[string]bool{}
	for _, r := range resources.Resources() {
		kinds[r.GetKind()] = true
		if r.GetName() != name || r.GetNamespace() != environment || r.GetLabels()["environment"] != environment {
			t.Errorf("%s: got %s in %q with labels %v, want %s in %q", r.GetKind(), r.GetName(), r.GetNamespace(), r.GetLabels(), name, environment)
		}
		if part := r.GetLabels()["app.kubernetes.io/part-of"]; part != "123" {
			t.Errorf("%s: part-of is %q", r.GetKind(), part)
		}
		if r.GetKind() != "Deployment" {
			continue
		}
		m, err := r.Map()
		if err != nil {
			t.Fatal(err)
		}
		if got := m["spec"].(map[string]any)["replicas"]; got != replicas {
			t.Errorf("%s in %s: got %v replicas, want %d", name, environment, got, replicas)
		}
	}
	for _, kind := range []string{"Deployment", "Service", "ServiceAccount", "PodDisruptionBudget"} {
		if !kinds[kind] {
			t.Errorf("%s in %s: no %s", name, environment, kind)
		}
	}
}

// The promise to application teams: delivery is ten lines.
func TestGoServiceWorkflow(t *testing.T) {
	t.Parallel()
	const file = ".github/workflows/hello.yml"
	content := goServiceFiles(t, nil)[file].Content
	if n := strings.Count(string(content), "\n"); n != 10 {
		t.Errorf("%s has %d lines, want 10", file, n)
	}
	var workflow struct {
		Jobs map[string]struct {
			Steps []struct {
				ID   string
				Uses string
				With map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(content, &workflow); err != nil {
		t.Fatal(err)
	}
	steps := workflow.Jobs["deliver"].Steps
	if len(steps) != 4 {
		t.Fatalf("got %d steps, want 4", len(steps))
	}
	for i, uses := range []string{"actions/build@v1", "actions/containerize@v1", "actions/deploy@v1"} {
		if got := steps[i+1]; got.Uses != "org/platform/"+uses || got.With["component"] != "hello" {
			t.Errorf("step %d: got %+v, want %s of hello", i+1, got, uses)
		}
	}
	if steps[2].ID != "image" || steps[3].With["image"] != "${{ steps.image.outputs.image }}" {
		t.Errorf("the image does not reach deploy: %+v", steps[2:])
	}
}
