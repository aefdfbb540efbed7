package promote

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/change"
	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/dispatch"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/workspace"
)

// checkFlags are the flags of promote check.
type checkFlags struct {
	workspace.Options // Ref is --head
	Base, Branch      string
	Verdicts          string
	Output            string
}

// checkOptions returns the flags of a check that those of promote ask for.
func checkOptions(o Options) checkFlags {
	return checkFlags{Options: o.Options, Verdicts: o.Verdicts, Output: o.Output}
}

func newCheck(a *app.App) *cobra.Command {
	var o checkFlags
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Prove that a change touches the state as the toolkit does, and that its gates hold",
		Long: "Check is the required status of promotions, on pull requests and in merge queues. It recomputes from Git what the change may do to\n" +
			"the state: bring exactly what promote would bring now, to the byte, with all gates holding; bring back a release as rollback does; or\n" +
			"take out a component which left the catalog. Anything else is a hand edit: a finding on its line, with the command that does it properly.\n\n" +
			"The gates are those of the platform.yaml before the change, and the default branch says where the state is. In a workflow the change is what\n" +
			"the event names; elsewhere, and for pull requests into other branches, it is HEAD as it would be merged into the state branch.",
		Example: "  platform promote check\n  platform promote check --head origin/promote/prod/hello",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runCheck(cmd.Context(), a, o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.Base, "base", "", "`revision` that the change is compared with (default: see above)")
	f.StringVar(&o.Ref, "head", "", "`revision` to check (default HEAD)")
	f.StringVar(&o.Branch, "branch", "", "`name` of the branch of the pull request, for messages (default $GITHUB_HEAD_REF)")
	f.StringVar(&o.Verdicts, "verdicts", "", "`file` with what policy-check --promotions says, for gates with policy: true")
	o.Options.Flags(cmd)
	app.OutputFlag(cmd, &o.Output)
	return cmd
}

func runCheck(ctx context.Context, a *app.App, o checkFlags) error {
	e, err := change.ReadEvent(a)
	if err != nil {
		return err
	}
	if e.Name == change.PullRequestTarget && o.Ref == "" {
		return app.Usagef("on %s the commit of the workflow is the base, not the change: run on pull_request", e.Name)
	}
	if o.Branch == "" {
		o.Branch = a.Getenv("GITHUB_HEAD_REF")
	}
	w, err := openHead(ctx, a, o)
	if err != nil {
		return err
	}
	c := checking{app: a, event: e, head: w}
	if err := c.find(ctx, o); err != nil {
		return dispatch.Explain(err)
	}
	d, err := dispatch.New(a, c.base)
	if err != nil {
		return err
	}
	if o.Verdicts != "" {
		if d.Denied, err = readVerdicts(a.Path(o.Verdicts)); err != nil {
			return err
		}
	}
	verified, err := d.Verify(ctx, delivery.VerifyOptions{Base: c.from, Head: c.to, Branch: o.Branch, Group: e.Name == mergeGroup,
		Catalog: c.catalog(), BreakGlass: d.BreakGlass})
	if err != nil {
		return dispatch.Explain(err)
	}
	moved, err := c.moved(ctx, d)
	if err != nil {
		return dispatch.Explain(err)
	}
	verified.Problems = append(verified.Problems, moved...)
	return c.report(verified, o)
}

// openHead opens the change. Its platform.yaml may be broken, or not there where the state has a branch of its own: it is not the one that counts.
func openHead(ctx context.Context, a *app.App, o checkFlags) (*workspace.Workspace, error) {
	w, err := workspace.Open(ctx, a, o.Options)
	var problems finding.Problems
	if w != nil && w.Commit != nil && (errors.Is(err, config.ErrNotFound) || errors.As(err, &problems)) {
		w.Config, err = nil, nil
	}
	return w, err
}
