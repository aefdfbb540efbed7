package rego_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/document"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/rego"
	"github.com/org/platform/internal/testkit"
)

var update = flag.Bool("update", false, "write what the cases of testdata/conftest give as what they are to give")

// TestSameVerdictsAsConftest compares every case with the conftest program: file, namespace, rule, severity and message of every result. A case has
// policy/*.rego, input/, maybe data/, and a file combine where the input is one list. Its verdicts are in want.txt. Where ours differ on purpose,
// why.txt says why, and conftest.txt has the program's.
func TestSameVerdictsAsConftest(t *testing.T) {
	t.Parallel()
	program := testkit.Tool(t, "conftest", "github.com/open-policy-agent/conftest")
	cases, err := filepath.Glob("testdata/conftest/*")
	if err != nil || len(cases) < 25 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	for _, dir := range cases {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			ours, theirs := ourVerdicts(t, dir), conftestVerdicts(t, program, dir)
			golden(t, filepath.Join(dir, "want.txt"), ours)
			if why, err := os.ReadFile(filepath.Join(dir, "why.txt")); err == nil {
				if ours == theirs || len(why) == 0 {
					t.Errorf("the case says why it differs, and gives what conftest gives:\n%s", ours)
				}
				golden(t, filepath.Join(dir, "conftest.txt"), theirs)
				return
			}
			if ours == "" {
				t.Error("no results: the case shows nothing")
			}
			if diff := gocmp.Diff(theirs, ours); diff != "" {
				t.Errorf("differs from conftest (-conftest +ours):\n%s", diff)
			}
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if diff := gocmp.Diff(string(want), got); err != nil || diff != "" {
		t.Errorf("%s (-want +got):\n%s%v", file, diff, err)
	}
}

// verdicts are the lines of a verdict, in order. What conftest and we cannot evaluate is one line: error.
func verdicts(lines []string) string {
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func line(file, namespace, rule string, severity finding.Severity, message, at string) string {
	return strings.Join([]string{file, namespace + "." + rule, string(severity), message + at}, " | ") + "\n"
}

func conftestVerdicts(t *testing.T, program, dir string) string {
	t.Helper()
	args := []string{"test", "--all-namespaces", "--output", "json", "--policy", "policy"}
	if exists(filepath.Join(dir, "data")) {
		args = append(args, "--data", "data")
	}
	if exists(filepath.Join(dir, "combine")) {
		args = append(args, "--combine")
	}
	run := exec.Command(program, append(args, "input")...)
	run.Dir, run.Env = dir, []string{"HOME=" + t.TempDir()}
	out, err := run.Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || len(out) == 0) {
		if exit != nil && strings.HasPrefix(string(exit.Stderr), "Error: ") {
			return "error\n"
		}
		t.Fatalf("conftest: %v", err)
	}
	type result struct {
		Msg string
		Loc *struct {
			File string
			Line json.Number
		}
		Metadata struct{ Query string }
	}
	var files []struct {
		Filename, Namespace string
		Warnings, Failures  []result
	}
	if err := json.Unmarshal(out, &files); err != nil {
		t.Fatalf("conftest: %v in\n%s", err, out)
	}
	var lines []string
	for _, f := range files {
		for severity, results := range map[finding.Severity][]result{finding.Warning: f.Warnings, finding.Error: f.Failures} {
			for _, r := range results {
				rule := strings.TrimPrefix(r.Metadata.Query, "data."+f.Namespace+".")
				at := ""
				if r.Loc != nil {
					at = " @" + r.Loc.File + ":" + cmp.Or(r.Loc.Line.String(), "0")
				}
				lines = append(lines, line(f.Filename, f.Namespace, rule, severity, r.Msg, at))
			}
		}
	}
	return verdicts(lines)
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

func ourVerdicts(t *testing.T, dir string) string {
	t.Helper()
	combine := exists(filepath.Join(dir, "combine"))
	p, err := rego.Load(t.Context(), []rego.Bundle{{Name: "policy", Root: os.DirFS(dir), Combine: combine}})
	if errors.As(err, new(finding.Problems)) { // policies of which we refuse something
		return "error\n"
	}
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	var items []any
	check := func(s rego.Scope, file string, input any) error {
		found, err := p.CheckFile(t.Context(), s, file, input)
		for _, v := range found {
			at := ""
			if v.File != "" || v.Line != 0 {
				at = " @" + v.File + ":" + strconv.Itoa(v.Line)
			}
			lines = append(lines, line(file, v.Namespace, v.Rule, v.Severity, v.Message, at))
		}
		return err
	}
	for _, file := range inputs(t, dir) {
		for _, input := range decode(t, dir, file) {
			if combine {
				items = append(items, map[string]any{"path": file, "contents": input})
			} else if err := check(rego.Document, file, input); err != nil {
				return "error\n"
			}
		}
	}
	if combine && check(rego.Component, "Combined", items) != nil { // a file of that name says what no file does
		return "error\n"
	}
	return verdicts(lines)
}

func inputs(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	err := fs.WalkDir(os.DirFS(dir), "input", func(file string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// decode returns the documents of a file. Of a file with one document that is a list, conftest makes a document of each element.
func decode(t *testing.T, dir, file string) []any {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	if rego.Parses(file) {
		values, err := rego.ParseFile(file, content)
		if err != nil {
			t.Fatal(err)
		}
		return values
	}
	docs, err := document.Parse(file, content)
	if err != nil {
		t.Fatal(err)
	}
	if len(docs) == 1 {
		return rego.Split(docs[0].Value)
	}
	values := make([]any, len(docs))
	for i, d := range docs {
		values[i] = d.Value
	}
	return values
}
