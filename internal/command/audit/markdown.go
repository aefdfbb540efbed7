package audit

import (
	"fmt"
	"strings"
	"time"

	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/dispatch"
	"github.com/org/platform/internal/report"
)

// markdown returns the moves as a table.
func markdown(moves []delivery.Move, since time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### Moves since %s\n\n", clock(since))
	if len(moves) == 0 {
		return b.String() + "None.\n"
	}
	b.WriteString("| when (UTC) | environment | component | from → to | action | by | gates | commit |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, m := range moves {
		gates := strings.Join(m.Gates, ", ")
		if m.BreakGlass != "" {
			gates = "⚠️ skipped by " + m.BreakGlass
		}
		commit := m.Commit // GitHub makes a link of a full one
		if m.PullRequest != 0 {
			commit += fmt.Sprintf(" #%d", m.PullRequest)
		}
		cells := []string{dispatch.Clock(m.When), code(m.Environment), code(m.Component), code(what(m)), m.Action, code(dispatch.Who(m)), code(gates), commit}
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
	return b.String()
}

// code shows what others wrote, and nothing of it is mark-up or calls anybody.
func code(s string) string {
	if s = dispatch.Line(s); s == "" || s == "-" {
		return s
	}
	return report.Code(s)
}
