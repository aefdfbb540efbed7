package actions_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/org/platform/internal/testkit"
)

// workflow is one that this repository runs, generates or shows.
type workflow struct {
	from string // file, and for an example in Markdown its line
	text string
}

// workflows returns every workflow below the root: the project's own, those that golden paths generate, and the examples in Markdown.
func workflows(t *testing.T) []workflow {
	t.Helper()
	var list []workflow
	err := filepath.WalkDir(root, func(file string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && slices.Contains([]string{".git", "bin", "dist"}, e.Name()) {
			return filepath.SkipDir
		}
		inWorkflows := filepath.Base(filepath.Dir(file)) == "workflows"
		switch filepath.Ext(file) {
		case ".md":
			if filepath.Base(file) == "policies.md" { // it shows what is wrong
				return nil
			}
			list = append(list, examples(t, file)...)
		case ".yml", ".yaml":
			if inWorkflows {
				content, err := os.ReadFile(file)
				if err != nil {
					return err
				}
				list = append(list, workflow{from: file, text: string(content)})
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

var (
	fence   = regexp.MustCompile("(?ms)^```ya?ml\n(.*?)^```$")
	hasJobs = regexp.MustCompile(`(?m)^jobs:`)
)

// examples returns the workflows in the YAML blocks of a Markdown file.
func examples(t *testing.T, file string) []workflow {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var list []workflow
	for _, m := range fence.FindAllSubmatchIndex(content, -1) {
		text := string(content[m[2]:m[3]])
		if hasJobs.MatchString(text) {
			line := 1 + bytes.Count(content[:m[2]], []byte("\n"))
			list = append(list, workflow{from: file + " from line " + strconv.Itoa(line), text: text})
		}
	}
	return list
}

// example returns the one workflow in the README of an action, "" being that of all actions.
func example(t *testing.T, action string) string {
	t.Helper()
	list := examples(t, filepath.Join(root, "actions", action, "README.md"))
	if len(list) != 1 {
		t.Fatalf("%d workflows in the README of action %q, want one", len(list), action)
	}
	return list[0].text
}

func TestActionlint(t *testing.T) {
	t.Parallel()
	actionlint := testkit.Tool(t, "actionlint", "github.com/rhysd/actionlint/cmd/actionlint")
	for _, w := range workflows(t) {
		lint := exec.Command(actionlint, "-no-color", "-shellcheck=", "-pyflakes=", "-stdin-filename", w.from, "-")
		lint.Stdin = strings.NewReader(w.text)
		if out, err := lint.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", w.from, err, out)
		}
	}
}

type job struct {
	Permissions yaml.Node
	Steps       []struct {
		ID, Uses string
		With     map[string]yaml.Node
	}
}

var (
	ours      = regexp.MustCompile(`^(?:org/platform|[^/]+/[^/]+/actions/([^/@]+))@`) // a fork may have another name
	outputRef = regexp.MustCompile(`steps\.([\w-]+)\.outputs\.([\w-]+)`)
)

// A workflow that we show or generate uses only inputs and outputs that exist, and says what it may do.
func TestWorkflowsMatchActions(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, w := range workflows(t) {
		var parsed struct {
			Permissions yaml.Node
			Jobs        map[string]job
		}
		if err := yaml.Unmarshal([]byte(w.text), &parsed); err != nil {
			t.Errorf("%s: %v", w.from, err)
			continue
		}
		outputs := map[string]action{}
		for name, j := range parsed.Jobs {
			if parsed.Permissions.IsZero() && j.Permissions.IsZero() {
				t.Errorf("%s: job %s has all the permissions of the default token: name the ones it needs", w.from, name)
			}
			for _, s := range j.Steps {
				m := ours.FindStringSubmatch(s.Uses)
				if m == nil {
					continue
				}
				seen++
				if !slices.Contains(actionNames(), m[1]) {
					t.Errorf("%s: there is no action %s", w.from, s.Uses)
					continue
				}
				a := loadAction(t, m[1])
				outputs[s.ID] = a
				checkInputs(t, w.from+": "+s.Uses, a, s.With)
			}
		}
		for _, m := range outputRef.FindAllStringSubmatch(w.text, -1) {
			if a, isOurs := outputs[m[1]]; isOurs {
				if _, exists := a.Outputs.get(m[2]); !exists {
					t.Errorf("%s: %s: %s has no such output", w.from, m[0], a.Name)
				}
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d uses of our actions found: is this test still looking in the right places?", seen)
	}
}

func checkInputs(t *testing.T, place string, a action, with map[string]yaml.Node) {
	t.Helper()
	for name := range with {
		if _, exists := a.Inputs.get(name); !exists {
			t.Errorf("%s: no input %s", place, name)
		}
	}
	for _, in := range a.Inputs {
		if _, given := with[in.name]; in.value.Required && !given {
			t.Errorf("%s: input %s is missing", place, in.name)
		}
	}
}

var (
	uses    = regexp.MustCompile(`\buses:\s*["']?([^\s"',}]+)(.*)`)
	pinned  = regexp.MustCompile(`^[^@]+@[0-9a-f]{40}$`)
	comment = regexp.MustCompile(`^[^#]*\s# v\d`)
)

// Third-party actions are pinned by commit, with the version for people and for update bots.
func TestPinned(t *testing.T) {
	t.Parallel()
	list := workflows(t)
	for _, name := range actionNames() {
		file := filepath.Join(root, "actions", name, "action.yml")
		if name == "" {
			file = filepath.Join(root, "action.yml")
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, workflow{from: file, text: string(content)})
	}
	for _, w := range list {
		for _, m := range uses.FindAllStringSubmatch(w.text, -1) {
			if ours.MatchString(m[1]) || called.MatchString(m[1]) || strings.HasPrefix(m[1], "./") {
				continue
			}
			if !pinned.MatchString(m[1]) || !comment.MatchString(m[2]) {
				t.Errorf("%s: %s: pin it as NAME@<40 hexadecimal digits> # vX.Y.Z", w.from, m[1])
			}
		}
	}
}
