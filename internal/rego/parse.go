package rego

import (
	"fmt"
	"path"
	"time"

	"github.com/open-policy-agent/conftest/parser"
	"github.com/open-policy-agent/conftest/parser/json"
	"github.com/open-policy-agent/conftest/parser/jsonnet"
	"github.com/open-policy-agent/conftest/parser/yaml"

	"github.com/org/platform/internal/finding"
)

// ParseRuleID is the rule of every problem with a file that does not parse.
const ParseRuleID = "parse"

// Bounds of what is parsed. Parsers recurse, and a stack that is full ends the program: of languages with expressions, which need no brackets to nest,
// less is read.
const (
	mostBytes     = 16 << 20
	mostCode      = 128 << 10
	mostNesting   = 10_000
	parseDeadline = 10 * time.Second
)

// Parses says whether ParseFile reads files of this name: those that conftest reads, but YAML and JSON, which are to be decoded with their places.
func Parses(file string) bool {
	_, err := parserOf(file)
	return err == nil
}

// ParseFile reads a file with the parser that conftest takes for its name. It returns the documents that conftest checks one by one: see Split. A file
// that does not parse is reported as finding.Problems, on its line where the parser tells. Nothing but data is read: an import of another file is
// refused, and a reference to an environment variable stays as it is written.
func ParseFile(file string, data []byte) ([]any, error) {
	p, err := parserOf(file)
	if err != nil {
		return nil, err
	}
	if problem := unfit(file, p, data); problem != nil {
		return nil, finding.Problems{*problem}
	}
	type outcome struct {
		value any
		err   error
	}
	done := make(chan outcome, 1) // a parser that never ends is left behind
	go func() {
		value, err := sandboxed(p, data)
		done <- outcome{value, err}
	}()
	limit := time.NewTimer(parseDeadline)
	defer limit.Stop()
	select {
	case o := <-done:
		if o.err != nil {
			return nil, finding.Problems{parseProblem(file, data, o.err)}
		}
		return Split(o.value), nil
	case <-limit.C:
		return nil, finding.Problems{parseProblem(file, nil, fmt.Errorf("not parsed within %s", parseDeadline))}
	}
}

// Split returns the documents that conftest makes of a file with one value: the elements of a list, else the value itself.
func Split(value any) []any {
	if list, ok := value.([]any); ok {
		return list
	}
	return []any{value}
}

func parserOf(file string) (parser.Parser, error) {
	p, err := parser.NewFromPath(path.Base(file))
	if err != nil {
		return nil, fmt.Errorf("parse %s: conftest has no parser for files of this name", file)
	}
	switch p.(type) {
	case *yaml.Parser, *json.Parser:
		return nil, fmt.Errorf("parse %s: YAML and JSON are decoded elsewhere", file)
	case *jsonnet.Parser:
		return jsonnetParser{}, nil
	}
	return p, nil
}
