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
	source   string // what it was made from, where it has no source of its own
	binaries string // built before; empty: each job builds what it starts
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

// prepared returns a runner whose jobs find all binaries built: compiling, linking and copying the source would take most of their time. Its checkout has
// all but the source.
func (r *actRunner) prepared(t *testing.T) *actRunner {
	t.Helper()
	built := r.build(t, r.checkout, r.env)
	p := *r
	p.source, p.checkout = r.checkout, t.TempDir()
	for _, dir := range []string{".github", "actions", "cmd"} {
		if err := os.CopyFS(filepath.Join(p.checkout, dir), os.DirFS(filepath.Join(r.checkout, dir))); err != nil {
			t.Fatal(err)
		}
	}
	copyFile(t, filepath.Join(r.checkout, "action.yml"), filepath.Join(p.checkout, "action.yml"))
	compiler := filepath.Join(t.TempDir(), "go") // its last build: the same programs, where actions/start wants them
	script := "#!/usr/bin/env bash\nwhile [ \"$1\" != -o ]; do shift; done\ncp '" + built + "'/*/* \"$2\"\n"
	if err := os.WriteFile(compiler, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	p.binaries = filepath.Dir(p.build(t, p.checkout, append(slices.Clone(r.env), "PATH="+filepath.Dir(compiler)+":"+os.Getenv("PATH"))))
	return &p
}

// build has actions/start build every binary, as the setup action does, and returns the folder for its source.
func (r *actRunner) build(t *testing.T, checkout string, env []string) string {
	t.Helper()
	temp := t.TempDir()
	start := exec.Command(filepath.Join(checkout, "actions", "start"))
	start.Env = append(slices.Clone(env), "RUNNER_TEMP="+temp, "GITHUB_PATH="+filepath.Join(temp, "path"))
	if out, err := start.CombinedOutput(); err != nil {
		t.Fatalf("actions/start: %v\n%s", err, out)
	}
	dirs, err := filepath.Glob(filepath.Join(temp, "platform", "*"))
	if err != nil || len(dirs) != 1 {
		t.Fatalf("actions/start made %q, want one folder: %v", dirs, err)
	}
	return dirs[0]
}

// fresh is a runner on another machine: it has no binaries, and the source.
func (r *actRunner) fresh(t *testing.T) *actRunner {
	t.Helper()
	other := *r
	other.cache, other.checkout, other.binaries = t.TempDir(), r.source, ""
	return &other
}

// githubToken is the workflow's GITHUB_TOKEN.
const githubToken = "ghs_0123456789abcdefghijABCDEFGHIJ012345"

// event is what starts a workflow.
type event struct {
	name    string // empty: the first one that the workflow names
	payload map[string]any
	args    []string // more for act
}

// run runs a workflow on the checkout of a monorepo, for a push to its main branch or another event that the workflow names.
func (r *actRunner) run(t *testing.T, m *monorepo, workflow string) *result {
	t.Helper()
	return r.start(t, m.dir, workflow, event{payload: map[string]any{
		"ref": "refs/heads/main", "after": m.head, "repository": map[string]any{"full_name": "org/monorepo", "default_branch": "main"},
		"pull_request": map[string]any{"number": 1, "head": map[string]any{"ref": "change", "sha": m.head}, "base": map[string]any{"ref": "main"}},
	}})
}

// start runs a workflow for an event, in a folder which is what actions/checkout copies.
func (r *actRunner) start(t *testing.T, dir, workflow string, e event) *result {
	t.Helper()
	payload, err := json.Marshal(e.payload)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "event.json")
	if err := os.WriteFile(file, payload, 0o644); err != nil {
		t.Fatal(err)
	}
	args := []string{"--detect-event"}
	if e.name != "" {
		args = []string{e.name}
	}
	args = append(args, "--workflows", workflow, "--platform", "ubuntu-latest=-self-hosted",
		"--local-repository", "org/platform@v1="+r.checkout, "--local-repository", createToken+"="+r.createToken(t),
		"--action-offline-mode", "--action-cache-path", r.cache, "--no-cache-server",
		"--eventpath", file, "--env", "GITHUB_REPOSITORY=org/monorepo", "--actor", "ada", "--secret", "GITHUB_TOKEN="+githubToken, "--json")
	if r.binaries != "" {
		args = append(args, "--env", "BINARIES="+r.binaries)
	}
	act := exec.Command(r.act, append(args, e.args...)...)
	act.Dir, act.Env = dir, r.env
	var out bytes.Buffer
	act.Stdout, act.Stderr = &out, &out
	err = act.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("run act: %v", err)
	}
	return parse(t, out.Bytes(), err == nil)
}

// createToken is the one action of others that examples use; checkout is act's own.
const createToken = "actions/create-github-app-token@a8d616148505b5069dccd32f177bb87d7f39123b"

// createToken returns a folder with an action in its place: the key of its App is the token.
func (r *actRunner) createToken(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	metadata := `name: create a token
inputs: {app-id: {required: true}, private-key: {required: true}}
outputs: {token: {value: "${{ inputs.private-key }}"}}
runs: {using: composite, steps: [{shell: bash, run: "true"}]}
`
	if err := os.WriteFile(filepath.Join(dir, "action.yml"), []byte(metadata), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
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
