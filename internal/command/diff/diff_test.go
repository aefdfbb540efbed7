package diff

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/runner"
	"github.com/org/platform/internal/testkit"
)

const platformYAML = `apiVersion: platform/v1
kind: Platform
metadata:
  name: demo
spec:
  registry: registry.example/demo
  components: [services/*]
  environments:
    - name: dev
    - name: prod
      promoteFrom: [dev]
`

// component returns the files of a component with one object.
func component(name, value string) map[string]string {
	dir := "services/" + name + "/"
	return map[string]string{
		dir + "catalog-info.yaml":              "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: " + name + "}\nspec: {owner: team}\n",
		dir + "deploy/base/kustomization.yaml": "resources: [object.yaml]\n",
		dir + "deploy/base/object.yaml":        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\ndata: {value: " + value + "}\n",
	}
}

// history is a remote whose branch change has a commit that main lacks, and the other way round.
type history struct {
	remote                         *testkit.Remote
	author                         *testkit.Clone
	first, change, main, testMerge string
}

func newHistory(t *testing.T) history {
	t.Helper()
	h := history{remote: testkit.NewRemote(t)}
	h.author = h.remote.Clone(t)
	h.author.Write(map[string]string{"platform.yaml": platformYAML})
	h.author.Write(component("hello", "old"))
	h.author.Write(component("other", "old"))
	h.first = h.author.Commit("Start")
	h.author.Push()
	h.author.Git("checkout", "-q", "-b", "change")
	h.author.Write(component("hello", "new"))
	h.change = h.author.Commit("Change hello")
	h.author.Push()
	h.author.Git("checkout", "-q", "main")
	h.author.Write(component("other", "meanwhile"))
	h.main = h.author.Commit("Change other")
	h.author.Push()
	h.author.Git("checkout", "-q", "--detach", "main")
	h.author.Git("merge", "-q", "--no-ff", "-m", "Merge change into main", "change")
	h.testMerge = h.author.Git("rev-parse", "HEAD")
	h.author.Git("push", "-q", "origin", "HEAD:refs/pull/7/merge")
	return h
}

// run runs the command in a folder and returns its exit code and what it printed.
func diffIn(t *testing.T, dir string, env map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	getenv := func(name string) string { return env[name] }
	a := &app.App{In: strings.NewReader(""), Out: &out, Err: &err, Getenv: getenv, Now: func() time.Time { return testkit.Epoch }, Dir: dir, Runner: runner.New(getenv, &err)}
	code = app.Run(t.Context(), a, append(args, "-C", dir), New)
	return code, out.String(), err.String()
}

func inWorkflow(t *testing.T, name, payload string) map[string]string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "event.json")
	if err := os.WriteFile(file, []byte(payload), 0o644); err != nil {
		t.Fatal(err)
	}
	return map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": file, "PLATFORM_CACHE": "off"}
}

func wants(t *testing.T, what string, code int, stdout, stderr, from, to string) {
	t.Helper()
	want := "This reaches prod and dev of hello.\n\nprod, dev  hello  (overlay)\n  ~ ConfigMap/hello\n      data.value  old → new\n\nfrom " + from[:12] + " to " + to[:12] + "\n"
	if code != 0 || stdout != want {
		t.Errorf("%s: exit code %d, got\n%s%s\nwant\n%s", what, code, stdout, stderr, want)
	}
}

