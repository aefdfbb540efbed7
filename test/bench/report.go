package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// section is what one scenario measured.
type section struct {
	title  string
	notes  []string // what one has to know to read the table
	header []string
	rows   [][]string
	claims []claim
}

func (s *section) row(cells ...string) { s.rows = append(s.rows, cells) }
func (s *section) note(format string, args ...any) {
	s.notes = append(s.notes, fmt.Sprintf(format, args...))
}

// claim is a figure and what it is to be.
type claim struct {
	what   string
	value  float64
	target float64
	most   bool // the target is the most it may be, else the least
	show   func(float64) string
}

// atMost claims that a ratio is the target or less.
func (s *section) atMost(what string, value, target float64) {
	s.claims = append(s.claims, claim{what, value, target, true, times})
}

// atLeast claims that a ratio is the target or more.
func (s *section) atLeast(what string, value, target float64) {
	s.claims = append(s.claims, claim{what, value, target, false, times})
}

// tell tells a ratio that nothing is claimed of.
func (s *section) tell(what string, value float64) {
	s.claims = append(s.claims, claim{what: what, value: value, show: times})
}

// none claims that a number is 0.
func (s *section) none(what string, count int) {
	s.claims = append(s.claims, claim{what, float64(count), 0, true, func(f float64) string { return number(int(f)) }})
}

func (c claim) met() bool {
	if c.most {
		return c.value <= c.target
	}
	return c.value >= c.target
}

func (c claim) cells() []string {
	if !c.most && c.target == 0 { // told, not claimed
		return []string{c.what, c.show(c.value), "", ""}
	}
	sign, verdict := "≥", "missed"
	if c.most {
		sign = "≤"
	}
	if c.met() {
		verdict = "met"
	}
	return []string{c.what, c.show(c.value), sign + " " + c.show(c.target), verdict}
}

// report is what one run measured.
type report struct {
	machine  string
	command  string
	sections []*section
}

func (r report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured by `%s` on a machine with %s.\n\n", r.command, r.machine)
	claims := [][]string{}
	for _, s := range r.sections {
		for _, c := range s.claims {
			claims = append(claims, c.cells())
		}
	}
	writeTable(&b, []string{"claim", "measured", "target", ""}, claims)
	for _, s := range r.sections {
		fmt.Fprintf(&b, "\n### %s\n\n", s.title)
		for _, note := range s.notes {
			b.WriteString(note + "\n\n")
		}
		writeTable(&b, s.header, s.rows)
	}
	return b.String()
}

func writeTable(b *strings.Builder, header []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	line := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	line(header)
	rule := make([]string, len(header))
	for i := range rule {
		rule[i] = "---"
	}
	line(rule)
	for _, cells := range rows {
		line(cells)
	}
}

const (
	docsBegin = "<!-- bench -->\n"
	docsEnd   = "<!-- end -->"
)

// writeDocs puts text between the markers of a Markdown file.
func writeDocs(file, text string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, begun := strings.Cut(string(content), docsBegin)
	_, after, ended := strings.Cut(rest, docsEnd)
	if !begun || !ended {
		return fmt.Errorf("%s has no place for the results: write %s and %s on lines of their own", file, strings.TrimSpace(docsBegin), docsEnd)
	}
	return os.WriteFile(file, []byte(before+docsBegin+text+docsEnd+after), 0o644) //nolint:gosec // the file is named on the command line
}

func seconds(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.2f s", d.Seconds())
	}
	return fmt.Sprintf("%.0f s", d.Seconds())
}

// bytesOf writes a number of bytes, in thousands as networks count.
func bytesOf(n int64) string {
	switch {
	case n < 1e6:
		return fmt.Sprintf("%.1f KB", float64(n)/1e3)
	case n < 1e8:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	default:
		return fmt.Sprintf("%.0f MB", float64(n)/1e6)
	}
}

func times(f float64) string {
	digits := 0
	switch {
	case f < 10:
		digits = 2
	case f < 100:
		digits = 1
	}
	return strconv.FormatFloat(f, 'f', digits, 64) + "×"
}

// number writes an integer with commas between thousands.
func number(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
