package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/org/platform/internal/finding"
)

// Annotations chooses what is annotated: of the findings that are neither known nor waived at most max errors and max warnings, in their order, which
// finding.Sort makes "errors first, changed lines first". More counts the rest.
func Annotations(fs []finding.Finding, max int) (shown []finding.Finding, more map[finding.Severity]int) {
	sorted := slices.Clone(fs)
	finding.Sort(sorted)
	more = map[finding.Severity]int{}
	count := map[finding.Severity]int{}
	for _, f := range sorted {
		severity := finding.Error
		switch kindOf(f) {
		case known, waived:
			continue
		case warning:
			severity = finding.Warning
		}
		if count[severity] == max {
			more[severity]++
			continue
		}
		count[severity]++
		shown = append(shown, f)
	}
	return shown, more
}

// Heading returns what an annotation is headed with: the rule's id and title, on one line, of at most limit bytes.
func Heading(f finding.Finding, limit int) string {
	heading := line(f.RuleID)
	if title := line(f.Title); title != "" {
		if heading != "" {
			heading += ": "
		}
		heading += title
	}
	return Shorten(heading, limit)
}

// Explain returns what an annotation says: the message, the way out, how sure the place is, and where else the cause fails; of at most limit bytes.
// The message is shortened before the way out is.
func Explain(f finding.Finding, limit int) string {
	var rest []string
	if f.Fix != "" {
		rest = append(rest, Shorten(Plain(f.Fix), limit/4))
	}
	if f.Confidence == finding.Parent {
		rest = append(rest, "The field is missing: this is its nearest parent.")
	}
	if environments := listed(f.Environments, 10, line); environments != "" {
		rest = append(rest, "In "+Shorten(environments, limit/4)+".")
	}
	tail := strings.Join(rest, "\n")
	if tail != "" {
		tail = "\n" + tail
	}
	message := cmp.Or(Plain(f.Message), line(f.Title), line(f.RuleID)) // GitHub takes no annotation without one
	return Shorten(message, max(0, limit-len(tail))) + tail
}
