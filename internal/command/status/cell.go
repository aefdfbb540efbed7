package status

import (
	"fmt"
	"strings"
	"time"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/promotion"
)

// tone is how much a word matters.
type tone int

const (
	plain  tone = iota
	inStep      // as it should be
	waits       // for a gate or somebody
	wrong
	empty
)

// word is a part of a cell, with the address it leads to where there is one.
type word struct {
	text string
	tone tone
	url  string
}

// paint colours a word where Out is a terminal.
func (w word) paint(a *app.App) string {
	switch w.tone {
	case inStep:
		return a.Green(w.text)
	case waits:
		return a.Yellow(w.text)
	case wrong:
		return a.Red(w.text)
	case empty:
		return a.Dim(w.text)
	default:
		return w.text
	}
}

// words describes a row in a few words: what runs, for how long, how it stands to upstream, what comes next.
func words(now time.Time, row delivery.Row) []word {
	if row.Position == delivery.Broken {
		return []word{{text: "broken", tone: wrong}}
	}
	var list []word
	if row.Release != "" {
		position := tones[row.Position]
		list = append(list, word{text: shortID(string(row.Release)), tone: position})
		if !row.Since.IsZero() {
			list = append(list, word{text: age(now, row)})
		}
		if drift := drift(row); drift != "" {
			list = append(list, word{text: drift, tone: position})
		}
	}
	list = append(list, next(now, row)...)
	if row.BreakGlass != nil {
		list = append(list, word{text: "break-glass", tone: waits})
	}
	if len(list) == 0 {
		list = append(list, word{text: "-", tone: empty})
	}
	return list
}

var tones = map[delivery.Position]tone{delivery.InStep: inStep, delivery.Behind: waits, delivery.Differs: waits, delivery.Ahead: wrong, delivery.Broken: wrong}

func drift(row delivery.Row) string {
	switch row.Position {
	case delivery.Behind, delivery.Ahead:
		if row.Commits > 0 {
			return fmt.Sprintf("%d %s", row.Commits, row.Position)
		}
		return string(row.Position)
	case delivery.Differs:
		return "differs"
	default:
		return ""
	}
}

// next says what promote or a person will do next, or what keeps them from it.
func next(now time.Time, row delivery.Row) []word {
	var list []word
	switch row.Next {
	case promotion.Propose, promotion.Merge:
		list = append(list, proposal(row))
	case promotion.Wait:
		list = append(list, word{text: "⏳ " + waiting(now, row), tone: waits, url: row.URL})
	case promotion.Held:
		list = append(list, word{text: "held", tone: waits})
	case promotion.Blocked:
		list = append(list, word{text: "blocked", tone: wrong})
	default:
		if row.Hold.Lasts(now) {
			list = append(list, word{text: "held", tone: waits})
		}
	}
	if row.Hold != nil && !row.Hold.Lasts(now) {
		list = append(list, word{text: "hold expired", tone: wrong})
	}
	return list
}

// proposal says where what is ready can be merged.
func proposal(row delivery.Row) word {
	switch {
	case row.PullRequest != 0:
		return word{text: fmt.Sprintf("PR #%d", row.PullRequest), tone: waits, url: row.URL}
	case row.PullUnknown:
		return word{text: "PR unknown", tone: waits}
	case row.Branch != "":
		return word{text: "merge branch", tone: waits}
	default:
		return word{text: "to promote", tone: waits}
	}
}

// waiting names the gate that will hold last, and when.
func waiting(now time.Time, row delivery.Row) string {
	last := promotion.Verdict{Holds: true}
	for _, v := range row.Gates {
		switch {
		case v.Holds:
		case v.Failed:
			return string(v.Gate) + " unknown"
		case last.Holds, !last.Until.IsZero() && (v.Until.IsZero() || v.Until.After(last.Until)):
			last = v
		}
	}
	switch {
	case last.Holds && row.Set != "": // its own gates do
		return clock(now, "set "+row.Set, row.Until)
	case last.Holds:
		return "waits"
	default:
		return clock(now, string(last.Gate), last.Until)
	}
}

// clock adds a time to words: that of the day today, else with the date.
func clock(now time.Time, what string, t time.Time) string {
	now, t = now.UTC(), t.UTC()
	switch {
	case t.IsZero():
		return what
	case t.Format(time.DateOnly) == now.Format(time.DateOnly):
		return what + t.Format(" 15:04")
	case t.Year() == now.Year():
		return what + t.Format(" Jan 2 15:04")
	default:
		return what + t.Format(" 2006-01-02 15:04")
	}
}

// shortID is as much of a release's id as tells it from those beside it; rollback and promote take it too.
func shortID(id string) string { return id[:min(len(id), 8)] }

func shortDigest(digest string) string {
	algorithm, hex, ok := strings.Cut(digest, ":")
	if !ok || len(hex) < 12 {
		return digest
	}
	return algorithm + ":" + hex[:12]
}

// age is a duration in its largest unit, as kubectl shows it.
func age(now time.Time, row delivery.Row) string {
	if row.Since.IsZero() {
		return "-"
	}
	switch d := now.Sub(row.Since); {
	case d < 0:
		return "0s"
	case d < 2*time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	case row.Earlier:
		return fmt.Sprintf("%dd+", int(d.Hours()/24))
	default:
		return fmt.Sprintf("%dd", int(d.Hours()/24))
	}
}
