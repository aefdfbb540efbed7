package forge

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/go-github/v84/github"
)

// Login returns the login of the token's owner, such as github-actions[bot].
func (f *Forge) Login(ctx context.Context) (string, error) {
	var me viewer
	err := f.retry(ctx, pullsRead, func() (err error) {
		me, err = f.viewer(ctx)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("login of the token for %s: %w", f.repository(), err)
	}
	return me.Login, nil
}

// viewer is who a token belongs to.
type viewer struct {
	Login string
	ID    int64 `json:"databaseId"`
}

func (v viewer) wrote(c *github.IssueComment) bool {
	return c.User != nil && (v.ID != 0 && v.ID == c.User.GetID() || v.Login != "" && strings.EqualFold(v.Login, c.User.GetLogin()))
}

// viewer asks once who the token belongs to. The REST API tells it to persons only, GraphQL to the tokens of workflows and apps too.
func (f *Forge) viewer(ctx context.Context) (viewer, error) {
	f.mu.Lock()
	me := f.me
	f.mu.Unlock()
	if me != (viewer{}) {
		return me, nil
	}
	var answer struct{ Viewer viewer }
	if err := f.query(ctx, "{viewer{login databaseId}}", nil, &answer); err != nil {
		return viewer{}, fmt.Errorf("ask who the token belongs to: %w", err)
	}
	if answer.Viewer == (viewer{}) {
		return viewer{}, errors.New("ask who the token belongs to: the server does not say")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.me = answer.Viewer
	return f.me, nil
}
