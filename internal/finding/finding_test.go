package finding_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/finding"
)

func TestString(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		finding finding.Finding
		want    string
	}{
		{finding.Finding{Message: "m"}, "m"},
		{finding.Finding{Message: "m", Fix: "do this"}, "m (do this)"},
		{finding.Finding{Message: "m", File: "a.yaml"}, "a.yaml: m"},
		{finding.Finding{Message: "m", File: "a.yaml", Line: 3}, "a.yaml:3: m"},
		{finding.Finding{Message: "m", File: "a.yaml", Line: 3, Column: 7}, "a.yaml:3:7: m"},
		{finding.Finding{Message: "m", File: "a.yaml", Column: 7}, "a.yaml: m"}, // a column without a line is no place
		{finding.Finding{Message: "m", Line: 3, Column: 7}, "m"},
	} {
		if got := c.finding.String(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestSort(t *testing.T) {
	t.Parallel()
	want := []finding.Finding{
		{Severity: finding.Error, File: "a.yaml", Line: 1, Column: 9},
		{Severity: finding.Error, File: "a.yaml", Line: 2, Column: 1, RuleID: "a", Resource: "Deployment/a"},
		{Severity: finding.Error, File: "a.yaml", Line: 2, Column: 1, RuleID: "a", Resource: "Deployment/b"},
		{Severity: finding.Error, File: "a.yaml", Line: 2, Column: 1, RuleID: "b"},
		{Severity: finding.Error, File: "a.yaml", Line: 2, Column: 5},
		{Severity: finding.Error, File: "a.yaml", Line: 10},
		{Severity: finding.Error, File: "b.yaml", Line: 1},
		{Severity: finding.Warning, File: "a.yaml", Line: 1},
	}
	got := slices.Clone(want)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
	finding.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if n := finding.Errors(got); n != 7 {
		t.Errorf("got %d errors, want 7", n)
	}

	same := []finding.Finding{{Message: "first"}, {Message: "second"}}
	finding.Sort(same)
	if same[0].Message != "first" {
		t.Error("findings of the same place must keep their order")
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	problems := finding.Problems{{Message: "m", File: "a.yaml", Line: 1}, {Message: "n", Fix: "do this"}}
	err := fmt.Errorf("load: %w", problems.ErrorOrNil())
	if got, want := err.Error(), "load: a.yaml:1: m\nn (do this)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	var back finding.Problems
	if !errors.As(err, &back) || !cmp.Equal(back, problems) {
		t.Errorf("got %v back", back)
	}
	if err := (finding.Problems{}).ErrorOrNil(); err != nil { // a nil slice in an error would not be nil
		t.Errorf("no problems are the error %#v", err)
	}
}
