package build

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/org/platform/internal/finding"
)

// test runs the component's tests on this machine, with cgo off as in the binary that ships.
func (b builder) test(ctx context.Context, packages []goPackage) (TestSummary, []finding.Finding, error) {
	dirs := map[string]string{}
	for _, pkg := range packages {
		dirs[pkg.ImportPath] = pkg.Dir
	}
	run := &testRun{at: b.at, dirs: dirs, tests: map[testName]*testOutput{}, builds: map[string]*strings.Builder{}}
	// Empty means this machine's platform, whatever the environment selects.
	stderr, ok, err := b.cmd.run(ctx, run, []string{"GOOS=", "GOARCH=", "CGO_ENABLED=0"}, "test", "-json", "./...")
	if err != nil || ok {
		return run.summary, nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(run.builds)) {
		run.buildFailed(run.builds[name].String())
	}
	// Before Go 1.24 what does not compile is told on standard error.
	found := unique(append(run.found, b.at.complaints(stderr)...))
	if len(found) == 0 {
		return run.summary, nil, failed("go test", stderr)
	}
	return run.summary, found, nil
}

// testEvent is one line of go test -json.
type testEvent struct {
	Action, Package, Test, Output string
	ImportPath                    string // of the package that is compiled, in build events
	FailedBuild                   string
}

type testName struct{ pkg, test string } // test is "" for what the package itself prints

// testRun reads the events as they come. It keeps what explains a failure, not the whole output.
type testRun struct {
	at      places
	dirs    map[string]string // folders of packages by import path
	partial []byte            // an unfinished line
	tests   map[testName]*testOutput
	builds  map[string]*strings.Builder
	summary TestSummary
	found   []finding.Finding
}

// Write implements io.Writer for the standard output of go test -json.
func (r *testRun) Write(p []byte) (int, error) {
	r.partial = append(r.partial, p...)
	for {
		line, rest, complete := bytes.Cut(r.partial, []byte("\n"))
		if !complete {
			return len(p), nil
		}
		var e testEvent
		if json.Unmarshal(line, &e) == nil { // anything else is a program that writes past the test framework
			r.event(e)
		}
		r.partial = rest
	}
}

func (r *testRun) event(e testEvent) {
	name := testName{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		if r.builds[e.ImportPath] == nil {
			r.builds[e.ImportPath] = &strings.Builder{}
		}
		r.builds[e.ImportPath].WriteString(e.Output)
	case "output":
		r.output(name).add(strings.TrimRight(e.Output, "\r\n"))
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.packageEnded(e)
			return
		}
		r.testEnded(name, e.Action)
	}
}

func (r *testRun) output(name testName) *testOutput {
	if r.tests[name] == nil {
		r.tests[name] = &testOutput{}
	}
	return r.tests[name]
}

func (r *testRun) testEnded(name testName, action string) {
	out := r.output(name)
	delete(r.tests, name)
	switch action {
	case "pass":
		r.summary.Passed++
	case "skip":
		r.summary.Skipped++
	case "fail":
		r.summary.Failed++
		located := out.findings(r.at, r.dirs[name.pkg], name.test)
		if len(located) == 0 && !out.explained { // a parent fails with its subtests and has nothing to add
			located = []finding.Finding{{RuleID: RuleTest, Severity: finding.Error,
				Message: name.test + " in " + name.pkg + " failed without a message"}}
		}
		r.found = append(r.found, located...)
		r.explain(name)
	}
}

// explain marks the test's parents and package: their own failure needs no further reason.
func (r *testRun) explain(name testName) {
	for parent := name.test; ; {
		cut := strings.LastIndex(parent, "/")
		if cut < 0 {
			break
		}
		parent = parent[:cut]
		r.output(testName{name.pkg, parent}).explained = true
	}
	r.output(testName{name.pkg, ""}).explained = true
}

// packageEnded reports a package that failed by itself: it exited, panicked outside of a test, or took too long.
func (r *testRun) packageEnded(e testEvent) {
	name := testName{e.Package, ""}
	out := r.output(name)
	delete(r.tests, name)
	if e.Action != "skip" && e.FailedBuild == "" {
		r.summary.Packages++
	}
	if e.Action != "fail" || e.FailedBuild != "" || out.explained {
		return
	}
	var located []finding.Finding
	for test, unfinished := range r.tests {
		if test.pkg == e.Package {
			located = append(located, unfinished.findings(r.at, r.dirs[e.Package], test.test)...)
			delete(r.tests, test)
		}
	}
	located = append(located, out.findings(r.at, r.dirs[e.Package], "")...)
	if len(located) == 0 {
		located = []finding.Finding{{RuleID: RuleTest, Severity: finding.Error,
			Message: "the tests of " + e.Package + " failed: " + strings.Join(out.tail, "\n")}}
	}
	r.found = append(r.found, located...)
}

// buildFailed reports what does not compile, or could not be loaded.
func (r *testRun) buildFailed(output string) {
	located := r.at.complaints(output)
	if len(located) == 0 {
		located = []finding.Finding{{RuleID: RuleCompile, Severity: finding.Error, Message: strings.TrimSpace(output)}}
	}
	r.found = append(r.found, located...)
}
