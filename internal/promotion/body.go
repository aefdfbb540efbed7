package promotion

import (
	"fmt"
	"strings"
)

// bodyLimit is in bytes. GitHub takes 65,536 characters; some room is left for what people's tools add.
const bodyLimit = 60_000

// extent is how much a body tells: text and names in bytes, the rest in entries.
type extent struct{ text, name, rows, commits, sections int }

// extents are tried in this order. Diffs are what gives way before any of them is left; the last one always fits.
var extents = []extent{
	{text: 300, name: 150, rows: 50, commits: 30, sections: 30},
	{text: 200, name: 100, rows: 20, commits: 10, sections: 20},
	{text: 100, name: 80, rows: 10, commits: 3, sections: 10},
	{text: 60, name: 60, rows: 5, commits: 0, sections: 0},
}

// Body returns the text of the pull request: Markdown of at most 60,000 bytes. Where that is too little, rendered diffs are shortened first, then
// lists of commits, then the rest. What others wrote is text in it, whatever it is.
func (p Proposal) Body() string {
	var fixed string
	var e extent
	for _, e = range extents {
		if fixed = p.page(e, nil); len(fixed) <= bodyLimit {
			break
		}
	}
	sections := min(e.sections, len(p.Unit.Steps))
	sizes := make([]int, sections)
	for i := range sizes {
		sizes[i] = roomFor(p.detail(i).Diff)
	}
	return p.page(e, share(bodyLimit-len(fixed), sizes))
}

// page writes the body to an extent, with that many bytes for the rendered diff of each section; nil shows none.
func (p Proposal) page(e extent, diffs []int) string {
	w := &page{Proposal: p, extent: e, diffs: diffs}
	w.opening()
	w.alerts()
	switch {
	case p.Unit.Atomic:
		w.components()
		w.gates()
		w.sections()
	case len(p.Unit.Steps) > 0:
		w.travel(p.Unit.Steps[0])
		w.fromTo(p.Unit.Steps[0])
		w.gates()
		w.contents(0)
	}
	w.footer()
	w.b.WriteString("\n" + p.Marker() + "\n")
	return w.b.String()
}

type page struct {
	Proposal
	extent
	diffs []int
	b     strings.Builder
}

func (w *page) printf(format string, args ...any) { fmt.Fprintf(&w.b, format, args...) }

// bold returns a name in bold where Markdown is sure to take it for that.
func (w *page) bold(name string) string {
	text := prose(name, w.name)
	if plainName.MatchString(text) {
		return "**" + text + "**"
	}
	return text
}

func (w *page) code(name string) string { return codeOf(name, w.name) }

// opening says in a sentence what merging does, and before it what it waits for.
func (w *page) opening() {
	u := w.Unit
	brings := "Brings"
	if u.Action == Wait {
		until := ""
		if !u.Until.IsZero() {
			until = " until " + moment(u.Until)
		}
		w.printf("⏳ **Waits%s.** %s.\n\n", until, w.waitsFor())
		brings = "Then brings"
	}
	switch {
	case u.Atomic:
		w.printf("%s the set %s to %s: %s, all or none.", brings, w.bold(u.Name), w.bold(u.Environment), count(len(u.Steps), "component"))
	case len(u.Steps) > 0 && u.Steps[0].Running != nil:
		s := u.Steps[0]
		w.printf("%s %s %s → %s to %s; %s.", brings, w.bold(u.Name), w.code(string(s.Running.ID)), w.code(string(s.Release.ID)), w.bold(u.Environment), w.story(s))
	case len(u.Steps) > 0:
		s := u.Steps[0]
		w.printf("%s %s %s to %s, where it has not run before; %s.", brings, w.bold(u.Name), w.code(string(s.Release.ID)), w.bold(u.Environment), w.story(s))
	}
	w.printf("%s\n", w.gatesHold())
}

func (w *page) waitsFor() string {
	if w.Unit.Reason == "" {
		return "Its gates do not hold yet"
	}
	return strings.TrimRight(prose(w.Unit.Reason, w.text), ".")
}

// story says where and since when a release runs upstream.
func (w *page) story(s Step) string {
	if !s.Arrived.IsZero() {
		return fmt.Sprintf("%s has run it since %s", prose(s.Source, w.name), moment(s.Arrived))
	}
	for _, v := range s.Gates {
		if v.Gate == GateUpstream && v.Holds {
			return prose(v.Reason, w.text)
		}
	}
	return prose(allRun(w.upstream(s)), w.text) + " it"
}

// gatesHold counts the gates, "" where there are none.
func (w *page) gatesHold() string {
	all, hold := 0, 0
	for _, s := range w.Unit.Steps {
		for _, v := range s.Gates {
			all++
			if v.Holds {
				hold++
			}
		}
	}
	switch {
	case w.BreakGlass != "":
		return " Its gates are skipped."
	case all == 0:
		return ""
	case all == hold && all <= 2:
		return [...]string{" Its gate holds.", " Both gates hold."}[all-1]
	case all == hold:
		return fmt.Sprintf(" All %d gates hold.", all)
	case hold == 1:
		return fmt.Sprintf(" 1 of %d gates holds.", all)
	}
	return fmt.Sprintf(" %d of %d gates hold.", hold, all)
}

// alerts are what has to be known before anything else.
func (w *page) alerts() {
	if w.BreakGlass != "" {
		w.printf("\n> [!WARNING]\n> Break-glass: %s skipped the gates. The commit and `platform status` say so.\n", w.code(w.BreakGlass))
	}
	for i, note := range w.Notes {
		if i == w.rows {
			break
		}
		w.printf("\n> [!NOTE]\n> %s\n", prose(note, 2*w.text))
	}
}

// footer says how to merge it and what happens next.
func (w *page) footer() {
	u := w.Unit
	env := prose(u.Environment, w.name)
	w.printf("\n---\n\n")
	switch {
	case u.Action == Wait && w.Automatic:
		w.printf("This stays a draft until its gates hold; then it is merged without a person.")
	case u.Action == Wait:
		w.printf("This stays a draft until its gates hold; then merge it to run it in %s.", env)
	case w.Automatic:
		w.printf("**Nothing to do:** this is merged without a person as soon as its required checks pass.")
	default:
		w.printf("**Merge this** to run it in %s.", env)
	}
	w.printf("\n\n")
	w.printf("- To go back afterwards: %s\n", w.commands("rollback", func(Step) string { return "" }))
	w.printf("- To keep it out: %s; closing this pull request does not.\n",
		w.commands("hold", func(s Step) string { return " --release " + string(s.Release.ID) }))
	by := "Written by `platform promote`"
	if url := address(w.RunURL); url != "" {
		by = "Written by [`platform promote`](" + url + ")"
	}
	w.printf("\n<sub>%s, and written anew when anything of it changes. "+
		"Comments and edits of this text are not read: the state is recomputed from Git.</sub>\n", by)
}

// commands are those that a person types, one for each component.
func (w *page) commands(name string, flags func(Step) string) string {
	var list []string
	for i, s := range w.Unit.Steps {
		if i == w.rows {
			list = append(list, fmt.Sprintf("%d more", len(w.Unit.Steps)-i))
			break
		}
		list = append(list, codeOf("platform "+name+" "+s.Component+" --env "+s.Environment+flags(s)+" --reason \"…\"", 2*w.name))
	}
	return strings.Join(list, ", ")
}

// count returns "1 gate", "2 gates".
func count(n int, unit string) string {
	if n != 1 {
		unit += "s"
	}
	return fmt.Sprintf("%d %s", n, unit)
}
