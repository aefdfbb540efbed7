package deploy

import (
	"fmt"
	"strings"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/delivery"
)

func report(a *app.App, o Options, d *delivery.Deployed) error {
	var ids []string
	for _, r := range d.Releases {
		ids = append(ids, string(r.ID))
	}
	a.Runner.Output("release", strings.Join(ids, "\n"))
	a.Runner.Output("changed", fmt.Sprint(d.Changed))
	a.Runner.Output("commit", d.Commit)
	if !o.DryRun {
		a.Runner.Summary(summary(d))
	}
	switch {
	case o.Output == app.FormatJSON:
		return a.PrintJSON(d)
	case o.DryRun && d.Changed:
		for _, r := range d.Releases {
			for _, p := range r.Results {
				if p.Result == delivery.Placed {
					fmt.Fprintf(a.Out, "# %s would run %s %s\n%s", p.Environment, r.Component, r.ID, r.Manifests[p.Environment])
				}
			}
		}
	case len(d.Releases) == 1:
		printOne(a, d)
	default:
		printMany(a, d)
	}
	return nil
}

func printOne(a *app.App, d *delivery.Deployed) {
	r, environments := d.Releases[0], strings.Join(d.Environments, ", ")
	if !d.Changed {
		fmt.Fprintf(a.Out, "%s already runs %s in %s; nothing to do\n", r.Component, r.ID, environments)
		return
	}
	fmt.Fprintf(a.Out, "%s %s %s to %s: commit %.12s on %s\n", a.Green("deployed"), r.Component, r.ID, environments, d.Commit, d.Branch)
}

func printMany(a *app.App, d *delivery.Deployed) {
	var rows [][]string
	for _, r := range d.Releases {
		for _, p := range r.Results {
			rows = append(rows, []string{r.Component, p.Environment, string(r.ID), outcome(a, p)})
		}
	}
	a.PrintTable([]string{"component", "environment", "release", "result"}, rows)
	if d.Changed {
		fmt.Fprintf(a.Out, "commit %.12s on %s\n", d.Commit, d.Branch)
	}
}

func outcome(a *app.App, p delivery.Placement) string {
	switch p.Result {
	case delivery.Placed:
		return a.Green(string(p.Result))
	case delivery.Superseded:
		return a.Yellow(string(p.Result)) + ": " + string(p.Running) + " of a newer commit runs"
	default:
		return a.Dim(string(p.Result))
	}
}

func summary(d *delivery.Deployed) string {
	environments := strings.Join(d.Environments, ", ")
	var b strings.Builder
	switch {
	case len(d.Releases) == 1 && !d.Changed:
		return fmt.Sprintf("**%s** already runs `%s` in %s: nothing to do.\n", d.Releases[0].Component, d.Releases[0].ID, environments)
	case len(d.Releases) == 1:
		r := d.Releases[0]
		fmt.Fprintf(&b, "### Deployed %s to %s\n\n| | |\n| --- | --- |\n| release | `%s` |\n| source | `%.12s` |\n",
			r.Component, environments, r.ID, r.Source.Commit)
		for _, image := range r.Images {
			fmt.Fprintf(&b, "| image | `%s` |\n", image.Reference())
		}
		fmt.Fprintf(&b, "| state | commit `%.12s` on `%s` |\n", d.Commit, d.Branch)
	default:
		fmt.Fprintf(&b, "### Deployed %d components to %s\n\n| component | environment | release | result |\n| --- | --- | --- | --- |\n",
			len(d.Releases), environments)
		for _, r := range d.Releases {
			for _, p := range r.Results {
				fmt.Fprintf(&b, "| %s | %s | `%s` | %s |\n", r.Component, p.Environment, r.ID, p.Result)
			}
		}
		if d.Changed {
			fmt.Fprintf(&b, "\nState: commit `%.12s` on `%s`\n", d.Commit, d.Branch)
		}
	}
	return b.String()
}
