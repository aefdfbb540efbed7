package runner_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/runner"
)

// inActions returns a Runner in a workflow with the given environment, and what it writes.
func inActions(env map[string]string) (*runner.Runner, *bytes.Buffer) {
	var out bytes.Buffer
	return runner.New(func(name string) string {
		if name == "GITHUB_ACTIONS" && env[name] == "" {
			return "true"
		}
		return env[name]
	}, &out), &out
}

func TestInput(t *testing.T) {
	t.Parallel()
	env := map[string]string{"INPUT_BASE_IMAGE": "  scratch\n", "INPUT_BASE-IMAGE": "from nowhere", "INPUT_DRY_RUN": "true"}
	r, _ := inActions(env)
	for name, want := range map[string]string{"base-image": "scratch", "dry-run": "true", "missing": ""} {
		if got := r.Input(name); got != want {
			t.Errorf("input %s is %q, want %q", name, got, want)
		}
	}
	for _, value := range []string{"false", "1", "TRUE"} {
		env["GITHUB_ACTIONS"] = value
		if r, _ := inActions(env); r.Active() || r.Input("dry-run") != "" {
			t.Errorf("GITHUB_ACTIONS=%s must not make the runner active", value)
		}
	}
}

func TestOutsideActionsNothingIsWritten(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	r, out := inActions(map[string]string{"GITHUB_ACTIONS": "no", "GITHUB_OUTPUT": file, "GITHUB_STEP_SUMMARY": file,
		"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "org/app", "GITHUB_RUN_ID": "7"})
	r.Output("a", "b")
	r.Summary("# text")
	r.Mask("secret")
	r.Annotate(finding.Finding{Message: "m"})
	if _, err := os.Stat(file); err == nil || out.Len() > 0 {
		t.Errorf("wrote %q, file: %v", out, err)
	}
	if r.RunURL() != "" {
		t.Errorf("got %s", r.RunURL())
	}
	if text := "a\n::error::b"; r.Inert(text) != text {
		t.Error("text must stay as it is")
	}
}

func TestOutput(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "output")
	r, out := inActions(map[string]string{"GITHUB_OUTPUT": file})
	want := map[string]string{
		"release": "r-1", "empty": "", "lines": "a\n\nb=c", "last": "ends with a line\n",
		// As the toolkit's own delimiter would allow.
		"forged": "x\n_GitHubActionsFileCommandDelimeter_\nrelease<<_GitHubActionsFileCommandDelimeter_\ny",
	}
	for _, name := range []string{"release", "empty", "lines", "last", "forged"} {
		r.Output(name, want[name])
	}
	if diff := cmp.Diff(want, readOutputs(t, file)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if out.Len() > 0 {
		t.Errorf("wrote %q to the log", out)
	}
	r, _ = inActions(nil)
	r.Output("no", "file") // must not fail: act and old runners may have none
}

// readOutputs reads an output file as the runner does: name<<delimiter, lines, delimiter.
func readOutputs(t *testing.T, file string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	outputs := map[string]string{}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	for len(lines) > 0 {
		name, end, ok := strings.Cut(lines[0], "<<")
		if !ok {
			t.Fatalf("%q is not name<<delimiter", lines[0])
		}
		n := 1
		for ; n < len(lines) && lines[n] != end; n++ {
		}
		outputs[name] = strings.Join(lines[1:n], "\n")
		lines = lines[min(n+1, len(lines)):]
	}
	return outputs
}

func TestSummary(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "summary")
	r, _ := inActions(map[string]string{"GITHUB_STEP_SUMMARY": file})
	r.Summary("# one 100%")
	r.Summary("two")
	if data, err := os.ReadFile(file); err != nil || string(data) != "# one 100%\ntwo\n" {
		t.Errorf("got %q, %v", data, err)
	}
	r, _ = inActions(nil)
	r.Summary("nowhere")
}

func TestMask(t *testing.T) {
	t.Parallel()
	r, out := inActions(nil)
	r.Mask("")
	r.Mask("s3cret%")
	if got := out.String(); got != "::add-mask::s3cret%25\n" {
		t.Errorf("got %q", got)
	}
}

func TestInert(t *testing.T) {
	t.Parallel()
	r, _ := inActions(nil)
	for text, want := range map[string]string{
		"plain: a::b":                  "plain: a::b",
		"::error::x":                   ": :error::x",
		"a\n::add-mask::e\r ::debug::": "a\n: :add-mask::e\r : :debug::",
		"a\r\n\t\u00a0::error::x":      "a\r\n\t\u00a0: :error::x",
		"old ##[error]x":               "old # #[error]x",
		"\n\n::a\n::b":                 "\n\n: :a\n: :b",
	} {
		if got := r.Inert(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestRunURL(t *testing.T) {
	t.Parallel()
	env := map[string]string{"GITHUB_SERVER_URL": "https://github.example", "GITHUB_REPOSITORY": "org/app", "GITHUB_RUN_ID": "42"}
	r, _ := inActions(env)
	if got, want := r.RunURL(), "https://github.example/org/app/actions/runs/42"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	delete(env, "GITHUB_RUN_ID")
	if got := r.RunURL(); got != "" {
		t.Errorf("got %s without a run", got)
	}
}

// A step whose outputs cannot be written must not end well.
func TestUnwritableFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	env := map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": dir, "GITHUB_STEP_SUMMARY": dir}
	r := runner.New(func(name string) string { return env[name] }, io.Discard)
	r.Output("release", "r-1")
	r.Summary("text")
	if err := r.Err(); err == nil || !strings.Contains(err.Error(), "write output release: ") || !strings.Contains(err.Error(), "write step summary: ") {
		t.Errorf("got %v", err)
	}
}
