package forge

import (
	"context"
	"fmt"

	"github.com/google/go-github/v84/github"
)

// CheckState is how a check of a commit stands. A greater one is worse.
type CheckState int

// The states.
const (
	CheckSuccess CheckState = iota
	CheckPending
	CheckFailure
)

// String implements fmt.Stringer.
func (s CheckState) String() string {
	switch s {
	case CheckSuccess:
		return "success"
	case CheckPending:
		return "pending"
	default:
		return "failure"
	}
}

// CommitChecks returns the newest commit statuses and check runs of a commit by name. Where several have the same name, the worst is returned.
func (f *Forge) CommitChecks(ctx context.Context, sha string) (map[string]CheckState, error) {
	var states map[string]CheckState
	err := f.retry(ctx, checksRead, func() error {
		states = map[string]CheckState{}
		if err := f.statuses(ctx, sha, states); err != nil {
			return err
		}
		return f.checkRuns(ctx, sha, states)
	})
	if err != nil {
		return nil, fmt.Errorf("list checks of commit %s of %s: %w", sha, f.repository(), err)
	}
	return states, nil
}

func (f *Forge) statuses(ctx context.Context, sha string, states map[string]CheckState) error {
	return pages(func(page github.ListOptions) (*github.Response, bool, error) {
		part, response, err := f.client.Repositories.GetCombinedStatus(ctx, f.owner, f.name, sha, &page)
		if err != nil {
			return nil, false, err
		}
		for _, s := range part.Statuses {
			state := CheckFailure // or error
			switch s.GetState() {
			case "success":
				state = CheckSuccess
			case "pending":
				state = CheckPending
			}
			states[s.GetContext()] = state // there is one of each context
		}
		return response, false, nil
	})
}

func (f *Forge) checkRuns(ctx context.Context, sha string, states map[string]CheckState) error {
	return pages(func(page github.ListOptions) (*github.Response, bool, error) {
		part, response, err := f.client.Checks.ListCheckRunsForRef(ctx, f.owner, f.name, sha,
			&github.ListCheckRunsOptions{Filter: github.Ptr("latest"), ListOptions: page})
		if err != nil {
			return nil, false, err
		}
		for _, run := range part.CheckRuns {
			states[run.GetName()] = max(states[run.GetName()], stateOf(run))
		}
		return response, false, nil
	})
}

func stateOf(run *github.CheckRun) CheckState {
	if run.GetStatus() != "completed" {
		return CheckPending
	}
	switch run.GetConclusion() {
	case "success":
		return CheckSuccess
	case "neutral", "skipped": // nobody has looked: GitHub skips a job also where the one that it needs has failed
		return CheckPending
	}
	return CheckFailure
}
