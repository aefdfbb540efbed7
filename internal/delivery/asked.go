package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/org/platform/internal/forge"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/state"
)

// Asked is how a change that a person asks for is made.
type Asked struct {
	Reason, By string
	Direct     bool // written to the state branch at once; else it is a branch to merge, with a pull request where there is a forge
	DryRun     bool
}

// Landing is where a change that a person asked for can be found.
type Landing struct {
	Changed     bool   `json:"changed"` // this run wrote something: the state, or the branch
	Commit      string `json:"commit,omitempty"`
	Branch      string `json:"branch,omitempty"`      // to be merged; empty where the state was written at once
	PullRequest string `json:"pullRequest,omitempty"` // address of the branch's
}

// handiwork is a change to one cell that a person asks for.
type handiwork struct {
	state.Key
	action  string // first part of the branch's name, and the label
	propose func(ctx context.Context, tip *git.Commit) (*git.Change, error)
	// pull returns title and body of the pull request for what was proposed last.
	pull func(ctx context.Context) (title, body string)
}

func (h handiwork) branch() string { return h.action + "/" + h.Environment + "/" + h.Component }

// carryOut makes a change, or says what it would be.
func (d *Delivery) carryOut(ctx context.Context, o Asked, h handiwork) (Landing, error) {
	branch := d.Platform.Spec.State.Branch
	if o.DryRun {
		tip, err := d.Repo.Tip(ctx, branch)
		if err == nil {
			_, err = h.propose(ctx, tip)
		}
		return Landing{}, err
	}
	if !o.Direct {
		return d.offer(ctx, h)
	}
	commit, err := d.Repo.Update(ctx, branch, h.propose)
	if err != nil || commit == nil {
		return Landing{}, err
	}
	return Landing{Changed: true, Commit: commit.Hash.String()}, nil
}

// maxOffers is how often a branch is made anew because others were faster.
const maxOffers = 10

// offer makes the branch of a change what is wanted now, and its pull request.
func (d *Delivery) offer(ctx context.Context, h handiwork) (Landing, error) {
	landing := Landing{Branch: h.branch()}
	for range maxOffers {
		tip, err := d.Repo.Tip(ctx, d.Platform.Spec.State.Branch)
		if err != nil {
			return Landing{}, err
		}
		change, err := h.propose(ctx, tip)
		if err != nil || change == nil {
			return Landing{}, err
		}
		wanted, err := d.Repo.CommitOn(tip, *change)
		if err != nil || wanted == nil {
			return Landing{}, err
		}
		overtaken, err := d.pushOffer(ctx, tip, wanted, h, &landing)
		if err != nil {
			return Landing{}, err
		}
		if !overtaken {
			return landing, d.openPull(ctx, h, &landing)
		}
	}
	return Landing{}, fmt.Errorf("gave up after %d attempts: others write %s all the time", maxOffers, landing.Branch)
}

// pushOffer puts the wanted commit on the branch, unless what is there is as good.
func (d *Delivery) pushOffer(ctx context.Context, tip, wanted *git.Commit, h handiwork, landing *Landing) (overtaken bool, err error) {
	current, err := d.Repo.Branch(ctx, landing.Branch)
	if err != nil {
		return false, err
	}
	if current != git.ZeroHash {
		stands, err := d.stands(ctx, tip, current, wanted, h)
		if err != nil && d.moved(ctx, landing.Branch, current) {
			return true, nil
		}
		if err != nil || stands {
			landing.Commit = current.String()
			return false, err
		}
	}
	var rejected *git.RejectedError
	err = d.Repo.Push(ctx, git.RefUpdate{Ref: git.BranchRef(landing.Branch), Old: current, New: wanted.Hash})
	if errors.As(err, &rejected) && rejected.Lost() {
		return true, nil
	}
	landing.Changed, landing.Commit = err == nil, wanted.Hash.String()
	return false, err
}

// stands says whether the branch of a change holds what is wanted, and merges. A person's commit on it is an error: it is never written over.
func (d *Delivery) stands(ctx context.Context, tip *git.Commit, hash git.Hash, wanted *git.Commit, h handiwork) (bool, error) {
	if _, err := d.Repo.FetchCommit(ctx, hash.String()); err != nil {
		return false, err
	}
	current, err := d.Repo.Commit(hash)
	if err != nil {
		return false, err
	}
	merged, err := d.Repo.IsAncestor(ctx, hash, tip.Hash)
	if merged || err != nil {
		return false, err
	}
	if current.Trailer("Platform-Action") != h.action || current.Committer.Identity != d.Repo.Identity() {
		return false, refusef("branch %s has a commit of %s: merge or delete it, or give --direct to write to %s at once",
			h.branch(), oneLine(current.Author.Name), d.Platform.Spec.State.Branch)
	}
	if len(current.Parents) != 1 {
		return false, nil
	}
	parent, err := d.Repo.Commit(current.Parents[0])
	if err != nil {
		return false, err
	}
	if on, err := d.Repo.IsAncestor(ctx, parent.Hash, tip.Hash); err != nil || !on { // somebody put more below it
		return false, err
	}
	return d.sameCells(current, wanted, parent, tip, []state.Key{h.Key})
}

// openPull makes a branch have its pull request.
func (d *Delivery) openPull(ctx context.Context, h handiwork, landing *Landing) error {
	if d.Forge == nil {
		return nil
	}
	title, body := h.pull(ctx)
	pr, created, err := d.Forge.CreatePullRequest(ctx,
		forge.NewPullRequest{Title: title, Body: body, Branch: landing.Branch, Base: d.Platform.Spec.State.Branch})
	if err == nil && !created && (pr.Title != title || !sameLines(pr.Body, body)) {
		err = d.Forge.EditPullRequest(ctx, pr.Number, title, body)
	}
	if err == nil && !slices.Contains(pr.Labels, h.action) {
		err = d.Forge.AddLabels(ctx, pr.Number, h.action)
	}
	landing.PullRequest = pr.URL
	if err != nil {
		return fmt.Errorf("branch %s is there, but not its pull request: %w; run this again, or open it by hand", landing.Branch, err)
	}
	return nil
}

// sameLines compares texts as a forge stores them.
func sameLines(a, b string) bool {
	return strings.TrimSpace(strings.ReplaceAll(a, "\r\n", "\n")) == strings.TrimSpace(b)
}
