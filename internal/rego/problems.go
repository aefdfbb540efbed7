package rego

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/loader"

	"github.com/org/platform/internal/finding"
)

// RuleID is the rule of every problem with a policy itself.
const RuleID = "rego"

// problems turns what conftest says about policies or data it cannot load into findings.
func (m *material) problems(err error) finding.Problems {
	var compile ast.Errors
	if errors.As(err, &compile) {
		var problems finding.Problems
		for _, e := range compile {
			problems = append(problems, m.problem(e))
		}
		finding.Sort(problems)
		return problems
	}
	var load loader.Errors
	if errors.As(err, &load) {
		var problems finding.Problems
		for _, e := range load {
			if errors.As(e, &compile) {
				for _, e := range compile {
					problems = append(problems, m.migrate(m.problem(e)))
				}
				continue
			}
			problems = append(problems, m.migrate(m.problem(e)))
		}
		finding.Sort(problems)
		return problems
	}
	return finding.Problems{m.problem(err)}
}

// migrate says what to do about a file that is right in the syntax of Rego v0.
func (m *material) migrate(f finding.Finding) finding.Finding {
	content, err := os.ReadFile(filepath.Join(m.dir, filepath.FromSlash(f.File)))
	if f.File == "" || err != nil {
		return f
	}
	if _, err := ast.ParseModuleWithOpts(f.File, string(content), ast.ParserOptions{RegoVersion: ast.RegoV0}); err == nil {
		f.Message = "Rego v0 is not supported: " + f.Message
		f.Fix = "run opa fmt --write --v0-v1 " + f.File + ", which turns deny[msg] { … } into deny contains msg if { … }"
	}
	return f
}

// Conftest refuses "deny[msg] if" in plain words; a data file that does not parse is named before a colon.
var (
	withoutContains = regexp.MustCompile(`^(?s:.*)(rule is using 'if' .*): rule in (.+) at line (\d+)$`)
	dataFile        = regexp.MustCompile(`^([^:\n]+/data/[^:\n]+): (?s:(.*))$`)
)

func (m *material) problem(err error) finding.Finding {
	var e *ast.Error
	if errors.As(err, &e) {
		f := problemAt(e.Location, e.Message, m.show)
		if name, ok := strings.CutPrefix(e.Message, "undefined function "); ok {
			for _, forbidden := range forbidden() {
				if name == forbidden {
					f.Message = fmt.Sprintf("%s is not available to policies", name)
					f.Fix = "decide from the input and data files alone: policies have no network, environment or files"
				}
			}
		}
		return f
	}
	text := m.show(err.Error())
	f := finding.Finding{RuleID: RuleID, Severity: finding.Error, Message: text}
	if match := withoutContains.FindStringSubmatch(text); match != nil {
		f.Message, f.File, f.Confidence, f.Fix = match[1], match[2], finding.Exact, "write: deny contains msg if { … }"
		f.Line, _ = strconv.Atoi(match[3]) // digits by the expression
	} else if match := dataFile.FindStringSubmatch(text); match != nil {
		f.File, f.Message, f.Confidence = match[1], "cannot load policy data: "+match[2], finding.File
	}
	return f
}

func problemAt(loc *ast.Location, message string, show func(string) string) finding.Finding {
	f := finding.Finding{RuleID: RuleID, Severity: finding.Error, Message: show(message)}
	if loc != nil && loc.File != "" {
		f.File, f.Line, f.Column, f.Confidence = show(loc.File), loc.Row, loc.Col, finding.Exact
	}
	return f
}
