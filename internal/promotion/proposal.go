package promotion

import (
	"fmt"
	"strings"

	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/report"
)

// Proposal is all that the text of a promotion's pull request and commit is made of.
type Proposal struct {
	Unit       Unit
	Details    []Detail                                       // one for each of Unit.Steps, in their order
	Chain      []string                                       // environments in the order releases travel, on the way to and after this one
	Runs       func(environment, component string) release.ID // what runs where, "" nothing; nil: not known
	Web        string                                         // https://github.com/org/repo, for links to commits; "" no links
	RunURL     string                                         // of the workflow run that writes it, "" none
	Notes      []string                                       // sentences to show on top, as plain text
	BreakGlass string                                         // who skipped the gates, "" nobody
	Automatic  bool                                           // it is merged without a person once gates and checks hold
}

// Detail is what a description tells of one step besides the step.
type Detail struct {
	Commits []Change          // of the component's folder between the running and the new release, newest first
	Known   bool              // whether Commits could be told from history
	Objects map[string]string // what changes in the manifests: "Deployment/hello" → added, removed or changed, in Order
	Order   []string
	Diff    string // the rendered diff as Markdown of internal/diff, "" none
}

// titleLimit is in bytes; GitHub takes 256 characters.
const titleLimit = 250

// Title returns the title of the pull request.
func (p Proposal) Title() string {
	u := p.Unit
	title := fmt.Sprintf("Promote %s to %s", u.Name, u.Environment)
	switch {
	case u.Atomic:
		const most = 5
		var names []string
		for i, s := range u.Steps {
			if i == most {
				names = append(names, fmt.Sprintf("%d more", len(u.Steps)-most))
				break
			}
			names = append(names, s.Component)
		}
		title = fmt.Sprintf("Promote %s (%s) to %s", u.Name, strings.Join(names, ", "), u.Environment)
	case len(u.Steps) > 0 && u.Steps[0].Running != nil:
		title += fmt.Sprintf(": %s → %s", u.Steps[0].Running.ID, u.Steps[0].Release.ID)
	case len(u.Steps) > 0:
		title += fmt.Sprintf(": %s", u.Steps[0].Release.ID)
	}
	return report.Shorten(onOneLine(title), titleLimit)
}

// Marker returns an HTML comment that names what is promoted where. It is for people's tools: nobody here reads it back.
func (p Proposal) Marker() string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./", r) {
			return r
		}
		return -1
	}, p.Unit.Environment+"/"+p.Unit.Name)
	return "<!-- platform:promotion " + report.Shorten(name, titleLimit) + " -->"
}

// upstream returns the environments a step's release comes from, which run it.
func (p Proposal) upstream(s Step) []string {
	var run []string
	for _, env := range s.From {
		if p.Runs != nil && p.Runs(env, s.Component) == s.Release.ID {
			run = append(run, env)
		}
	}
	switch {
	case len(run) > 0:
		return run
	case s.Source != "":
		return []string{s.Source} // mode queue: it ran there
	}
	return s.From
}

// detail returns the details of a step, none where they are missing.
func (p Proposal) detail(i int) Detail {
	if i >= len(p.Details) {
		return Detail{}
	}
	return p.Details[i]
}
