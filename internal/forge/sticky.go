package forge

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/go-github/v84/github"
)

// Action is what was done to make the server have what is wanted.
type Action string

// The actions.
const (
	Created   Action = "created"
	Updated   Action = "updated"
	Unchanged Action = "unchanged"
)

// MaxBody is how many characters a comment may have.
const MaxBody = 65_536

// Sticky makes a pull request have one comment that starts with a marker, an HTML comment, and has the given body after it: it creates the
// comment, or updates the one that the token's owner wrote before. Comments by others are left alone, marker or not; of several own ones the oldest
// stays. A run that was killed, or ran beside another, is mended by the next one.
func (f *Forge) Sticky(ctx context.Context, pullRequest int, marker, body string) (Action, error) {
	if !strings.HasPrefix(marker, "<!--") || !strings.HasSuffix(marker, "-->") || strings.Contains(marker, "\n") {
		return "", fmt.Errorf("marker %q is not an HTML comment on one line", marker)
	}
	body = marker + "\n" + body
	if n := utf8.RuneCountInString(body); n > MaxBody {
		return "", fmt.Errorf("comment on pull request %d of %s: its %d characters are more than the %d that GitHub takes", pullRequest, f.repository(), n, MaxBody)
	}
	var done Action
	err := f.retry(ctx, pullsWrite, func() (err error) {
		done, err = f.sticky(ctx, pullRequest, marker, body)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("comment on pull request %d of %s: %w", pullRequest, f.repository(), err)
	}
	return done, nil
}

func (f *Forge) repository() string { return f.owner + "/" + f.name }

func (f *Forge) sticky(ctx context.Context, pullRequest int, marker, body string) (Action, error) {
	own, err := f.own(ctx, pullRequest, marker)
	if err != nil {
		return "", err
	}
	if len(own) == 0 {
		_, _, err := f.client.Issues.CreateComment(ctx, f.owner, f.name, pullRequest, &github.IssueComment{Body: &body})
		return Created, err
	}
	done := Unchanged
	if !sameText(own[0].GetBody(), body) {
		done = Updated
		_, _, err := f.client.Issues.EditComment(ctx, f.owner, f.name, own[0].GetID(), &github.IssueComment{Body: &body})
		if isMissing(err) {
			return "", fmt.Errorf("%w: comment %d is gone", errMoved, own[0].GetID())
		}
		if err != nil {
			return "", err
		}
	}
	for _, duplicate := range own[1:] {
		if _, err := f.client.Issues.DeleteComment(ctx, f.owner, f.name, duplicate.GetID()); err != nil && !isMissing(err) {
			return "", err
		}
	}
	return done, nil
}

// sameText compares as GitHub stores texts.
func sameText(a, b string) bool {
	stored := func(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }
	return stored(a) == stored(b)
}

func isMissing(err error) bool {
	var response *github.ErrorResponse
	return errors.As(err, &response) && response.Response.StatusCode == http.StatusNotFound
}

// own returns the comments that start with a marker and are by the token's owner, the oldest first.
func (f *Forge) own(ctx context.Context, pullRequest int, marker string) ([]*github.IssueComment, error) {
	var marked []*github.IssueComment
	options := &github.IssueListCommentsOptions{ListOptions: github.ListOptions{PerPage: 100, Page: 1}}
	for {
		comments, response, err := f.client.Issues.ListComments(ctx, f.owner, f.name, pullRequest, options)
		if err != nil {
			return nil, err
		}
		for _, c := range comments {
			if first, _, _ := strings.Cut(c.GetBody(), "\n"); strings.TrimSpace(first) == marker {
				marked = append(marked, c)
			}
		}
		if response.NextPage <= options.Page { // there is none
			break
		}
		options.Page = response.NextPage
	}
	if len(marked) == 0 {
		return nil, nil
	}
	me, err := f.viewer(ctx)
	if err != nil {
		return nil, err
	}
	marked = slices.DeleteFunc(marked, func(c *github.IssueComment) bool { return !me.wrote(c) })
	slices.SortFunc(marked, func(a, b *github.IssueComment) int { return int(a.GetID() - b.GetID()) })
	return slices.CompactFunc(marked, func(a, b *github.IssueComment) bool { return a.GetID() == b.GetID() }), nil
}
