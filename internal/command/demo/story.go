package demo

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

type scene struct {
	title string
	play  func()
}

func (s *story) scenes() []scene {
	return []scene{
		{"1. A Git remote and a monorepo with dev → staging → prod", s.setUp},
		{"2. A service from the golden path", s.generate},
		{"3. Built, tested, and pushed as an image without a daemon", func() { s.deliver() }},
		{"4. A policy violation, shown on the line that causes it", s.violate},
		{"5. Deployed to dev: one commit on the remote", s.deploy},
		{"6. Promoted by merging a branch: staging, then prod", s.promote},
		{"7. A second change reaches staging, and is rolled back", s.rollBack},
		{"8. A third change fixes it: the hold lets another release pass", s.fix},
	}
}

func (s *story) setUp() {
	s.exec(".", environment(), io.Discard, 0, "git", "init", "--quiet", "--bare", "--initial-branch=main", s.remote)
	s.exec(".", environment(), io.Discard, 0, "git", "clone", "--quiet", s.remote, s.repo)
	s.git("symbolic-ref", "HEAD", "refs/heads/main")
	s.git("config", "user.name", "Ada")
	s.write("platform.yaml", fmt.Sprintf(platformYAML, s.registry))
	s.write("README.md", "# Demo monorepo\n")
	s.commit("Describe the platform")
	s.show("cat", "platform.yaml")
	fmt.Fprintf(&indenter{out: s.a.Out}, platformYAML, s.registry)
}

const platformYAML = `apiVersion: platform/v1
kind: Platform
metadata:
  name: demo
spec:
  registry: %s
  components: [services/*]
  environments:
    - name: dev
    - name: staging
      promoteFrom: [dev]
    - name: prod
      promoteFrom: [staging]
`

func (s *story) generate() {
	s.run("new", "go-service", "hello", "--owner", "team-greeting")
	s.commit("Add hello from the golden path")
}

// commit commits everything and pushes it, as Ada.
func (s *story) commit(message string) {
	s.showLine("git add --all && git commit -m '" + message + "' && git push")
	s.git("add", "--all")
	s.git("commit", "--quiet", "-m", message)
	s.git("push", "--quiet", "origin", "main")
}

// deliver builds and pushes an image, and returns its reference.
func (s *story) deliver() string {
	s.run("build", "--component", "hello", "--platform", s.platform)
	s.run("containerize", "--component", "hello", "--platform", s.platform)
	return s.image()
}

// image returns the reference of what is built now, the way a workflow gets it: from the command's output.
func (s *story) image() string {
	output := s.exec(s.repo, toolkit(), io.Discard, 0, s.self, "containerize", "--component", "hello", "--platform", s.platform, "--dry-run", "-o", "json")
	var image struct{ Repository, Digest string }
	if s.err == nil {
		s.err = json.Unmarshal([]byte(output), &image)
	}
	return image.Repository + "@" + image.Digest
}

const patchFile = "services/hello/deploy/overlays/prod/replicas.yaml"

func (s *story) violate() {
	var good string
	s.edit(patchFile, func(content string) string {
		good = content
		return content + "  template:\n    spec:\n      containers:\n        - name: hello\n          securityContext:\n            privileged: true\n"
	})
	s.narrate("someone makes prod privileged in " + patchFile + "; in a workflow:")
	annotations := s.runWith(toolkit("GITHUB_ACTIONS=true", "GITHUB_WORKSPACE=", "GITHUB_OUTPUT=", "GITHUB_STEP_SUMMARY="), 1,
		"policy-check", "--component", "hello")
	if s.err == nil && !strings.Contains(annotations, "::error") {
		s.err = fmt.Errorf("policy-check failed without an annotation")
	}
	s.narrate("the edit is taken back:")
	s.edit(patchFile, func(string) string { return good })
	s.run("policy-check", "--component", "hello")
}

func (s *story) deploy() {
	s.run("deploy", "--component", "hello", "--image", s.image())
	s.git("fetch", "--quiet", "--prune")
	s.quote("git", "log", "-1", "--format=%an: %B", "origin/main")
	s.quote("git", "show", "--stat=100", "--format=", "origin/main")
}

func (s *story) promote() {
	s.run("promote")
	s.git("fetch", "--quiet", "--prune")
	s.quote("git", "log", "-1", "--format=%B", "origin/promote/staging/hello")
	s.merge("promote/staging/hello")
	s.run("promote")
	s.merge("promote/prod/hello")
	s.run("status")
}

// merge merges a branch as a person does with the merge button.
func (s *story) merge(branch string) {
	s.git("fetch", "--quiet", "--prune")
	s.showLine("git merge --no-ff origin/" + branch + " && git push")
	s.git("merge", "--quiet", "--ff-only", "origin/main")
	s.git("merge", "--quiet", "--no-ff", "-m", "Merge branch '"+branch+"'", "origin/"+branch)
	s.git("push", "--quiet", "origin", "main")
}

// change edits the service, and brings the result through dev to staging.
func (s *story) change(from, to, message string) {
	s.git("pull", "--quiet", "--ff-only")
	for _, file := range []string{"services/hello/main.go", "services/hello/main_test.go"} {
		s.edit(file, func(content string) string { return strings.ReplaceAll(content, `"`+from+`"`, `"`+to+`"`) })
	}
	s.commit(message)
	s.run("deploy", "--component", "hello", "--image", s.deliver())
	s.run("promote")
	s.merge("promote/staging/hello")
}

func (s *story) rollBack() {
	s.change("hello from hello", "HELLO FROM HELLO", "Greet louder")
	s.run("rollback", "hello", "--env", "staging", "--reason", "too loud", "--direct")
	s.narrate("automation does not undo it:")
	s.run("promote", "--to", "staging")
	s.run("status")
}

func (s *story) fix() {
	s.change("HELLO FROM HELLO", "hello again from hello", "Greet politely")
	s.run("promote")
	s.git("pull", "--quiet", "--ff-only", "--prune")
	s.run("status")
}

func (s *story) narrate(text string) { fmt.Fprintln(s.a.Out, "  # "+text) }

// quote shows a command and its output.
func (s *story) quote(name string, args ...string) {
	s.show(name, args...)
	output := s.exec(s.repo, environment(), io.Discard, 0, name, args...)
	fmt.Fprintln(&indenter{out: s.a.Out}, strings.TrimRight(output, "\n"))
}
