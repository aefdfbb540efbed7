package dispatch

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/report"
	"github.com/org/platform/internal/workspace"
)

// Asking are the flags of commands that change one cell because a person wants it.
type Asking struct {
	Env    string
	Reason string
	Direct bool
	DryRun bool
}

// Flags adds them to a command, with what it does to the environment.
func (o *Asking) Flags(cmd *cobra.Command, env, reason string) {
	f := cmd.Flags()
	f.StringVar(&o.Env, "env", "", env+" (required)")
	f.StringVar(&o.Reason, "reason", reason, "`why`, for the commit and the people who read it")
	f.BoolVar(&o.Direct, "direct", false, "write to the state branch at once, instead of a branch to merge")
	f.BoolVar(&o.DryRun, "dry-run", false, "say what would be done, write nothing")
}

// Check says what is missing.
func (o Asking) Check() error {
	if o.Env == "" {
		return app.Usagef("which environment? give --env ENVIRONMENT")
	}
	return nil
}

// Asked returns how the change is made, and for whom: the person behind the workflow, else who Git says we are.
func (o Asking) Asked(a *app.App, w *workspace.Workspace) delivery.Asked {
	by := a.Getenv("GITHUB_ACTOR")
	if by == "" {
		by = w.Repo.UserName()
	}
	return delivery.Asked{Reason: o.Reason, By: by, Direct: o.Direct, DryRun: o.DryRun}
}

// Known says whether there is such a component: what the catalog no longer has may still run.
func Known(ctx context.Context, w *workspace.Workspace, d *delivery.Delivery, component string) error {
	_, unknown := w.Component(component)
	if unknown == nil {
		return nil
	}
	running, err := d.Running(ctx)
	if err != nil {
		return err
	}
	if !slices.Contains(running, component) {
		return unknown
	}
	return nil
}

// Where says where a change that a person asked for is, for a line of output.
func Where(l delivery.Landing) string {
	switch {
	case l.Branch == "":
		return fmt.Sprintf("commit %.12s", l.Commit)
	case l.PullRequest != "":
		return "merge " + l.PullRequest
	default:
		return "merge branch " + l.Branch
	}
}

// Did returns the word for what became of a change: past is of one that is written, such as "rolled back".
func Did(a *app.App, l delivery.Landing, past string) string {
	switch {
	case l.Branch == "":
		return a.Green(past)
	case l.Changed:
		return a.Yellow("proposed")
	default:
		return a.Yellow("proposed already")
	}
}

// Line returns what others wrote as one line that steers no terminal.
func Line(s string) string { return strings.Join(strings.Fields(report.Plain(s)), " ") }
