// Package status is the command that shows what runs where.
package status

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/dispatch"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/workspace"
)

// Options are the flags.
type Options struct {
	workspace.Options
	Component string
	Output    string
}

// New returns the command.
func New(a *app.App) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:     "status",
		Short:   "Show which release runs where, and who is ahead of whom",
		Example: "  platform status\n  platform status -o json --component hello",
		RunE:    func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), a, o) },
	}
	cmd.Flags().StringVar(&o.Component, "component", "", "only this `component`")
	cmd.Flags().StringVar(&o.Ref, "ref", "", "`revision` whose platform.yaml counts (default HEAD)")
	o.Options.Flags(cmd)
	app.OutputFlag(cmd, &o.Output)
	return cmd
}

func run(ctx context.Context, a *app.App, o Options) error {
	w, err := workspace.Open(ctx, a, o.Options)
	if err != nil {
		return err
	}
	var components []string
	if o.Component == "" {
		all, err := w.Catalog()
		if err != nil {
			return err
		}
		components = all.Names()
	} else {
		if _, err := w.Component(o.Component); err != nil {
			return err
		}
		components = []string{o.Component}
	}
	rows, err := dispatch.New(a, w).Status(ctx, components, o.Component == "")
	if err != nil {
		return err
	}
	if o.Output == app.FormatJSON {
		return a.PrintJSON(rows)
	}
	var cells [][]string
	last := ""
	for _, row := range rows {
		name := row.Component
		if name == last {
			name = ""
		}
		last = row.Component
		cells = append(cells, []string{a.Bold(name), row.Environment,
			orDash(string(row.Release)), orDash(shortDigest(row.Digest)), age(a.Now(), row), situation(a, row)})
	}
	a.PrintTable([]string{"component", "environment", "release", "digest", "age", "position"}, cells)
	return nil
}

// situation says where a row stands and what happens next.
func situation(a *app.App, row delivery.Row) string {
	place := row.Place()
	switch row.Position {
	case delivery.InStep:
		place = a.Green(place)
	case delivery.Behind, delivery.Differs:
		place = a.Yellow(place)
	case delivery.Ahead, delivery.Broken:
		place = a.Red(place)
	}
	var next string
	switch row.Next {
	case promotion.Propose:
		next = "promote proposes it"
		if row.Branch != "" {
			next = "merge " + row.Branch
		}
	case promotion.Merge:
		next = "next promote brings it"
	case promotion.Wait, promotion.Held, promotion.Blocked:
		next = strings.ReplaceAll(row.Reason, "\n", "; ")
	default:
		if row.Hold != nil {
			next = row.Hold.String()
		}
	}
	if place != "" && next != "" {
		place += "; "
	}
	return place + next
}

func shortDigest(digest string) string {
	algorithm, hex, ok := strings.Cut(digest, ":")
	if !ok || len(hex) < 12 {
		return digest
	}
	return algorithm + ":" + hex[:12]
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
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
