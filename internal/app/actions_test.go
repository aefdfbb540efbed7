package app_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/finding"
)

func TestInputs(t *testing.T) {
	t.Parallel()
	inputs := map[string]string{"INPUT_BASE_IMAGE": "alpine", "INPUT_DRY_RUN": "true", "INPUT_OUTPUT": "json", "INPUT_IMAGE": "a=x@1\n\n  b=y@2  \n", "GITHUB_WORKSPACE": "/work/space/"}
	for name, c := range map[string]struct {
		actions string
		args    []string
		want    called
	}{
		"in a workflow":        {"true", nil, called{baseImage: "alpine", images: []string{"a=x@1", "b=y@2"}, dryRun: true, format: "json", dir: "/work/space"}},
		"flags win":            {"true", []string{"--base-image=given", "--image=c", "--dry-run=false", "-otable", "-C", "there"}, called{baseImage: "given", images: []string{"c"}, format: "table", dir: "there"}},
		"empty flags win":      {"true", []string{"--base-image="}, called{images: []string{"a=x@1", "b=y@2"}, dryRun: true, format: "json", dir: "/work/space"}},
		"not in a workflow":    {"", nil, called{baseImage: "scratch", format: "table", dir: "."}},
		"not quite a workflow": {"1", nil, called{baseImage: "scratch", format: "table", dir: "."}},
	} {
		env := map[string]string{"GITHUB_ACTIONS": c.actions}
		for k, v := range inputs {
			env[k] = v
		}
		w, saw := newWorld(env), &called{}
		if got := app.Run(context.Background(), w.App, c.args, deploy(saw, nil)); got != app.ExitOK {
			t.Errorf("%s: exit code %d: %s", name, got, &w.err)
		}
		c.want.name, saw.args = "deploy", nil
		if diff := cmp.Diff(c.want, *saw, cmp.AllowUnexported(called{})); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	w, saw := newWorld(map[string]string{"GITHUB_ACTIONS": "true", "INPUT_DRY_RUN": "perhaps"}), &called{}
	if got := app.Run(context.Background(), w.App, nil, deploy(saw, nil)); got != app.ExitUsage || saw.name != "" {
		t.Errorf("got exit code %d, ran %q", got, saw.name)
	}
	if w.err.Len() > 0 || !strings.HasPrefix(w.log.String(), `::error::input dry-run: invalid argument "perhaps"`) {
		t.Errorf("got %q, annotation %q", &w.err, &w.log)
	}
}

func TestInputSatisfiesRequiredFlag(t *testing.T) {
	t.Parallel()
	w := newWorld(map[string]string{"GITHUB_ACTIONS": "true", "INPUT_TO": "prod"})
	var to string
	got := app.Run(context.Background(), w.App, nil, func(*app.App) *cobra.Command {
		cmd := &cobra.Command{Use: "promote", RunE: func(*cobra.Command, []string) error { return nil }}
		cmd.Flags().StringVar(&to, "to", "", "")
		_ = cmd.MarkFlagRequired("to")
		return cmd
	})
	if got != app.ExitOK || to != "prod" {
		t.Errorf("got %d, to %q: %s", got, to, &w.err)
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	problems := finding.Problems{
		{Severity: finding.Error, RuleID: "yaml", Message: "m", Fix: "f", File: "platform.yaml", Line: 3, Column: 5},
		{Severity: finding.Error, RuleID: "yaml", Message: "n", File: "platform.yaml"},
	}
	w := newWorld(map[string]string{"GITHUB_ACTIONS": "true"})
	w.Report(fmt.Errorf("load: %w", problems.ErrorOrNil()))
	if diff := cmp.Diff("::error col=5,file=platform.yaml,line=3,title=yaml::m%0Af\n::error file=platform.yaml,title=yaml::n\n", w.log.String()); diff != "" {
		t.Errorf("annotations: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff("load: platform.yaml:3:5: m (f)\nplatform.yaml: n\n", w.err.String()); diff != "" {
		t.Errorf("stderr: -want +got:\n%s", diff)
	}
	if w.out.Len() > 0 {
		t.Errorf("an error on stdout: %q", &w.out)
	}
}

// The runner reads workflow commands from the log: what an error quotes must not become one.
func TestReportForgesNothing(t *testing.T) {
	t.Parallel()
	const text = "kustomize said\n::stop-commands::x\n  ::error file=a::forged"
	w := newWorld(map[string]string{"GITHUB_ACTIONS": "true"})
	w.Report(errors.New(text))
	_ = w.Findings(w.Err, nil, []finding.Finding{{Severity: finding.Error, Message: text, Fix: text, File: text}})
	for _, line := range strings.FieldsFunc(w.err.String()+w.log.String(), func(r rune) bool { return r == '\n' || r == '\r' }) {
		if strings.HasPrefix(strings.TrimSpace(line), "::") && !strings.HasPrefix(line, "::error::kustomize said%0A::stop") && !strings.HasPrefix(line, "::error file=kustomize said%0A%3A%3Astop") {
			t.Errorf("the runner would obey %q", line)
		}
	}
	w = newWorld(nil)
	w.Report(errors.New(text))
	if w.err.String() != "Error: "+text+"\n" {
		t.Errorf("outside a workflow the message must stay as it is, got %q", &w.err)
	}
}

func TestFindings(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{"deploy/a.yaml": {Data: []byte("kind: X\n\treplicas: 1  \r\n")}}
	findings := []finding.Finding{
		{Severity: finding.Warning, RuleID: "w", Message: "careful", File: "gone.yaml", Line: 1},
		{Severity: finding.Error, RuleID: "e", Message: "one replica", Fix: "set 2", File: "deploy/a.yaml", Line: 2, Column: 12, Environments: []string{"dev", "prod"}},
	}
	w := newWorld(nil)
	if err := w.Findings(w.Out, files, findings); app.ExitCode(err) != app.ExitFindings {
		t.Errorf("got %v", err)
	}
	want := `deploy/a.yaml:2:12: error: one replica [e]
    in  dev, prod
   2 |  replicas: 1
                  ^
    fix set 2
gone.yaml:1: warning: careful [w]
`
	if diff := cmp.Diff(want, w.out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	w = newWorld(map[string]string{"GITHUB_ACTIONS": "true"})
	if err := w.Findings(nil, files, findings[1:]); err != nil { // only the warning, which was sorted last
		t.Errorf("warnings must not fail, got %v", err)
	}
	if got := w.log.String(); got != "::warning file=gone.yaml,line=1,title=w::careful\n" {
		t.Errorf("got %q", got)
	}
}
