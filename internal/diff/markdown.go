package diff

import (
	"fmt"
	"html"
	"strconv"
	"strings"
)

// MarkdownOptions bound the text.
type MarkdownOptions struct {
	Limit int    // bytes of the whole text at most
	Full  string // Markdown sentence that says where the full text is; added where something is left out
}

// Limits of GitHub.
const (
	CommentLimit = 65_536
	SummaryLimit = 1 << 20
)

var (
	inComment = detail{fields: 50, lines: 20, width: 160}
	inSummary = detail{fields: 2000, lines: 200, width: 1000}
)

// Markdown returns the report for a comment or a step summary. Where it does not fit the limit the most important parts are in it, whole, and
// it says what is left out. What others wrote is text in it, whatever it is.
func (r *Report) Markdown(o MarkdownOptions) string {
	m := markdown{detail: inComment, full: o.Full, left: map[string]int{}, environments: r.environments}
	commits := ""
	if r.Base != "" && r.Head != "" {
		commits = "\n<sub>from " + code(r.Base) + " to " + code(r.Head) + "</sub>\n"
	}
	if o.Limit > CommentLimit {
		m.detail = inSummary
	}
	broken, changed, notes := r.parts()
	m.limit = o.Limit - m.reserve() - len(commits)
	if !m.add("**" + r.blast(code) + "**\n") {
		return ""
	}
	for _, g := range broken {
		if !m.add(m.failure(g)) {
			m.leftFailures += len(g.components) * len(g.environments)
		}
	}
	for _, g := range changed {
		m.group(g, len(changed) == 1 && len(broken) == 0)
	}
	for _, g := range notes {
		if !m.add("\n" + g.note(code) + "\n") {
			m.leftNotes++
		}
	}
	m.b.WriteString(m.leftOut() + commits)
	return m.b.String()
}

// markdown is a text that grows by whole parts while they fit.
type markdown struct {
	detail
	b     strings.Builder
	limit int
	full  string

	environments            []string
	left                    map[string]int // objects that are left out, by environment
	leftFailures, leftNotes int
}

func (m *markdown) fits(n int) bool { return m.b.Len()+n <= m.limit }

func (m *markdown) add(part string) bool {
	if !m.fits(len(part)) {
		return false
	}
	m.b.WriteString(part)
	return true
}

// failure is a component that no longer renders.
func (m *markdown) failure(g group) string {
	var text []string
	for l := range strings.Lines(g.change.Error) {
		text = append(text, shorten(visible(strings.TrimRight(l, "\r\n")), 500))
	}
	if m.lines < len(text) {
		text = append(text[:m.lines], "…")
	}
	return "\n" + g.complaint(code) + ":\n" + fence("text", text)
}

// group is one collapsible part. Of one that does not fit whole, as many objects as do are shown.
func (m *markdown) group(g group, open bool) {
	const tail, more = "\n</details>\n", len("\n… and 1234567890 more objects\n")
	tag := "<details>"
	if open {
		tag = "<details open>"
	}
	head := "\n" + tag + "<summary>" + heading(g) + "</summary>\n"
	left := 0
	started := false
	for _, o := range g.objects() {
		part := m.object(o)
		if !started {
			if started = m.fits(len(head) + len(part) + more + len(tail)); started {
				m.b.WriteString(head)
			}
		}
		if !started || !m.fits(len(part)+more+len(tail)) {
			left++
			continue
		}
		m.b.WriteString(part)
	}
	for _, env := range g.environments {
		m.left[env] += left * len(g.components)
	}
	if started {
		if left > 0 {
			fmt.Fprintf(&m.b, "\n… and %d more objects\n", left)
		}
		m.b.WriteString(tail)
	}
}

func heading(g group) string {
	var environments []string
	for i, env := range g.environments {
		if i == maxEnvironments {
			environments = append(environments, fmt.Sprintf("%d more", len(g.environments)-i))
			break
		}
		environments = append(environments, "<b>"+htmlCode(shorten(env, maxName))+"</b>")
	}
	what := listed(g.components, htmlCode)
	if n := len(g.components); n > 1 {
		what = fmt.Sprintf("same change in %d components: %s", n, what)
	}
	return fmt.Sprintf("%s · %s · %s (%s)", strings.Join(environments, ", "), what, count(g.change.Objects), g.label())
}

