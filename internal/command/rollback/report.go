package rollback

import (
	"fmt"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/dispatch"
)

func report(a *app.App, o Options, r *delivery.RolledBack) {
	to := r.Release.ID
	switch {
	case r.Already:
		fmt.Fprintf(a.Out, "%s in %s is already rolled back from %s to %s; name a release with --to to go further\n", o.Component, o.Env, r.From, to)
		return
	case o.DryRun && r.From == "":
		fmt.Fprintf(a.Out, "the stored files of %s %s would be restored in %s\n", o.Component, to, o.Env)
	case o.DryRun:
		fmt.Fprintf(a.Out, "%s in %s would go back from %s to %s\n", o.Component, o.Env, r.From, to)
	case r.Commit == "":
		fmt.Fprintf(a.Out, "%s already runs %s in %s; nothing to do\n", o.Component, to, o.Env)
		return
	case r.From == "":
		fmt.Fprintf(a.Out, "%s the stored files of %s %s in %s: %s\n", dispatch.Did(a, r.Landing, "restored"), o.Component, to, o.Env, dispatch.Where(r.Landing))
	default:
		fmt.Fprintf(a.Out, "%s %s in %s from %s to %s: %s\n", did(a, r), o.Component, o.Env, r.From, to, dispatch.Where(r.Landing))
		held(a, o, r)
	}
	consequences(a, o, r)
	if o.Direct {
		fmt.Fprintf(a.Out, "policies were checked when %s came to %s, and not again\n", to, o.Env)
	}
}

func did(a *app.App, r *delivery.RolledBack) string {
	if r.Branch == "" {
		return a.Green("rolled back")
	}
	return dispatch.Did(a, r.Landing, "") + " to roll back"
}

func held(a *app.App, o Options, r *delivery.RolledBack) {
	until := "another release arrives"
	if !r.Expires.IsZero() {
		until = r.Expires.String() + ", another release arrives"
	}
	verb := "is"
	if r.Branch != "" {
		verb = "is then"
	}
	fmt.Fprintf(a.Out, "%s %s held out of %s until %s, or it is lifted: platform resume %s --env %s\n", r.From, verb, o.Env, until, o.Component, o.Env)
}

// most is how many commits are listed.
const most = 10

func consequences(a *app.App, o Options, r *delivery.RolledBack) {
	for i, c := range r.TakenBack {
		if i == most {
			fmt.Fprintf(a.Out, "  … and %d more\n", len(r.TakenBack)-i)
			break
		}
		if i == 0 {
			fmt.Fprintln(a.Out, "this takes back:")
		}
		fmt.Fprintf(a.Out, "  %.12s %s (%s)\n", c.Hash, dispatch.Line(c.Subject), dispatch.Line(c.Author))
	}
	if r.Unknown != "" {
		fmt.Fprintf(a.Out, "which commits this takes back cannot be told: %s\n", dispatch.Line(r.Unknown))
	}
	for i, d := range r.Dependents {
		if i == 0 {
			fmt.Fprintf(a.Out, "these depend on %s and run in %s:\n", o.Component, o.Env)
		}
		line := dispatch.Line(d.String())
		if d.Later || d.Unknown != "" {
			line = a.Yellow(line)
		}
		fmt.Fprintln(a.Out, "  "+line)
	}
	if r.DependentsUnknown != "" {
		fmt.Fprintf(a.Out, "what depends on %s cannot be told: %s\n", o.Component, dispatch.Line(r.DependentsUnknown))
	}
}
