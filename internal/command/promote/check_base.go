package promote

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/change"
	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/workspace"
)

// checking is one run.
type checking struct {
	app      *app.App
	event    change.Event
	head     *workspace.Workspace // Config is nil where it has none that can be read
	base     *workspace.Workspace // whose configuration and catalog count
	from, to *git.Commit          // of the state branch, and what the change makes of it

	trunk    *git.Commit      // of the default branch
	platform *config.Platform // of trunk; it names the state branch
	apart    bool             // the state branch is another one
	into     string           // the branch that the event merges the change into; empty where it does not
}

// The events of changes that are to be merged.
const (
	pullRequest = "pull_request"
	mergeGroup  = "merge_group"
)

// find finds out what is compared with what, and opens the configuration that counts. The commit which is checked gets the status, whatever
// branch it is to be merged into: what would come of it on the state branch is what is looked at.
func (c *checking) find(ctx context.Context, o checkFlags) error {
	if err := c.findState(ctx); err != nil {
		return err
	}
	isMerge, err := c.findTarget()
	if err != nil {
		return err
	}
	branch := c.platform.Spec.State.Branch
	if o.Base != "" || c.into == branch && isMerge {
		if c.from, err = c.event.Base(ctx, c.head, o.Base); err != nil {
			return err
		}
		c.to = c.head.Commit
		return c.configure(ctx)
	}
	if id := c.event.PullRequest.Head.SHA; c.event.Name == pullRequest && id != "" && o.Ref == "" {
		if err := c.lookAt(ctx, id); err != nil {
			return err
		}
	}
	if c.from, err = c.head.Repo.Tip(ctx, branch); err != nil {
		return err
	}
	if c.from == nil && c.into == "" {
		return fmt.Errorf("%s has no branch %s to compare with: give --base", c.head.Repo.RemoteURL(), branch)
	}
	if c.from == nil { // nothing has ever been deployed
		c.from = c.trunk
	}
	if err := c.configure(ctx); err != nil {
		return err
	}
	return c.merge(ctx)
}

// payload is what the check alone wants of an event.
type payload struct {
	Action string
	Group  struct {
		BaseRef string `json:"base_ref"`
	} `json:"merge_group"`
}

// findTarget finds out which branch the event merges the change into, and whether GitHub's merge is what was checked out. Its first parent is the base
// then. Of a pull request that is closed it is not: the base may have gone on, and have the change.
func (c *checking) findTarget() (merge bool, err error) {
	_, content, err := c.app.Runner.Event()
	var e payload
	if err == nil && len(content) > 0 {
		err = json.Unmarshal(content, &e)
	}
	if err != nil {
		return false, fmt.Errorf("read the payload of event %s: %w", c.event.Name, err)
	}
	switch c.event.Name {
	case pullRequest:
		parents, head := c.head.Commit.Parents, c.event.PullRequest.Head.SHA
		merge = len(parents) == 2 && (head == "" || head == parents[1].String()) && e.Action != "closed"
		c.into = c.event.PullRequest.Base.Ref
	case mergeGroup:
		merge, c.into = true, cmp.Or(strings.TrimPrefix(e.Group.BaseRef, git.BranchRef("")), c.platform.Spec.State.Branch)
	}
	return merge, nil
}

// lookAt makes another commit the change.
func (c *checking) lookAt(ctx context.Context, id string) error {
	hash, err := c.head.Repo.FetchCommit(ctx, id)
	if err != nil {
		return err
	}
	head := *c.head
	if head.Commit, err = head.Repo.Commit(hash); err != nil {
		return err
	}
	head.Files, c.head = head.Repo.Tree(head.Commit.TreeHash), &head
	return nil
}

// configure takes the configuration before the change: that of the base, or of the default branch where the state has a branch of its own.
func (c *checking) configure(ctx context.Context) error {
	base := *c.head
	c.base = &base
	c.base.Commit, c.base.Config = c.trunk, c.platform
	if !c.apart {
		platform, err := load(ctx, c.head.Repo, c.from)
		switch {
		case err == nil:
			c.base.Commit, c.base.Config = c.from, platform
		case !errors.Is(err, config.ErrNotFound):
			return fmt.Errorf("configuration before the change: %w", err)
		default:
			c.apart = true
		}
	}
	c.base.Files = c.head.Repo.Tree(c.base.Commit.TreeHash)
	return nil
}

func load(ctx context.Context, repo *git.Repository, commit *git.Commit) (*config.Platform, error) {
	tree := repo.Tree(commit.TreeHash)
	if err := tree.Prefetch(ctx, config.FileName); err != nil {
		return nil, err
	}
	return config.Load(tree, config.Options{NoComponentsYet: true})
}

// findState finds out where the state is: the default branch says so, never the change.
func (c *checking) findState(ctx context.Context) error {
	repo, name := c.head.Repo, c.event.Repository.DefaultBranch
	var err error
	known := true // which branch it is
	if name != "" {
		c.trunk, err = repo.Tip(ctx, name)
	} else if c.trunk, err = repo.Resolve(ctx, "origin/HEAD"); err != nil {
		known = repo.Root() == "" // HEAD of a remote without a clone
		if c.trunk, err = repo.Resolve(ctx, "HEAD"); !known && c.head.Config != nil {
			c.trunk, err = c.head.Commit, nil
		}
	}
	if err != nil || c.trunk == nil {
		return errors.Join(err, fmt.Errorf("%s has no default branch with %s", repo.RemoteURL(), config.FileName))
	}
	if c.platform, err = load(ctx, repo, c.trunk); err != nil {
		return fmt.Errorf("configuration of the default branch: %w", err)
	}
	branch := c.platform.Spec.State.Branch
	switch {
	case name != "":
		c.apart = branch != name
	case known:
		var tip *git.Commit
		if tip, err = repo.Resolve(ctx, "origin/"+branch); err != nil {
			tip, err = repo.Tip(ctx, branch)
		}
		c.apart = tip == nil || tip.Hash != c.trunk.Hash
	}
	return err
}

// catalog returns the files that say which components there are after the change.
func (c *checking) catalog() fs.FS {
	if c.apart { // the change is of a branch which holds state alone
		return c.base.Files
	}
	return nil
}