// count says how many objects changed how: "1 removed, 2 changed".
func count(objects []Object) string {
	var parts []string
	for _, change := range []Change{Removed, Changed, Added} {
		n := 0
		for _, o := range objects {
			if o.Change == change {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, change))
		}
	}
	return strings.Join(parts, ", ")
}

func (m *markdown) object(o Object) string {
	was := ""
	if o.OldName != "" {
		was = ", was " + code(shorten(o.OldName, maxName))
	}
	text := fmt.Sprintf("\n%s %s%s\n", o.Change, code(shorten(o.title(), 3*maxName)), was)
	var list []string
	for i, f := range o.Fields {
		if i == m.fields {
			list = append(list, fmt.Sprintf("@@ … %d more fields @@", len(o.Fields)-i))
			break
		}
		list = append(list, m.field(f)...)
	}
	if list == nil {
		return text
	}
	return text + fence("diff", list)
}

// field returns the lines of a field in a diff.
func (m *markdown) field(f Field) []string {
	s := m.show(f)
	if s.note != "" {
		return []string{"! " + s.path + ": " + s.note}
	}
	if s.block != nil {
		list := []string{"@@ " + s.path + " @@"}
		for _, l := range s.block {
			list = append(list, strings.TrimRight(string(l.sign)+" "+l.text, " "))
		}
		return list
	}
	var list []string
	if s.old != "" {
		list = append(list, "- "+s.path+": "+s.old)
	}
	if s.new != "" {
		list = append(list, "+ "+s.path+": "+s.new)
	}
	return list
}

// leftOut says what did not fit, and where it is.
func (m *markdown) leftOut() string {
	var parts []string
	if m.leftFailures > 0 {
		parts = append(parts, fmt.Sprintf("%d failures", m.leftFailures))
	}
	environments := 0
	for _, env := range m.environments {
		if n := m.left[env]; n > 0 {
			if environments++; environments <= maxEnvironments {
				parts = append(parts, fmt.Sprintf("%s in %s", plural(n, "object"), code(shorten(env, maxName))))
			}
		}
	}
	if environments > maxEnvironments {
		parts = append(parts, fmt.Sprintf("more in %d environments", environments-maxEnvironments))
	}
	if m.leftNotes > 0 {
		parts = append(parts, plural(m.leftNotes, "note"))
	}
	if len(parts) == 0 {
		return ""
	}
	return "\nLeft out for length: " + and(parts) + ". " + m.full + "\n"
}

// reserve is what leftOut may need at most.
func (m *markdown) reserve() int {
	worst := markdown{full: m.full, left: map[string]int{}, leftFailures: 1 << 40, leftNotes: 1 << 40, environments: m.environments}
	for _, env := range m.environments {
		worst.left[env] = 1 << 40
	}
	longest := 0
	for _, env := range m.environments {
		longest = max(longest, len(code(shorten(env, maxName))))
	}
	return len(worst.leftOut()) + maxEnvironments*longest // which ones are named is not known yet
}

func plural(n int, unit string) string {
	if n != 1 {
		unit += "s"
	}
	return fmt.Sprintf("%d %s", n, unit)
}

// fence returns lines as a code block that none of them can end.
func fence(language string, lines []string) string {
	longest := 0
	for _, l := range lines {
		longest = max(longest, ticksIn(l))
	}
	ticks := strings.Repeat("`", max(3, longest+1))
	return "\n" + ticks + language + "\n" + strings.Join(lines, "\n") + "\n" + ticks + "\n"
}

// code returns text as a code span, in which nothing has a meaning in Markdown, nobody is mentioned and nothing is linked.
func code(s string) string {
	s = visible(s)
	if strings.TrimSpace(s) == "" {
		s = strconv.Quote(s)
	}
	ticks := strings.Repeat("`", ticksIn(s)+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return ticks + s + ticks
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

// htmlCode is code where Markdown has no meaning: inside of HTML.
func htmlCode(s string) string { return "<code>" + html.EscapeString(visible(s)) + "</code>" }
