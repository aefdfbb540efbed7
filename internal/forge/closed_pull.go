package forge

import (
	"context"
	"fmt"
	"time"

	"github.com/google/go-github/v84/github"
)

// LastClosedPullRequest returns the pull request of a branch of this repository that was closed last, merged or not.
func (f *Forge) LastClosedPullRequest(ctx context.Context, branch, base string) (pr PullRequest, found bool, err error) {
	err = f.retry(ctx, pullsRead, func() error {
		list, _, err := f.client.PullRequests.List(ctx, f.owner, f.name, &github.PullRequestListOptions{State: "closed", Head: f.owner + ":" + branch,
			Base: base, Sort: "updated", Direction: "desc", ListOptions: github.ListOptions{PerPage: 10}})
		pr, found = PullRequest{}, false
		var closed time.Time
		for _, one := range list { // a comment updates an older one
			if p := f.asPullRequest(one); p.Branch == branch && p.Base == base && !p.Fork && (!found || one.GetClosedAt().After(closed)) {
				pr, found, closed = p, true, one.GetClosedAt().Time
			}
		}
		return err
	})
	if err != nil {
		return PullRequest{}, false, fmt.Errorf("find the last pull request of %s for %s of %s: %w", branch, base, f.repository(), err)
	}
	return pr, found, nil
}
