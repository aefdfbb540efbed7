package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/org/platform/internal/app"
)

// story runs commands in the demo's folder and shows them. After the first failure everything else does nothing.
type story struct {
	a                      *app.App
	ctx                    context.Context
	self                   string // this program
	remote, repo, registry string
	platform               string
	err                    error
}

// environment keeps the demo apart from the person's Git settings and from a workflow it may run in.
func environment(extra ...string) []string {
	return append(append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com",
		"GITHUB_ACTIONS=", "GITHUB_TOKEN=", "NO_COLOR=1"), extra...)
}

// toolkit is the environment of the platform's own commands: their commits are by the toolkit, not by Ada.
func toolkit(extra ...string) []string {
	return environment(append([]string{"GIT_COMMITTER_NAME=", "GIT_COMMITTER_EMAIL="}, extra...)...)
}

func (s *story) title(title string) { fmt.Fprintf(s.a.Out, "\n%s\n", s.a.Bold(title)) }

// git runs git in the monorepo, quietly unless it fails.
func (s *story) git(args ...string) {
	s.exec(s.repo, environment(), io.Discard, 0, "git", args...)
}

// run shows and runs a command of the toolkit in the monorepo.
func (s *story) run(args ...string) { s.runWith(toolkit(), 0, args...) }

func (s *story) runWith(env []string, wantExit int, args ...string) string {
	s.show("platform", args...)
	return s.exec(s.repo, env, &indenter{out: s.a.Out}, wantExit, s.self, args...)
}

// show prints a command as a person would type it.
func (s *story) show(name string, args ...string) {
	words := []string{name}
	for _, arg := range args {
		if strings.ContainsAny(arg, " *") {
			arg = "'" + arg + "'"
		}
		words = append(words, arg)
	}
	s.showLine(strings.Join(words, " "))
}

func (s *story) showLine(line string) { fmt.Fprintln(s.a.Out, s.a.Dim("  $ "+line)) }

func (s *story) exec(dir string, env []string, out io.Writer, wantExit int, name string, args ...string) string {
	if s.err != nil {
		return ""
	}
	cmd := exec.CommandContext(s.ctx, name, args...)
	var captured bytes.Buffer
	var failure bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, env, io.MultiWriter(&captured, out), &failure
	if wantExit != 0 {
		cmd.Stdout = &captured
	}
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == wantExit && wantExit != 0 {
		all := failure.String() + captured.String() // annotations go to stderr
		_, s.err = io.WriteString(out, all)
		return all
	}
	if err == nil && wantExit != 0 {
		err = fmt.Errorf("ended well, but exit code %d was expected", wantExit)
	}
	if err != nil {
		s.err = fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, strings.TrimSpace(captured.String()+"\n"+failure.String()))
	}
	return captured.String()
}

// edit changes a file of the monorepo.
func (s *story) edit(file string, change func(string) string) {
	if s.err != nil {
		return
	}
	path := filepath.Join(s.repo, filepath.FromSlash(file))
	content, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.err = err
		return
	}
	changed := change(string(content))
	if changed == string(content) {
		s.err = fmt.Errorf("nothing to change in %s", file)
		return
	}
	if s.err = os.MkdirAll(filepath.Dir(path), 0o755); s.err == nil {
		s.err = os.WriteFile(path, []byte(changed), 0o644)
	}
}

func (s *story) write(file, content string) { s.edit(file, func(string) string { return content }) }

// indenter sets the output of a command apart from the story.
type indenter struct {
	out     io.Writer
	midLine bool
}

// Write implements io.Writer.
func (i *indenter) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		if !i.midLine {
			fmt.Fprint(i.out, "    ")
		}
		fmt.Fprintf(i.out, "%s", line)
		i.midLine = !bytes.HasSuffix(line, []byte("\n"))
	}
	return len(p), nil
}
