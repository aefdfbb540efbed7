package promote

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/change"
	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/dispatch"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/git"
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
			"The gates are those of the platform.yaml before the change. In a workflow the change is what the event names; elsewhere it is HEAD as it\n" +
			"would be merged into the state branch of the remote.",
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
	if err := c.findBase(ctx, o); err != nil {
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
	verified, err := d.Verify(ctx, delivery.VerifyOptions{Base: c.from, Head: c.to, Branch: o.Branch, Group: e.Name == "merge_group",
		Catalog: c.catalog(), BreakGlass: d.BreakGlass})
	if err != nil {
		return dispatch.Explain(err)
	}
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

// checking is one run.
type checking struct {
	app      *app.App
	event    change.Event
	head     *workspace.Workspace // Config is nil where it has none that can be read
	base     *workspace.Workspace // whose configuration and catalog count
	from, to *git.Commit
}

// findBase finds out what is compared with what, and opens the configuration that counts.
func (c *checking) findBase(ctx context.Context, o checkFlags) error {
	head, repo := c.head.Commit, c.head.Repo
	c.to = head
	parents := head.Parents
	merged := c.event.Name == "pull_request" && len(parents) == 2 &&
		(c.event.PullRequest.Head.SHA == "" || c.event.PullRequest.Head.SHA == parents[1].String())
	var err error
	if o.Base != "" || merged || c.event.Name == "merge_group" {
		if c.from, err = c.event.Base(ctx, c.head, o.Base); err != nil {
			return err
		}
		return c.configure(ctx)
	}
	branch := c.event.PullRequest.Base.Ref
	if branch == "" {
		if branch, err = c.stateBranch(ctx); err != nil {
			return err
		}
	}
	if c.from, err = repo.Tip(ctx, branch); err != nil {
		return err
	}
	if c.from == nil {
		return fmt.Errorf("%s has no branch %s to compare with: give --base", repo.RemoteURL(), branch)
	}
	if err := c.configure(ctx); err != nil {
		return err
	}
	return c.merge(ctx, branch)
}

// stateBranch returns the state branch that the change was made from, as far as it knows.
func (c *checking) stateBranch(ctx context.Context) (string, error) {
	if c.head.Config != nil {
		return c.head.Config.Spec.State.Branch, nil
	}
	_, platform, err := c.defaultBranch(ctx)
	if err != nil {
		return "", err
	}
	return platform.Spec.State.Branch, nil
}

// merge makes the result of merging the change, where it does not have the newest commit of the branch.
func (c *checking) merge(ctx context.Context, branch string) error {
	head, repo := c.head.Commit, c.head.Repo
	if head.Hash == c.from.Hash {
		return app.Usagef("%w: %.12s is the newest commit of %s itself; give --head or --base", change.ErrNothing, head.Hash, branch)
	}
	ahead, err := repo.IsAncestor(ctx, c.from.Hash, head.Hash)
	if err != nil || ahead {
		return err
	}
	left := c.event
	left.Name, left.PullRequest.Base.Ref = "pull_request", branch
	start, err := left.Base(ctx, c.head, "")
	if err != nil {
		return err
	}
	d := &delivery.Delivery{Repo: repo}
	c.to, err = d.Merged(ctx, c.from, start, head)
	return err
}

// configure loads the configuration before the change: of the base, or of the default branch where the state has a branch of its own.
func (c *checking) configure(ctx context.Context) error {
	base := *c.head
	c.base = &base
	c.base.Commit = c.from
	platform, err := load(ctx, c.head.Repo, c.from)
	if errors.Is(err, config.ErrNotFound) {
		c.base.Commit, platform, err = c.defaultBranch(ctx)
	}
	if err != nil {
		return fmt.Errorf("configuration before the change: %w", err)
	}
	c.base.Config, c.base.Files = platform, c.head.Repo.Tree(c.base.Commit.TreeHash)
	return nil
}

func load(ctx context.Context, repo *git.Repository, commit *git.Commit) (*config.Platform, error) {
	tree := repo.Tree(commit.TreeHash)
	if err := tree.Prefetch(ctx, config.FileName); err != nil {
		return nil, err
	}
	return config.Load(tree, config.Options{NoComponentsYet: true})
}

// defaultBranch returns the newest commit of the default branch, and its configuration.
func (c *checking) defaultBranch(ctx context.Context) (*git.Commit, *config.Platform, error) {
	repo := c.head.Repo
	var commit *git.Commit
	var err error
	if name := c.event.Repository.DefaultBranch; name != "" {
		commit, err = repo.Tip(ctx, name)
	} else if commit, err = repo.Resolve(ctx, "origin/HEAD"); err != nil {
		commit, err = repo.Resolve(ctx, "HEAD") // of a remote without a clone
	}
	if err != nil || commit == nil {
		return nil, nil, errors.Join(err, fmt.Errorf("%s has no default branch with %s", repo.RemoteURL(), config.FileName))
	}
	platform, err := load(ctx, repo, commit)
	return commit, platform, err
}

// catalog returns the files that say which components there are after the change.
func (c *checking) catalog() fs.FS {
	if c.base.Commit.Hash != c.from.Hash { // the change is of a branch which holds state alone
		return c.base.Files
	}
	return nil
}
