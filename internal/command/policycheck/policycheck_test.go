package policycheck

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/runner"
	"github.com/org/platform/internal/testkit"
)

func TestMain(m *testing.M) {
	if err := testkit.IsolateGit(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

const platformYAML = `apiVersion: platform/v1
kind: Platform
metadata: {name: demo}
spec:
  registry: registry.example/demo
  components: [services/*]
  environments: [{name: dev}, {name: prod, promoteFrom: [dev]}]
  policies: [{name: house, path: policy/house}]
`

const house = `package house

deny contains {"id": "forbidden", "msg": sprintf("%s is forbidden", [key]), "path": ["data", key], "fix": "remove it"} if {
	some key, value in input.data
	value == "forbidden"
}
`

// configMap is an object of a component with these keys forbidden.
func configMap(keys ...string) map[string]string {
	text := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: hello}\ndata:\n  allowed: \"yes\"\n"
	for _, key := range keys {
		text += "  " + key + ": forbidden\n"
	}
	return map[string]string{"services/hello/deploy/base/object.yaml": text}
}

// pullRequest is one whose base has a finding, old, with the test merge of a change that brings others.
type pullRequest struct {
	remote             *testkit.Remote
	base, head, merged string
}

func newPullRequest(t *testing.T, brings ...string) pullRequest {
	t.Helper()
	p := pullRequest{remote: testkit.NewRemote(t)}
	c := p.remote.Clone(t)
	c.Write(map[string]string{"platform.yaml": platformYAML, "policy/house/house.rego": house,
		"services/hello/catalog-info.yaml":              "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: hello}\nspec: {owner: team}\n",
		"services/hello/deploy/base/kustomization.yaml": "resources: [object.yaml]\n"})
	c.Write(configMap("old"))
	p.base = c.Commit("base")
	c.Push()
	c.Git("checkout", "-q", "-b", "change")
	c.Write(configMap(append([]string{"old"}, brings...)...))
	p.head = c.Commit("change")
	c.Push()
	c.Git("checkout", "-q", "--detach", "main")
	c.Git("merge", "-q", "--no-ff", "-m", "merge", "change")
	p.merged = c.Git("rev-parse", "HEAD")
	c.Git("push", "-q", "origin", "HEAD:refs/pull/7/merge")
	return p
}

// github takes comments and check runs, and answers the latter with a status.
type github struct {
	*httptest.Server
	comments  []string
	checkRuns []map[string]any
}

func newGitHub(t *testing.T, checks int) *github {
	t.Helper()
	g := &github{}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch call := r.Method + " " + r.URL.Path; {
		case strings.HasPrefix(call, "GET /api/v3/repos/org/app/commits/"):
			_, _ = io.WriteString(w, `{"total_count": 0, "check_runs": []}`)
		case call == "POST /api/v3/repos/org/app/check-runs":
			var sent map[string]any
			if err := json.Unmarshal(body, &sent); err != nil {
				t.Error(err)
			}
			g.checkRuns = append(g.checkRuns, sent)
			w.WriteHeader(checks)
			_, _ = io.WriteString(w, `{"id": 1, "message": "Resource not accessible by integration"}`)
		case call == "GET /api/v3/repos/org/app/issues/7/comments":
			_, _ = io.WriteString(w, `[]`)
		case call == "POST /api/v3/repos/org/app/issues/7/comments":
			g.comments = append(g.comments, string(body))
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, `{}`)
		default:
			t.Errorf("unexpected %s", call)
			w.WriteHeader(http.StatusTeapot)
		}
	}))
	t.Cleanup(g.Close)
	return g
}

// payload writes that of an event.
func payload(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "event.json")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// inWorkflow runs the command as a step of a workflow for the pull request.
func (p pullRequest) inWorkflow(t *testing.T, dir string, env map[string]string, args ...string) (code int, stdout, stderr, summary string) {
	t.Helper()
	temp := t.TempDir()
	event := payload(t, `{"pull_request": {"number": 7, "head": {"sha": "`+p.head+`"}, "base": {"ref": "main"}}}`)
	all := map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": event, "PLATFORM_CACHE": "off",
		"GITHUB_STEP_SUMMARY": filepath.Join(temp, "summary"), "GITHUB_SHA": p.merged}
	maps.Copy(all, env)
	var out, errs bytes.Buffer
	getenv := func(name string) string { return all[name] }
	a := &app.App{In: strings.NewReader(""), Out: &out, Err: &errs, Getenv: getenv, Now: func() time.Time { return testkit.Epoch }, Dir: dir,
		Runner: runner.New(getenv, &errs)}
	code = app.Run(t.Context(), a, append(args, "-C", dir), New)
	written, _ := os.ReadFile(all["GITHUB_STEP_SUMMARY"]) // a call that is wrong writes none
	return code, out.String(), errs.String(), string(written)
}

// checkout is what actions/checkout makes of the pull request.
func (p pullRequest) checkout(t *testing.T) string {
	t.Helper()
	c := p.remote.Clone(t, "--depth=1")
	c.Git("fetch", "-q", "--depth=1", "origin", "refs/pull/7/merge")
	c.Git("checkout", "-q", "--detach", "FETCH_HEAD")
	return c.Dir
}

const place = "file=services/hello/deploy/base/object.yaml,line="

