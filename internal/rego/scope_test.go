package rego_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/rego"
)

// in returns the package of a scope, with a rule that says which it is.
func in(scope string) string {
	return "# METADATA\n# custom:\n#   input: " + scope + "\npackage in_" + scope + "\n\nwarn contains \"" + scope + "\"\n"
}

func TestScopes(t *testing.T) {
	t.Parallel()
	all := bundle("a.rego", in("document"), "b.rego", in("component"), "c.rego", in("environment"), "d.rego", in("inventory"),
		"e.rego", "package undeclared\nwarn contains \"undeclared\"", "e2.rego", "package undeclared\ndeny contains \"x\" if false")
	combined := bundle("f.rego", "package combined\nwarn contains \"combined\"", "g.rego", "# METADATA\n# custom: {input: document}\npackage each\n\nwarn contains \"each\"")
	combined.Name, combined.Combine = "combined", true
	p := load(t, all, combined)
	for scope, want := range map[rego.Scope][]string{
		rego.Document:    {"each", "document", "undeclared"},
		rego.Component:   {"combined", "component"},
		rego.Environment: {"environment"},
		rego.Inventory:   {"inventory"},
	} {
		var input any = map[string]any{}
		if scope != rego.Document {
			input = []any{map[string]any{"path": "a.yaml", "contents": input}}
			if _, err := p.Check(t.Context(), scope, map[string]any{}); err == nil {
				t.Errorf("%s takes an object", scope)
			}
		}
		found, err := p.Check(t.Context(), scope, input)
		var got []string
		for _, v := range found {
			got = append(got, v.Message)
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil || !p.Has(scope) {
			t.Errorf("%s (-want +got):\n%s%v", scope, diff, err)
		}
	}
	if p.Documents() != 1 {
		t.Errorf("%d documents, want one: lists are none", p.Documents())
	}
	if load(t, bundle("a.rego", in("component"))).Has(rego.Document) {
		t.Error("there are policies for documents")
	}
}

func TestScopeProblemsAreAtTheirLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, first, second string
		line                int
		message             string
	}{
		{"unknown", "# METADATA\n# title: x\n# custom:\n#   input: all\npackage a\n\ndeny contains \"x\"", "", 4, "custom.input of package a is all: there are document, component,"},
		{"no text", "# METADATA\n# custom: {input: [component]}\npackage a\n\ndeny contains \"x\"", "", 2, "is [component]"},
		{"in a library", "# METADATA\n# custom: {input: nope}\npackage lib\n\nx := 1", "package a\ndeny contains \"x\"", 2, "package lib is nope"},
	} {
		_, err := rego.Load(t.Context(), []rego.Bundle{bundle("a.rego", tt.first, "b.rego", tt.second+"\n# the end\n"+map[bool]string{true: "package empty"}[tt.second == ""])})
		var problems finding.Problems
		if !errors.As(err, &problems) || len(problems) != 1 || problems[0].File != "policy/a.rego" || problems[0].Line != tt.line ||
			!strings.Contains(problems[0].Message, tt.message) || problems[0].Fix == "" {
			t.Errorf("%s: got %v", tt.name, err)
		}
	}
	first, second := bundle("a.rego", "package main\ndeny contains \"x\""), bundle("b.rego", "package main\ndeny contains \"y\"")
	second.Name, second.Combine = "second", true
	if _, err := rego.Load(t.Context(), []rego.Bundle{first, second}); err == nil || !strings.Contains(err.Error(), "second/b.rego:1:1: package main is in two bundles") {
		t.Errorf("a package in two bundles, one combined: %v", err)
	}
	first = bundle("a.rego", "# METADATA\n# custom: {input: document}\npackage main\ndeny contains \"x\"")
	if _, err := rego.Load(t.Context(), []rego.Bundle{first, second}); err != nil {
		t.Errorf("a package in two bundles that declares its input: %v", err)
	}
	again := bundle("c.rego", "# METADATA\n# custom: {input: component}\npackage main\n")
	again.Name = "again"
	if _, err := rego.Load(t.Context(), []rego.Bundle{first, again}); err == nil || !strings.Contains(err.Error(), "redeclared") {
		t.Errorf("a package that declares its input twice: %v", err)
	}
}

func TestNestedBundles(t *testing.T) {
	t.Parallel()
	outer, inner := bundle("a.rego", "package a\nwarn contains \"a\""), bundle("b.rego", "package b\nwarn contains \"b\"")
	inner.Name, inner.Combine = "policy/inner", true
	p := load(t, outer, inner)
	found, err := p.Check(t.Context(), rego.Component, []any{})
	if err != nil || len(found) != 1 || found[0].Message != "b" {
		t.Errorf("got %v, %v", found, err)
	}
}

