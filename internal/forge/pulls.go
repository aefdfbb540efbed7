package forge

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/google/go-github/v84/github"
)

// OpenPullRequests returns the open pull requests for a branch, those from forks too, in the order of their numbers. A list may lag behind what was
// done a moment ago.
func (f *Forge) OpenPullRequests(ctx context.Context, base string) ([]PullRequest, error) {
	var list []PullRequest
	err := f.retry(ctx, pullsRead, func() (err error) {
		list, err = f.openPullRequests(ctx, "", base)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list pull requests for %s of %s: %w", base, f.repository(), err)
	}
	return list, nil
}

// FindPullRequest returns the open pull request of a branch of this repository.
func (f *Forge) FindPullRequest(ctx context.Context, branch, base string) (pr PullRequest, found bool, err error) {
	err = f.retry(ctx, pullsRead, func() (err error) {
		pr, found, err = f.findPullRequest(ctx, branch, base)
		return err
	})
	if err != nil {
		return PullRequest{}, false, fmt.Errorf("find the pull request of %s for %s of %s: %w", branch, base, f.repository(), err)
	}
	return pr, found, nil
}

func (f *Forge) findPullRequest(ctx context.Context, branch, base string) (PullRequest, bool, error) {
	list, err := f.openPullRequests(ctx, f.owner+":"+branch, base)
	if err != nil {
		return PullRequest{}, false, err
	}
	for _, pr := range list { // the server leaves out a filter that it cannot read, and finds the forks of the same owner
		if pr.Branch == branch && pr.Base == base && !pr.Fork && pr.Open {
			return pr, true, nil
		}
	}
	return PullRequest{}, false, nil
}

func (f *Forge) openPullRequests(ctx context.Context, head, base string) ([]PullRequest, error) {
	return f.pullRequests(func(page github.ListOptions) ([]*github.PullRequest, *github.Response, error) {
		return f.client.PullRequests.List(ctx, f.owner, f.name,
			&github.PullRequestListOptions{State: "open", Head: head, Base: base, Sort: "created", Direction: "asc", ListOptions: page})
	})
}

// PullRequestsOf returns the pull requests, open or not, that have a commit or became it.
func (f *Forge) PullRequestsOf(ctx context.Context, sha string) ([]PullRequest, error) {
	var list []PullRequest
	err := f.retry(ctx, pullsRead, func() (err error) {
		list, err = f.pullRequests(func(page github.ListOptions) ([]*github.PullRequest, *github.Response, error) {
			return f.client.PullRequests.ListPullRequestsWithCommit(ctx, f.owner, f.name, sha, &page)
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list pull requests of commit %s of %s: %w", sha, f.repository(), err)
	}
	return list, nil
}

// pullRequests returns all pages of a list.
func (f *Forge) pullRequests(get func(github.ListOptions) ([]*github.PullRequest, *github.Response, error)) ([]PullRequest, error) {
	var list []PullRequest
	err := pages(func(page github.ListOptions) (*github.Response, bool, error) {
		part, response, err := get(page)
		for _, pr := range part {
			list = append(list, f.asPullRequest(pr))
		}
		return response, false, err
	})
	slices.SortStableFunc(list, func(a, b PullRequest) int { return cmp.Compare(a.Number, b.Number) })
	return slices.CompactFunc(list, func(a, b PullRequest) bool { return a.Number == b.Number }), err // it may move to the next page meanwhile
}
