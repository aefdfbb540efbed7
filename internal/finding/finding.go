package finding

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity says whether a finding fails a check.
type Severity string

// The severities, most severe first.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Confidence says how sure we are that a finding's file and line are the ones a person must change.
type Confidence string

// The confidences, surest first. A finding with confidence File has no line: a line is never invented.
const (
	Exact  Confidence = "exact"  // the offending field itself
	Parent Confidence = "parent" // the deepest existing ancestor of a field that is missing
	File   Confidence = "file"   // somewhere in this file
)

// Finding is one problem.
type Finding struct {
	RuleID       string     `json:"ruleId"`
	Title        string     `json:"title,omitempty"` // of the rule
	Severity     Severity   `json:"severity"`
	Message      string     `json:"message"`
	Fix          string     `json:"fix,omitempty"`
	URL          string     `json:"url,omitempty"`
	File         string     `json:"file,omitempty"`   // slash-separated, relative to the repository root
	Line         int        `json:"line,omitempty"`   // 1-based; 0 where unknown
	Column       int        `json:"column,omitempty"` // 1-based, in bytes; 0 where unknown
	Confidence   Confidence `json:"confidence,omitempty"`
	Components   []string   `json:"components,omitempty"`   // where the same cause fails
	Environments []string   `json:"environments,omitempty"` // where the same cause fails, in the order in which releases travel
	Resource     string     `json:"resource,omitempty"`     // "Kind/name" of the rendered resource
	Path         string     `json:"path,omitempty"`         // field path in the rendered resource or the document
	Fingerprint  string     `json:"fingerprint,omitempty"`  // the same for the same problem after lines moved; "" where nothing compares
	Known        bool       `json:"known,omitempty"`        // it is there without the change too
	Changed      bool       `json:"changed,omitempty"`      // its line is one that the change touches
	Waiver       *Waiver    `json:"waiver,omitempty"`       // it is accepted
	Trace        []string   `json:"trace,omitempty"`        // what was tried to find its place, where that was asked for
}

// Waiver is why a finding is accepted.
type Waiver struct {
	Owner   string `json:"owner"`
	Reason  string `json:"reason"`
	Expires string `json:"expires"` // the last day on which it holds, as 2006-01-02 in UTC
}

// Place returns file:line:column as far as known, or "" where not even the file is.
func (f Finding) Place() string {
	switch {
	case f.File == "" || f.Line == 0:
		return f.File
	case f.Column == 0:
		return fmt.Sprintf("%s:%d", f.File, f.Line)
	default:
		return fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column)
	}
}

// String returns the finding on one line: place, message and the way out.
func (f Finding) String() string {
	var b strings.Builder
	if p := f.Place(); p != "" {
		b.WriteString(p + ": ")
	}
	b.WriteString(f.Message)
	if f.Fix != "" {
		b.WriteString(" (" + f.Fix + ")")
	}
	return b.String()
}

// Sort orders findings for people: those that fail first, then warnings, then what is known or accepted; of each those on lines that the change
// touches first, then by file, line, rule and resource.
func Sort(fs []Finding) {
	slices.SortStableFunc(fs, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(a.rank(), b.rank()),
			cmp.Compare(a.Severity, b.Severity), // "error" < "warning"
			-compareBool(a.Changed, b.Changed),
			cmp.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.RuleID, b.RuleID),
			cmp.Compare(a.Resource, b.Resource),
			cmp.Compare(a.Message, b.Message),
		)
	})
}

func (f Finding) rank() int {
	switch {
	case f.Waiver != nil:
		return 2
	case f.Known:
		return 1
	default:
		return 0
	}
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	default:
		return -1
	}
}

// Fails says whether a finding fails a check: an error that no waiver accepts, and that the change brings.
func (f Finding) Fails() bool { return f.Severity == Error && !f.Known && f.Waiver == nil }

// Errors counts the findings that fail a check.
func Errors(fs []Finding) int {
	n := 0
	for _, f := range fs {
		if f.Fails() {
			n++
		}
	}
	return n
}

// Problems is an error made of findings: input that cannot be used, with the place of everything wrong in it.
type Problems []Finding

// Error returns one line per finding.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, f := range p {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// ErrorOrNil returns nil where there are no findings, so that callers can return it as an error.
func (p Problems) ErrorOrNil() error {
	if len(p) == 0 {
		return nil
	}
	return p
}
