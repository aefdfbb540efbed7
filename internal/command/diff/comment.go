package diff

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/diff"
	"github.com/org/platform/internal/forge"
)

// marker is how a later run finds the comment again.
const marker = "<!-- platform:diff -->"

// poster writes the report to a pull request.
type poster struct {
	forge       *forge.Forge
	pullRequest int
}

// newPoster finds the pull request of the workflow. Rendering takes time, so it is called before: what is missing is said at once.
func newPoster(a *app.App, o Options, e event) (*poster, error) {
	switch {
	case !a.Runner.Active():
		return nil, errors.New("--comment writes to the pull request of a workflow, and this is none; -o markdown prints what it would write")
	case e.PullRequest.Number == 0:
		return nil, fmt.Errorf("--comment writes to the pull request of a workflow, and the event %s has none: run it on pull_request", e.name)
	}
	token := cmp.Or(o.Token, a.Getenv("GITHUB_TOKEN"))
	if token == "" {
		return nil, errors.New("--comment needs a token which may write to pull requests: give --token or $GITHUB_TOKEN, " +
			"and the job `permissions: {pull-requests: write}`")
	}
	a.Runner.Mask(token)
	f, err := forge.New(forge.Options{APIURL: a.Getenv("GITHUB_API_URL"), Token: token, Repository: a.Getenv("GITHUB_REPOSITORY"), Now: a.Now, Notice: a.Notice})
	if err != nil {
		return nil, err
	}
	return &poster{f, e.PullRequest.Number}, nil
}

func (p *poster) post(ctx context.Context, a *app.App, r *diff.Report) error {
	full := "The full text is in the step summary."
	if run := a.Runner.RunURL(); run != "" {
		full = "The full text is in the [step summary](" + run + ")."
	}
	body := r.Markdown(diff.MarkdownOptions{Limit: diff.CommentLimit - len(marker) - 1, Full: full})
	action, err := p.forge.Sticky(ctx, p.pullRequest, marker, body)
	if err != nil {
		return err
	}
	a.Progress("comment on pull request %d: %s", p.pullRequest, action)
	return nil
}
