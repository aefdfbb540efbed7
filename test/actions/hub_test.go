package actions_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/command/deploy"
	"github.com/org/platform/internal/command/promote"
	"github.com/org/platform/internal/runner"
	"github.com/org/platform/internal/testkit"
	"github.com/org/platform/internal/testkit/github"
)

// appToken is that of the GitHub App which promotes.
const appToken = "ghs_appappappappappappappappappappappapp"

// requiredCheck is the status that the main branch wants, as GitHub names the job of a reusable workflow.
const requiredCheck = "promotion / check"

// gatedYAML has a gate that waits for a check and one that waits for time.
const gatedYAML = `apiVersion: platform/v1
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
      promotion: automatic
      gates: [{checks: [integration]}]
    - name: prod
      promoteFrom: [staging]
      gates: [{soak: 24h}, {policy: true}]
  policies: [{name: kubernetes}, {name: promotion, path: policy/promotion}]
`

// ripe is a rule of the repository's own.
const ripe = `package promotion

deny contains {"id": "ripe", "msg": sprintf("%s is not ripe", [input.component])} if {
	input.to == "prod"
	input.soaked < 3600
}
`

// hub is a monorepo on a GitHub server, with the workflows that docs/examples show.
type hub struct {
	*monorepo
	*github.Server
	runner *actRunner
	work   *testkit.Clone // of the people who write code

	proxy, certificate string // how jobs reach the server
	policy             bool   // the workflow asks the policies
}

// newHub makes a hub on which one release of hello is everywhere for a month.
func newHub(t *testing.T, r *actRunner) *hub {
	t.Helper()
	h := &hub{monorepo: newMonorepo(t, nil), runner: r}
	h.work = h.remote.Clone(t)
	long := time.Now().Add(-30 * 24 * time.Hour)
	h.command(t, long, deploy.New, "--component", "hello", "--image", h.image(t, "first"))
	for i, environment := range []string{"staging", "prod"} {
		h.command(t, long.Add(time.Duration(i+1)*time.Hour), promote.New)
		h.remote.Git("update-ref", "refs/heads/main", "promote/"+environment+"/hello")
	}
	h.remote.Git("update-ref", "-d", "refs/heads/promote/staging/hello")
	h.remote.Git("update-ref", "-d", "refs/heads/promote/prod/hello")
	h.work.Git("pull", "-q")
	h.work.Write(map[string]string{"platform.yaml": fmt.Sprintf(gatedYAML, h.registry.Host), "policy/promotion/ripe.rego": ripe,
		"services/hello/CHANGES": "better\n"})
	h.head = h.work.Commit("Make hello better")
	h.work.Push()
	h.Server = github.New(t, h.remote, github.Options{Owner: "org", Name: "monorepo", Now: time.Now, Token: appToken, App: "promoter[bot]",
		Users: map[string]string{githubToken: "github-actions[bot]"}, RequiredChecks: []string{requiredCheck}, AllowAutoMerge: true})
	h.publish(t)
	return h
}

