package rollback

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/dispatch"
)

// NewAction returns the command as the action has it: inputs are flags, so the component is one too.
func NewAction(a *app.App) *cobra.Command {
	cmd := New(a)
	component := cmd.Flags().String("component", "", "`name` of the component to roll back (required)")
	cmd.Use, cmd.Args = "rollback --component NAME --env ENVIRONMENT", nil
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *component == "" {
			return app.Usagef("which component? give --component NAME")
		}
		return run(cmd, []string{*component})
	}
	return cmd
}

// outputs tells the workflow what was done.
func outputs(a *app.App, o Options, r *delivery.RolledBack) {
	a.Runner.Output("release", string(r.Release.ID))
	a.Runner.Output("changed", fmt.Sprint(r.Changed))
	a.Runner.Output("commit", r.Commit)
	a.Runner.Output("branch", r.Branch)
	a.Runner.Output("pull-request", r.PullRequest)
	if r.Commit == "" {
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "### Rollback of %s in %s\n\n| | |\n| --- | --- |\n| to | `%s` |\n", o.Component, o.Env, r.Release.ID)
	if r.From != "" {
		fmt.Fprintf(&b, "| from | `%s`, held out of %s |\n", r.From, o.Env)
	}
	fmt.Fprintf(&b, "| where | %s |\n", dispatch.Where(r.Landing))
	for i, d := range r.Dependents {
		if i == most {
			fmt.Fprintf(&b, "| … | and %d more |\n", len(r.Dependents)-i)
			break
		}
		fmt.Fprintf(&b, "| depends on it | %s |\n", strings.ReplaceAll(dispatch.Line(d.String()), "|", `\|`))
	}
	a.Runner.Summary(b.String())
}