// The pull request's change is what differs, however little the job has checked out.
func TestPullRequest(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	env := inWorkflow(t, "pull_request", `{"number": 7, "pull_request": {"number": 7, "head": {"sha": "`+h.change+`"}, "base": {"ref": "main", "sha": "`+h.first+`"}}}`)

	merge := h.remote.Clone(t, "--depth=1")
	merge.Git("fetch", "-q", "--depth=1", "origin", "refs/pull/7/merge")
	merge.Git("checkout", "-q", "--detach", "FETCH_HEAD")
	code, stdout, stderr := diffIn(t, merge.Dir, env)
	wants(t, "merge commit, depth 1", code, stdout, stderr, h.main, h.testMerge)

	head := h.remote.Clone(t, "--depth=1", "--branch=change")
	code, stdout, stderr = diffIn(t, head.Dir, env)
	wants(t, "head, depth 1", code, stdout, stderr, h.first, h.change)

	address := h.remote.HTTP(t)
	env["GITHUB_SERVER_URL"], env["GITHUB_REPOSITORY"] = strings.TrimSuffix(address, "/remote.git"), "remote.git"
	env["GITHUB_SHA"] = h.testMerge
	code, stdout, stderr = diffIn(t, t.TempDir(), env)
	wants(t, "nothing checked out", code, stdout, stderr, h.main, h.testMerge)
}

func TestPush(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	clone := h.remote.Clone(t, "--branch=change")
	payload := func(ref, before string) map[string]string {
		return inWorkflow(t, "push", `{"ref": "refs/heads/`+ref+`", "before": "`+before+`", "repository": {"default_branch": "main"}}`)
	}
	code, stdout, stderr := diffIn(t, clone.Dir, payload("change", h.first))
	wants(t, "the commit before", code, stdout, stderr, h.first, h.change)
	code, stdout, stderr = diffIn(t, clone.Dir, payload("change", strings.Repeat("0", 40)))
	wants(t, "a new branch", code, stdout, stderr, h.first, h.change)
	code, stdout, stderr = diffIn(t, clone.Dir, payload("change", strings.Repeat("7", 40)))
	wants(t, "a forced push", code, stdout, stderr, h.first, h.change)
	code, _, stderr = diffIn(t, clone.Dir, payload("main", strings.Repeat("7", 40)))
	if code != app.ExitFailed || !strings.Contains(stderr, "give --base") {
		t.Errorf("a forced push to main: exit code %d, %s", code, stderr)
	}
}

