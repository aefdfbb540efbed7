package forge

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/go-github/v84/github"
)

// ErrNotReviewer says that somebody cannot review a pull request: its author, or one who is no collaborator.
var ErrNotReviewer = errors.New("not everybody can review it")

// RequestReviewers asks users by login and teams by slug for a review. The error is ErrNotReviewer where one of them cannot, and then nobody is asked.
func (f *Forge) RequestReviewers(ctx context.Context, number int, users, teams []string) error {
	if len(users)+len(teams) == 0 {
		return nil
	}
	err := f.retry(ctx, pullsWrite, func() error {
		_, _, err := f.client.PullRequests.RequestReviewers(ctx, f.owner, f.name, number, github.ReviewersRequest{Reviewers: users, TeamReviewers: teams})
		return err
	})
	var refused *github.ErrorResponse
	if errors.As(err, &refused) && refused.Response.StatusCode == http.StatusUnprocessableEntity {
		err = fmt.Errorf("%w: %w", ErrNotReviewer, err)
	}
	return f.ofPull("request reviewers of", number, err)
}
