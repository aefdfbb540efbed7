package runner

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"

	"github.com/sethvargo/go-githubactions"

	"github.com/org/platform/internal/report"
)

// Runner talks to the Actions runner, where there is one.
type Runner struct {
	action *githubactions.Action
	active bool
	failed error // what could not be written
}

// Err returns why an output or the summary could not be written, or nil. A step without its outputs has not done its work.
func (r *Runner) Err() error { return r.failed }

// file keeps a failure to write one of the runner's files, which go-githubactions panics with, for Err.
func (r *Runner) file(what string, write func()) {
	defer func() {
		if reason := recover(); reason != nil {
			r.failed = errors.Join(r.failed, fmt.Errorf("write %s: %v", what, reason))
		}
	}()
	write()
}

// New returns a Runner which reads the environment through getenv and writes workflow commands to out.
func New(getenv func(string) string, out io.Writer) *Runner {
	return &Runner{
		action: githubactions.New(githubactions.WithGetenv(getenv), githubactions.WithWriter(out)),
		active: getenv("GITHUB_ACTIONS") == "true",
	}
}

// Active says whether this process runs in a workflow.
func (r *Runner) Active() bool { return r.active }

// Input returns an action input. Composite actions pass each input as INPUT_<NAME> in env:, with hyphens as underscores,
// because the runner does not set inputs of composite actions and shells drop names with hyphens.
func (r *Runner) Input(name string) string {
	if !r.active {
		return ""
	}
	return r.action.GetInput(strings.ReplaceAll(name, "-", "_"))
}

// Output sets a step output.
func (r *Runner) Output(name, value string) {
	if r.active && r.action.Getenv("GITHUB_OUTPUT") != "" {
		// The delimiter is made from the value, so that no value can hold it and forge a second output.
		sum := sha256.Sum256([]byte(value))
		end := "end-" + hex.EncodeToString(sum[:])
		r.file("output "+name, func() {
			r.action.IssueFileCommand(&githubactions.Command{Name: "output", Message: name + "<<" + end + "\n" + value + "\n" + end})
		})
	}
}

// Summary appends Markdown to the step summary.
func (r *Runner) Summary(markdown string) {
	if r.active && r.action.Getenv("GITHUB_STEP_SUMMARY") != "" {
		r.file("step summary", func() { r.action.AddStepSummary(markdown) })
	}
}

// Mask keeps a secret out of the log.
func (r *Runner) Mask(secret string) {
	if r.active && secret != "" {
		r.action.AddMask(secret)
	}
}

var command = regexp.MustCompile(`((?:^|[\r\n])[\s\v\p{Z}]*:)(:)|(#)(#\[)`)

// Inert returns text for the log in which the runner finds no workflow command: it reads them from both output streams.
func (r *Runner) Inert(text string) string {
	if !r.active {
		return text
	}
	return command.ReplaceAllString(text, "$1$3 $2$4")
}

// RunURL returns the address of this workflow run, or "".
func (r *Runner) RunURL() string {
	server, repo, id := r.action.Getenv("GITHUB_SERVER_URL"), r.action.Getenv("GITHUB_REPOSITORY"), r.action.Getenv("GITHUB_RUN_ID")
	if !r.active || server == "" || repo == "" || id == "" {
		return ""
	}
	return server + "/" + repo + "/actions/runs/" + id
}

// ServerHost returns the host name of the GitHub server that a token of this environment is for.
func (r *Runner) ServerHost() string {
	server, err := url.Parse(r.action.Getenv("GITHUB_SERVER_URL"))
	if err != nil || server.Hostname() == "" {
		return "github.com"
	}
	return server.Hostname()
}

// RepositoryURL returns the address of the repository that this workflow runs for, or "" outside of workflows.
func (r *Runner) RepositoryURL() string {
	server, repo := r.action.Getenv("GITHUB_SERVER_URL"), r.action.Getenv("GITHUB_REPOSITORY")
	if !r.active || server == "" || repo == "" {
		return ""
	}
	return server + "/" + repo
}

// Commit returns the commit that this workflow runs for, or "".
func (r *Runner) Commit() string {
	if !r.active {
		return ""
	}
	return r.action.Getenv("GITHUB_SHA")
}

// Notice writes a notice for the log and the run's page.
func (r *Runner) Notice(message string) {
	if r.active {
		r.action.Noticef("%s", report.Shorten(report.Plain(message), MaxMessage))
	}
}