func TestItems(t *testing.T) {
	t.Parallel()
	p := load(t, bundle("a.rego", "# METADATA\n# custom: {input: component}\npackage main\n\nwarn contains {\"msg\": m, \"path\": p} if some m, p in input[0].contents"))
	list := func(path ...any) []any { return path }
	paths := map[string]any{
		"a list": list(1, "contents", "spec", "x.y", 0), "a text": "[1].contents.spec", "the contents": list(1, "contents"), "the item": list(0),
		"else in the item": list(0, "path"), "not contents": list(0, "spec", "x"), "too large": list(2, "contents", "a"), "no index": list("spec"), "none": nil,
	}
	found, err := p.Check(t.Context(), rego.Component, []any{map[string]any{"contents": paths}, map[string]any{}})
	if err != nil {
		t.Fatal(err)
	}
	type place struct {
		Item int
		Path string
	}
	got := map[string]place{}
	for _, v := range found {
		got[v.Message] = place{v.Item, v.Path}
	}
	want := map[string]place{
		"a list": {1, `spec["x.y"][0]`}, "a text": {1, "spec"}, "the contents": {1, ""}, "the item": {0, ""},
		"else in the item": {0, ""}, "not contents": {0, ""}, "too large": {-1, ""}, "no index": {-1, ""}, "none": {-1, ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestData(t *testing.T) {
	t.Parallel()
	policy := "package main\n\nwarn contains json.marshal([data.a, data.b, data.c])"
	first := bundle("a.rego", policy, "data/a.yaml", "a: {from: file, n: 1}", "data/b/x.yaml", "y: 2")
	first.Data = map[string]any{"a": map[string]any{"from": "configuration"}, "c": []any{1, "x", nil}}
	second := rego.Bundle{Name: "second", Root: bundle("b.rego", "package other\nwarn contains \"x\" if false").Root, Data: map[string]any{"c": []any{1, "x", nil}}}
	found, err := load(t, first, second).Check(t.Context(), rego.Document, nil)
	if want := `[{"from":"configuration"},{"y":2},[1,"x",null]]`; err != nil || len(found) != 1 || found[0].Message != want {
		t.Errorf("got %v, %v, want %s", found, err, want)
	}
	results, err := rego.Test(t.Context(), []rego.Bundle{first, {Name: "t", Root: bundle("t.rego", "package t", "t_test.rego", "package t_test\ntest_a if data.a.from == \"configuration\"").Root}})
	if err != nil || len(results.Results) != 1 || results.Results[0].Status != rego.Passed {
		t.Errorf("tests do not see the data: %+v, %v", results, err)
	}
}

func TestDataThatCollides(t *testing.T) {
	t.Parallel()
	rule := "package main\n\ndeny contains \"x\""
	for _, tt := range []struct {
		name    string
		files   []string
		data    []map[string]any
		message string
		line    int
	}{
		{"with a package", []string{"a.rego", rule}, []map[string]any{{"main": 1}}, "the package hides data.main, which the configuration of policy bundle policy sets", 1},
		{"with the package above", []string{"a.rego", "package org.main\n\ndeny contains \"x\""}, []map[string]any{{"org": map[string]any{"x": 1}}}, "hides data.org", 1},
		{"a file with a rule", []string{"a.rego", rule, "data/main.yaml", "main: {deny: 1}"}, nil, "the rule hides data.main.deny, which a data file sets", 3},
		{"two values", []string{"a.rego", rule}, []map[string]any{{"a": 1}, {"a": 2}}, "data.a has two values, in the configuration of the policy bundles policy and second", 0},
		{"no JSON", []string{"a.rego", rule}, []map[string]any{{"a": func() {}}}, "policy bundle policy: data.a: ", 0},
	} {
		bundles := []rego.Bundle{bundle(tt.files...), {Name: "second", Root: bundle("b.rego", "package second").Root}}
		for i, data := range tt.data {
			bundles[i].Data = data
		}
		_, err := rego.Load(t.Context(), bundles)
		var problems finding.Problems
		if err == nil || !strings.Contains(err.Error(), tt.message) || errors.As(err, &problems) && problems[0].Line != tt.line {
			t.Errorf("%s: got %v", tt.name, err)
		}
	}
	if _, err := rego.Load(t.Context(), []rego.Bundle{bundle("a.rego", rule, "data/main.yaml", "main: {limits: 1}")}); err != nil {
		t.Errorf("data beside a rule: %v", err)
	}
}
