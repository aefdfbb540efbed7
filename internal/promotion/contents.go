package promotion

import (
	"fmt"
	"slices"
	"strings"
)

// gateRow is what a gate says of some of the components.
type gateRow struct {
	Verdict
	components []string
}

// gates is the table of what the gates say. What one says of several components of a set is one row.
func (w *page) gates() {
	var rows []gateRow
	for _, s := range w.Unit.Steps {
		for _, v := range s.Gates {
			i := slices.IndexFunc(rows, func(r gateRow) bool {
				return r.Gate == v.Gate && r.Holds == v.Holds && r.Reason == v.Reason && r.Until.Equal(v.Until)
			})
			if i < 0 {
				i, rows = len(rows), append(rows, gateRow{Verdict: v})
			}
			rows[i].components = append(rows[i].components, s.Component)
		}
	}
	if len(rows) == 0 {
		return
	}
	slices.SortStableFunc(rows, func(a, b gateRow) int { return rank(a.Holds) - rank(b.Holds) })
	head, line := "| Gate | State | Why | When |", "| --- | --- | --- | --- |"
	if w.Unit.Atomic {
		head, line = head+" For |", line+" --- |"
	}
	w.printf("\n%s\n%s\n", head, line)
	for i, r := range rows {
		if i == w.rows {
			w.printf("\n… and %s more.\n", count(len(rows)-i, "gate"))
			return
		}
		w.b.WriteString(w.gate(r) + "\n")
	}
}

// rank sorts what does not hold first.
func rank(holds bool) int {
	if holds {
		return 1
	}
	return 0
}

func (w *page) gate(r gateRow) string {
	when := ""
	if !r.Holds && !r.Until.IsZero() {
		when = moment(r.Until)
	}
	row := fmt.Sprintf("| %s | %s | %s | %s |", prose(string(r.Gate), w.name), w.gateState(r.Verdict), prose(r.Reason, w.text), when)
	if !w.Unit.Atomic {
		return row
	}
	if len(r.components) == len(w.Unit.Steps) {
		return row + " all |"
	}
	var names []string
	for i, name := range r.components {
		if i == w.rows {
			names = append(names, fmt.Sprintf("%d more", len(r.components)-i))
			break
		}
		names = append(names, w.code(name))
	}
	return row + " " + strings.Join(names, ", ") + " |"
}

// gateState tells what passes by itself from what somebody has to do something about.
func (w *page) gateState(v Verdict) string {
	switch {
	case v.Holds:
		return "✅ holds"
	case w.BreakGlass != "":
		return "⚠️ skipped"
	case v.Gate == GatePolicy:
		return "⛔ does not hold"
	}
	return "⏳ waits"
}

// contents are the commits and manifests of a step.
func (w *page) contents(i int) {
	s, d := w.Unit.Steps[i], w.detail(i)
	w.history(s, d)
	w.objects(d)
	extra := 0
	if i < len(w.diffs) {
		extra = w.diffs[i]
	}
	w.b.WriteString(renderedDiff(d.Diff, extra))
}

// history lists the commits since what runs now.
func (w *page) history(s Step, d Detail) {
	if s.Running == nil {
		return
	}
	all := w.compare(s)
	switch {
	case !d.Known:
		w.printf("\n**Commits:** not known; the commits of both releases are no longer in one history.%s\n", all)
		return
	case len(d.Commits) == 0:
		w.printf("\n**Commits:** none changes %s.%s\n", w.code(s.Release.Source.Path), all)
		return
	}
	w.printf("\n**%s**%s\n\n", count(len(d.Commits), "commit"), all)
	for n, c := range d.Commits {
		if n == w.commits {
			w.printf("- … and %d more\n", len(d.Commits)-n)
			break
		}
		parts := []string{commitLink(w.Web, c.Hash, w.code(fmt.Sprintf("%.7s", c.Hash))), prose(c.Subject, w.text)}
		if author := prose(c.Author, w.name); author != "" {
			parts = append(parts, "— "+author)
		}
		w.printf("- %s\n", strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), " "))
	}
}

// compare returns a link to all that lies between two releases, also outside of the component's folder.
func (w *page) compare(s Step) string {
	web, from, to := address(w.Web), s.Running.Source.Commit, s.Release.Source.Commit
	if web == "" || from == to || !commitHash.MatchString(from) || !commitHash.MatchString(to) {
		return ""
	}
	return fmt.Sprintf(" ([compare](%s/compare/%s...%s))", web, from, to)
}

// objects is the table of what changes in the manifests.
func (w *page) objects(d Detail) {
	if len(d.Order) == 0 {
		return
	}
	w.printf("\n| Object | Change |\n| --- | --- |\n")
	for i, name := range d.Order {
		if i == w.rows {
			w.printf("| … and %d more | |\n", len(d.Order)-i)
			break
		}
		w.printf("| %s | %s |\n", w.code(name), prose(d.Objects[name], w.name))
	}
}

const diffLeftOut = "\nThe rendered diff is left out for length; see the changed files.\n"

const (
	diffHead = "\n<details><summary>Rendered diff</summary>\n\n"
	diffMore = "\nThe rest is left out for length; see the changed files.\n"
	diffTail = "\n</details>\n"
)

// roomFor returns how many bytes a diff needs beyond those of the sentence that it is left out.
func roomFor(diff string) int {
	return max(0, len(wholeDiff(diff))-len(diffLeftOut))
}

func wholeDiff(diff string) string { return diffHead + strings.Trim(diff, "\n") + "\n" + diffTail }

// renderedDiff returns the part with a diff: as much of it as extra bytes allow.
func renderedDiff(diff string, extra int) string {
	if strings.TrimSpace(diff) == "" {
		return ""
	}
	whole := wholeDiff(diff)
	if len(whole) <= len(diffLeftOut)+extra {
		return whole
	}
	shown := cutMarkdown(strings.Trim(diff, "\n")+"\n", len(diffLeftOut)+extra-len(diffHead)-len(diffMore)-len(diffTail))
	if shown == "" {
		return diffLeftOut
	}
	return diffHead + shown + diffMore + diffTail
}