func TestPullRequest(t *testing.T) {
	t.Parallel()
	p := newPullRequest(t, "fresh")
	code, stdout, stderr, summary := p.inWorkflow(t, p.checkout(t), nil)
	if code != app.ExitFindings || strings.Count(stderr, place) != 1 || !strings.Contains(stderr, "line=7,") || strings.Contains(stderr, "old is forbidden") {
		t.Errorf("exit code %d, annotations\n%s", code, stderr)
	}
	if !strings.Contains(stdout, "1 error, 0 warnings, 1 known") || !strings.Contains(summary, "### Policy check\n\n**1 error, 0 warnings, 1 known**") {
		t.Errorf("got\n%s\nand the summary\n%s", stdout, summary)
	}

	address := p.remote.HTTP(t) // nothing is checked out
	code, stdout, stderr, _ = p.inWorkflow(t, t.TempDir(), map[string]string{
		"GITHUB_SERVER_URL": strings.TrimSuffix(address, "/remote.git"), "GITHUB_REPOSITORY": "remote.git"})
	if code != app.ExitFindings || strings.Count(stderr, place) != 1 {
		t.Errorf("without a checkout: exit code %d\n%s%s", code, stdout, stderr)
	}

	clean := newPullRequest(t)
	if code, stdout, stderr, _ := clean.inWorkflow(t, clean.checkout(t), nil); code != app.ExitOK || strings.Contains(stderr, "::error") {
		t.Errorf("a pull request that brings nothing: exit code %d\n%s%s", code, stdout, stderr)
	}
}

// A step shows ten errors; a check run shows all, and then the step shows none, so that nothing is there twice.
func TestManyAnnotations(t *testing.T) {
	t.Parallel()
	var many []string
	for i := range 60 {
		many = append(many, fmt.Sprintf("key-%02d", i))
	}
	p := newPullRequest(t, many...)
	dir := p.checkout(t)
	code, _, stderr, summary := p.inWorkflow(t, dir, nil)
	if code != app.ExitFindings || strings.Count(stderr, place) != 10 || !strings.Contains(stderr, "50 more errors") || strings.Count(summary, "is forbidden") < 60 {
		t.Errorf("exit code %d\n%s\n%s", code, stderr, summary)
	}

	server := newGitHub(t, http.StatusForbidden)
	env := map[string]string{"GITHUB_API_URL": server.URL + "/api/v3", "GITHUB_REPOSITORY": "org/app", "INPUT_TOKEN": "s3cret", "INPUT_CHECK_RUN": "true"}
	code, _, stderr, _ = p.inWorkflow(t, dir, env)
	if code != app.ExitFindings || strings.Count(stderr, place) != 10 || len(server.checkRuns) != 1 {
		t.Errorf("a token that may not: exit code %d, %d check runs\n%s", code, len(server.checkRuns), stderr)
	}
}

func TestCheckRunAndComment(t *testing.T) {
	t.Parallel()
	p := newPullRequest(t, "fresh")
	server := newGitHub(t, http.StatusCreated)
	env := map[string]string{"GITHUB_API_URL": server.URL + "/api/v3", "GITHUB_REPOSITORY": "org/app", "GITHUB_SERVER_URL": "https://github.example",
		"INPUT_TOKEN": "s3cret", "INPUT_CHECK_RUN": "true", "INPUT_COMMENT": "true"}
	code, stdout, stderr, _ := p.inWorkflow(t, p.checkout(t), env)
	if code != app.ExitFindings || strings.Contains(stderr, "::error") || len(server.checkRuns) != 1 || len(server.comments) != 1 {
		t.Fatalf("exit code %d, %d check runs, %d comments\n%s%s", code, len(server.checkRuns), len(server.comments), stdout, stderr)
	}
	run := server.checkRuns[0]
	output, _ := run["output"].(map[string]any)
	if annotations, _ := output["annotations"].([]any); run["conclusion"] != "failure" || run["head_sha"] != p.head || len(annotations) != 1 {
		t.Errorf("sent %v", run)
	}
	if !strings.Contains(server.comments[0], "platform:policy-check") || !strings.Contains(server.comments[0], "/blob/"+p.merged+"/services/hello") {
		t.Errorf("commented %s", server.comments[0])
	}
}

// A run on a schedule is about no change: everything is checked.
func TestSchedule(t *testing.T) {
	t.Parallel()
	p := newPullRequest(t, "fresh")
	code, stdout, stderr, _ := p.inWorkflow(t, p.remote.Clone(t).Dir, map[string]string{"GITHUB_EVENT_NAME": "schedule",
		"GITHUB_EVENT_PATH": payload(t, `{"repository": {"default_branch": "main"}}`)})
	if code != app.ExitFindings || !strings.Contains(stdout, "old is forbidden") || !strings.Contains(stdout, "2 renders checked") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	p := newPullRequest(t, "fresh")
	dir := p.checkout(t)
	for input, want := range map[string]string{"FAIL_ON=some": "neither new nor all", "COMPONENT=nope": "unknown component", "ENV=nope": "unknown environment",
		"IMAGE=x": "@sha256:DIGEST"} {
		name, value, _ := strings.Cut(input, "=")
		code, _, stderr, _ := p.inWorkflow(t, dir, map[string]string{"INPUT_" + name: value})
		if code != app.ExitUsage || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit code %d, %s", input, code, stderr)
		}
	}
}
