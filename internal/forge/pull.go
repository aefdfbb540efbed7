package forge

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/go-github/v84/github"
)

// PullRequest is a pull request as the server has it.
type PullRequest struct {
	Number           int
	NodeID, URL      string // URL is of its page
	Title, Body      string
	Branch, Head     string // the branch that it brings, and that branch's commit
	Base             string // the branch that it is for
	Fork             bool   // Branch is in another repository
	Draft, AutoMerge bool
	AutoMergeBy      string // login of who enabled auto-merge
	Labels           []string
	Author           string // login
	Open, Merged     bool
	MergedBy         string // login; lists leave it empty
	Merge            string // the commit that a merged one became
	Updated          time.Time
}

// PullRequest returns a pull request.
func (f *Forge) PullRequest(ctx context.Context, number int) (PullRequest, error) {
	var pr PullRequest
	err := f.retry(ctx, pullsRead, func() (err error) {
		pr, err = f.pullRequest(ctx, number)
		return err
	})
	if err != nil {
		return PullRequest{}, f.ofPull("read", number, err)
	}
	return pr, nil
}

func (f *Forge) pullRequest(ctx context.Context, number int) (PullRequest, error) {
	pr, _, err := f.client.PullRequests.Get(ctx, f.owner, f.name, number)
	if err != nil {
		return PullRequest{}, err
	}
	return f.asPullRequest(pr), nil
}

// ofPull says which pull request an error is of.
func (f *Forge) ofPull(verb string, number int, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s pull request %d of %s: %w", verb, number, f.repository(), err)
}

func (f *Forge) asPullRequest(pr *github.PullRequest) PullRequest {
	base := f.repository()
	if name := pr.GetBase().GetRepo().GetFullName(); name != "" {
		base = name // the repository may have been renamed
	}
	p := PullRequest{
		Number: pr.GetNumber(), NodeID: pr.GetNodeID(), URL: pr.GetHTMLURL(), Title: pr.GetTitle(), Body: pr.GetBody(),
		Branch: pr.GetHead().GetRef(), Head: pr.GetHead().GetSHA(), Base: pr.GetBase().GetRef(),
		Fork:  !strings.EqualFold(pr.GetHead().GetRepo().GetFullName(), base), // a fork that was deleted has no name
		Draft: pr.GetDraft(), AutoMerge: pr.AutoMerge != nil, AutoMergeBy: pr.AutoMerge.GetEnabledBy().GetLogin(), Author: pr.GetUser().GetLogin(),
		Open: pr.GetState() == "open", Merged: pr.GetMerged() || pr.MergedAt != nil, MergedBy: pr.GetMergedBy().GetLogin(), Updated: pr.GetUpdatedAt().UTC(),
	}
	for _, label := range pr.Labels {
		p.Labels = append(p.Labels, label.GetName())
	}
	if p.Merged { // of an open one it is what a merge would be
		p.Merge = pr.GetMergeCommitSHA()
	}
	return p
}
