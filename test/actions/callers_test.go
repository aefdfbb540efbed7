package actions_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// called are the uses of a reusable workflow of ours.
var called = regexp.MustCompile(`^[^/]+/[^/]+/\.github/workflows/([\w-]+\.yml)@`)

// reusable is a workflow that others call.
type reusable struct {
	On struct {
		Call struct {
			Inputs  map[string]struct{ Required bool }
			Secrets map[string]struct{ Required bool }
		} `yaml:"workflow_call"`
	}
	Permissions map[string]string
	Jobs        map[string]struct {
		If          string
		Permissions map[string]string
		Concurrency struct {
			Group  string
			Cancel *bool `yaml:"cancel-in-progress"`
		}
		Steps []struct {
			Uses, Run string
			With      map[string]string
		}
	}
}

func loadReusable(t *testing.T, name string) reusable {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, ".github", "workflows", name))
	if err != nil {
		t.Fatal(err)
	}
	var w reusable
	if err := yaml.Unmarshal(content, &w); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return w
}

// A caller gives inputs that there are, and the permissions that the called jobs take: without them GitHub does not start the run.
func TestCallersMatchReusableWorkflows(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, w := range workflows(t) {
		var caller struct {
			Permissions map[string]string
			Jobs        map[string]struct {
				Uses        string
				Permissions map[string]string
				With        map[string]yaml.Node
				Secrets     yaml.Node
			}
		}
		if yaml.Unmarshal([]byte(w.text), &caller) != nil {
			continue // another test says so
		}
		for name, job := range caller.Jobs {
			match := called.FindStringSubmatch(job.Uses)
			if match == nil {
				continue
			}
			seen++
			place, callee := w.from+": job "+name, loadReusable(t, match[1])
			for input := range job.With {
				if _, exists := callee.On.Call.Inputs[input]; !exists {
					t.Errorf("%s: %s has no input %s", place, match[1], input)
				}
			}
			given := job.Permissions
			if given == nil {
				given = caller.Permissions
			}
			if match[1] == "promote.yml" {
				checkEvents(t, w)
			}
			for _, inner := range callee.Jobs {
				for scope, access := range inner.Permissions {
					if given[scope] != access && given[scope] != "write" {
						t.Errorf("%s: gives %q of %s, %s takes %q", place, given[scope], scope, match[1], access)
					}
				}
			}
		}
	}
	if seen < 2 {
		t.Errorf("only %d callers found: is this test still looking in the right places?", seen)
	}
}

// checkEvents says which events a caller of promote.yml has to name: each after which the check of a pull request may say something else.
func checkEvents(t *testing.T, w workflow) {
	t.Helper()
	var events struct {
		On map[string]struct{ Types []string }
	}
	var fails *yaml.TypeError // of events of other shapes
	if err := yaml.Unmarshal([]byte(w.text), &events); err != nil && !errors.As(err, &fails) {
		t.Fatal(err)
	}
	want := []string{"opened", "synchronize", "reopened", "edited", "ready_for_review", "converted_to_draft", "labeled", "unlabeled", "closed"}
	if got := events.On["pull_request"].Types; !slices.Equal(got, want) {
		t.Errorf("%s: pull_request of types %q, want %q", w.from, got, want)
	}
	if _, queued := events.On["merge_group"]; !queued {
		t.Errorf("%s: not on merge_group", w.from)
	}
}

// On no event of a pull request the required job is skipped: that counts as success, for each pull request with the same head commit.
func TestCheckIsNeverSkipped(t *testing.T) {
	t.Parallel()
	condition := strings.Join(strings.Fields(loadReusable(t, "promote.yml").Jobs["check"].If), " ")
	const want = "github.event_name == 'merge_group' || github.event_name == 'pull_request' || " +
		"github.event_name == 'workflow_dispatch' && github.ref_name != github.event.repository.default_branch"
	if condition != want {
		t.Errorf("the check runs if %s, want %s", condition, want)
	}
}

// What act does not look at: a promotion under way is not cut off, environments do not wait for each other, and nobody else's code sees the token.
func TestPromoteWorkflow(t *testing.T) {
	t.Parallel()
	w := loadReusable(t, "promote.yml")
	if w.Permissions == nil || len(w.Permissions) > 0 {
		t.Errorf("permissions of the workflow: %v, want none: each job names its own", w.Permissions)
	}
	for name, job := range w.Jobs {
		writes := false
		for _, access := range job.Permissions {
			writes = writes || access == "write"
		}
		if cancel := job.Concurrency.Cancel; writes && (cancel == nil || *cancel || !strings.Contains(job.Concurrency.Group, "inputs.to")) {
			t.Errorf("job %s writes: want concurrency by environment without cancellation", name)
		}
		if writes != (name == "promote") || job.Permissions["contents"] == "" {
			t.Errorf("job %s has permissions %v", name, job.Permissions)
		}
		for _, step := range job.Steps {
			if step.Run != "" || !strings.HasPrefix(step.Uses, "org/platform/actions/") {
				t.Errorf("job %s: a step that is none of our actions: %+v", name, step)
			}
			if step.With["check"] == "" && step.With["ref"] != "${{ env.REF }}" { // promote check finds the base itself
				t.Errorf("job %s: gates and policies of the change itself count: %+v", name, step)
			}
		}
	}
}
