package actions_test

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// export copies what a runner would download: the files under version control, or about to be, and nothing that was built.
func export(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatalf("list the files of the repository: %v", err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		copyFile(t, filepath.Join(root, name), filepath.Join(dir, name))
	}
	return dir
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	info, err := os.Lstat(from)
	if errors.Is(err, fs.ErrNotExist) {
		return // deleted, not yet committed
	}
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Type() == fs.ModeSymlink {
		target, err := os.Readlink(from)
		if err := errors.Join(err, os.Symlink(target, to)); err != nil {
			t.Fatal(err)
		}
		return
	}
	content, err := os.ReadFile(from)
	if err := errors.Join(err, os.WriteFile(to, content, info.Mode().Perm())); err != nil {
		t.Fatal(err)
	}
}

// likeRunner makes the actions of an exported checkout run as on the real runner: act sets INPUT_ variables for composite steps, the
// runner does not. edit may change a step before.
func likeRunner(t *testing.T, checkout string, edit func(action string, s *step)) {
	t.Helper()
	shell, err := filepath.Abs("testdata/runner-shell")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range actionNames() {
		file := filepath.Join(checkout, "actions", name, "action.yml")
		if name == "" {
			file = filepath.Join(checkout, "action.yml")
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var whole map[string]any
		var typed action
		if err := errors.Join(yaml.Unmarshal(content, &whole), yaml.Unmarshal(content, &typed)); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		var steps []step
		for _, s := range typed.Runs.Steps {
			if edit != nil {
				edit(name, &s)
			}
			s.Shell = shell + " " + strings.Join(append(slices.Sorted(maps.Keys(s.Env)), "end"), ",") + " {0}"
			steps = append(steps, s, step{Shell: "bash", Run: `exit "$(cat "$RUNNER_TEMP/exit-code")"`})
		}
		whole["runs"] = map[string]any{"using": typed.Runs.Using, "steps": steps}
		changed, err := yaml.Marshal(whole)
		if err := errors.Join(err, os.WriteFile(file, changed, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}
