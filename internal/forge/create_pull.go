package forge

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/go-github/v84/github"
)

// NewPullRequest is a pull request to be made.
type NewPullRequest struct {
	Title, Body  string
	Branch, Base string // both of this repository
	Draft        bool   // where the plan of the repository has drafts
}

// ErrNoCommits says that a branch has nothing that its base lacks.
var ErrNoCommits = errors.New("there is nothing to merge")

// CreatePullRequest makes a branch have an open pull request, and says whether that is new. One that is there already is returned as it is.
func (f *Forge) CreatePullRequest(ctx context.Context, n NewPullRequest) (pr PullRequest, created bool, err error) {
	attempts := 0
	err = f.retry(ctx, pullsWrite, func() (err error) {
		attempts++
		pr, created, err = f.createPullRequest(ctx, n)
		if err == nil && !created && attempts > 1 { // the answer to an attempt before was lost
			created = pr.Title == n.Title && pr.Body == n.Body
		}
		return err
	})
	if err != nil {
		return PullRequest{}, false, fmt.Errorf("open a pull request of %s for %s of %s: %w", n.Branch, n.Base, f.repository(), err)
	}
	return pr, created, nil
}

func (f *Forge) createPullRequest(ctx context.Context, n NewPullRequest) (PullRequest, bool, error) {
	made, _, err := f.client.PullRequests.Create(ctx, f.owner, f.name,
		&github.NewPullRequest{Title: &n.Title, Body: &n.Body, Head: &n.Branch, Base: &n.Base, Draft: &n.Draft})
	var refused *github.ErrorResponse
	switch {
	case err == nil:
		return f.asPullRequest(made), true, nil
	case !errors.As(err, &refused) || refused.Response.StatusCode != http.StatusUnprocessableEntity:
		return PullRequest{}, false, err
	case n.Draft && says(err, "draft pull requests are not supported"):
		n.Draft = false
		return f.createPullRequest(ctx, n)
	case says(err, "no commits between"):
		return PullRequest{}, false, fmt.Errorf("%w: %w", ErrNoCommits, err)
	case !says(err, "already exists"):
		return PullRequest{}, false, err
	}
	pr, found, err := f.findPullRequest(ctx, n.Branch, n.Base)
	if err == nil && !found { // the list lags, or somebody closed it just now
		err = fmt.Errorf("%w: %s has a pull request already, which the server does not list yet", errBusy, n.Branch)
	}
	return pr, false, err
}
