package forge

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrCleanStatus says that a pull request has nothing to wait for: merge it.
	ErrCleanStatus = errors.New("it can be merged now")
	// ErrUnstableStatus says that a pull request waits for no required check, while another one is not successful.
	ErrUnstableStatus = errors.New("no required check is missing, but not all checks are successful")
	// ErrAutoMergeOff says that the repository does not allow auto-merge.
	ErrAutoMergeOff = errors.New("the repository does not allow auto-merge")
)

const (
	autoMergeOn = "mutation($id:ID!,$method:PullRequestMergeMethod!,$head:GitObjectID){enablePullRequestAutoMerge(" +
		"input:{pullRequestId:$id,mergeMethod:$method,expectedHeadOid:$head}){pullRequest{number}}}"
	autoMergeOff = "mutation($id:ID!){disablePullRequestAutoMerge(input:{pullRequestId:$id}){pullRequest{number}}}"
)

// EnableAutoMerge has the server merge a pull request of the given head by merge, squash or rebase when what is required of it is there, be that
// wanted already. The error is ErrCleanStatus, ErrUnstableStatus or ErrAutoMergeOff where the server will not.
func (f *Forge) EnableAutoMerge(ctx context.Context, pr PullRequest, method string) error {
	variables := map[string]any{"id": pr.NodeID, "method": strings.ToUpper(method)}
	if pr.Head != "" {
		variables["head"] = pr.Head
	}
	err := f.retry(ctx, mergeWrite, func() error {
		return f.mutate(ctx, pr.Number, autoMergeOn, variables, func(now PullRequest) bool {
			return (now.AutoMerge || now.Merged) && (pr.Head == "" || now.Head == pr.Head)
		})
	})
	switch {
	case says(err, "clean status"):
		err = fmt.Errorf("%w: %w", ErrCleanStatus, err)
	case says(err, "unstable status"):
		err = fmt.Errorf("%w: %w", ErrUnstableStatus, err)
	case says(err, "auto merge is not allowed"), says(err, "auto-merge is not allowed"):
		err = fmt.Errorf("%w: %w", ErrAutoMergeOff, err)
	}
	return f.ofPull("enable auto-merge of", pr.Number, err)
}

// DisableAutoMerge has the server not merge a pull request by itself, be that so already.
func (f *Forge) DisableAutoMerge(ctx context.Context, pr PullRequest) error {
	err := f.retry(ctx, mergeWrite, func() error {
		return f.mutate(ctx, pr.Number, autoMergeOff, map[string]any{"id": pr.NodeID}, func(now PullRequest) bool { return now.Open && !now.AutoMerge })
	})
	return f.ofPull("disable auto-merge of", pr.Number, err)
}
