package status

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/dispatch"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/report"
)

// chain is the chain of a component with what the catalog says of it.
type chain struct {
	*delivery.Chain
	Owner string `json:"owner,omitempty"`
	Path  string `json:"path,omitempty"`
}

// narrow leaves out environments, and releases that are in none of the others.
func (c *chain) narrow(shows func(environment string) bool) {
	hidden := func(environment string) bool { return !shows(environment) }
	c.Environments = slices.DeleteFunc(c.Environments, func(row delivery.Row) bool { return hidden(row.Environment) })
	for i := range c.Releases {
		t := &c.Releases[i]
		t.Runs, t.Waits = slices.DeleteFunc(t.Runs, hidden), slices.DeleteFunc(t.Waits, hidden)
	}
	c.Releases = slices.DeleteFunc(c.Releases, func(t delivery.Travel) bool { return len(t.Runs)+len(t.Waits) == 0 })
}

// stop is a line of the chain: a release in an environment, or what an environment has instead.
type stop struct {
	environment string
	state       word
	via         word
	notes       []string
}

// stops returns the lines of a release, in the order releases travel.
func (c chain) stops(now time.Time, t delivery.Travel) []stop {
	var list []stop
	for _, row := range c.Environments {
		if slices.Contains(t.Waits, row.Environment) {
			list = append(list, comes(now, row))
		}
		if slices.Contains(t.Runs, row.Environment) {
			list = append(list, runs(now, row))
		}
	}
	return list
}

// idle returns the lines of environments in which no release runs or waits.
func (c chain) idle() []stop {
	var list []stop
	for _, row := range c.Environments {
		if row.Release != "" || row.Incoming != "" {
			continue
		}
		s := stop{environment: row.Environment, state: word{text: "runs nothing", tone: empty}}
		if row.Position == delivery.Broken {
			s.state = word{text: "cannot be trusted", tone: wrong}
		}
		if row.Reason != "" {
			s.notes = append(s.notes, dispatch.Line(row.Reason))
		} else if row.Hold != nil {
			s.notes = append(s.notes, dispatch.Line(row.Hold.String()))
		}
		list = append(list, s)
	}
	return list
}

// runs describes a release that runs.
func runs(now time.Time, row delivery.Row) stop {
	s := stop{environment: row.Environment, state: word{text: "runs", tone: tones[row.Position]}}
	if !row.Since.IsZero() {
		s.state.text += " for " + age(now, row)
	}
	if row.From != "" {
		s.via.text = "from " + row.From
	}
	if row.BreakGlass != nil {
		s.notes = append(s.notes, "break-glass by "+dispatch.Line(row.BreakGlass.By))
	} else if len(row.Passed) > 0 {
		s.notes = append(s.notes, "gates "+strings.Join(row.Passed, ", "))
	}
	if place := row.Place(); place != "" && row.Position != delivery.InStep {
		s.notes = append(s.notes, place)
	}
	if row.Incoming == "" && row.Reason != "" { // nothing comes, and that is why
		s.notes = append(s.notes, dispatch.Line(row.Reason))
	} else if row.Hold != nil && row.Next != promotion.Held {
		s.notes = append(s.notes, holdNote(now, row))
	}
	return s
}

func holdNote(now time.Time, row delivery.Row) string {
	note := dispatch.Line(row.Hold.String())
	if !row.Hold.Lasts(now) {
		note = "expired: " + note
	}
	return note
}

// comes describes a release that is about to come.
func comes(now time.Time, row delivery.Row) stop {
	s := stop{environment: row.Environment, state: word{text: "ready", tone: waits}, via: via(row)}
	switch row.Next {
	case promotion.Wait:
		s.state.text = "waits"
		for _, v := range row.Gates {
			if !v.Holds {
				s.notes = append(s.notes, wait(now, v))
			}
		}
		if len(s.notes) == 0 { // for its set
			s.notes = append(s.notes, dispatch.Line(row.Reason))
		}
	case promotion.Held:
		s.state.text, s.notes = "held", append(s.notes, dispatch.Line(row.Reason))
	case promotion.Blocked:
		s.state, s.notes = word{text: "blocked", tone: wrong}, append(s.notes, dispatch.Line(row.Reason))
	case promotion.Merge:
		s.notes = append(s.notes, "next promote brings it")
	default:
		if row.PullRequest == 0 && row.Branch == "" {
			s.notes = append(s.notes, "promote proposes it")
		}
	}
	return s
}

