package change

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/git"
)

// Event is what started the workflow; empty outside of workflows.
type Event struct {
	Name string `json:"-"`

	PullRequest struct {
		Number int
		Head   struct{ SHA string }
		Base   struct{ Ref string }
	} `json:"pull_request"`
	MergeGroup struct {
		BaseSHA string `json:"base_sha"`
	} `json:"merge_group"`
	Repository struct {
		DefaultBranch string `json:"default_branch"`
	}
	Ref    string
	Before string
}

// PullRequestTarget is the event whose workflow runs with the base checked out, not the change.
const PullRequestTarget = "pull_request_target"

// ReadEvent returns the event of the workflow that the command runs in.
func ReadEvent(a *app.App) (Event, error) {
	name, payload, err := a.Runner.Event()
	if err != nil {
		return Event{}, err
	}
	return parseEvent(name, payload)
}

func parseEvent(name string, payload []byte) (Event, error) {
	e := Event{Name: name}
	if len(payload) == 0 {
		return e, nil
	}
	if err := json.Unmarshal(payload, &e); err != nil {
		return e, fmt.Errorf("read the payload of event %s: %w", name, err)
	}
	return e, nil
}

// origin is where a comparison starts: at a commit, or where the change left a branch ("" being the default branch).
type origin struct {
	commit string // full id
	branch string
	gone   string // branch to take instead where the remote no longer has the commit; "" for none
}

// origin says where the change that an event is about starts. The payload of a pull request names the base as it was when the pull request
// was last pushed to; the first parent of the merge commit that GitHub tests is the base it was merged with.
func (e Event) origin(head *git.Commit) origin {
	byDefault := origin{branch: e.Repository.DefaultBranch}
	switch e.Name {
	case "pull_request":
		if len(head.Parents) == 2 && (e.PullRequest.Head.SHA == "" || head.Parents[1].String() == e.PullRequest.Head.SHA) {
			return origin{commit: head.Parents[0].String()}
		}
		return origin{branch: e.PullRequest.Base.Ref}
	case PullRequestTarget:
		return origin{branch: e.PullRequest.Base.Ref}
	case "merge_group":
		if e.MergeGroup.BaseSHA != "" {
			return origin{commit: e.MergeGroup.BaseSHA}
		}
	case "push":
		if strings.Trim(e.Before, "0") == "" { // a new branch
			return byDefault
		}
		o := origin{commit: e.Before}
		if e.Ref != git.BranchRef(byDefault.branch) {
			o.gone = byDefault.branch
		}
		return o
	}
	return byDefault
}
