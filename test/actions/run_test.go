package actions_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Workflows run for real: the actions as a runner downloads them, against a Git remote and a registry on loopback. Those of the
// READMEs are run as they are written there.
func TestWorkflows(t *testing.T) {
	t.Parallel()
	checkout := export(t)
	likeRunner(t, checkout, nil)
	r := newRunner(t, checkout).prepared(t)
	for name, test := range map[string]func(*testing.T, *actRunner){
		"deliver and promote":    testDeliver,
		"golden path":            testGoldenPath,
		"violation":              testViolation,
		"only some environments": testSomeEnvironments,
		"pull request":           testPullRequest,
		"build":                  testBuild,
		"containerize":           testContainerize,
		"setup":                  testSetup,
		"inside another action":  testNested,
		"promotion":              testPromotion,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, r)
		})
	}
}

// promoteHello promotes in a checkout whose remote is on no GitHub server.
const promoteHello = `on: push
permissions: {contents: write}
jobs:
  promote:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
      - id: promote
        uses: org/platform/actions/promote@v1
`

// One commit goes through every action, each with the outputs of those before it.
func testDeliver(t *testing.T, r *actRunner) {
	m := newMonorepo(t, nil)
	run := r.run(t, m, write(t, example(t, "deploy")))
	run.require(true)

	digest := run.output("image", "digest")
	reference := m.registry.Host + "/demo/hello@" + digest
	if got, want := run.output("image", "image"), "hello="+reference; got != want {
		t.Errorf("output image of containerize: %s, want %s", got, want)
	}
	m.wantImage(t, digest)
	if got := run.output("deploy", "changed"); got != "true" {
		t.Errorf("output changed of deploy: %s, want true", got)
	}
	tip := m.remote.Git("rev-parse", "main")
	if got := run.output("deploy", "commit"); got != tip {
		t.Errorf("output commit of deploy: %s, want main of the remote, %s", got, tip)
	}
	m.wantState(t, "main", "dev", digest, run.output("deploy", "release"))
	m.wantState(t, "promote/staging/hello", "staging", digest, run.output("deploy", "release"))
	message := m.remote.Git("log", "-1", "--format=%B", "main")
	for _, want := range []string{"Platform-Source-Commit: " + m.head, "Platform-Run: https://github.com/org/monorepo/actions/runs/1"} {
		if !strings.Contains(message, want+"\n") {
			t.Errorf("the state commit does not say %s:\n%s", want, message)
		}
	}
	run.wantSummary("### Build hello", "### Image of hello", reference, "### Policy check\n\n**0 errors, ",
		"### Deployed hello to dev", "### Promotions")
	if found := run.annotations(); len(found) > 0 {
		t.Errorf("annotations of a good run: %v", found)
	}
	if strings.Contains(run.String(), githubToken) {
		t.Errorf("the token is in the log:\n%s", run)
	}

	again := r.run(t, m, write(t, promoteHello))
	again.require(true)
	if got := again.output("promote", "branches"); got != "promote/staging/hello" {
		t.Errorf("output branches of promote: %q", got)
	}
	if got := again.output("promote", "pull-requests"); got != "" {
		t.Errorf("output pull-requests without a GitHub server: %q", got)
	}
	if got := again.output("promote", "changed"); got != "false" {
		t.Errorf("output changed of a second promote: %s, want false", got)
	}
}

// The generated workflow runs as it is. It has no setup step, and its runner has no binaries yet.
func testGoldenPath(t *testing.T, r *actRunner) {
	m := newMonorepo(t, nil)
	run := r.fresh(t).run(t, m, filepath.Join(m.dir, ".github", "workflows", "hello.yml"))
	run.require(true)
	m.wantImage(t, run.output("image", "digest"))
	m.wantFiles(t, "main", "dev", run.output("image", "digest"))
}

