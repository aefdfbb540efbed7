package rego_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/org/platform/internal/rego"
)

// TestFileOfEachEvaluation evaluates at once over several files: each evaluation sees its own, and what a data file holds beside.
func TestFileOfEachEvaluation(t *testing.T) {
	t.Parallel()
	b := bundle("a.rego", "package main\ndeny contains sprintf(\"%s/%s %v\", [f.dir, f.name, object.get(data.conftest, \"mine\", 0)]) if f := data.conftest.file\n")
	b.Data = map[string]any{"conftest": map[string]any{"mine": 7}}
	p := load(t, b)
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			dir, want := fmt.Sprintf("services/s%d", i), fmt.Sprintf("/services/s%d/values.yaml 7", i)
			found, err := p.CheckFile(t.Context(), rego.Document, dir+"/values.yaml", map[string]any{})
			if err != nil || len(found) != 1 || found[0].Message != want {
				t.Errorf("got %v, %v, want %s", found, err, want)
			}
		})
	}
	group.Wait()
	for file, want := range map[string]string{"a.yaml": "//a.yaml 7", "": "//Combined 7"} {
		if found, err := p.CheckFile(t.Context(), rego.Document, file, nil); err != nil || len(found) != 1 || found[0].Message != want {
			t.Errorf("%q: got %v, %v, want %s", file, found, err, want)
		}
	}
}
