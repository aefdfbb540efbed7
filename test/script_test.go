// Package test runs whole commands as a user does: scripts in testdata/script, each in a folder of its own, with real Git remotes.
package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/command"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"platform": func() { os.Exit(app.Main(command.All()...)) },
	})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Vars = append(e.Vars, gitEnvironment(e.WorkDir)...)
			e.Vars = append(e.Vars, goEnvironment()...)
			e.Vars = append(e.Vars,
				"IMAGE1=registry.example/demo/hello@sha256:"+strings.Repeat("1", 64),
				"IMAGE2=registry.example/demo/hello@sha256:"+strings.Repeat("2", 64),
				"IMAGE3=registry.example/demo/hello@sha256:"+strings.Repeat("3", 64))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"monorepo": monorepo,
			"exit":     exit,
			"merge":    merge,
			"commit":   commit,
			"replace":  replace,
		},
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
	})
}

func gitEnvironment(home string) []string {
	return []string{"HOME=" + home, "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GITHUB_ACTIONS=", "GITHUB_TOKEN="}
}

// goEnvironment lets scripts build with the caches of whoever runs the tests.
func goEnvironment() []string {
	out, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE", "GOPROXY", "GOFLAGS", "GOTOOLCHAIN").Output()
	if err != nil {
		panic(err)
	}
	values := strings.Split(string(out), "\n")
	return []string{"GOCACHE=" + values[0], "GOMODCACHE=" + values[1], "GOPROXY=" + values[2], "GOFLAGS=" + values[3], "GOTOOLCHAIN=" + values[4], "GOWORK=off"}
}

const platformYAML = `apiVersion: platform/v1
kind: Platform
metadata:
  name: demo
spec:
  registry: registry.example/demo
  components: [services/*]
  environments:
    - name: dev
    - name: staging
      promoteFrom: [dev]
    - name: prod
      promoteFrom: [staging]
`

// monorepo makes remote.git and a clone repo with the component hello, and goes there. With the argument empty there is no component yet.
func monorepo(ts *testscript.TestScript, neg bool, args []string) {
	git(ts, "init", "--quiet", "--bare", "--initial-branch=main", ts.MkAbs("remote.git"))
	git(ts, "clone", "--quiet", ts.MkAbs("remote.git"), ts.MkAbs("repo"))
	ts.Check(ts.Chdir("repo"))
	git(ts, "symbolic-ref", "HEAD", "refs/heads/main")
	git(ts, "config", "user.name", "Ada")
	git(ts, "config", "user.email", "ada@example.com")
	ts.Check(os.WriteFile(ts.MkAbs("platform.yaml"), []byte(platformYAML), 0o644))
	if len(args) == 0 {
		ts.Check(ts.Exec("platform", "new", "go-service", "hello"))
	}
	commit(ts, false, []string{"Start"})
}

// commit commits everything with a message, and pushes it.
func commit(ts *testscript.TestScript, neg bool, args []string) {
	git(ts, "add", "--all")
	git(ts, "commit", "--quiet", "-m", args[0])
	git(ts, "push", "--quiet", "origin", "HEAD:main")
}

// merge merges a branch of the remote into main, as a person does.
func merge(ts *testscript.TestScript, neg bool, args []string) {
	git(ts, "fetch", "--quiet", "--prune")
	git(ts, "merge", "--quiet", "--ff-only", "origin/main")
	git(ts, "merge", "--quiet", "--no-ff", "-m", "Merge "+args[0], "origin/"+args[0])
	git(ts, "push", "--quiet", "origin", "main")
}

func git(ts *testscript.TestScript, args ...string) {
	committer := []string{"GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com"}
	cmd := exec.Command("git", args...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(append(os.Environ(), gitEnvironment(ts.Getenv("WORK"))...), committer...)
	if out, err := cmd.CombinedOutput(); err != nil {
		ts.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// exit runs a command that must end with the given exit code.
func exit(ts *testscript.TestScript, neg bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}

// replace puts text, with \\n for a line break, in the place of other text in a file.
func replace(ts *testscript.TestScript, neg bool, args []string) {
	file := ts.MkAbs(args[2])
	content, err := os.ReadFile(file)
	ts.Check(err)
	changed := strings.ReplaceAll(string(content), args[0], strings.ReplaceAll(args[1], `\n`, "\n"))
	if changed == string(content) {
		ts.Fatalf("%q is not in %s", args[0], filepath.Base(file))
	}
	ts.Check(os.WriteFile(file, []byte(changed), 0o644))
}
