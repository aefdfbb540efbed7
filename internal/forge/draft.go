package forge

import (
	"context"
	"errors"
	"fmt"
)

// ErrNoDrafts says that the plan of the repository has no drafts.
var ErrNoDrafts = errors.New("the repository has no draft pull requests")

const (
	toDraft = "mutation($id:ID!){convertPullRequestToDraft(input:{pullRequestId:$id}){pullRequest{isDraft}}}"
	toReady = "mutation($id:ID!){markPullRequestReadyForReview(input:{pullRequestId:$id}){pullRequest{isDraft}}}"
)

// SetDraft makes a pull request a draft, or ready for review, be it so already. The error is ErrNoDrafts where there are none.
func (f *Forge) SetDraft(ctx context.Context, pr PullRequest, draft bool) error {
	mutation, verb := toReady, "make ready"
	if draft {
		mutation, verb = toDraft, "make a draft of"
	}
	err := f.retry(ctx, pullsWrite, func() error {
		return f.mutate(ctx, pr.Number, mutation, map[string]any{"id": pr.NodeID}, func(now PullRequest) bool { return now.Draft == draft })
	})
	if draft && says(err, "not supported") {
		err = fmt.Errorf("%w: %w", ErrNoDrafts, err)
	}
	return f.ofPull(verb, pr.Number, err)
}

// mutate changes a pull request. A refusal is none where the pull request is as it should be, by an earlier attempt or by somebody else.
func (f *Forge) mutate(ctx context.Context, number int, mutation string, variables map[string]any, done func(PullRequest) bool) error {
	var answer struct{}
	err := f.query(ctx, mutation, variables, &answer)
	var refused *graphqlError
	if !errors.As(err, &refused) {
		return err
	}
	if _, again := refused.pause(f.now(), 0); again {
		return err
	}
	if now, readErr := f.pullRequest(ctx, number); readErr == nil && done(now) {
		return nil
	}
	return err
}
