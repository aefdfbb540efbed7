package forge

import (
	"context"

	"github.com/google/go-github/v84/github"
)

// EditPullRequest gives a pull request a title and a body.
func (f *Forge) EditPullRequest(ctx context.Context, number int, title, body string) error {
	err := f.retry(ctx, pullsWrite, func() error {
		_, _, err := f.client.PullRequests.Edit(ctx, f.owner, f.name, number, &github.PullRequest{Title: &title, Body: &body})
		return err
	})
	return f.ofPull("edit", number, err)
}

// ClosePullRequest closes a pull request, be it closed already.
func (f *Forge) ClosePullRequest(ctx context.Context, number int) error {
	err := f.retry(ctx, pullsWrite, func() error {
		_, _, err := f.client.PullRequests.Edit(ctx, f.owner, f.name, number, &github.PullRequest{State: github.Ptr("closed")})
		return err
	})
	return f.ofPull("close", number, err)
}
