package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/org/platform/internal/finding"
)

// Report is what a check found.
type Report struct {
	Tool     Tool
	Findings []finding.Finding // as finding.Sort orders them
	Rules    []Rule            // that were evaluated, whether they found something or not

	Documents, Renders, Files int // that were evaluated

	// Source returns an authored file, which the terminal shows lines of and SARIF counts columns in. It may be nil.
	Source func(file string) ([]byte, error)
}

// Tool is the program that found it.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	URL     string `json:"url,omitempty"`
}

// Rule is one that was evaluated.
type Rule struct {
	ID       string
	Title    string
	Why      string
	Severity finding.Severity
	Fix      string
	URL      string
}

// Counts says how many findings of which kind there are. Every finding is of exactly one.
type Counts struct {
	Errors   int `json:"errors"`   // they fail the check
	Warnings int `json:"warnings"` // that are new
	Known    int `json:"known"`    // errors and warnings that are there without the change
	Waived   int `json:"waived"`   // errors and warnings that are accepted
}

// Counts counts the findings.
func (r *Report) Counts() Counts {
	var c Counts
	for _, f := range r.Findings {
		switch kindOf(f) {
		case failing:
			c.Errors++
		case warning:
			c.Warnings++
		case known:
			c.Known++
		case waived:
			c.Waived++
		}
	}
	return c
}

// String returns the counts for people, such as "2 errors, 1 warning, 3 known, 1 waived". What is known or waived is named only where there is some.
func (c Counts) String() string {
	parts := []string{plural(c.Errors, "error"), plural(c.Warnings, "warning")}
	if c.Known > 0 {
		parts = append(parts, fmt.Sprintf("%d known", c.Known))
	}
	if c.Waived > 0 {
		parts = append(parts, fmt.Sprintf("%d waived", c.Waived))
	}
	return strings.Join(parts, ", ")
}

// kind is what a finding means for the check.
type kind int

const (
	failing kind = iota
	warning
	known
	waived
)

func kindOf(f finding.Finding) kind {
	switch {
	case f.Waiver != nil:
		return waived
	case f.Known:
		return known
	case f.Severity == finding.Warning:
		return warning
	default: // also a severity that nobody knows: better too loud than lost
		return failing
	}
}

// evaluated says what was looked at, such as "12 documents of 3 renders and 2 files checked with 27 rules".
func (r *Report) evaluated() string {
	text := plural(r.Documents, "document")
	switch {
	case r.Renders > 0 && r.Files > 0:
		text += " of " + plural(r.Renders, "render") + " and " + plural(r.Files, "file")
	case r.Renders > 0:
		text += " of " + plural(r.Renders, "render")
	case r.Files > 0:
		text += " of " + plural(r.Files, "file")
	}
	return text + " checked with " + plural(len(r.Rules), "rule")
}

func plural(n int, unit string) string {
	if n != 1 {
		unit += "s"
	}
	return fmt.Sprintf("%d %s", n, unit)
}

// JSON writes the report for machines: the counts, what was evaluated, and every finding whole.
func (r *Report) JSON(w io.Writer) error {
	document := struct {
		Tool      Tool              `json:"tool"`
		Counts    Counts            `json:"counts"`
		Documents int               `json:"documents"`
		Renders   int               `json:"renders"`
		Files     int               `json:"files"`
		Rules     int               `json:"rules"`
		Findings  []finding.Finding `json:"findings"`
	}{r.Tool, r.Counts(), r.Documents, r.Renders, r.Files, len(r.Rules), append([]finding.Finding{}, r.Findings...)} // never null
	return encode(w, document)
}

func encode(w io.Writer, document any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(document)
}
