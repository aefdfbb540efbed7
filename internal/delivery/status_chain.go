package delivery

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/org/platform/internal/forge"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/release"
)

// Chain is how the releases of a component travel: from commit and pull request to the environments.
type Chain struct {
	Component    string   `json:"component"`
	Releases     []Travel `json:"releases"`     // those that run or wait somewhere, in the order they are met from upstream, what waits before what runs
	Environments []Row    `json:"environments"` // in the order releases travel
}

// Travel is a release on its way.
type Travel struct {
	release.Release
	Commit       *Commit      `json:"sourceCommit,omitempty"` // nil where history no longer has it
	PullRequests []SourcePull `json:"pullRequests,omitempty"` // those that brought the commit
	PullUnknown  bool         `json:"pullRequestsUnknown,omitempty"`
	Runs         []string     `json:"runs,omitempty"`  // the environments that run it
	Waits        []string     `json:"waits,omitempty"` // the environments that it is about to come to, now or when their gates hold
}

// Commit is the commit that a release was made from, for people.
type Commit struct {
	Hash    string    `json:"hash"`
	Subject string    `json:"subject"`
	Author  string    `json:"author"`
	Date    time.Time `json:"date"` // it was written
}

// SourcePull is a pull request that brought a commit.
type SourcePull struct {
	Number int    `json:"number"`
	URL    string `json:"url,omitempty"`
	Title  string `json:"title,omitempty"`
}

// Chain returns how the releases of a component travel.
func (d *Delivery) Chain(ctx context.Context, component string) (*Chain, error) {
	rows, err := d.Status(ctx, []string{component}, false)
	if err != nil {
		return nil, err
	}
	c := &Chain{Component: component, Releases: []Travel{}, Environments: rows}
	for _, row := range rows {
		if row.Incoming != "" {
			t := c.travel(row.incoming)
			t.Waits = append(t.Waits, row.Environment)
		}
		if row.Release != "" {
			t := c.travel(row.running)
			t.Runs = append(t.Runs, row.Environment)
		}
	}
	for i := range c.Releases {
		if err := d.addOrigin(ctx, &c.Releases[i]); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// travel returns the entry of a release.
func (c *Chain) travel(r release.Release) *Travel {
	i := slices.IndexFunc(c.Releases, func(t Travel) bool { return t.ID == r.ID })
	if i < 0 {
		i = len(c.Releases)
		c.Releases = append(c.Releases, Travel{Release: r})
	}
	return &c.Releases[i]
}

// addOrigin says where a release comes from.
func (d *Delivery) addOrigin(ctx context.Context, t *Travel) error {
	hash, err := d.Repo.FetchCommit(ctx, t.Source.Commit)
	switch {
	case errors.Is(err, git.ErrGone): // what is gone cannot be described; that is no reason to show nothing
	case err != nil:
		return fmt.Errorf("source of %s %s: %w", t.Component, t.ID, err)
	default:
		commit, err := d.Repo.Commit(hash)
		if err != nil {
			return err
		}
		t.Commit = &Commit{Hash: t.Source.Commit, Subject: commit.Subject(), Author: commit.Author.Name, Date: commit.Author.When}
	}
	if d.Forge == nil {
		t.PullRequests = d.pullsNamed(t.Commit)
		return nil
	}
	pulls, err := d.Forge.PullRequestsOf(ctx, t.Source.Commit)
	if ctx.Err() != nil {
		return err
	}
	if err != nil {
		d.notice("it is not known which pull requests brought %.12s: %v", t.Source.Commit, err)
		t.PullUnknown = true
		return nil
	}
	pulls = slices.DeleteFunc(pulls, func(pr forge.PullRequest) bool { return !pr.Merged }) // others have the commit too, but did not bring it
	for _, pr := range pulls {
		t.PullRequests = append(t.PullRequests, SourcePull{Number: pr.Number, URL: pr.URL, Title: pr.Title})
	}
	return nil
}

// namesPull matches the subjects that forges give to commits of pull requests: squashed, and merged.
var namesPull = regexp.MustCompile(`\(#([1-9][0-9]{0,8})\)$|^Merge pull request #([1-9][0-9]{0,8})(?: |$)`)

// pullsNamed returns the pull request which the subject of a commit names: all that can be told without a forge.
func (d *Delivery) pullsNamed(c *Commit) []SourcePull {
	if c == nil {
		return nil
	}
	m := namesPull.FindStringSubmatch(c.Subject)
	if m == nil {
		return nil
	}
	number, err := strconv.Atoi(m[1] + m[2])
	if err != nil {
		return nil
	}
	pull := SourcePull{Number: number}
	if d.Web != "" {
		pull.URL = fmt.Sprintf("%s/pull/%d", d.Web, number)
	}
	return []SourcePull{pull}
}
