package render_test

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/render"
)

// repository commits files into a Git repository of its own and returns its file:// URL and the commit.
func repository(t *testing.T, pairs ...string) (url, commit string) {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(pairs); i += 2 {
		path := filepath.Join(dir, pairs[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if target, ok := strings.CutPrefix(pairs[i+1], "-> "); ok {
			if err := os.Symlink(target, path); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.WriteFile(path, []byte(pairs[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run(t, dir, "git", "init", "--quiet")
	run(t, dir, "git", "add", ".")
	run(t, dir, "git", "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "-m", "base")
	return "file://" + dir, strings.TrimSpace(string(run(t, dir, "git", "rev-parse", "HEAD")))
}

// TestAllowedRemoteBase must not run beside others: it counts the clones left behind in a temporary folder of its own.
func TestAllowedRemoteBase(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	secret := filepath.Join(t.TempDir(), "secret.yaml")
	if err := os.WriteFile(secret, []byte(configMap), 0o600); err != nil {
		t.Fatal(err)
	}
	url, commit := repository(t,
		"base/kustomization.yaml", "resources: [../parts]\nnamePrefix: remote-\n",
		"parts/kustomization.yaml", "resources: [c.yaml]", "parts/c.yaml", configMap,
		"nested/kustomization.yaml", "resources:\n- https://127.0.0.1:1/org/repo\n",
		"link/kustomization.yaml", "resources: [c.yaml]", "link/c.yaml", "-> "+secret,
		"absolute/kustomization.yaml", "resources: ["+secret+"]",
		"broken/kustomization.yaml", "resources: [absent.yaml]",
	)
	overlay := func(dir, ref string) render.Request {
		return render.Request{Dir: "o", RemoteBases: []string{url}, Origins: true, Root: files(
			"kustomization.yaml", "resources:\n- local.yaml\n- "+url+"//"+dir+"?ref="+ref+"\nnamespace: ns\n",
			"local.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: local}\n")}
	}

	got := mustRender(t, overlay("base", commit))
	want := "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: local\n  namespace: ns\n---\n" +
		"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: remote-c\n  namespace: ns\n"
	if diff := cmp.Diff(want, string(got.Manifests)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"o/kustomization.yaml", "o/local.yaml"}, got.Reads); diff != "" {
		t.Errorf("reads (-want +got):\n%s", diff)
	}
	if got.Resources[0].Origin != "o/local.yaml" || got.Resources[1].Origin != "" {
		t.Errorf("origins %q and %q", got.Resources[0].Origin, got.Resources[1].Origin)
	}

	refused := func(req render.Request, wants ...string) {
		t.Helper()
		_, err := render.Render(t.Context(), req)
		wantError(t, err, wants...)
	}
	refused(overlay("nested", commit), "remote base: nested/kustomization.yaml:2: ", "https://127.0.0.1:1/org/repo")
	refused(overlay("link", commit), "leaves the repository")
	refused(overlay("absolute", commit), secret)
	refused(overlay("broken", commit), "broken/absent.yaml")
	refused(overlay("base", "main"), "o/kustomization.yaml:3: ", "is not pinned")
	elsewhere := overlay("base", commit)
	elsewhere.RemoteBases = []string{url[:len(url)-1], filepath.Dir(url) + "/other"}
	refused(elsewhere, "is a remote base")
	refused(overlay("base", strings.Repeat("0", 40)), "git fetch")

	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("clones left behind: %v, %v", left, err)
	}
}

// TestRemoteBaseIsNoFile takes git away, so that what connects to an allowed https base can only be kustomize asking for a file.
func TestRemoteBaseIsNoFile(t *testing.T) {
	t.Setenv("PATH", "")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	first := make(chan string, 1)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			select {
			case first <- conn.RemoteAddr().String():
			default:
			}
			conn.Close()
		}
	}()
	url := "https://" + listener.Addr().String()
	_, err = render.Render(t.Context(), render.Request{Dir: "o", RemoteBases: []string{url},
		Root: files("kustomization.yaml", "resources: ['"+url+"/org/repo//base?ref="+strings.Repeat("a", 40)+"']")})
	wantError(t, err, "no 'git' program on path")
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got := <-first; got != conn.LocalAddr().String() {
		t.Error("kustomize asked the server for a file")
	}
}

func TestNothingOfTheDiskIsRead(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "kustomize-1") //nolint:usetesting // where kustomize has its clones, and by their names
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.WriteFile(filepath.Join(dir, "c.yaml"), []byte(configMap), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"resources", "crds", "configurations", "generators", "patchesStrategicMerge"} {
		root := files("kustomization.yaml", field+": ["+dir+"/c.yaml]", "a.yaml", configMap)
		_, err = render.Render(t.Context(), render.Request{Root: root, Dir: "o", RemoteBases: []string{"https://example.com"}})
		if err == nil || !strings.Contains(err.Error(), "leaves the repository") {
			t.Errorf("%s: want an error, got %v", field, err)
		}
	}
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	root := files(
		"kustomization.yaml", "resources: [../p/b, many.yaml]\nnamePrefix: dev-\nconfigMapGenerator: [{name: g, literals: [a=b]}]\n",
		"many.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: web-admin}\n",
		"p/b/kustomization.yaml", "resources: [link.yaml]\nnamespace: ns\n", "p/b/link.yaml", "-> real.yaml",
		"p/b/real.yaml", "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: s, annotations: {mine: kept}}}\n",
	)
	plain := mustRender(t, render.Request{Root: root, Dir: "o"})
	got := mustRender(t, render.Request{Root: root, Dir: "o", Origins: true})
	if diff := cmp.Diff(string(plain.Manifests), string(got.Manifests)); diff != "" {
		t.Errorf("origins change the manifests (-without +with):\n%s", diff)
	}
	var manifests [][]byte
	for i := range got.Resources {
		manifests = append(manifests, got.Resources[i].Manifest)
		got.Resources[i].Manifest = nil
	}
	if joined := bytes.Join(manifests, []byte("---\n")); !bytes.Equal(joined, got.Manifests) || bytes.Contains(joined, []byte("origin")) {
		t.Errorf("resources are not the manifests:\n%s", joined)
	}
	want := []render.Resource{
		{APIVersion: "v1", Kind: "Secret", Namespace: "ns", Name: "dev-s", OriginalName: "s", Origin: "p/b/real.yaml"},
		{APIVersion: "v1", Kind: "Service", Name: "dev-web", OriginalName: "web", Origin: "o/many.yaml"},
		{APIVersion: "v1", Kind: "Service", Name: "dev-web-admin", OriginalName: "web-admin", Origin: "o/many.yaml"},
		{APIVersion: "v1", Kind: "ConfigMap", Name: "dev-g-" + hashOf(got), OriginalName: "", Origin: ""},
	}
	less := func(r render.Resource) string { return r.Kind + r.Name }
	byName := map[string]render.Resource{}
	for _, r := range got.Resources {
		byName[less(r)] = r
	}
	for _, w := range want {
		if diff := cmp.Diff(w, byName[less(w)]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", w.Name, diff)
		}
	}
	wantReads := []string{"o/kustomization.yaml", "o/many.yaml", "p/b/kustomization.yaml", "p/b/link.yaml", "p/b/real.yaml"}
	if diff := cmp.Diff(wantReads, got.Reads); diff != "" {
		t.Errorf("reads (-want +got):\n%s", diff)
	}
}

// hashOf returns the suffix kustomize gave the generated ConfigMap.
func hashOf(r *render.Result) string {
	for _, res := range r.Resources {
		if hash, ok := strings.CutPrefix(res.Name, "dev-g-"); ok {
			return hash
		}
	}
	return "absent"
}
