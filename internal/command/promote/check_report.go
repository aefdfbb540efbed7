package promote

import (
	"fmt"
	"strings"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/state"
)

// checkedState is the result for -o json.
type checkedState struct {
	Base     string                  `json:"base"`
	Head     string                  `json:"head"`
	Cells    []delivery.VerifiedCell `json:"cells"`
	Holds    []state.Key             `json:"holds"`
	Findings []finding.Finding       `json:"findings"`
}

func (c *checking) report(v *delivery.Verified, o checkFlags) error {
	a, out := c.app, c.app.Out
	a.Runner.Summary(checkSummary(v))
	if o.Output == app.FormatJSON {
		out = nil
		if err := a.PrintJSON(checkedState{c.from.Hash.String(), c.head.Commit.Hash.String(), append([]delivery.VerifiedCell{}, v.Cells...),
			append([]state.Key{}, v.Holds...), append([]finding.Finding{}, v.Problems...)}); err != nil {
			return err
		}
	} else {
		c.print(v)
	}
	return a.Findings(out, c.head.Repo.Tree(c.to.TreeHash), v.Problems)
}

func (c *checking) print(v *delivery.Verified) {
	a := c.app
	if len(v.Cells) == 0 && len(v.Problems) == 0 {
		what := "the change touches no state"
		if len(v.Holds) > 0 {
			what = fmt.Sprintf("the change touches no state but %d hold files", len(v.Holds))
		}
		fmt.Fprintf(a.Out, "%s: %s\n", a.Green("ok"), what)
		return
	}
	var rows [][]string
	for _, cell := range v.Cells {
		verdict := a.Green("ok")
		if !cell.OK {
			verdict = a.Red("fails")
		}
		rows = append(rows, []string{cell.Component, cell.Environment, orNothing(cell.From), orNothing(cell.To), string(cell.Kind), verdict, cell.Reason})
	}
	if len(rows) > 0 {
		a.PrintTable([]string{"component", "environment", "from", "to", "change", "verdict", ""}, rows)
	}
}

func orNothing[S ~string](id S) string {
	if id == "" {
		return "nothing"
	}
	return string(id)
}

// checkSummary returns the result as Markdown, with what each gate says.
func checkSummary(v *delivery.Verified) string {
	var b strings.Builder
	b.WriteString("### Promotion check\n\n")
	if len(v.Cells) == 0 {
		b.WriteString("The change brings no release anywhere.\n")
	} else {
		b.WriteString("| component | environment | from | to | change | verdict | |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	}
	for _, cell := range v.Cells {
		verdict := "✅"
		if !cell.OK {
			verdict = "❌"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", cell.Component, cell.Environment, orNothing(cell.From), orNothing(cell.To),
			cell.Kind, verdict, inCell(cell.Reason))
	}
	for _, cell := range v.Cells {
		if len(cell.Gates) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n**Gates of %s to %s**\n\n| gate | holds | |\n| --- | --- | --- |\n", cell.Component, cell.Environment)
		for _, g := range cell.Gates {
			holds, reason := "✅", g.Reason
			if !g.Holds {
				holds = "⏳"
			}
			if !g.Until.IsZero() && !g.Holds {
				reason += "; until " + g.Until.UTC().Format("2006-01-02 15:04 MST")
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", g.Gate, holds, inCell(reason))
		}
	}
	if len(v.Problems) > 0 {
		b.WriteString("\n")
	}
	for _, f := range v.Problems {
		fmt.Fprintf(&b, "- **%s** %s\n", f.Severity, inCell(f.String()))
	}
	return b.String()
}

var cellEscapes = strings.NewReplacer("|", `\|`, "\n", " ", "\r", " ", "<", "&lt;", "@", "@\u200b")

// inCell keeps text that people wrote inside its cell.
func inCell(s string) string { return cellEscapes.Replace(s) }
