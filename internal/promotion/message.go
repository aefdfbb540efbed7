package promotion

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/org/platform/internal/report"
)

// Message returns the body of the promotion's commit: plain text, in which nobody is mentioned and no issue is named, and no line is a trailer.
func (p Proposal) Message() string {
	var b strings.Builder
	if p.Unit.Atomic {
		fmt.Fprintf(&b, "%s brings %d components to %s together; merge this branch to run them there.\n",
			quiet(p.Unit.Name), len(p.Unit.Steps), quiet(p.Unit.Environment))
	}
	for i, s := range p.Unit.Steps {
		upstream, component := quiet(allRun(p.upstream(s))), quiet(s.Component)
		if p.Unit.Atomic {
			fmt.Fprintf(&b, "\n%s, which %s:\n\n", component, upstream)
		} else {
			fmt.Fprintf(&b, "%s this release of %s; merge this branch to run it in %s.\n\n", upstream, component, quiet(s.Environment))
		}
		describeStep(&b, s, p.detail(i))
	}
	if p.BreakGlass != "" {
		fmt.Fprintf(&b, "\nGates skipped by %s.\n", quiet(p.BreakGlass))
	}
	return b.String()
}

// describeStep writes what a step brings.
func describeStep(b *strings.Builder, s Step, d Detail) {
	if s.Running == nil {
		fmt.Fprintf(b, "  release  %s (the first in %s)\n", s.Release.ID, s.Environment)
	} else {
		fmt.Fprintf(b, "  release  %s → %s\n", s.Running.ID, s.Release.ID)
	}
	for _, image := range s.Release.Images {
		fmt.Fprintf(b, "  image    %s\n", onOneLine(image.Reference()))
		if before := imageOf(s.Running, image.Name); before != "" && before != image.Digest {
			fmt.Fprintf(b, "           was %s\n", onOneLine(before))
		}
	}
	fmt.Fprintf(b, "  source   %.12s, %s\n", s.Release.Source.Commit, onOneLine(s.Release.Source.Path))
	if d.Known && len(d.Commits) > 0 {
		b.WriteString("\nCommits:\n")
		for i, c := range d.Commits {
			if i == maxListed {
				fmt.Fprintf(b, "- and %d more\n", len(d.Commits)-maxListed)
				break
			}
			fmt.Fprintf(b, "- %s %s (%s)\n", quiet(fmt.Sprintf("%.12s", c.Hash)), quiet(c.Subject), quiet(c.Author))
		}
	}
	if len(d.Order) > 0 {
		b.WriteString("\nManifests:\n")
		for _, name := range d.Order {
			fmt.Fprintf(b, "- %s %s\n", quiet(d.Objects[name]), quiet(name))
		}
	}
}

// Of each, what GitHub takes in a commit message for a person or an issue, and for the address of one.
var (
	mention   = regexp.MustCompile(`([@#])([\p{L}\p{N}_])`)
	issue     = regexp.MustCompile(`(?i)\b(gh-)([0-9])`)
	beginning = regexp.MustCompile(`(:)(//)`)
)

// quiet returns what others wrote for plain text: on one line, of bounded length, and with a blank where it would mention somebody or name an
// issue. Each promotion would do that again.
func quiet(s string) string {
	const most = 200
	s = report.Shorten(onOneLine(s), most)
	for _, meaning := range []*regexp.Regexp{mention, issue, beginning} {
		s = meaning.ReplaceAllString(s, "$1 $2")
	}
	return s
}
