package render_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/render"
)

const configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"

// files makes a tree of one overlay folder "o" from pairs of name and content; names with a slash are repository paths, content
// that starts with "-> " is a symlink's target.
func files(pairs ...string) fstest.MapFS {
	root := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		name, content := pairs[i], pairs[i+1]
		if !strings.Contains(name, "/") {
			name = "o/" + name
		}
		root[name] = &fstest.MapFile{Data: []byte(content), Mode: 0o644}
		if target, ok := strings.CutPrefix(content, "-> "); ok {
			root[name] = &fstest.MapFile{Data: []byte(target), Mode: 0o777 | modeSymlink}
		}
	}
	return root
}

func TestRefusedBeforeAnythingIsFetched(t *testing.T) {
	t.Parallel()
	const allowed = "https://127.0.0.1:1/platform"
	sha := strings.Repeat("a", 40)
	tests := []struct {
		name  string
		root  fstest.MapFS
		wants []string
	}{
		{"https base", files("kustomization.yaml", "namespace: x\nresources:\n- https://127.0.0.1:1/org/repo//base?ref=main\n"),
			[]string{"render o: o/kustomization.yaml:3: ", `"https://127.0.0.1:1/org/repo//base?ref=main" is a remote base`,
				"spec.render.remoteBases"}},
		{"file over https", files("kustomization.yaml", "resources: ['https://127.0.0.1:1/x.yaml']"), []string{"o/kustomization.yaml:1: "}},
		{"upper case scheme", files("kustomization.yaml", "resources: ['HTTPS://127.0.0.1:1/x.yaml']"), []string{"network"}},
		{"upper case field", files("kustomization.yaml", "Resources: ['https://127.0.0.1:1/x.yaml']"), []string{"network"}},
		{"github shorthand", files("kustomization.yaml", "resources: [github.com/org/repo]"), []string{"network"}},
		{"scp", files("kustomization.yaml", "components: ['git@127.0.0.1:org/repo.git']"), []string{"network"}},
		{"ssh", files("kustomization.yaml", "bases: ['ssh://git@127.0.0.1:1/org/repo']"), []string{"network"}},
		{"file scheme", files("kustomization.yaml", "resources: ['file:///tmp/repo']"), []string{"network"}},
		{"forced git", files("kustomization.yaml", "resources: ['git::"+allowed+"/repo?ref="+sha+"']"), []string{"network"}},
		{"a folder of that name is no excuse", files("kustomization.yaml", "components: [github.com/org/repo]",
			"o/github.com/org/repo/kustomization.yaml", "kind: Component"), []string{"network"}},
		{"prefix ends inside a segment", files("kustomization.yaml", "resources: ['"+allowed+"-evil/repo?ref="+sha+"']"), []string{"network"}},
		{"steps out of the prefix", files("kustomization.yaml", "resources: ['"+allowed+"/../evil/repo?ref="+sha+"']"), []string{"network"}},
		{"encoded steps", files("kustomization.yaml", "resources: ['"+allowed+"/%2e%2e/evil?ref="+sha+"']"), []string{"network"}},
		{"user in front of the host", files("kustomization.yaml", "resources: ['"+allowed+"@127.0.0.1:1/repo?ref="+sha+"']"), []string{"network"}},
		{"branch", files("kustomization.yaml", "resources: ['"+allowed+"/repo//base?ref=main']"), []string{"is not pinned", "?ref="}},
		{"short commit", files("kustomization.yaml", "resources: ['"+allowed+"/repo?ref=abcdef1']"), []string{"is not pinned"}},
		{"no commit", files("kustomization.yaml", "resources: ['"+allowed+"/repo']"), []string{"is not pinned"}},
		{"first ref counts", files("kustomization.yaml", "resources: ['"+allowed+"/repo?ref=main&ref="+sha+"']"), []string{"is not pinned"}},
		{"plain http, though allowed", files("kustomization.yaml", "resources: ['http://127.0.0.1:1/repo?ref="+sha+"']"), []string{"in the clear"}},
		{"allowed, but a patch", files("kustomization.yaml", "patches: [{path: '"+allowed+"/p.yaml?ref="+sha+"'}]"), []string{"copy the file"}},
		{"strategic merge", files("kustomization.yaml", "patchesStrategicMerge: ['https://127.0.0.1:1/p.yaml']"), []string{"network"}},
		{"json 6902", files("kustomization.yaml", "patchesJson6902: [{path: 'https://127.0.0.1:1/p', target: {kind: A}}]"), []string{"network"}},
		{"crds", files("kustomization.yaml", "crds: ['https://127.0.0.1:1/x.json']"), []string{"network"}},
		{"configurations", files("kustomization.yaml", "configurations: ['https://127.0.0.1:1/x.yaml']"), []string{"network"}},
		{"openapi", files("kustomization.yaml", "openapi: {path: 'https://127.0.0.1:1/x.json'}"), []string{"network"}},
		{"replacements", files("kustomization.yaml", "replacements: [{path: 'https://127.0.0.1:1/x.yaml'}]"), []string{"network"}},
		{"generated file", files("kustomization.yaml", "configMapGenerator: [{name: a, files: ['k=https://127.0.0.1:1/x']}]"), []string{"network"}},
		{"generated env", files("kustomization.yaml", "secretGenerator: [{name: a, envs: ['https://127.0.0.1:1/x']}]"), []string{"network"}},
		{"old env", files("kustomization.yaml", "secretGenerator: [{name: a, env: 'https://127.0.0.1:1/x'}]"), []string{"network"}},
		{"transformer, though allowed", files("kustomization.yaml", "transformers: ['"+allowed+"/repo?ref="+sha+"']"), []string{"only resources and components"}},
		{"generator", files("kustomization.yaml", "generators: ['https://127.0.0.1:1/x.yaml']"), []string{"network"}},
		{"validator", files("kustomization.yaml", "validators: ['https://127.0.0.1:1/x.yaml']"), []string{"network"}},
		{"inside a transformer", files("kustomization.yaml", "transformers: [t.yaml]", "t.yaml",
			"apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: t}\npath: https://127.0.0.1:1/p.yaml\n"),
			[]string{"o/t.yaml:4: ", "network"}},
		{"inside an inline generator", files("kustomization.yaml", "generators:\n- |-\n  apiVersion: builtin\n  kind: ConfigMapGenerator\n"+
			"  metadata: {name: t}\n  files: ['a=https://127.0.0.1:1/p']\n"), []string{"o/kustomization.yaml: ", "network"}},
		{"inside a folder of transformers", files("kustomization.yaml", "transformers: [../t]", "t/kustomization.yaml", "resources: [t.yaml]",
			"t/t.yaml", "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: t}\nPath: https://127.0.0.1:1/p.yaml\n"),
			[]string{"t/t.yaml:4: ", "network"}},
		{"patched into a transformer", files("kustomization.yaml", "transformers: [../t]", "t/kustomization.yaml",
			"resources: [t.yaml]\nnamePrefix: x-\n", "t/t.yaml", configMap), []string{"t/kustomization.yaml: ", "may only list resources"}},
		{"in a base", files("kustomization.yaml", "resources: [../b]", "b/kustomization.yml", "resources: ['https://127.0.0.1:1/x']"),
			[]string{"b/kustomization.yml:1: "}},
		{"in a kustomization that is a symlink", files("kustomization.yaml", "-> k.yaml", "k.yaml", "resources: ['https://127.0.0.1:1/x']"),
			[]string{"o/k.yaml:1: "}},
		{"helm charts", files("kustomization.yaml", "helmCharts: [{name: a, repo: 'https://127.0.0.1:1'}]"), []string{"o/kustomization.yaml:1: ", "helm template"}},
		{"old helm charts", files("kustomization.yaml", "helmChartInflationGenerator: [{chartName: a}]"), []string{"helm template"}},
		{"helm generator", files("kustomization.yaml", "generators: [g.yaml]", "g.yaml",
			"apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: t}\nname: x\n"), []string{"o/g.yaml:2: ", "helm template"}},
		{"container function", files("kustomization.yaml", "generators: [g.yaml]", "g.yaml",
			"apiVersion: example.com/v1\nkind: Gen\nmetadata:\n  name: t\n  annotations:\n    config.kubernetes.io/function: |\n"+
				"      container: {image: 'x:1'}\n"), []string{"o/g.yaml:2: ", "exec and container functions are not supported"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := render.Render(t.Context(), render.Request{Root: tt.root, Dir: "o", RemoteBases: []string{allowed, "http://127.0.0.1:1"}})
			wantError(t, err, tt.wants...)
			if _, ok := errors.AsType[finding.Problems](err); !ok {
				t.Errorf("%T is not refused by us: %v", err, err)
			}
		})
	}
}

// wantError fails unless err says all of wants and nothing of where a render happens.
func wantError(t *testing.T, err error, wants ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("want an error")
	}
	for _, want := range append(wants, "render ") {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not say %q: %v", want, err)
		}
	}
	for _, leak := range []string{"@repository", "submodules=false", "\x01", "kustomize-"} {
		if strings.Contains(err.Error(), leak) {
			t.Errorf("error says %q: %v", leak, err)
		}
	}
}
