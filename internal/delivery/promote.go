package delivery

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// PromoteOptions narrow a promotion.
type PromoteOptions struct {
	Component, To string // empty: all
	DryRun        bool
}

// moreRounds is how often a promotion looks again where others were faster.
const moreRounds = 3

// Promote makes the remote match the plan: it writes automatic promotions, makes a branch for each manual one, and removes branches
// that are no longer wanted. It derives everything from Git, so it can be run at any time, twice, or again after being killed.
func (d *Delivery) Promote(ctx context.Context, o PromoteOptions) (*Promotion, error) {
	done := map[state.Key]Outcome{} // what earlier rounds did
	var outcomes, replaced []Outcome
	// What is written into an environment may be promoted further at once: one more round for each environment on the way.
	for again, round := true, 0; again && round < len(d.Platform.Spec.Environments)+moreRounds; round++ {
		var err error
		if outcomes, again, err = d.round(ctx, o); err != nil {
			return nil, err
		}
		for i, outcome := range outcomes {
			earlier, acted := done[outcome.Key]
			switch {
			case acted && (outcome.Result == Nothing || (outcome.Result == AlreadyOpen && earlier.Result == Proposed)):
				outcomes[i] = earlier
			case acted && earlier.written():
				replaced = append(replaced, earlier)
			}
			if outcomes[i].Result != Nothing {
				done[outcome.Key] = outcomes[i]
			}
		}
	}
	closed, err := d.closeBranches(ctx, o, outcomes)
	return &Promotion{Outcomes: append(replaced, outcomes...), Closed: closed}, err
}

// round does what the plan for the newest state wants. again says that there is a newer state now, or was one before all was done.
func (d *Delivery) round(ctx context.Context, o PromoteOptions) (outcomes []Outcome, again bool, err error) {
	tip, s, err := d.readState(ctx)
	if err != nil {
		return nil, false, err
	}
	steps, err := d.plan(ctx, tip, s)
	if err != nil {
		return nil, false, err
	}
	outcomes = []Outcome{}
	for _, step := range steps {
		if !o.selects(step) {
			continue
		}
		outcome, err := d.apply(ctx, tip, step, o.DryRun)
		if err != nil {
			return nil, false, err
		}
		again = again || outcome.written() || outcome.overtaken
		outcomes = append(outcomes, outcome)
	}
	return outcomes, again, nil
}

func (o PromoteOptions) selects(s promotion.Step) bool {
	return (o.Component == "" || o.Component == s.Component) && (o.To == "" || o.To == s.Environment)
}

// apply does what a step wants.
func (d *Delivery) apply(ctx context.Context, tip *git.Commit, step promotion.Step, dryRun bool) (Outcome, error) {
	outcome := Outcome{Step: step}
	for _, environment := range append([]string{step.Environment}, step.From...) {
		outcome.Problems = d.locate(ctx, d.stateTree(tip), state.Key{Environment: environment, Component: step.Component}, outcome.Problems)
	}
	if step.Action != promotion.Propose && step.Action != promotion.Merge {
		return outcome, nil
	}
	d.Progress("rendering %s for %s", step.Component, step.Environment)
	manifests, err := d.Manifests(ctx, step.Release.Release, step.Environment)
	if err != nil && ctx.Err() == nil { // what one component has wrong does not keep the others from moving
		outcome.Result, outcome.Reason, outcome.failure = Failed, err.Error(), err
		return outcome, nil
	}
	if err != nil {
		return outcome, err
	}
	p := proposal{step: step, manifests: manifests, record: release.NewRecord(step.Release.Release, from(step), manifests)}
	p.passThrough = step.Running != nil && step.Running.Manifests == p.record.Manifests
	switch {
	case dryRun:
		return outcome, nil
	case p.passThrough, step.Action == promotion.Merge:
		return d.merge(ctx, p)
	default:
		return d.propose(ctx, tip, p)
	}
}

// from names the upstream in the record; where there are several they all run it.
func from(s promotion.Step) string { return s.From[0] }

type proposal struct {
	step        promotion.Step
	record      release.Record
	manifests   []byte
	passThrough bool
}

// change returns the commit of a proposal on top of the state branch.
func (d *Delivery) change(ctx context.Context, tip *git.Commit, p proposal) (*git.Change, error) {
	before, err := fs.ReadFile(d.stateTree(tip), state.Dir(d.Platform.Spec.State.Path, p.step.Key)+"/"+state.ManifestsFile)
	if err != nil && p.step.Running != nil {
		return nil, err
	}
	described := promotion.Described{Step: p.step}
	described.Objects, described.Order = promotion.CompareManifests(before, p.manifests)
	source, err := d.Repo.Commit(git.NewHash(p.record.Source.Commit))
	if err != nil {
		return nil, err
	}
	if err := d.describeCommits(ctx, &described); err != nil {
		return nil, err
	}
	n := note{action: actionPromote, environments: []string{p.step.Environment}, releases: []release.Release{p.record.Release}, title: source.Subject(),
		body: promotion.Describe(described), source: source, repository: d.repositoryURL(), runURL: d.RunURL}
	if p.passThrough {
		n.action, n.body = actionPassThrough, "This release does not change the manifests of "+p.step.Environment+"; it is recorded and passed on.\n"
	}
	return &git.Change{Edit: d.write(p.step.Key, p.record, p.manifests), Message: n.message()}, nil
}

func (d *Delivery) describeCommits(ctx context.Context, described *promotion.Described) error {
	step := described.Step
	if step.Running == nil {
		return nil
	}
	older, err := d.Repo.FetchCommit(ctx, step.Running.Source.Commit)
	if errors.Is(err, git.ErrGone) {
		return nil // the description goes without a list
	}
	if err != nil {
		return err
	}
	commits, known, err := d.Repo.Between(ctx, older, git.NewHash(step.Release.Source.Commit), step.Release.Source.Path)
	described.Known = known
	for _, c := range commits {
		described.Commits = append(described.Commits, promotion.Change{Hash: c.Hash.String(), Subject: c.Subject(), Author: c.Author.Name})
	}
	return err
}

// merge writes a promotion into its environment, if the plan for the newest state still wants it.
func (d *Delivery) merge(ctx context.Context, p proposal) (Outcome, error) {
	outcome := Outcome{Step: p.step}
	commit, err := d.Repo.Update(ctx, d.Platform.Spec.State.Branch, func(ctx context.Context, tip *git.Commit) (*git.Change, error) {
		s, err := d.stateAt(ctx, tip)
		if err != nil {
			return nil, err
		}
		steps, err := d.plan(ctx, tip, s)
		if err != nil {
			return nil, err
		}
		same := func(now promotion.Step) bool {
			return now.Key == p.step.Key && now.Action == p.step.Action && now.Release.ID == p.step.Release.ID && runningID(now) == runningID(p.step)
		}
		if !slices.ContainsFunc(steps, same) {
			return nil, nil // overtaken: the next round plans anew
		}
		return d.change(ctx, tip, p)
	})
	if err != nil || commit == nil {
		outcome.overtaken = err == nil
		return outcome, err
	}
	outcome.Commit, outcome.Result = commit.Hash.String(), Promoted
	if p.passThrough {
		outcome.Result = PassedThrough
	}
	return outcome, nil
}

func runningID(s promotion.Step) release.ID {
	if s.Running == nil {
		return ""
	}
	return s.Running.ID
}