// privileged makes hello break a rule in one environment, on line 12.
func privileged(environment string) (file string, files map[string]string) {
	file = "services/hello/deploy/overlays/" + environment + "/replicas.yaml"
	return file, map[string]string{file: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: hello
spec:
  replicas: 2
  template:
    spec:
      containers:
        - name: hello
          securityContext:
            privileged: true
`}
}

// A violation is shown on its line, and nothing is deployed.
func testViolation(t *testing.T, r *actRunner) {
	file, files := privileged("prod")
	m := newMonorepo(t, files)
	run := r.run(t, m, write(t, example(t, "deploy")))
	run.require(false)

	found := run.annotations()
	if len(found) != 1 {
		t.Fatalf("%d annotations, want one\n%s", len(found), run)
	}
	got := found[0].Pairs
	want := map[string]string{"file": file, "line": "12", "col": "13", "title": "no-privileged: Containers are not privileged"}
	if found[0].Command != "error" || !cmp.Equal(want, got) {
		t.Errorf("annotation ::%s %v, want ::error %v", found[0].Command, got, want)
	}
	run.wantSummary("### Policy check\n\n**1 error, ", file+":12")
	if run.ran("deploy") {
		t.Errorf("deploy ran after the violation\n%s", run)
	}
	if got := m.remote.Git("for-each-ref", "--format=%(refname) %(objectname)"); got != "refs/heads/main "+m.head {
		t.Errorf("the remote was changed: %s", got)
	}
}

// An input with several lines is several values: dev, which breaks a rule, is not among them.
func testSomeEnvironments(t *testing.T, r *actRunner) {
	_, files := privileged("dev")
	m := newMonorepo(t, files)
	run := r.run(t, m, write(t, `on: push
permissions: {contents: read}
jobs:
  policies:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
      - uses: org/platform/actions/policy-check@v1
        with:
          env: |
            staging
            prod
`))
	run.require(true)
	run.wantSummary("of 2 renders checked")
}

// A pull request is told what it brings, on the lines to change, and not what was there before; nor can a message forge an annotation.
func testPullRequest(t *testing.T, r *actRunner) {
	old, files := privileged("dev")
	fresh, change := privileged("prod")
	hostile := ".github/workflows/odd.yml"
	files["policy/house/house.rego"] = "package house\n\ndeny contains {\"msg\": input.name, \"path\": [\"name\"], \"id\": \"named\"} if input.name\n"
	files["platform.yaml"] = "apiVersion: platform/v1\nkind: Platform\nmetadata: {name: demo}\nspec:\n  registry: registry.example/demo\n" +
		"  components: [services/*]\n  environments: [{name: dev}, {name: prod, promoteFrom: [dev]}]\n" +
		"  policies: [{name: kubernetes}, {name: house, path: policy/house, files: [.github/workflows/odd.yml]}]\n"
	change[hostile] = "on: push\nname: \"50%\\n##[error]forged\\e[31m\"\njobs: {}\n"
	m := newMonorepo(t, files)
	m.pullRequest(t, change)
	run := r.run(t, m, write(t, example(t, "policy-check")))
	run.require(false)

	var got []string
	for _, e := range run.annotations() {
		if e.Command == "error" {
			got = append(got, e.Pairs["file"]+":"+e.Pairs["line"]+" "+e.Pairs["title"])
		}
	}
	slices.Sort(got)
	want := []string{hostile + ":2 named", fresh + ":12 no-privileged: Containers are not privileged"}
	if !cmp.Equal(want, got) {
		t.Errorf("annotated %q, want %q\n%s", got, want, run)
	}
	if text := run.String(); strings.Contains(text, old+":12:") || strings.Contains(text, "\n##[error]") {
		t.Errorf("the log shows what is known, or a forged command:\n%s", text)
	}
	run.wantSummary("**2 errors, ", fresh+":12")
	if n := run.output("policies", "errors"); n != "2" {
		t.Errorf("output errors: %s", n)
	}
}

func testBuild(t *testing.T, r *actRunner) {
	m := newMonorepo(t, nil)
	run := r.run(t, m, write(t, example(t, "build")))
	run.require(true)
	if got, want := run.output("build", "artifacts"), "services/hello/dist/linux_amd64/hello"; got != want {
		t.Errorf("output artifacts: %s, want %s", got, want)
	}
	if out := run.String(); strings.Contains(out, "\x1b[") {
		t.Errorf("the log has colours, though a step has no terminal:\n%q", out)
	}
}

func testContainerize(t *testing.T, r *actRunner) {
	m := newMonorepo(t, nil)
	run := r.run(t, m, write(t, example(t, "containerize")))
	run.require(true)
	for _, tag := range []string{"latest", m.head, run.output("image", "digest")} {
		m.wantImage(t, tag)
	}
}

// The setup action puts the command on PATH.
func testSetup(t *testing.T, r *actRunner) {
	m := newMonorepo(t, nil)
	run := r.run(t, m, write(t, example(t, "")))
	run.require(true)
	if !strings.Contains(run.String(), "COMPONENT  DEV  STAGING  PROD") {
		t.Errorf("platform status printed no table:\n%s", run)
	}
	run.wantSummary("### Status\n")
}

// A team's own composite action may use ours: each finds its own folder.
func testNested(t *testing.T, r *actRunner) {
	m := newMonorepo(t, map[string]string{".github/actions/image/action.yml": `name: image
inputs:
  service: {required: true}
outputs:
  digest: {value: "${{ steps.image.outputs.digest }}"}
runs:
  using: composite
  steps:
    - uses: org/platform/actions/build@v1
      with: {component: "${{ inputs.service }}"}
    - id: image
      uses: org/platform/actions/containerize@v1
      with: {component: "${{ inputs.service }}"}
    - shell: bash
      run: grep -q "name. image" "$GITHUB_ACTION_PATH/action.yml"
`})
	run := r.run(t, m, write(t, `on: push
jobs:
  image:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8
      - id: own
        uses: ./.github/actions/image
        with: {service: hello}
`))
	run.require(true)
	m.wantImage(t, run.output("own", "digest"))
}

// What act sets and the runner does not is taken away: an input that is not mapped does not arrive.
func TestUnmappedInputFails(t *testing.T) {
	t.Parallel()
	checkout := export(t)
	likeRunner(t, checkout, func(action string, s *step) {
		if action == "build" {
			delete(s.Env, "INPUT_COMPONENT")
		}
	})
	run := newRunner(t, checkout).run(t, newMonorepo(t, nil), write(t, example(t, "build")))
	run.require(false)
	asks := func(e entry) bool { return strings.Contains(e.Arg, "which component?") }
	if !slices.ContainsFunc(run.annotations(), asks) {
		t.Errorf("build did not miss its component:\n%s", run)
	}
}