// What a branch merged from main is none of its changes, whatever the clocks say.
func TestMergedBranch(t *testing.T) {
	t.Parallel()
	for name, clock := range map[string]time.Duration{"in order": time.Hour, "main is late": -48 * time.Hour} {
		h := newHistory(t)
		h.author.Git("checkout", "-q", "main")
		h.author.When = testkit.Epoch.Add(clock)
		h.author.Write(component("other", "again"))
		main := h.author.Commit("Change other again")
		h.author.Push()
		h.author.When = testkit.Epoch.Add(time.Hour)
		h.author.Git("checkout", "-q", "change")
		h.author.Git("merge", "-q", "--no-ff", "-m", "Merge main", "main")
		head := h.author.Git("rev-parse", "HEAD")
		code, stdout, stderr := diffIn(t, h.author.Dir, nil)
		wants(t, name, code, stdout, stderr, main, head)
	}
	h := newHistory(t)
	h.author.Git("checkout", "-q", "--orphan", "alone")
	h.author.Commit("Start over")
	code, _, stderr := diffIn(t, h.author.Dir, nil)
	if code != app.ExitUsage || !strings.Contains(stderr, "has no commit in common with the branch it would be compared with; give --base") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

func TestWithoutAClone(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	env := map[string]string{"PLATFORM_CACHE": "off"}
	code, stdout, stderr := diffIn(t, t.TempDir(), env, "--repository", h.remote.HTTP(t), "--head", "change")
	wants(t, "a branch", code, stdout, stderr, h.first, h.change)
	code, stdout, stderr = diffIn(t, t.TempDir(), env, "--repository", h.remote.HTTP(t), "--base", h.first, "--head", h.change)
	wants(t, "full ids", code, stdout, stderr, h.first, h.change)
}

func TestSharedBase(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	h.author.Git("checkout", "-q", "main")
	shared := func(value string) map[string]string {
		return map[string]string{"bases/web/kustomization.yaml": "resources: [shared.yaml]\n",
			"bases/web/shared.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shared}\ndata: {value: " + value + "}\n"}
	}
	h.author.Write(shared("one"))
	for _, name := range []string{"hello", "other"} {
		h.author.Write(map[string]string{"services/" + name + "/deploy/base/kustomization.yaml": "resources: [object.yaml, ../../../../bases/web]\n"})
	}
	h.author.Commit("Share")
	h.author.Write(shared("two"))
	h.author.Write(map[string]string{"bases/web/README.md": "not read\n"})
	h.author.Commit("Change what is shared")
	code, stdout, stderr := diffIn(t, h.author.Dir, nil, "--base", "HEAD~1")
	want := "This reaches prod and dev of hello and other: bases/web/shared.yaml is read by all of them.\n\n" +
		"prod, dev  same change in 2 components: hello and other  (overlay)\n  ~ ConfigMap/shared\n      data.value  one → two\n"
	if code != 0 || !strings.HasPrefix(stdout, want) {
		t.Errorf("exit code %d, got\n%s%s", code, stdout, stderr)
	}
}

// A configuration that was broken is not the change's doing; one that is broken now is.
func TestBrokenConfiguration(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	broken := strings.Replace(platformYAML, "promoteFrom: [dev]", "promoteFrom: [gone]", 1)
	h.author.Git("checkout", "-q", "main")
	h.author.Write(map[string]string{"platform.yaml": broken})
	h.author.Commit("Break it")
	code, stdout, stderr := diffIn(t, h.author.Dir, nil, "--base", "HEAD~1")
	if code != app.ExitFailed || !strings.Contains(stderr, "platform.yaml:11:") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	h.author.Write(map[string]string{"platform.yaml": platformYAML})
	h.author.Commit("Mend it")
	code, stdout, stderr = diffIn(t, h.author.Dir, nil, "--base", "HEAD~1")
	if code != 0 || !strings.Contains(stdout, "No rendered output changes.\n\nFailed before the change, so there is nothing to compare with: hello and other in prod and dev: at ") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	h.author.Git("rm", "-q", "platform.yaml")
	h.author.Commit("Start over")
	h.author.Write(map[string]string{"platform.yaml": platformYAML})
	h.author.Commit("Begin")
	code, stdout, stderr = diffIn(t, h.author.Dir, nil, "--base", "HEAD~1")
	if code != 0 || !strings.Contains(stdout, "(overlay, new)") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
}

// What leaves is shown too: components, environments, and state that is in no catalog any more.
func TestWhatLeaves(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	h.author.Git("checkout", "-q", "main")
	cell := func(component, value string) map[string]string {
		return map[string]string{"environments/dev/" + component + "/manifests.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + component + "}\ndata: {value: " + value + "}\n"}
	}
	h.author.Write(cell("hello", "one"))
	h.author.Write(cell("left", "one"))
	h.author.Commit("Deploy")
	h.author.Git("rm", "-q", "-r", "services/other", "environments/dev/left")
	h.author.Write(cell("hello", "two"))
	h.author.Write(map[string]string{"platform.yaml": strings.Replace(platformYAML, "    - name: prod\n      promoteFrom: [dev]\n", "", 1)})
	h.author.Commit("Tidy")
	code, stdout, stderr := diffIn(t, h.author.Dir, nil, "--base", "HEAD~1")
	for _, want := range []string{
		"This changes what runs in dev of hello and left. This reaches dev of other, prod of 2 components.\n",
		"dev, prod  other  (overlay, gone)\n  - ConfigMap/other\n", "prod  hello  (overlay, gone)\n  - ConfigMap/hello\n",
		"dev  left  (state, gone)\n  - ConfigMap/left\n", "dev  hello  (state)\n  ~ ConfigMap/hello\n      data.value  one → two\n",
	} {
		if code != 0 || !strings.Contains(stdout, want) {
			t.Errorf("exit code %d, no\n%s in\n%s%s", code, want, stdout, stderr)
		}
	}
	code, stdout, stderr = diffIn(t, h.author.Dir, nil, "--base", "HEAD~1", "--component", "hello", "--env", "dev")
	if code != 0 || !strings.HasPrefix(stdout, "This changes what runs in dev of hello.\n\ndev  hello  (state)\n") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
}
