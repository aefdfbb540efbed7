package forge

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/go-github/v84/github"
)

// AddLabels puts labels on a pull request. A label that the repository does not have is made.
func (f *Forge) AddLabels(ctx context.Context, number int, labels ...string) error {
	if len(labels) == 0 {
		return nil
	}
	err := f.retry(ctx, labelsWrite, func() error {
		// go-github sends a bare list, which GitHub's description does not know (any more)
		request, err := f.client.NewRequest(http.MethodPost, fmt.Sprintf("repos/%s/%s/issues/%d/labels", f.owner, f.name, number),
			map[string][]string{"labels": labels})
		if err == nil {
			_, err = f.client.Do(ctx, request, nil)
		}
		return err
	})
	return f.ofPull("label", number, err)
}

// RemoveLabel takes a label off a pull request, be it on it or not.
func (f *Forge) RemoveLabel(ctx context.Context, number int, label string) error {
	err := f.retry(ctx, labelsWrite, func() error {
		_, err := f.client.Issues.RemoveLabelForIssue(ctx, f.owner, f.name, number, url.PathEscape(label))
		if isMissing(err) && says(err, "label does not exist") { // any other 404 is of the pull request or the token
			return nil
		}
		return err
	})
	return f.ofPull("take a label off", number, err)
}

// LabelledBy returns who put a label on a pull request last, and whether it still is on. The case of the label does not matter, as on GitHub.
func (f *Forge) LabelledBy(ctx context.Context, number int, label string) (user string, labelled bool, err error) {
	var events []*github.IssueEvent
	err = f.retry(ctx, eventsRead, func() error {
		events = nil
		return pages(func(page github.ListOptions) (*github.Response, bool, error) {
			part, response, err := f.client.Issues.ListIssueEvents(ctx, f.owner, f.name, number, &page)
			events = append(events, part...)
			return response, false, err
		})
	})
	if err != nil {
		return "", false, f.ofPull("read who labelled", number, err)
	}
	slices.SortStableFunc(events, func(a, b *github.IssueEvent) int { return cmp.Compare(a.GetID(), b.GetID()) })
	for _, event := range events {
		if !strings.EqualFold(event.GetLabel().GetName(), label) {
			continue
		}
		switch event.GetEvent() {
		case "labeled":
			user, labelled = event.GetActor().GetLogin(), true
		case "unlabeled":
			user, labelled = "", false
		}
	}
	return user, labelled, nil
}
