package promotion

import (
	"fmt"
	"strings"
	"time"

	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/report"
	"github.com/org/platform/internal/state"
)

// Rollback is all that the pull request of a rollback says.
type Rollback struct {
	state.Key
	From, To   release.Release // From is zero where nothing else runs
	Reason, By string
	HoldFile   string    // keeps From out; empty where nothing is held
	Until      time.Time // when the hold ends; zero: with the next release
	Taken      []Change  // commits of the component's folder that To lacks, newest first
	Unknown    string    // why Taken could not be told; empty where it could
	Dependents []Dependent
	RunURL     string

	DependentsUnknown string // why Dependents could not be told; empty where they could
}

// Dependent is a component that depends on one that is rolled back, where it runs.
type Dependent struct {
	Component string     `json:"component"`
	Release   release.ID `json:"release,omitempty"`
	Later     bool       `json:"later"`             // its source commit is not part of what comes back: it may need what is taken back
	Unknown   string     `json:"unknown,omitempty"` // why that cannot be told
}

// String says what a rollback may do to the dependent.
func (d Dependent) String() string {
	switch {
	case d.Unknown != "":
		return fmt.Sprintf("%s: %s", d.Component, d.Unknown)
	case d.Later:
		return fmt.Sprintf("%s %s was released after what comes back: it may need what is taken back", d.Component, d.Release)
	default:
		return fmt.Sprintf("%s %s is no newer than what comes back", d.Component, d.Release)
	}
}

// The limits of a rollback's text, in bytes and rows.
const (
	rollbackText   = 300 // of a reason
	rollbackListed = 80  // of a line of a list
	rollbackRows   = 30
)

// Title returns the title of the pull request.
func (r Rollback) Title() string {
	title := fmt.Sprintf("rollback(%s): %s %s", r.Environment, r.Component, r.To.ID)
	if r.From.ID != "" {
		title += " (back from " + string(r.From.ID) + ")"
	}
	return title
}

// Body returns the text of the pull request as Markdown. What people wrote is shown, never obeyed.
func (r Rollback) Body() string {
	var b strings.Builder
	word := func(s string) string { return prose(s, rollbackText) }
	fmt.Fprintf(&b, "Brings %s back in **%s**: the stored files of %s, byte for byte.\n\n", report.Code(string(r.To.ID)), word(r.Environment), word(r.Component))
	fmt.Fprintf(&b, "**Why:** %s (asked for by %s)\n\n", word(r.Reason), word(r.By))
	b.WriteString("| | release | source | images |\n| --- | --- | --- | --- |\n")
	rollbackRow(&b, "comes back", r.To)
	if r.From.ID != "" {
		rollbackRow(&b, "is replaced", r.From)
	}
	r.taken(&b)
	r.dependents(&b)
	b.WriteString("\n---\n\n**Merge this** to go back. Soak, freezes and the other gates do not apply to a rollback; policies do.\n\n")
	if r.HoldFile != "" {
		until := "until another release arrives"
		if !r.Until.IsZero() {
			until += ", " + r.Until.UTC().Format("2006-01-02 15:04 MST") + " at the latest"
		}
		fmt.Fprintf(&b, "- %s is then held out of %s %s. To lift that: %s\n", report.Code(string(r.From.ID)), word(r.Environment), until,
			report.Code("platform resume "+r.Component+" --env "+r.Environment))
	}
	if r.From.ID != "" {
		fmt.Fprintf(&b, "- To undo this afterwards: %s\n", report.Code(fmt.Sprintf("platform rollback %s --env %s --to %s", r.Component, r.Environment, r.From.ID)))
	}
	b.WriteString("- Not needed after all? Close it and delete its branch.\n\n<sub>Written by `platform rollback`")
	if r.RunURL != "" {
		b.WriteString(" in " + word(r.RunURL))
	}
	b.WriteString(", and written anew when that is run again. The state is recomputed from Git, not from this text.</sub>\n")
	return b.String()
}

// rollbackRow writes a line of the table of releases. A full commit id becomes a link by itself.
func rollbackRow(b *strings.Builder, what string, r release.Release) {
	var images []string
	for n, i := range r.Images {
		if n == rollbackRows {
			images = append(images, fmt.Sprintf("… and %d more", len(r.Images)-n))
			break
		}
		images = append(images, report.Code(report.Shorten(i.Reference(), rollbackText)))
	}
	fmt.Fprintf(b, "| %s | %s | %s | %s |\n", what, report.Code(string(r.ID)), r.Source.Commit, strings.Join(images, "<br>"))
}

func (r Rollback) taken(b *strings.Builder) {
	switch {
	case r.Unknown != "":
		fmt.Fprintf(b, "\n### What is taken back\n\nThe commits cannot be listed: %s\n", prose(r.Unknown, rollbackText))
		return
	case len(r.Taken) == 0:
		return
	}
	fmt.Fprintf(b, "\n### What is taken back\n\n")
	for i, c := range r.Taken {
		if i == rollbackRows {
			fmt.Fprintf(b, "- … and %d more\n", len(r.Taken)-i)
			break
		}
		fmt.Fprintf(b, "- %s %s — %s\n", c.Hash, prose(c.Subject, rollbackListed), prose(c.Author, rollbackListed))
	}
}

func (r Rollback) dependents(b *strings.Builder) {
	if len(r.Dependents) == 0 && r.DependentsUnknown == "" {
		return
	}
	fmt.Fprintf(b, "\n### What depends on %s\n\n", prose(r.Component, rollbackText))
	if r.DependentsUnknown != "" {
		fmt.Fprintf(b, "It cannot be told: %s\n", prose(r.DependentsUnknown, rollbackText))
	}
	for i, d := range r.Dependents {
		if i == rollbackRows {
			fmt.Fprintf(b, "- … and %d more\n", len(r.Dependents)-i)
			break
		}
		mark := ""
		if d.Later || d.Unknown != "" {
			mark = "⚠️ "
		}
		fmt.Fprintf(b, "- %s%s\n", mark, prose(d.String(), 2*rollbackListed))
	}
}