// image pushes an image of hello that differs from others by its label alone.
func (h *hub) image(t *testing.T, label string) (reference string) {
	t.Helper()
	const kind = "application/vnd.oci.image.manifest.v1+json"
	manifest := fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:%064d","size":2},
		"layers":[],"annotations":{"label":%q}}`, kind, 0, label)
	sum := sha256.Sum256([]byte(manifest))
	digest := "sha256:" + hex.EncodeToString(sum[:])
	request, err := http.NewRequest(http.MethodPut, "http://"+h.registry.Host+"/v2/demo/hello/manifests/"+digest, strings.NewReader(manifest))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", kind)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		t.Fatalf("push an image: %s", response.Status)
	}
	return h.registry.Host + "/demo/hello@" + digest
}

// command runs a command as a person does, at a time and without the GitHub server.
func (h *hub) command(t *testing.T, when time.Time, command app.NewCmd, args ...string) {
	t.Helper()
	h.work.Git("checkout", "-q", "-B", "main")
	h.work.Git("fetch", "-q")
	h.work.Git("reset", "-q", "--hard", "origin/main")
	getenv := func(string) string { return "" }
	a := &app.App{Out: io.Discard, Err: os.Stderr, Getenv: getenv, Now: func() time.Time { return when }, Dir: h.work.Dir, Runner: runner.New(getenv, io.Discard)}
	if code := app.Run(t.Context(), a, args, command); code != 0 {
		t.Fatalf("%q: exit code %d", args, code)
	}
}

// start runs a workflow for an event, without a checkout.
func (h *hub) start(t *testing.T, workflow, name, sha string, payload map[string]any, args ...string) *result {
	t.Helper()
	payload["repository"] = map[string]any{"full_name": "org/monorepo", "default_branch": "main"}
	args = append(args, "--env", "SHA_REF="+sha, "--env", "HTTPS_PROXY="+h.proxy, "--env", "SSL_CERT_FILE="+h.certificate,
		"--env", "GITHUB_SERVER_URL=https://"+host, "--env", "GITHUB_API_URL=https://"+host+strings.TrimPrefix(h.APIURL, h.URL))
	return h.runner.start(t, t.TempDir(), workflow, event{name, payload, args})
}

// host is the name of the GitHub server, which the certificate of httptest has.
const host = "example.com"

// publish makes the server what GitHub servers are: at a name without a port, behind TLS. Programs get there through a proxy.
func (h *hub) publish(t *testing.T) {
	t.Helper()
	behind, err := url.Parse(h.URL)
	if err != nil {
		t.Fatal(err)
	}
	secure := httptest.NewTLSServer(httputil.NewSingleHostReverseProxy(behind))
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		server, err := net.Dial("tcp", secure.Listener.Addr().String())
		if r.Method != http.MethodConnect || r.Host != host+":443" || err != nil {
			http.Error(w, "this proxy reaches "+host+" alone", http.StatusForbidden)
			return
		}
		defer server.Close()
		client, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer client.Close()
		fmt.Fprint(client, "HTTP/1.1 200 Connection established\r\n\r\n")
		go func() { _, _ = io.Copy(server, client) }()
		_, _ = io.Copy(client, server)
	}))
	t.Cleanup(func() { proxy.Close(); secure.Close() })
	h.proxy, h.certificate = proxy.URL, filepath.Join(t.TempDir(), "certificate.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	if err := os.WriteFile(h.certificate, block, 0o644); err != nil {
		t.Fatal(err)
	}
}

// promotion runs the job promotion of the example workflow, with the token of the app and, from some time on, the policies asked.
func (h *hub) promotion(t *testing.T, name, sha string, payload map[string]any) *result {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, "docs", "examples", "workflows", "platform.yml"))
	if err != nil {
		t.Fatal(err)
	}
	caller := fmt.Sprintf("%s      policy: %t\n    secrets: {token: \"${{ secrets.TOKEN }}\"}\n", content, h.policy)
	return h.start(t, write(t, caller), name, sha, payload, "--job", "promotion", "--secret", "TOKEN="+appToken)
}

// onMain runs the workflow for an event of the main branch, which has to succeed.
func (h *hub) onMain(t *testing.T, name string, inputs map[string]any) *result {
	t.Helper()
	tip := h.remote.Git("rev-parse", "main")
	run := h.promotion(t, name, tip, map[string]any{"ref": "refs/heads/main", "after": tip, "inputs": inputs})
	run.require(true)
	return run
}

// onPull runs the workflow for something that happened to a pull request, and gives its commit the status.
func (h *hub) onPull(t *testing.T, action string, number int) *result {
	t.Helper()
	h.Sync()
	p := h.PullRequests()[number-1]
	sha := h.remote.Git("rev-parse", fmt.Sprintf("refs/pull/%d/merge", number))
	run := h.promotion(t, "pull_request", sha, map[string]any{"action": action, "number": number, "pull_request": map[string]any{
		"number": number, "base": map[string]any{"ref": "main", "sha": h.remote.Git("rev-parse", "main")},
		"head": map[string]any{"ref": p.Branch, "sha": p.Head, "repo": map[string]any{"full_name": "org/monorepo"}}}})
	conclusion := "failure"
	if run.success {
		conclusion = "success"
	}
	h.SetCheckRun(p.Head, requiredCheck, conclusion)
	return run
}

// age makes the commits that the workflows made older, as if that much time had passed.
func (h *hub) age(t *testing.T, by time.Duration) {
	t.Helper()
	old := h.remote.Git("rev-parse", "main")
	recent := time.Now().Add(-time.Hour).Unix() // what people wrote is older than that
	file := filepath.Join(t.TempDir(), "commit")
	earlier := map[string]string{}
	for hash := range strings.FieldsSeq(h.remote.Git("rev-list", "--topo-order", "--reverse", "main")) {
		committed, err := strconv.ParseInt(h.remote.Git("log", "-1", "--format=%ct", hash), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if committed < recent {
			continue
		}
		commit := strings.ReplaceAll(h.remote.Git("cat-file", "commit", hash), fmt.Sprintf("> %d ", committed), fmt.Sprintf("> %d ", committed-int64(by.Seconds())))
		for was, is := range earlier {
			commit = strings.ReplaceAll(commit, "parent "+was, "parent "+is)
		}
		if err := os.WriteFile(file, []byte(commit+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		earlier[hash] = h.remote.Git("hash-object", "-w", "-t", "commit", file)
	}
	if err := h.Push("nobody", "main", old, earlier[old]); err != nil {
		t.Fatal(err)
	}
}

// pull is what is wanted of a pull request.
type pull struct {
	author, branch, state string
	draft                 bool
	begins                string // of its text
}

// want compares the newest pull request, by its number.
func (h *hub) want(t *testing.T, number int, want pull) {
	t.Helper()
	all := h.PullRequests()
	if len(all) != number {
		t.Fatalf("%d pull requests, want %d: %+v", len(all), number, all)
	}
	p := all[number-1]
	got := pull{author: p.Author, branch: p.Branch, state: p.State, draft: p.Draft}
	if p.Merged {
		got.state = "merged by " + p.MergedBy
	}
	if strings.HasPrefix(p.Body, want.begins) {
		got.begins = want.begins
	}
	if got != want {
		t.Errorf("pull request %d: got %+v, want %+v; its text:\n%s", number, got, want, p.Body)
	}
}

// wantDeployments compares what the server knows to run, the earliest first.
func (h *hub) wantDeployments(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	for _, d := range h.Deployments() {
		got = append(got, fmt.Sprintf("%s %.12s %s", d.Environment, d.SHA, d.State()))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-wanted deployments +got:\n%s", diff)
	}
}

// wantRelease says what an environment runs.
func (h *hub) wantRelease(t *testing.T, environment, release string) {
	t.Helper()
	if record := h.remote.Files("main", "environments/"+environment)["environments/"+environment+"/hello/release.yaml"]; !strings.Contains(record, release) {
		t.Errorf("%s does not run %s:\n%s", environment, release, record)
	}
}

// merge merges a pull request as a person does.
func (h *hub) merge(t *testing.T, number int, method string) {
	t.Helper()
	if err := h.Merge(number, "ann", method); err != nil {
		t.Fatal(err)
	}
}
