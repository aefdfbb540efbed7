package promotion

import (
	"fmt"
	"strings"

	"github.com/org/platform/internal/report"
	"github.com/org/platform/internal/state"
)

// HoldChange is all that the pull request says which makes or lifts a hold.
type HoldChange struct {
	state.Key
	Hold       *state.Hold // as it is to be, or was; nil where nobody can read what is lifted
	Lifts      bool
	Reason, By string
	RunURL     string
}

// Title returns the title of the pull request.
func (h HoldChange) Title() string {
	return fmt.Sprintf("%s(%s): %s", h.command(), h.Environment, h.Component)
}

func (h HoldChange) command() string {
	if h.Lifts {
		return "resume"
	}
	return "hold"
}

// Body returns the text of the pull request as Markdown. What people wrote is shown, never obeyed.
func (h HoldChange) Body() string {
	var b strings.Builder
	word := func(s string) string { return prose(s, rollbackText) }
	what := "a hold that cannot be read"
	if h.Hold != nil {
		what = word(h.Hold.String())
	}
	if h.Lifts {
		fmt.Fprintf(&b, "Lifts the hold of %s in **%s**: %s.\n\n", word(h.Component), word(h.Environment), what)
	} else {
		fmt.Fprintf(&b, "Holds %s in **%s**: %s.\n\n", word(h.Component), word(h.Environment), what)
	}
	fmt.Fprintf(&b, "**Why:** %s (asked for by %s)\n\n---\n\n", word(h.Reason), word(h.By))
	if h.Lifts {
		b.WriteString("**Merge this** and promote brings what was held, when its gates hold.\n")
	} else {
		fmt.Fprintf(&b, "**Merge this** and nothing of that is promoted there. To lift it: %s\n",
			report.Code("platform resume "+h.Component+" --env "+h.Environment))
	}
	fmt.Fprintf(&b, "\n<sub>Written by `platform %s`", h.command())
	if h.RunURL != "" {
		b.WriteString(" in " + word(h.RunURL))
	}
	b.WriteString(", and written anew when that is run again. The state is recomputed from Git, not from this text.</sub>\n")
	return b.String()
}