// via says where a release that comes can be merged.
func via(row delivery.Row) word {
	switch {
	case row.PullRequest != 0 && row.Draft:
		return word{text: fmt.Sprintf("PR #%d draft", row.PullRequest), url: row.URL}
	case row.PullRequest != 0:
		return word{text: fmt.Sprintf("PR #%d", row.PullRequest), url: row.URL}
	case row.PullUnknown:
		return word{text: "PR unknown"}
	default:
		return word{text: row.Branch}
	}
}

// wait says until when a gate does not hold, else why.
func wait(now time.Time, v promotion.Verdict) string {
	if v.Until.IsZero() {
		return string(v.Gate) + ": " + dispatch.Line(v.Reason)
	}
	return clock(now, string(v.Gate)+" until", v.Until) + " UTC"
}

// print writes the chain as blocks: a release, and below it the environments that it is in or about to come to.
func (c chain) print(a *app.App) {
	head := a.Bold(dispatch.Line(c.Component))
	if c.Owner != "" {
		head += "   owner " + dispatch.Line(c.Owner)
	}
	if c.Path != "" {
		head += "   " + dispatch.Line(c.Path)
	}
	fmt.Fprintln(a.Out, head)
	now, widths := a.Now(), [3]int{}
	blocks := make([][]stop, 0, len(c.Releases)+1)
	for _, t := range c.Releases {
		blocks = append(blocks, c.stops(now, t))
	}
	blocks = append(blocks, c.idle())
	for _, s := range slices.Concat(blocks...) {
		for i, cell := range []string{s.environment, s.state.text, s.via.text} {
			widths[i] = max(widths[i], text.StringWidthWithoutEscSequences(cell))
		}
	}
	for i, block := range blocks {
		if i < len(c.Releases) {
			var made []string
			for _, w := range origin(c.Releases[i]) {
				made = append(made, w.text)
			}
			fmt.Fprintln(a.Out, a.Bold(string(c.Releases[i].ID))+"  "+strings.Join(made, "   "))
		}
		for _, s := range block {
			line := fmt.Sprintf("  %s  %s  %s  %s", text.Pad(s.environment, widths[0], ' '), text.Pad(s.state.paint(a), widths[1], ' '),
				text.Pad(s.via.text, widths[2], ' '), strings.Join(s.notes, "; "))
			fmt.Fprintln(a.Out, strings.TrimRight(line, " "))
		}
	}
}

// markdown returns a word for GitHub: as a link, or so that nothing in it has a meaning.
func (w word) markdown() string {
	if w.url == "" {
		return report.Code(w.text)
	}
	return link(w.text, w.url)
}

// origin says what a release was made from.
func origin(t delivery.Travel) []word {
	words := []word{{text: fmt.Sprintf("%.7s is gone from history", t.Source.Commit)}}
	if c := t.Commit; c != nil {
		subject := report.Shorten(dispatch.Line(c.Subject), 72)
		words[0].text = fmt.Sprintf("%.7s %q %s, %s", c.Hash, subject, dispatch.Line(c.Author), c.Date.UTC().Format(time.DateOnly))
	}
	for _, pr := range t.PullRequests {
		words = append(words, word{text: fmt.Sprintf("PR #%d", pr.Number), url: pr.URL})
	}
	if t.PullUnknown {
		words = append(words, word{text: "PR unknown"})
	}
	for _, image := range t.Images {
		digest := shortDigest(image.Digest)
		if len(t.Images) > 1 {
			digest = dispatch.Line(image.Name) + "@" + digest
		}
		words = append(words, word{text: digest})
	}
	return words
}

// markdown returns the chain for GitHub.
func (c chain) markdown(now time.Time) string {
	var b strings.Builder
	for _, t := range c.Releases {
		var parts []string
		for _, w := range origin(t) {
			parts = append(parts, w.markdown())
		}
		fmt.Fprintf(&b, "- %s %s\n", report.Code(string(t.ID)), strings.Join(parts, ", "))
		stopsMarkdown(&b, "  ", c.stops(now, t))
	}
	stopsMarkdown(&b, "", c.idle())
	return b.String()
}

func stopsMarkdown(b *strings.Builder, indent string, stops []stop) {
	for _, s := range stops {
		parts := []string{s.state.text}
		if s.via.text != "" {
			parts = append(parts, s.via.markdown())
		}
		for _, note := range s.notes {
			parts = append(parts, report.Code(note))
		}
		fmt.Fprintf(b, "%s- **%s** %s\n", indent, s.environment, strings.Join(parts, ", "))
	}
}
