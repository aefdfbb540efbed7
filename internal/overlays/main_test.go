package overlays_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/org/platform/internal/catalog"
	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/overlays"
	"github.com/org/platform/internal/render"
	"github.com/org/platform/internal/testkit"
)

func TestMain(m *testing.M) {
	if err := testkit.IsolateGit(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// files are a tree: path → content, or "-> " and the target of a symlink, or "@" for a submodule.
type files map[string]string

func (f files) with(pairs ...string) files {
	changed := maps.Clone(f)
	for i := 0; i < len(pairs); i += 2 {
		changed[pairs[i]] = pairs[i+1]
	}
	return changed
}

// without returns the files that are not at or below the names.
func (f files) without(names ...string) files {
	changed := maps.Clone(f)
	for _, n := range names {
		maps.DeleteFunc(changed, func(name, _ string) bool { return name == n || strings.HasPrefix(name, n+"/") })
	}
	return changed
}

// repository holds trees in one repository.
type repository struct {
	*git.Repository
	dir   string
	trees []git.Hash
}

// commit makes a repository of trees, each a commit of its own.
func commit(t testing.TB, trees ...files) repository {
	t.Helper()
	r := repository{dir: filepath.Join(t.TempDir(), "r.git")}
	var in bytes.Buffer
	for i, tree := range trees {
		fmt.Fprintf(&in, "commit refs/heads/t%d\ncommitter A <a@example.com> %d +0000\ndata 0\ndeleteall\n", i, i)
		for _, name := range slices.Sorted(maps.Keys(tree)) {
			content, mode := tree[name], "100644"
			if content == "@" {
				fmt.Fprintf(&in, "M 160000 %s %s\n", strings.Repeat("1", 40), name)
				continue
			}
			if target, isLink := strings.CutPrefix(content, "-> "); isLink {
				content, mode = target, "120000"
			}
			fmt.Fprintf(&in, "M %s inline %s\ndata %d\n%s\n", mode, name, len(content), content)
		}
	}
	command(t, "", nil, "init", "-q", "--bare", "--template=", r.dir)
	command(t, r.dir, in.Bytes(), "fast-import", "--quiet", "--force")
	refs := make([]string, len(trees))
	for i := range trees {
		refs[i] = fmt.Sprintf("t%d^{tree}", i)
	}
	for id := range strings.FieldsSeq(command(t, r.dir, nil, append([]string{"rev-parse"}, refs...)...)) {
		r.trees = append(r.trees, git.NewHash(id))
	}
	r.Repository = open(t, r.dir)
	return r
}

func open(t testing.TB, dir string) *git.Repository {
	t.Helper()
	r, err := git.Open(t.Context(), git.Options{Dir: dir, Now: func() time.Time { return testkit.Epoch }})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func command(t testing.TB, dir string, stdin []byte, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{"-c", "core.fsync=none"}, args...)...)
	cmd.Dir, cmd.Stdin = dir, bytes.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// seed is a platform of three components in two environments: on a base of their own, on a shared one, and without an overlay for prod.
func seed() files {
	f := files{
		"platform.yaml": "apiVersion: platform/v1\nkind: Platform\nmetadata: {name: acme}\nspec:\n  registry: registry.example.com/acme\n" +
			"  components: [services/*]\n  environments:\n  - name: dev\n  - {name: prod, promoteFrom: [dev]}\n",
		"README.md":                                               "read by nobody\n",
		"base/kustomization.yaml":                                 "resources: [c.yaml]\n",
		"base/c.yaml":                                             configMap("shared"),
		"services/own/deploy/base/c.yaml":                         configMap("own"),
		"services/own/deploy/base/kustomization.yaml":             "resources: [c.yaml]\n",
		"services/own/deploy/overlays/dev/kustomization.yaml":     "namespace: dev\nresources: [../../base]\n",
		"services/own/deploy/overlays/prod/kustomization.yaml":    "namespace: prod\nresources: [../../base]\n",
		"services/shared/deploy/base/kustomization.yaml":          "namePrefix: shared-\nresources: [../../../../base]\n",
		"services/devonly/deploy/overlays/dev/kustomization.yaml": "namePrefix: devonly-\nresources: [../../../../../base]\n",
	}
	for _, name := range []string{"own", "shared", "devonly"} {
		f["services/"+name+"/catalog-info.yaml"] = component(name)
	}
	return f
}

func configMap(name string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\n"
}

func component(name string) string {
	return "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: " + name + "}\nspec: {owner: team}\n"
}

// contents are what a Set holds: component in environment → folder and manifests, or why there are none.
func contents(t testing.TB, s *overlays.Set) map[string]string {
	t.Helper()
	all := map[string]string{}
	for o := range s.All() {
		manifests, err := s.Manifests(t.Context(), o.Component, o.Environment)
		if (err != nil) != (o.Err != nil) {
			t.Errorf("%s for %s: %v and %v", o.Component, o.Environment, err, o.Err)
		}
		all[o.Component+" "+o.Environment] = fmt.Sprint(o.Path, " ", o.Dir, " ", err, "\n", string(manifests))
	}
	return all
}

func mustRender(t testing.TB, store *overlays.Store, r repository, tree int, sink overlays.Sink) *overlays.Set {
	t.Helper()
	s, err := store.Render(t.Context(), r.Repository, r.trees[tree], sink)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fresh says what a Set of a tree must hold, found without any of this package.
func fresh(t testing.TB, r repository, i int) (map[string]string, error) {
	t.Helper()
	tree := open(t, r.dir).Tree(r.trees[i])
	platform, err := config.Load(tree, config.Options{NoComponentsYet: true})
	if err != nil {
		return nil, err
	}
	components, err := catalog.Load(tree, platform.Spec.Components)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, c := range components.Components {
		for _, environment := range platform.EnvironmentNames() {
			result := &render.Result{}
			dir, err := render.OverlayDir(tree, c.Path, environment)
			if errors.Is(err, render.ErrNoOverlay) {
				continue
			}
			if err == nil {
				result, err = render.Render(t.Context(), render.Request{Root: tree, Dir: dir, RemoteBases: platform.Spec.Render.RemoteBases})
			}
			if err != nil {
				result = &render.Result{}
			}
			all[c.Name+" "+environment] = fmt.Sprint(c.Path, " ", dir, " ", err, "\n", string(result.Manifests))
		}
	}
	return all, nil
}

func discard(overlays.Overlay, []byte) error { return nil }

var errSink = errors.New("the sink is full")

func cancelled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
