package architecture

import (
	"os/exec"
	"strings"
	"testing"
)

// Make expands a recipe only when it runs it, so a mistake in a target that nobody uses goes unnoticed.
func TestEveryTargetOfTheMakefileExpands(t *testing.T) {
	t.Parallel()
	help, err := exec.Command("make", "--no-print-directory", "-C", root).Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(help)), "\n")
	if len(lines) < 8 {
		t.Errorf("make without a target must list the targets, got:\n%s", help)
	}
	for _, line := range lines {
		target := strings.Fields(line)[1]
		out, err := exec.Command("make", "-n", "-C", root, target).CombinedOutput()
		if err != nil || strings.Contains(string(out), "grep: ") {
			t.Errorf("make -n %s: %v\n%s", target, err, out)
		}
	}
}
