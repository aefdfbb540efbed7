package forge

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/go-github/v84/github"
)

var (
	// ErrNotMergeable says that the server does not merge a pull request: it conflicts, is a draft or closed, or lacks what is required.
	ErrNotMergeable = errors.New("it cannot be merged")
	// ErrHeadMoved says that a pull request has another head than the one to be merged.
	ErrHeadMoved = errors.New("its head moved")
)

// MergePullRequest merges a pull request of the given head by merge, squash or rebase, and returns the commit that the base has then. One of that
// head that is merged already is done. The error is ErrNotMergeable or ErrHeadMoved where the server refuses.
func (f *Forge) MergePullRequest(ctx context.Context, number int, head, method, title, message string) (commit string, err error) {
	err = f.retry(ctx, mergeWrite, func() (err error) {
		commit, err = f.merge(ctx, number, head, method, title, message)
		return err
	})
	if err != nil {
		return "", f.ofPull("merge", number, err)
	}
	return commit, nil
}

func (f *Forge) merge(ctx context.Context, number int, head, method, title, message string) (string, error) {
	done, _, err := f.client.PullRequests.Merge(ctx, f.owner, f.name, number, message,
		&github.PullRequestOptions{CommitTitle: title, SHA: head, MergeMethod: method})
	var refused *github.ErrorResponse
	if err == nil && done.GetMerged() {
		return done.GetSHA(), nil
	}
	if err != nil && !errors.As(err, &refused) {
		return "", err
	}
	status := http.StatusMethodNotAllowed // it answered, and did not merge
	if refused != nil {
		status = refused.Response.StatusCode
	}
	if status != http.StatusMethodNotAllowed && status != http.StatusConflict {
		return "", err
	}
	now, readErr := f.pullRequest(ctx, number)
	switch {
	case readErr == nil && now.Merged && now.Head == head:
		return now.Merge, nil
	case refused == nil:
		return "", fmt.Errorf("%w: %s", ErrNotMergeable, done.GetMessage())
	case says(err, "base branch was modified"):
		return "", fmt.Errorf("%w: %w", errBusy, err)
	case status == http.StatusConflict, readErr == nil && now.Open && now.Head != head:
		return "", fmt.Errorf("%w: %w", ErrHeadMoved, err)
	}
	return "", fmt.Errorf("%w: %w", ErrNotMergeable, err)
}
