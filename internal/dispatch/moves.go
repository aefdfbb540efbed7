package dispatch

import (
	"strings"
	"time"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/delivery"
)

// Clock writes a time for a table.
func Clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

// Dash stands for what is not there.
func Dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// Who says who moved something.
func Who(m delivery.Move) string {
	if m.MergedBy != "" {
		return m.By + ", merged by " + m.MergedBy
	}
	return m.By
}

// Gates says what a release had to pass.
func Gates(a *app.App, m delivery.Move) string {
	if m.BreakGlass != "" {
		return a.Red("skipped by " + Line(m.BreakGlass))
	}
	return Dash(Line(strings.Join(m.Gates, ", ")))
}

// PaintAction colours what should be looked at.
func PaintAction(a *app.App, action string) string {
	switch action {
	case delivery.ActionEdit, delivery.ActionRemoved:
		return a.Red(action)
	case delivery.ActionRollback, delivery.ActionHold:
		return a.Yellow(action)
	case delivery.ActionPassThrough:
		return a.Dim(action)
	default:
		return a.Green(action)
	}
}
