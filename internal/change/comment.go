package change

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/forge"
)

// Comment is the one comment of a command on the pull request of a workflow.
type Comment struct {
	forge       *forge.Forge
	pullRequest int
	marker      string // how a later run finds it again
}

// NewComment finds the pull request of the workflow. A command's work takes time, so this is called before it: what is missing is said at once.
func NewComment(a *app.App, e Event, command, token string) (*Comment, error) {
	switch {
	case !a.Runner.Active():
		return nil, errors.New("--comment writes to the pull request of a workflow, and this is none; -o markdown prints what it would write")
	case e.PullRequest.Number == 0:
		return nil, fmt.Errorf("--comment writes to the pull request of a workflow, and the event %s has none: run it on pull_request", e.Name)
	}
	token = cmp.Or(token, a.Getenv("GITHUB_TOKEN"))
	if token == "" {
		return nil, errors.New("--comment needs a token which may write to pull requests: give --token or $GITHUB_TOKEN, " +
			"and the job `permissions: {pull-requests: write}`")
	}
	a.Runner.Mask(token)
	f, err := forge.New(forge.Options{APIURL: a.Getenv("GITHUB_API_URL"), Token: token, Repository: a.Getenv("GITHUB_REPOSITORY"), Now: a.Now, Notice: a.Notice})
	if err != nil {
		return nil, err
	}
	return &Comment{f, e.PullRequest.Number, "<!-- platform:" + command + " -->"}, nil
}

// Limit is how many characters a comment's text may have.
func (c *Comment) Limit() int { return forge.MaxBody - len(c.marker) - 1 }

// Post writes the comment, or updates the one that an earlier run wrote.
func (c *Comment) Post(ctx context.Context, a *app.App, text string) error {
	action, err := c.forge.Sticky(ctx, c.pullRequest, c.marker, text)
	if err != nil {
		return err
	}
	a.Progress("comment on pull request %d: %s", c.pullRequest, action)
	return nil
}

// FullText says where the whole of a text is that was cut.
func FullText(a *app.App) string {
	if run := a.Runner.RunURL(); run != "" {
		return "The full text is in the [step summary](" + run + ")."
	}
	return "The full text is in the step summary."
}
