package actions_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// machine is a runner with a checkout of a platform whose one binary, hello, prints what it is told to and GOOS.
type machine struct {
	checkout, workspace, cache string
	path                       string
	env                        []string // more
}

const helloGo = `package main

import (
	"fmt"
	"os"
)

func main() { fmt.Println("hello", version, os.Getenv("GOOS")) }
`

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{checkout: t.TempDir(), workspace: t.TempDir(), cache: t.TempDir(), path: os.Getenv("PATH")}
	copyFile(t, filepath.Join(root, "actions", "start"), filepath.Join(m.checkout, "actions", "start"))
	m.source(t, "go.mod", "module example.com/platform\n\ngo 1.26\n")
	m.source(t, "cmd/hello/main.go", helloGo)
	m.source(t, "cmd/hello/version.go", "package main\n\nconst version = 1\n")
	return m
}

func (m *machine) source(t *testing.T, name, content string) {
	t.Helper()
	file := filepath.Join(m.checkout, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(content), 0o644)); err != nil {
		t.Fatal(err)
	}
}

// start runs the script in the workspace and returns all it wrote and its exit code.
func (m *machine) start(t *testing.T, args ...string) (string, int) {
	t.Helper()
	cmd := exec.Command(filepath.Join(m.checkout, "actions", "start"), args...)
	cmd.Dir = m.workspace
	for _, entry := range environment(t) {
		if !strings.HasPrefix(entry, "PATH=") {
			cmd.Env = append(cmd.Env, entry)
		}
	}
	cmd.Env = append(cmd.Env, "PATH="+m.path, "RUNNER_TOOL_CACHE="+m.cache, "RUNNER_TEMP="+filepath.Join(m.cache, "not used"),
		"GITHUB_PATH="+filepath.Join(m.workspace, "path"))
	cmd.Env = append(cmd.Env, m.env...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func (m *machine) want(t *testing.T, wantOut string, wantCode int, args ...string) {
	t.Helper()
	if out, code := m.start(t, args...); code != wantCode || !strings.HasSuffix(out, wantOut) {
		t.Errorf("start %s: exit code %d, output %q, want %d and at the end %q", strings.Join(args, " "), code, out, wantCode, wantOut)
	}
}

// withoutGo leaves only the programs that every runner has.
func (m *machine) withoutGo(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	for name := range strings.FieldsSeq("bash cut env find ls mkdir mktemp mv rmdir sha256sum sort tr uname xargs") {
		program, err := exec.LookPath(name)
		if err := errors.Join(err, os.Symlink(program, filepath.Join(dir, name))); err != nil {
			t.Fatal(err)
		}
	}
	m.path = dir
}

func TestStartBuildsOnce(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.want(t, "::endgroup::\nhello 1 \n", 0, "hello")
	m.withoutGo(t)
	if out, code := m.start(t, "hello"); code != 0 || out != "hello 1 \n" {
		t.Errorf("second start: exit code %d, output %q, want the binary's output only", code, out)
	}
}

// The same ref, such as v1, may name another version tomorrow, on a runner that still has today's binaries.
func TestStartDoesNotMixVersions(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.want(t, "hello 1 \n", 0, "hello")
	m.source(t, "cmd/hello/version.go", "package main\n\nconst version = 2\n")
	m.want(t, "hello 2 \n", 0, "hello")
	version := filepath.Join(m.checkout, "cmd", "hello", "version")
	if err := os.Rename(version+".go", version+"_plan9.go"); err != nil {
		t.Fatal(err)
	}
	if out, code := m.start(t, "hello"); code == 0 {
		t.Errorf("a version that does not compile ran as another one: %q", out)
	}
}

// What a job sets for its own Go code does not bend the build, and reaches the binary all the same: build hands it to the component.
func TestStartIgnoresGoSettings(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.env = []string{"GOOS=plan9", "GOARCH=arm", "GOFLAGS=-mod=vendor", "GOWORK=/nowhere/go.work", "GOEXPERIMENT=nothing"}
	m.want(t, "hello 1 plan9\n", 0, "hello")
}

// A pull request may put a program called hello anywhere in its own tree.
func TestStartRunsNothingOfTheWorkspace(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	planted := filepath.Join(m.workspace, "hello")
	if err := os.WriteFile(planted, []byte("#!/bin/sh\necho planted\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	m.path = m.workspace + string(filepath.ListSeparator) + m.path
	m.want(t, "hello 1 \n", 0, "hello")
	m.want(t, "hello 1 \n", 0, "hello")
}

func TestStartWithoutGo(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.withoutGo(t)
	m.want(t, "::error::Go is not on PATH: run actions/setup-go before this step\n", 3, "hello")
}

// Jobs of several runners on one machine may share a tool cache.
func TestStartAtOnce(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() { m.want(t, "hello 1 \n", 0, "hello") })
	}
	all.Wait()
}

// Without a name every binary is built and its folder put on PATH.
func TestStartPutsBinariesOnPath(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.source(t, "cmd/other/main.go", "package main\n\nfunc main() {}\n")
	m.want(t, "::endgroup::\n", 0)
	path, err := os.ReadFile(filepath.Join(m.workspace, "path"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"hello", "other"} {
		if _, err := os.Stat(filepath.Join(strings.TrimSpace(string(path)), name)); err != nil {
			t.Error(err)
		}
	}
	m.withoutGo(t)
	m.want(t, "hello 1 \n", 0, "hello")
}
