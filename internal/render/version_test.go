package render_test

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/org/platform/internal/render"
)

var update = flag.Bool("update", false, "write testdata/version.txt")

// What renders is named in full: a cache made by other modules must not be taken for ours.
func TestVersionNamesTheModules(t *testing.T) {
	t.Parallel()
	gomod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for _, module := range []string{"sigs.k8s.io/kustomize/api", "sigs.k8s.io/kustomize/kyaml", "sigs.k8s.io/yaml", "go.yaml.in/yaml/v3"} {
		required := regexp.MustCompile(`\s` + regexp.QuoteMeta(module) + ` (v\S+)`).FindSubmatch(gomod)
		if required == nil {
			t.Errorf("go.mod does not require %s", module)
			continue
		}
		if want := fmt.Sprintf("%s %s", module, required[1]); !strings.Contains(render.Version, want) {
			t.Errorf("Version %q does not name %s", render.Version, want)
		}
	}
}

// TestVersionIsRaised fails where something renders otherwise than when testdata/version.txt was written by the same Version.
func TestVersionIsRaised(t *testing.T) {
	t.Parallel()
	file := filepath.Join("testdata", "version.txt")
	golden, err := os.ReadFile(file)
	if err != nil && !*update {
		t.Fatal(err)
	}
	known := map[string]string{}
	version, lines, _ := strings.Cut(string(golden), "\n")
	for line := range strings.Lines(lines) {
		name, sum, _ := strings.Cut(strings.TrimSpace(line), " ")
		known[name] = sum
	}
	now := render.Version + "\n"
	for _, name := range cases(t) {
		req := render.Request{Root: os.DirFS(corpus), Dir: name + "/overlay"}
		plain := mustRender(t, req).Manifests
		req.Images, req.AnyImages = []render.Image{{Name: "hello", NewName: "registry.example.com/hello", Digest: digest}}, true
		sum := fmt.Sprintf("%x", sha256.Sum256(append(plain, mustRender(t, req).Manifests...)))
		if before, found := known[name]; version == render.Version && found && before != sum {
			t.Errorf("%s renders otherwise than before: raise the number at the end of Version", name)
		}
		now += name + " " + sum + "\n"
	}
	switch {
	case *update && !t.Failed():
		if err := os.WriteFile(file, []byte(now), 0o644); err != nil {
			t.Fatal(err)
		}
	case string(golden) != now:
		t.Errorf("%s is not up to date: go test ./internal/render -run TestVersionIsRaised -update", file)
	}
}
