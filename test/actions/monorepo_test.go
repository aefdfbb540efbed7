package actions_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/command/newcomponent"
	"github.com/org/platform/internal/runner"
	"github.com/org/platform/internal/testkit"
)

// monorepo is an application team's repository with one generated component, its remote and its registry.
type monorepo struct {
	remote   *testkit.Remote
	dir      string // the checkout that a job starts from
	head     string // the commit of it; of a pull request the commit that is to be merged
	registry *testkit.RegistryServer
}

const platformYAML = `apiVersion: platform/v1
kind: Platform
metadata:
  name: demo
spec:
  registry: %s/demo
  components: [services/*]
  environments:
    - name: dev
    - name: staging
      promoteFrom: [dev]
    - name: prod
      promoteFrom: [staging]
`

// newMonorepo makes a remote with the component hello from its golden path, plus files of the test, and a checkout as actions/checkout
// makes it: one commit deep, from a remote that asks for the workflow's token.
func newMonorepo(t *testing.T, files map[string]string) *monorepo {
	t.Helper()
	m := &monorepo{remote: testkit.NewRemote(t), registry: testkit.Registry(t)}
	author := m.remote.Clone(t)
	author.Write(map[string]string{"platform.yaml": fmt.Sprintf(platformYAML, m.registry.Host)})
	author.Commit("Describe the platform")
	getenv := func(string) string { return "" }
	a := &app.App{Out: io.Discard, Err: os.Stderr, Getenv: getenv, Now: time.Now, Dir: author.Dir, Runner: runner.New(getenv, io.Discard)}
	if code := app.Run(t.Context(), a, []string{"go-service", "hello", "--owner", "team-greeting"}, newcomponent.New); code != 0 {
		t.Fatalf("platform new go-service hello: exit code %d", code)
	}
	author.Write(files)
	m.head = author.Commit("Add hello from the golden path")
	author.Push()

	checkout := m.remote.Clone(t, "--depth=1")
	checkout.Git("remote", "set-url", "origin", m.remote.HTTP(t, wantToken))
	m.dir = checkout.Dir
	return m
}

// pullRequest makes the checkout one of a pull request: of a merge of the change with main, one commit deep.
func (m *monorepo) pullRequest(t *testing.T, files map[string]string) {
	t.Helper()
	author := m.remote.Clone(t)
	author.Git("checkout", "-q", "-b", "change")
	author.Write(files)
	m.head = author.Commit("Change something")
	author.Git("checkout", "-q", "--detach", "main")
	author.Git("merge", "-q", "--no-ff", "-m", "Merge", "change")
	author.Git("push", "-q", "origin", "change", "HEAD:refs/pull/1/merge")

	checkout := m.remote.Clone(t, "--depth=1")
	checkout.Git("fetch", "-q", "--depth=1", "origin", "refs/pull/1/merge")
	checkout.Git("checkout", "-q", "--detach", "FETCH_HEAD")
	checkout.Git("remote", "set-url", "origin", m.remote.HTTP(t, wantToken))
	m.dir = checkout.Dir
}

// wantToken answers as GitHub does to somebody without the token.
func wantToken(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "x-access-token" || password != githubToken {
			w.Header().Set("WWW-Authenticate", `Basic realm="GitHub"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// write keeps a workflow in a file of its own, outside of the checkout.
func write(t *testing.T, workflow string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "workflow.yml")
	if err := os.WriteFile(file, []byte(workflow), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// wantImage asks the registry for the image of hello by tag or digest.
func (m *monorepo) wantImage(t *testing.T, reference string) {
	t.Helper()
	response, err := http.Get("http://" + m.registry.Host + "/v2/demo/hello/manifests/" + reference)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("the registry answers %s for hello %s", response.Status, reference)
	}
}

// wantFiles looks for a digest in the state of hello, and returns its record.
func (m *monorepo) wantFiles(t *testing.T, branch, environment, digest string) string {
	t.Helper()
	dir := "environments/" + environment + "/hello/"
	files := m.remote.Files(branch, "environments/"+environment)
	if !strings.Contains(files[dir+"manifests.yaml"], "image: "+m.registry.Host+"/demo/hello@"+digest+"\n") {
		t.Errorf("%smanifests.yaml does not run %s:\n%s", dir, digest, files[dir+"manifests.yaml"])
	}
	if !strings.Contains(files[dir+"release.yaml"], digest) {
		t.Errorf("%srelease.yaml does not name %s:\n%s", dir, digest, files[dir+"release.yaml"])
	}
	return files[dir+"release.yaml"]
}

func (m *monorepo) wantState(t *testing.T, branch, environment, digest, id string) {
	t.Helper()
	record := m.wantFiles(t, branch, environment, digest)
	for _, want := range []string{id, m.head, "services/hello"} {
		if !strings.Contains(record, want) {
			t.Errorf("the release record of %s does not name %s:\n%s", environment, want, record)
		}
	}
}
