package report

import (
	"fmt"
	"regexp"
	"strings"
)

// harmless is text in which nothing has a meaning in Markdown or to GitHub: no mark-up, no address, nobody mentioned, no issue or commit
// named, no picture.
var (
	harmless  = regexp.MustCompile(`^[\p{L}\p{M}\p{N} ,.;:()/'"=%+?!…–—‘’“”-]*$`)
	autolinks = regexp.MustCompile(`(?i)://|www\.|\bgh-[0-9]|\b[0-9a-f]{7,}\b|xmpp:|mailto:|:[a-z0-9_+-]+:`)
	blocks    = regexp.MustCompile(`^(?:[-+=:]|[0-9]+[.)])`) // a list, or a line below a heading
)

// prose returns text for one line of Markdown: as it is where it is harmless, else as Code.
func prose(s string) string {
	s = line(s)
	if harmless.MatchString(s) && !autolinks.MatchString(s) && !blocks.MatchString(s) {
		return s
	}
	return Code(s)
}

// Code returns text as a code span on one line, in which nothing has a meaning in Markdown, nobody is mentioned and nothing is linked; also in a table.
func Code(s string) string {
	s = line(s)
	switch {
	case s == "":
		return ""
	case strings.Contains(s, "|"): // would end the cell, and how to escape it after a backslash is not agreed upon
		return "<code>" + entities(s) + "</code>"
	}
	ticks := strings.Repeat("`", ticksIn(s)+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return ticks + s + ticks
}

// entities writes everything but letters and digits so that no parser of Markdown takes it for more than the character it is.
func entities(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == ' ', r > '\u007f', r >= '0' && r <= '9', r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z':
			b.WriteRune(r)
		case r == '@':
			b.WriteString("&#64;&#8203;") // the blank of no width keeps it from being an address
		default:
			fmt.Fprintf(&b, "&#%d;", r)
		}
	}
	return b.String()
}

// ticksIn returns the length of the longest run of backticks.
func ticksIn(s string) int {
	longest, run := 0, 0
	for _, r := range s {
		if r != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}
