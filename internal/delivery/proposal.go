package delivery

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/org/platform/internal/diff"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// proposal is a unit with what it writes.
type proposal struct {
	unit    promotion.Unit
	parts   []part
	skipped *release.BreakGlass // who skipped the gates; nil: they have to hold
}

// part is one step with its files.
type part struct {
	step      promotion.Step
	record    release.Record
	before    []byte // the manifests that run; nil where nothing does
	manifests []byte
}

// draw renders what a unit brings.
func (d *Delivery) draw(ctx context.Context, tip *git.Commit, unit promotion.Unit, skipped *release.BreakGlass) (proposal, error) {
	p := proposal{unit: unit, skipped: skipped}
	for _, step := range unit.Steps {
		d.Progress("rendering %s for %s", step.Component, step.Environment)
		manifests, err := d.Manifests(ctx, step.Release.Release, step.Environment)
		if err != nil {
			return p, err
		}
		var before []byte
		if step.Running != nil {
			before, err = fs.ReadFile(d.stateTree(tip), state.Dir(d.Platform.Spec.State.Path, step.Key)+"/"+state.ManifestsFile)
			if err != nil {
				return p, fmt.Errorf("read state: %w", err)
			}
		}
		p.parts = append(p.parts, part{step, recordOf(step, manifests, skipped), before, manifests})
	}
	return p, nil
}

// passThrough says whether the unit changes no manifests, so that there is nothing to decide on.
func (p proposal) passThrough() bool {
	return !slices.ContainsFunc(p.parts, func(part part) bool {
		return part.step.Running == nil || part.step.Running.Manifests != part.record.Manifests
	})
}

func (p proposal) keys() []state.Key {
	keys := make([]state.Key, len(p.parts))
	for i, part := range p.parts {
		keys[i] = part.step.Key
	}
	return keys
}

// edit returns what the proposal writes.
func (d *Delivery) edit(p proposal) git.Edit {
	edit := git.Edit{}
	for _, part := range p.parts {
		for path, content := range d.write(part.step.Key, part.record, part.manifests) {
			edit[path] = content
		}
	}
	return edit
}

// change returns the commit of a proposal on top of the state branch.
func (d *Delivery) change(ctx context.Context, s *state.State, p proposal) (*git.Change, error) {
	n := note{action: actionPromote, environments: []string{p.unit.Environment}, repository: d.repositoryURL(), runURL: d.RunURL}
	var commits []git.Hash
	for _, part := range p.parts {
		n.releases = append(n.releases, part.record.Release)
		commits = append(commits, git.NewHash(part.record.Source.Commit))
	}
	if len(slices.Compact(commits)) == 1 {
		source, err := d.Repo.Commit(commits[0])
		if err != nil {
			return nil, err
		}
		n.source, n.title = source, source.Subject()
	}
	described, err := d.describe(ctx, s, p)
	if err != nil {
		return nil, err
	}
	n.body = described.Message()
	if p.passThrough() {
		n.action, n.body = actionPassThrough, "This release does not change the manifests of "+p.unit.Environment+"; it is recorded and passed on.\n"
	}
	n.extra = p.trailers()
	return &git.Change{Edit: d.edit(p), Message: n.message()}, nil
}

// trailers say what the release was promoted from and which gates it had to pass: the state says it as well, so that no way to merge loses it.
func (p proposal) trailers() []string {
	first := p.parts[0]
	lines := []string{"Platform-From: " + first.record.From}
	for _, gate := range first.record.Gates {
		lines = append(lines, "Platform-Gate: "+gate)
	}
	if p.skipped != nil {
		lines = append(lines, "Platform-Break-Glass: "+p.skipped.By)
	}
	return lines
}

// describe gathers what people should know of a proposal before they merge it.
func (d *Delivery) describe(ctx context.Context, s *state.State, p proposal) (promotion.Proposal, error) {
	described := promotion.Proposal{Unit: p.unit.Lasting(), Chain: d.chain(p.unit.Environment), Web: d.Web,
		Automatic: p.unit.Action == promotion.Merge,
		Runs: func(environment, component string) release.ID {
			return s.Cells[state.Key{Environment: environment, Component: component}].Record.ID
		}}
	if p.skipped != nil {
		described.BreakGlass = p.skipped.By
	}
	for _, part := range p.parts {
		detail := promotion.Detail{}
		detail.Objects, detail.Order = promotion.CompareManifests(part.before, part.manifests)
		var err error
		if detail.Commits, detail.Known, err = d.commitsOf(ctx, part.step); err != nil {
			return described, err
		}
		detail.Diff = part.diff()
		described.Details = append(described.Details, detail)
	}
	return described, nil
}

// diffLimit is how much of a rendered diff one component may take of a description, in bytes.
const diffLimit = 20_000

// diff returns what a part changes in what runs.
func (p part) diff() string {
	input := diff.Input{Source: diff.State, Component: p.step.Component, Environment: p.step.Environment, Before: p.before, After: p.manifests}
	return diff.New([]diff.Input{input}, diff.Options{Environments: []string{p.step.Environment}}).Markdown(
		diff.MarkdownOptions{Limit: diffLimit, Full: "The rest is in the files of this pull request."})
}

// commitsOf returns the commits of the component's folder that a step brings.
func (d *Delivery) commitsOf(ctx context.Context, step promotion.Step) (list []promotion.Change, known bool, err error) {
	if step.Running == nil {
		return nil, false, nil
	}
	older, err := d.Repo.FetchCommit(ctx, step.Running.Source.Commit)
	if errors.Is(err, git.ErrGone) {
		return nil, false, nil // the description goes without a list
	}
	if err != nil {
		return nil, false, err
	}
	commits, known, err := d.Repo.Between(ctx, older, git.NewHash(step.Release.Source.Commit), step.Release.Source.Path)
	for _, c := range commits {
		list = append(list, promotion.Change{Hash: c.Hash.String(), Subject: c.Subject(), Author: c.Author.Name})
	}
	return list, known, err
}

// chain returns the environments on the way to one and those after it, in the order releases travel.
func (d *Delivery) chain(environment string) []string {
	on := map[string]bool{environment: true}
	all := d.Platform.Spec.Environments
	for _, env := range slices.Backward(all) {
		if on[env.Name] {
			for _, from := range env.PromoteFrom {
				on[from] = true
			}
		}
	}
	after := map[string]bool{environment: true}
	var chain []string
	for _, env := range all {
		if slices.ContainsFunc(env.PromoteFrom, func(from string) bool { return after[from] }) {
			after[env.Name] = true
		}
		if on[env.Name] || after[env.Name] {
			chain = append(chain, env.Name)
		}
	}
	return chain
}
