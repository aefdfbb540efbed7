package policy_test

import (
	"os"
	"testing"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/org/platform/internal/rego"
)

// What this repository gives to others, and runs itself, keeps to what it asks of them.
func TestOurOwnWorkflowsAndActionsPass(t *testing.T) {
	t.Parallel()
	p := load(t, "workflow")
	root := os.DirFS("..")
	count := 0
	for _, pattern := range []string{".github/workflows/*.yml", "docs/examples/workflows/*.yml", "action.yml", "actions/*/action.yml", "golden-paths/*/tests/default/expected/.github/workflows/*.yml"} {
		files, err := doublestar.Glob(root, pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			count++
			for _, d := range parse(t, file, read(t, "../"+file)) {
				found, err := p.Check(t.Context(), rego.Document, d.Value)
				if err != nil {
					t.Fatal(err)
				}
				for _, v := range found {
					t.Errorf("%s: %s at %s: %s", file, v.RuleID, v.Path, v.Message)
				}
			}
		}
	}
	if count < 10 {
		t.Errorf("only %d files found", count)
	}
}
