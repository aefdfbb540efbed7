package rego_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/rego"
)

func TestCoverage(t *testing.T) {
	t.Parallel()
	results, err := rego.Test(t.Context(), []rego.Bundle{bundle(
		"a.rego", "package main\n\ndeny contains \"x\" if {\n\tinput.x\n}\n\ndeny contains \"y\" if {\n\tinput.y\n\tinput.z\n}\n",
		"b.rego", "package other\n\nwarn contains \"unused\" if input.x\n",
		"lib/c.rego", "package lib\n\nx := 1\n",
		"a_test.rego", "package main_test\n\ntest_x if data.main.deny[\"x\"] with input as {\"x\": data.lib.x}\n",
	)})
	if err != nil {
		t.Fatal(err)
	}
	want := []rego.FileCoverage{
		{File: "policy/a.rego", Percent: 40, Uncovered: []rego.Lines{{First: 7, Last: 9}}},
		{File: "policy/b.rego", Percent: 0, Uncovered: []rego.Lines{{First: 3, Last: 3}}},
		{File: "policy/lib/c.rego", Percent: 100},
	}
	if diff := cmp.Diff(want, results.Coverage); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if int(results.Covered) != 42 { // 3 of 7 lines
		t.Errorf("%f percent in all", results.Covered)
	}
	if none, err := rego.Test(t.Context(), []rego.Bundle{bundle("a.rego", "package main")}); err != nil || none.Covered != 100 {
		t.Errorf("without a rule: %+v, %v", none, err)
	}
}
