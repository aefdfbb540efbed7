package diff

import (
	"fmt"
	"strings"
)

// parts sorts what is in a report into what broke, what changed and what could not be compared.
func (r *Report) parts() (broken, changed, notes []group) {
	sorted := [3][]EnvironmentChange{}
	for _, c := range r.Changes {
		sorted[c.gravity()] = append(sorted[c.gravity()], c)
	}
	return r.fold(sorted[0]), r.fold(sorted[1]), r.fold(sorted[2])
}

// complaint says what broke; quote marks what others wrote.
func (g group) complaint(quote func(string) string) string {
	verb := "no longer renders for"
	if len(g.components) > 1 {
		verb = "no longer render for"
	}
	return listed(g.components, quote) + " " + verb + " " + listed(g.environments, quote)
}

// note says what could not be compared.
func (g group) note(quote func(string) string) string {
	where := fmt.Sprintf("%s in %s: ", listed(g.components, quote), listed(g.environments, quote))
	if g.change.Error != "" {
		return "Fails as it did before the change: " + where + quote(firstLine(g.change.Error))
	}
	return "Failed before the change, so there is nothing to compare with: " + where + quote(firstLine(g.change.BaseError))
}

// listed joins names: all of a few, else the first ones and the number of the rest.
func listed(names []string, quote func(string) string) string {
	const few, first = 3, 8
	if len(names) <= few {
		return and(quoted(names, quote))
	}
	more := ""
	if len(names) > first {
		names, more = names[:first], fmt.Sprintf(" and %d more", len(names)-first)
	}
	return strings.Join(quoted(names, quote), ", ") + more
}

func quoted(names []string, quote func(string) string) []string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = quote(shorten(name, maxName))
	}
	return list
}

func firstLine(s string) string {
	first, _, _ := strings.Cut(s, "\n")
	return shorten(first, 300)
}

// objects returns what is shown of a group. Of what is new as a whole the fields are left out: the files of the change are the shorter text.
func (g group) objects() []Object {
	if !g.change.New {
		return g.change.Objects
	}
	list := make([]Object, len(g.change.Objects))
	for i, o := range g.change.Objects {
		o.Fields = nil
		list[i] = o
	}
	return list
}

// label says what kind of change a group is.
func (g group) label() string {
	label := string(g.change.Source)
	if g.change.New {
		label += ", new"
	}
	if g.change.Gone {
		label += ", gone"
	}
	return label
}
