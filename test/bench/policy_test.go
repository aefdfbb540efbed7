package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/org/platform/internal/testkit"
)

// The peer must do the work that it is measured for, and find the same.
func TestPoliciesFindTheSame(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	dir, err := b.policyFolder(20)
	if err != nil {
		t.Fatal(err)
	}
	check := []string{testkit.Tool(t, "conftest", "github.com/open-policy-agent/conftest"), "test", "--no-fail", "--output", "json",
		"--policy", filepath.Join(dir, "policy"), filepath.Join(dir, "all.yaml")}
	if err := b.sameResults(t.Context(), dir, check); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "all.yaml"), []byte(policyDeployment(0)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := b.sameResults(t.Context(), dir, check); err == nil || !strings.Contains(err.Error(), "conftest found 4 results, we 8") {
		t.Errorf("error %v, want one of what conftest did not find", err)
	}
}

func TestPoliciesAreEvaluated(t *testing.T) {
	t.Parallel()
	if got := strings.Count(policyBundle, " contains {\"msg\": msg"); got != policyRules {
		t.Errorf("%d rules, want %d", got, policyRules)
	}
	b := newBench(t)
	dir, err := b.policyFolder(1)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := evaluate(t.Context(), &out, dir); err != nil || out.String() != "4\n" {
		t.Errorf("got %q, %v", out.String(), err)
	}
	if err := os.WriteFile(filepath.Join(dir, "documents", "broken.yaml"), []byte("a: ["), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := evaluate(t.Context(), &out, dir); err == nil {
		t.Error("a document that does not parse is not seen")
	}
}
