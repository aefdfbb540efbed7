package diff

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Colors paint text for a terminal.
type Colors struct{ Added, Removed, Changed, Bold, Dim func(string) string }

var onTerminal = detail{lines: 40, width: 100}

// Terminal writes the report for people at a terminal.
func (r *Report) Terminal(w io.Writer, colors Colors) {
	t := terminal{w: w, Colors: colors}
	fmt.Fprintln(w, t.Bold(r.Blast))
	broken, changed, notes := r.parts()
	for _, g := range broken {
		fmt.Fprintf(w, "\n%s\n", t.Removed(g.complaint(visible)+":"))
		for l := range strings.Lines(g.change.Error) {
			fmt.Fprintf(w, "  %s\n", visible(strings.TrimRight(l, "\r\n")))
		}
	}
	for _, g := range changed {
		t.group(g)
	}
	for i, g := range notes {
		if i == 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintln(w, t.Dim(g.note(visible)))
	}
	if r.Base != "" && r.Head != "" {
		fmt.Fprintln(w, t.Dim(fmt.Sprintf("\nfrom %s to %s", visible(r.Base), visible(r.Head))))
	}
}

type terminal struct {
	w io.Writer
	Colors
}

func (t terminal) group(g group) {
	what := listed(g.components, visible)
	if n := len(g.components); n > 1 {
		what = fmt.Sprintf("same change in %d components: %s", n, what)
	}
	fmt.Fprintf(t.w, "\n%s  %s  %s\n", t.Bold(visible(strings.Join(g.environments, ", "))), what, t.Dim("("+g.label()+")"))
	for _, o := range g.objects() {
		t.object(o)
	}
}

func (t terminal) object(o Object) {
	paint, sign := t.Changed, "~"
	switch o.Change {
	case Added:
		paint, sign = t.Added, "+"
	case Removed:
		paint, sign = t.Removed, "-"
	}
	was := ""
	if o.OldName != "" {
		was = t.Dim("  was " + visible(o.OldName))
	}
	fmt.Fprintf(t.w, "  %s%s\n", paint(sign+" "+visible(o.title())), was)
	var all []shown
	widest := 0
	for _, f := range o.Fields {
		s := onTerminal.show(f)
		if s.block == nil {
			widest = max(widest, utf8.RuneCountInString(s.path))
		}
		all = append(all, s)
	}
	for _, s := range all {
		t.field(s, min(widest, 60))
	}
}

// title names an object: Deployment/hello, or with its namespace Deployment/prod/hello.
func (o Object) title() string {
	if o.Namespace != "" {
		return o.Kind + "/" + o.Namespace + "/" + o.Name
	}
	return o.Kind + "/" + o.Name
}

func (t terminal) field(s shown, width int) {
	if s.block != nil {
		fmt.Fprintf(t.w, "      %s\n", s.path)
		for _, l := range s.block {
			text := fmt.Sprintf("%c %s", l.sign, l.text)
			switch l.sign {
			case '+':
				text = t.Added(text)
			case '-':
				text = t.Removed(text)
			default:
				text = t.Dim(text)
			}
			fmt.Fprintf(t.w, "        %s\n", strings.TrimRight(text, " "))
		}
		return
	}
	pad := strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s.path)))
	var value string
	switch {
	case s.note != "":
		value = t.Changed(s.note)
	case s.old == "":
		value = t.Added("+ " + s.new)
	case s.new == "":
		value = t.Removed("- " + s.old)
	default:
		value = t.Removed(s.old) + " → " + t.Added(s.new)
	}
	fmt.Fprintf(t.w, "      %s%s  %s\n", s.path, pad, value)
}
