package rego

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/tester"
)

// TestStatus says how a test ended.
type TestStatus string

// How a test can end. A test that is called todo_test_… is skipped.
const (
	Passed  TestStatus = "pass"
	Failed  TestStatus = "fail"
	Broken  TestStatus = "error" // could not be evaluated
	Skipped TestStatus = "skip"
)

// TestResult is the outcome of one test_… rule.
type TestResult struct {
	Package, Name string
	Status        TestStatus
	File          string // bundle name and path in the bundle
	Line          int
	Message       string // what the test printed, or why it could not be evaluated
	Duration      time.Duration
}

// TestResults are the outcome of all tests, ordered by file and line, and what of the policies they evaluated, ordered by file.
type TestResults struct {
	Results  []TestResult
	Coverage []FileCoverage
	Covered  float64 // percent of the lines of all files
}

// Test runs the tests in the bundles' *_test.rego files with OPA's tester, in the sandbox that policies have. Policies that do not compile are
// reported as finding.Problems.
func Test(ctx context.Context, bundles []Bundle) (*TestResults, error) {
	m, err := materialize(bundles, true)
	if err != nil {
		return nil, err
	}
	defer m.remove()
	engine, err := load(m)
	if err != nil {
		return nil, err
	}
	store, err := m.store(ctx, engine)
	if err != nil {
		return nil, err
	}
	return m.runTests(ctx, engine.Modules(), store)
}

func (m *material) runTests(ctx context.Context, modules map[string]*ast.Module, store storage.Store) (*TestResults, error) {
	txn, err := store.NewTransaction(ctx, storage.TransactionParams{})
	if err != nil {
		return nil, fmt.Errorf("test policies: %w", err)
	}
	defer store.Abort(ctx, txn)
	compiler := ast.NewCompiler().WithCapabilities(capabilities()).WithEnablePrintStatements(true)
	covered := cover.New()
	results, err := tester.NewRunner().SetStore(store).SetCompiler(compiler).SetModules(modules).SetCoverageQueryTracer(covered).
		CapturePrintOutput(true).RaiseBuiltinErrors(true).SetTimeout(DefaultTimeLimit).RunTests(ctx, txn)
	if err != nil {
		return nil, m.problems(err)
	}
	all := &TestResults{}
	for r := range results {
		all.Results = append(all.Results, m.testResult(r))
	}
	if ctx.Err() != nil { // the runner stops without a word
		return nil, fmt.Errorf("test policies: %w", ctx.Err())
	}
	slices.SortFunc(all.Results, func(a, b TestResult) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Name, b.Name))
	})
	all.Coverage, all.Covered = m.coverage(covered.Report(modules))
	return all, nil
}

func (m *material) testResult(r *tester.Result) TestResult {
	t := TestResult{Package: strings.TrimPrefix(r.Package, "data."), Name: r.Name, Status: Passed, Duration: r.Duration,
		Message: m.show(strings.TrimSpace(string(r.Output)))}
	if r.Location != nil {
		t.File, t.Line = m.show(r.Location.File), r.Location.Row
	}
	switch {
	case r.Skip:
		t.Status = Skipped
	case r.Error != nil:
		t.Status, t.Message = Broken, m.show(r.Error.Error())
	case r.Fail:
		t.Status = Failed
	}
	return t
}
