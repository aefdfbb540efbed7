package actions_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/org/platform/internal/testkit"
)

// actRunner runs workflows with act, on this machine and without Docker.
type actRunner struct {
	act      string
	checkout string // what org/platform@v1 is
	cache    string // act's folder: workspaces, and the tool cache
	env      []string
}

func newRunner(t *testing.T, checkout string) *actRunner {
	t.Helper()
	return &actRunner{act: testkit.Tool(t, "act", "github.com/nektos/act"), checkout: checkout, cache: t.TempDir(), env: environment(t)}
}

// environment is that of a fresh machine, but for the Go caches.
func environment(t *testing.T) []string {
	t.Helper()
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(),
		"GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0"}
	names := []string{"GOPATH", "GOCACHE", "GOMODCACHE", "GOPROXY", "GOSUMDB", "GOTOOLCHAIN"}
	out, err := exec.Command("go", append([]string{"env"}, names...)...).Output()
	if err != nil {
		t.Fatalf("go env: %v", err)
	}
	for i, value := range strings.Split(strings.TrimRight(string(out), "\n"), "\n") {
		env = append(env, names[i]+"="+value)
	}
	return env
}

// prepare builds every binary at once, as the setup action would, into the tool cache of this runner.
func (r *actRunner) prepare(t *testing.T) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "path")
	start := exec.Command(filepath.Join(r.checkout, "actions", "start"))
	start.Env = append(r.env, "RUNNER_TOOL_CACHE="+filepath.Join(r.cache, "tool_cache"), "RUNNER_TEMP="+t.TempDir(), "GITHUB_PATH="+path)
	if out, err := start.CombinedOutput(); err != nil {
		t.Fatalf("actions/start: %v\n%s", err, out)
	}
}

// fresh is a runner on another machine: its tool cache is empty.
func (r *actRunner) fresh(t *testing.T) *actRunner {
	t.Helper()
	other := *r
	other.cache = t.TempDir()
	return &other
}

// githubToken is the workflow's GITHUB_TOKEN.
const githubToken = "ghs_0123456789abcdefghijABCDEFGHIJ012345"

// run runs a workflow on the checkout of a monorepo, for a push to its main branch or another event that the workflow names.
func (r *actRunner) run(t *testing.T, m *monorepo, workflow string) *result {
	t.Helper()
	event := filepath.Join(t.TempDir(), "event.json")
	payload := fmt.Sprintf(`{"ref":"refs/heads/main","after":%q,"repository":{"full_name":"org/monorepo","default_branch":"main"},
		"pull_request":{"number":1,"head":{"ref":"change","sha":%q},"base":{"ref":"main"}}}`, m.head, m.head)
	if err := os.WriteFile(event, []byte(payload), 0o644); err != nil {
		t.Fatal(err)
	}
	act := exec.Command(r.act, "--detect-event", "--workflows", workflow, "--platform", "ubuntu-latest=-self-hosted",
		"--local-repository", "org/platform@v1="+r.checkout, "--action-offline-mode", "--action-cache-path", r.cache, "--no-cache-server",
		"--eventpath", event, "--env", "GITHUB_REPOSITORY=org/monorepo", "--actor", "ada", "--secret", "GITHUB_TOKEN="+githubToken, "--json")
	act.Dir, act.Env = m.dir, r.env
	var out bytes.Buffer
	act.Stdout, act.Stderr = &out, &out
	err := act.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("run act: %v", err)
	}
	return parse(t, out.Bytes(), err == nil)
}

// result is what a workflow run did.
type result struct {
	t       *testing.T
	success bool
	log     []entry
}

// entry is a line of act's log: a workflow command, or what a step wrote.
type entry struct {
	Command string
	Name    string // of an output
	Arg     string
	Pairs   map[string]string `json:"kvPairs"`
	Content string            // of a summary
	Step    string            // as shown
	StepID  []string          // of the job's step, then of those in composite actions
	Msg     string
	Raw     bool `json:"raw_output"`
}

func parse(t *testing.T, out []byte, success bool) *result {
	t.Helper()
	r := &result{t: t, success: success}
	for line := range bytes.Lines(out) {
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			e = entry{Msg: string(line), Raw: true}
		}
		r.log = append(r.log, e)
	}
	return r
}

// require ends the test with the whole log where the run did not end as wanted.
func (r *result) require(success bool) {
	r.t.Helper()
	if r.success != success {
		r.t.Fatalf("success: %t, want %t\n%s", r.success, success, r)
	}
}

// output returns an output of a step of the job.
func (r *result) output(step, name string) string {
	r.t.Helper()
	for _, e := range slices.Backward(r.log) {
		if e.Command == "set-output" && slices.Equal(e.StepID, []string{step}) && e.Name == name {
			return e.Arg
		}
	}
	r.t.Fatalf("step %s has no output %s\n%s", step, name, r)
	return ""
}

// summary returns the step summaries, one after the other.
func (r *result) summary() string {
	var b strings.Builder
	for _, e := range r.log {
		if e.Command == "summary" {
			b.WriteString(e.Content)
		}
	}
	return b.String()
}

// annotations returns the errors and warnings that the runner would show.
func (r *result) annotations() []entry {
	var list []entry
	for _, e := range r.log {
		if e.Command == "error" || e.Command == "warning" {
			list = append(list, e)
		}
	}
	return list
}

// ran says whether the step of the job with this id wrote anything.
func (r *result) ran(step string) bool {
	return slices.ContainsFunc(r.log, func(e entry) bool { return e.Raw && len(e.StepID) > 0 && e.StepID[0] == step })
}

// String returns the log as a person sees it.
func (r *result) String() string {
	var b strings.Builder
	for _, e := range r.log {
		fmt.Fprintf(&b, "%s\n", strings.TrimRight(e.Msg, "\n"))
	}
	return b.String()
}

// wantSummary looks for text in the step summaries.
func (r *result) wantSummary(texts ...string) {
	r.t.Helper()
	for _, text := range texts {
		if !strings.Contains(r.summary(), text) {
			r.t.Errorf("no %q in the summary:\n%s", text, r.summary())
		}
	}
}
