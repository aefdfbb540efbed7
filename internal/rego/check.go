package rego

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/placement/fieldpath"
)

// Violation is one result of a policy over one document.
type Violation struct {
	RuleID, Title   string
	Severity        finding.Severity
	Message         string
	Fix, URL        string
	Path            string // normal form of internal/placement/fieldpath; "" where the policy does not say
	Namespace, Rule string // where the policy is: a package and the name of a rule in it
}

// Check evaluates every policy over one decoded document. The order of the violations is the same in every run.
func (p *Policies) Check(ctx context.Context, input any) ([]Violation, error) {
	value, err := ast.InterfaceToValue(input)
	if err != nil {
		return nil, fmt.Errorf("check policies: convert the document: %w", err)
	}
	var all []Violation
	for _, n := range p.namespaces {
		found, err := p.check(ctx, n, value)
		if err != nil {
			return nil, fmt.Errorf("check policies of namespace %s: %w", n.name, err)
		}
		all = append(all, found...)
	}
	return all, nil
}

func (p *Policies) check(ctx context.Context, n namespace, input ast.Value) ([]Violation, error) {
	results, exceptions, err := p.evaluate(ctx, n, input)
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
				return nil, fmt.Errorf("rule %s is %s, not a set of results: write %s contains msg if { … }", rule, kind(set), rule)
			}
			for _, value := range values {
				v, err := p.violation(n.name, rule, value)
				if err != nil {
					return nil, err
				}
				all = append(all, v)
			}
		}
	}
	slices.SortFunc(all, func(a, b Violation) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.RuleID, b.RuleID), cmp.Compare(a.Path, b.Path),
			cmp.Compare(a.Message, b.Message))
	})
	return all, nil
}

// evaluate returns the value of each rule, in a list that is empty where it is undefined, and the names of excepted rules.
func (p *Policies) evaluate(ctx context.Context, n namespace, input ast.Value) (map[string]any, []any, error) {
	limited, cancel := context.WithTimeout(ctx, p.TimeLimit)
	defer cancel()
	set, err := n.query.Eval(limited, rego.EvalParsedInput(input))
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, nil, ctx.Err()
	case err != nil && (topdown.IsCancel(err) || errors.Is(limited.Err(), context.DeadlineExceeded)):
		return nil, nil, fmt.Errorf("not finished within %s: look for a rule that tries too many combinations", p.TimeLimit)
	case err != nil:
		return nil, nil, errors.New(p.show(err.Error()))
	case len(set) != 1: // comprehensions are always defined
		return nil, nil, fmt.Errorf("want one result of the query, got %d", len(set))
	}
	return set[0].Bindings["results"].(map[string]any), set[0].Bindings["exceptions"].([]any), nil
}

// violation reads one result. Optional keys that hold something else than we expect count as absent, because policies
// written for conftest may use these names in their own way.
func (p *Policies) violation(namespace, rule string, value any) (Violation, error) {
	v := Violation{RuleID: namespace + "." + rule, Severity: byName(rule), Namespace: namespace, Rule: rule}
	switch value := value.(type) {
	case string:
		v.Message = value
	case map[string]any:
		message, ok := value["msg"].(string)
		if !ok {
			return v, fmt.Errorf("rule %s: a result has no msg, or one that is not a string", rule)
		}
		v.Message = message
		if id, ok := value["id"].(string); ok && id != "" {
			v.RuleID = id
		}
		if severity, ok := severityOf(value["severity"]); ok {
			v.Severity = severity
		}
		v.Fix, _ = value["fix"].(string)
		v.URL, _ = value["url"].(string)
		v.Path = pathOf(value["path"])
	default:
		return v, fmt.Errorf("rule %s: a result is %s: want a string, or an object with msg", rule, kind(value))
	}
	known := p.byID[v.RuleID]
	v.Title, v.Fix, v.URL = known.Title, cmp.Or(v.Fix, known.Fix), cmp.Or(v.URL, known.URL)
	return v, nil
}

func severityOf(value any) (finding.Severity, bool) {
	text, _ := value.(string)
	switch strings.ToLower(text) {
	case "error":
		return finding.Error, true
	case "warning", "warn":
		return finding.Warning, true
	}
	return "", false
}

func pathOf(value any) string {
	var path fieldpath.Path
	var err error
	switch value := value.(type) {
	case string:
		path, err = fieldpath.Parse(value)
	case []any:
		path, err = fieldpath.FromList(value)
	}
	if err != nil {
		return ""
	}
	return path.String()
}

func kind(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case json.Number:
		return "a number"
	case string:
		return "a string"
	case []any:
		return "a list"
	default:
		return "an object"
	}
}
