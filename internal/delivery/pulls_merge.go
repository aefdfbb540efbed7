package delivery

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/org/platform/internal/forge"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/promotion"
)

// mergePull has a promotion merged that needs no person: by the server when what it requires is there, else at once.
func (r *promoting) mergePull(ctx context.Context, tip *git.Commit, p proposal, described promotion.Proposal, o Outcome) (Outcome, error) {
	pr, method := r.pulls[o.Branch], r.Platform.Spec.PullRequests.MergeMethod
	if pr.AutoMerge {
		return o, nil
	}
	if overtaken, err := r.overtaken(ctx, tip, p); err != nil || overtaken {
		o.overtaken = overtaken
		return o, err
	}
	pr.Head = o.Commit
	err := r.Forge.EnableAutoMerge(ctx, pr, method)
	if err == nil {
		pr.AutoMerge = true
		r.pulls[o.Branch] = pr
		return o, nil
	}
	if !errors.Is(err, forge.ErrCleanStatus) && !errors.Is(err, forge.ErrUnstableStatus) && !errors.Is(err, forge.ErrAutoMergeOff) {
		return o, err
	}
	commit, err := r.Repo.Commit(git.NewHash(o.Commit))
	if err != nil {
		return o, err
	}
	title, message := described.Title(), commit.Body()
	merged, err := r.Forge.MergePullRequest(ctx, pr.Number, o.Commit, method, fmt.Sprintf("%s (#%d)", title, pr.Number), message)
	switch {
	case errors.Is(err, forge.ErrNotMergeable), errors.Is(err, forge.ErrHeadMoved):
		o.Reason = "its pull request cannot be merged yet: " + err.Error()
		return o, nil // what is required of it is not there; the next run looks again
	case err != nil:
		return o, err
	}
	delete(r.pulls, o.Branch)
	o.Result, o.Commit = Promoted, merged
	return o, nil
}

// stopMerging takes back that the server merges a pull request by itself, where the plan does not want that any more. What a person has enabled stays.
func (r *promoting) stopMerging(ctx context.Context, pr *forge.PullRequest, wanted bool) error {
	if !pr.AutoMerge || wanted || !strings.EqualFold(pr.AutoMergeBy, r.login) {
		return nil
	}
	pr.AutoMerge = false
	return r.Forge.DisableAutoMerge(ctx, *pr)
}
