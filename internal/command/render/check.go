package render

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/dispatch"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/workspace"
)

// checked is the result of --check for -o json.
type checked struct {
	Commit   string            `json:"commit"`
	Cells    int               `json:"cells"`
	Findings []finding.Finding `json:"findings"`
}

// check proves that the state in a commit is what its releases render to.
func check(ctx context.Context, a *app.App, w *workspace.Workspace, o Options) error {
	options := delivery.CheckOptions{Commit: w.Commit, Environment: o.Environment, Component: o.Component}
	if _, err := fs.Stat(w.Files, w.Config.Spec.State.Path); err != nil { // the state has a branch of its own
		tip, err := w.Repo.Tip(ctx, w.Config.Spec.State.Branch)
		if err != nil {
			return err
		}
		if tip == nil {
			return fmt.Errorf("there is no state to check: neither %s in %.12s nor a branch %s", w.Config.Spec.State.Path, w.Commit.Hash, w.Config.Spec.State.Branch)
		}
		options.Commit = tip
	}
	if o.Base != "" {
		base, err := w.Repo.Resolve(ctx, o.Base)
		if err != nil {
			return err
		}
		options.Base = base
	}
	d, err := dispatch.New(a, w)
	if err != nil {
		return err
	}
	result, err := d.Check(ctx, options)
	if err != nil {
		return dispatch.Explain(err)
	}
	out := a.Out
	if o.Output == app.FormatJSON {
		findings := append([]finding.Finding{}, result.Problems...)
		if err := a.PrintJSON(checked{options.Commit.Hash.String(), result.Cells, findings}); err != nil {
			return err
		}
		out = nil
	}
	err = a.Findings(out, w.Repo.Tree(options.Commit.TreeHash), result.Problems)
	if err == nil && out != nil {
		fmt.Fprintf(out, "%s: %d rendered again from their releases, none differs (state at %.12s)\n", a.Green("ok"), result.Cells, options.Commit.Hash)
	}
	return err
}
