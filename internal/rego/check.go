package rego

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/org/platform/internal/finding"
)

// mostResults is how many results one namespace may give for one input.
const mostResults = 10_000

// Check evaluates every policy of a scope over one input, decoded from JSON or YAML. The order of the violations is the same in every run. A policy
// that cannot be evaluated is reported as finding.Problems where its place is known.
func (p *Policies) Check(ctx context.Context, s Scope, input any) ([]Violation, error) {
	return p.CheckFile(ctx, s, "", input)
}

// CheckFile is Check of what a file holds, a path in the repository: policies find its name and folder in data.conftest.file, as conftest has it.
// Where it is empty, they find what conftest --combine tells them.
func (p *Policies) CheckFile(ctx context.Context, s Scope, file string, input any) ([]Violation, error) {
	value, err := ast.InterfaceToValue(input)
	if err != nil {
		return nil, fmt.Errorf("check policies: convert the input: %w", err)
	}
	items := -1
	if s != Document {
		list, ok := value.(*ast.Array)
		if !ok {
			return nil, fmt.Errorf("check policies: the input of scope %s is not a list", s)
		}
		items = list.Len()
	}
	var all []Violation
	for _, n := range p.namespaces {
		if n.scope != s {
			continue
		}
		found, err := p.check(ctx, n, file, value, items)
		if err != nil {
			return nil, fmt.Errorf("check policies of namespace %s over %s: %w", n.name, nameOf(value), err)
		}
		all = append(all, found...)
	}
	if s == Document {
		p.documents.Add(1)
	}
	return all, nil
}

// Documents counts the documents that every policy was evaluated over.
func (p *Policies) Documents() int64 { return p.documents.Load() }

func (p *Policies) check(ctx context.Context, n namespace, file string, input ast.Value, items int) ([]Violation, error) {
	results, exceptions, err := p.evaluate(ctx, n, file, input)
	if err != nil {
		return nil, err
	}
	var all []Violation
	for _, rule := range n.rules {
		if slices.Contains(exceptions, any(exceptionName(rule))) {
			continue
		}
		for _, set := range results[rule].([]any) { // no value where the rule is undefined, else one
			values, ok := set.([]any)
			if !ok {
				return nil, n.problem(rule, fmt.Sprintf("rule %s is %s, not a set of results", rule, kind(set)), fmt.Sprintf("write: %s contains msg if { … }", rule))
			}
			if len(all)+len(values) > mostResults {
				return nil, n.problem(rule, fmt.Sprintf("more than %d results for one input", mostResults), "return one result for what has one cause")
			}
			for _, value := range values {
				v, keep, err := p.violation(n, rule, value, items)
				if err != nil {
					return nil, err
				}
				if keep {
					all = append(all, v)
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b Violation) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.RuleID, b.RuleID), cmp.Compare(a.Item, b.Item), cmp.Compare(a.Path, b.Path),
			cmp.Compare(a.Message, b.Message), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return all, nil
}

// problem reports a rule on its first line.
func (n namespace) problem(rule, message, fix string) finding.Problems {
	f := n.places[rule]
	f.Message, f.Fix = message, fix
	return finding.Problems{f}
}

// evaluate returns the value of each rule, in a list that is empty where it is undefined, and the names of excepted rules.
func (p *Policies) evaluate(ctx context.Context, n namespace, file string, input ast.Value) (map[string]any, []any, error) {
	options := []rego.EvalOption{rego.EvalParsedInput(input), rego.EvalSeed(sameSeed{})}
	if p.tellsFile {
		txn, done, err := p.telling(ctx, file)
		if err != nil {
			return nil, nil, err
		}
		defer done()
		options = append(options, rego.EvalTransaction(txn))
	}
	limited, cancel := context.WithTimeout(ctx, p.TimeLimit)
	defer cancel()
	if !p.Time.IsZero() {
		options = append(options, rego.EvalTime(p.Time))
	}
	var failures []topdown.Error
	if p.Strict {
		options = append(options, rego.EvalBuiltinErrorList(&failures))
	}
	set, err := n.query.Eval(limited, options...)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, nil, ctx.Err()
	case err != nil && (topdown.IsCancel(err) || errors.Is(limited.Err(), context.DeadlineExceeded)):
		return nil, nil, fmt.Errorf("not finished within %s: look for a rule that tries too many combinations", p.TimeLimit)
	case err != nil:
		return nil, nil, p.failed(err)
	case len(failures) > 0:
		return nil, nil, p.failed(&failures[0])
	case len(set) != 1: // comprehensions are always defined
		return nil, nil, fmt.Errorf("want one result of the query, got %d", len(set))
	}
	return set[0].Bindings["results"].(map[string]any), set[0].Bindings["exceptions"].([]any), nil
}

// failed turns what stopped an evaluation into a problem at its place.
func (p *Policies) failed(err error) error {
	var e *topdown.Error
	if !errors.As(err, &e) || e.Location == nil || e.Location.File == "" {
		return errors.New(p.show(err.Error()))
	}
	f := problemAt(e.Location, e.Message, p.show)
	switch e.Code {
	case topdown.ConflictErr:
		f.Fix = "make the conditions exclude each other, so that only one of them gives a value"
	case topdown.BuiltinErr, topdown.TypeErr:
		f.Fix = "check the type of the value first"
	}
	return finding.Problems{f}
}

// sameSeed makes what is random the same in every run.
type sameSeed struct{}

func (sameSeed) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

var _ io.Reader = sameSeed{}

// nameOf says which input this is, as far as it says so itself.
func nameOf(input ast.Value) string {
	text := func(path ...string) string {
		ref := make(ast.Ref, len(path))
		for i, key := range path {
			ref[i] = ast.StringTerm(key)
		}
		value, err := input.Find(ref)
		if err != nil {
			return ""
		}
		found, _ := value.(ast.String)
		return string(found)
	}
	switch input := input.(type) {
	case *ast.Array:
		return fmt.Sprintf("%d objects", input.Len())
	case ast.Object:
		if kind, name := text("kind"), text("metadata", "name"); kind != "" && name != "" {
			return clean(kind+"/"+name, mostName, false)
		}
	}
	return "a document"
}
