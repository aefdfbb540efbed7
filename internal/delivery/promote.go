package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/forge"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// PromoteOptions narrow a promotion.
type PromoteOptions struct {
	Component, To string // empty: all
	Release       string // of Component to To, where To is pinned: the id or a unique beginning of it
	DryRun        bool
}

// moreRounds is how often a promotion looks again where others were faster.
const moreRounds = 3

// Promote makes the remote match the plan: promotions that need no person are written or merged, each other one is a branch, with a pull request where
// there is a forge, and what is no longer wanted is closed. It derives everything from Git, so it can be run at any time, twice, or again after
// being killed.
func (d *Delivery) Promote(ctx context.Context, o PromoteOptions) (*Promotion, error) {
	run := &promoting{Delivery: d, options: o}
	if err := run.listPulls(ctx); err != nil {
		return nil, err
	}
	done := map[state.Key]Outcome{} // what earlier rounds did
	var outcomes, replaced []Outcome
	// What is written into an environment may be promoted further at once: one more round for each environment on the way.
	for again, round := true, 0; again && round < len(d.Platform.Spec.Environments)+moreRounds; round++ {
		var err error
		if outcomes, again, err = run.round(ctx); err != nil {
			return nil, err
		}
		for i, outcome := range outcomes {
			earlier, acted := done[outcome.Key]
			switch {
			case acted && (outcome.Result == Nothing && earlier.written() || outcome.Result == AlreadyOpen && earlier.Result == Proposed):
				outcomes[i] = earlier
			case acted && earlier.written():
				replaced = append(replaced, earlier)
			}
			if outcomes[i].Result != Nothing {
				done[outcome.Key] = outcomes[i]
			}
		}
	}
	closed, err := run.closeBranches(ctx, outcomes)
	if err != nil {
		return nil, err
	}
	result := &Promotion{Outcomes: append(replaced, outcomes...), Closed: closed}
	if d.Forge != nil {
		result.Requests = d.Forge.Requests()
	}
	return result, nil
}

// promoting is one run of promote.
type promoting struct {
	*Delivery
	options PromoteOptions
	refs    map[string]git.Hash          // of the remote, when the round began
	pulls   map[string]forge.PullRequest // open ones of this repository for the state branch, by their branch
	login   string                       // of the token, where it was asked

	noDrafts bool // the server has said that the repository has none
}

// round does what the plan for the newest state wants. again says that there is a newer state now, or was one before all was done.
func (r *promoting) round(ctx context.Context) (outcomes []Outcome, again bool, err error) {
	tip, s, err := r.readState(ctx)
	if err != nil {
		return nil, false, err
	}
	if r.refs, err = r.Repo.References(ctx); err != nil {
		return nil, false, err
	}
	steps, err := r.wanted(ctx, tip, s)
	if err != nil {
		return nil, false, err
	}
	outcomes = []Outcome{}
	for _, step := range steps {
		if r.options.selects(step) {
			outcome := Outcome{Step: step}
			for _, environment := range append([]string{step.Environment}, step.From...) {
				outcome.Problems = r.locate(ctx, r.stateTree(tip), state.Key{Environment: environment, Component: step.Component}, outcome.Problems)
			}
			outcomes = append(outcomes, outcome)
		}
	}
	for _, unit := range promotion.Units(r.Platform, steps) {
		if !slices.ContainsFunc(unit.Steps, r.options.selects) {
			continue
		}
		outcome, err := r.apply(ctx, tip, s, unit)
		if err != nil {
			return nil, false, fmt.Errorf("promote %s to %s: %w", unit.Name, unit.Environment, err)
		}
		again = again || outcome.written() || outcome.overtaken
		outcomes = outcome.of(unit, outcomes)
	}
	return outcomes, again, nil
}

// of gives the outcome of a unit to each of its steps.
func (o Outcome) of(unit promotion.Unit, outcomes []Outcome) []Outcome {
	for _, step := range unit.Steps {
		one := o
		i := slices.IndexFunc(outcomes, func(other Outcome) bool { return other.Key == step.Key })
		if i < 0 { // of its set, though nobody asked for it
			one.Step = step
			outcomes = append(outcomes, one)
			continue
		}
		one.Step, one.Problems = outcomes[i].Step, outcomes[i].Problems
		if o.Reason != "" { // it has something to add
			one.Reason = o.Reason
		}
		outcomes[i] = one
	}
	return outcomes
}

// wanted is the plan with what was asked for by name.
func (r *promoting) wanted(ctx context.Context, tip *git.Commit, s *state.State) ([]promotion.Step, error) {
	asked, err := r.asked(ctx, tip, s)
	if err != nil {
		return nil, err
	}
	return r.planFor(ctx, tip, s, asked)
}

func (o PromoteOptions) selects(s promotion.Step) bool {
	return (o.Component == "" || o.Component == s.Component) && (o.To == "" || o.To == s.Environment)
}

// apply does what a unit of the plan wants. What one of them has wrong does not keep the others from moving.
func (r *promoting) apply(ctx context.Context, tip *git.Commit, s *state.State, unit promotion.Unit) (Outcome, error) {
	skipped, err := r.skipped(ctx, unit)
	if err != nil {
		return r.failed(ctx, unit, Outcome{Branch: unit.Branch()}, err)
	}
	if unit.Action == promotion.Wait && skipped == nil && r.Forge == nil {
		return Outcome{}, nil // a branch that must not be merged yet can only be told from others by a forge
	}
	p, err := r.draw(ctx, tip, unit, skipped)
	switch {
	case err != nil:
		return r.failed(ctx, unit, Outcome{}, err)
	case r.options.DryRun:
		return Outcome{passThrough: p.passThrough()}, nil
	case p.passThrough() && unit.Action == promotion.Wait && skipped == nil:
		return Outcome{}, nil // it will be recorded without a pull request
	case p.passThrough(), unit.Action == promotion.Merge && r.Forge == nil:
		return r.merge(ctx, p)
	}
	outcome, err := r.propose(ctx, tip, s, p)
	if err != nil || outcome.Branch == "" || outcome.overtaken || r.Forge == nil {
		return outcome, err
	}
	synced, err := r.syncPull(ctx, tip, s, p, outcome)
	if err != nil {
		return r.failed(ctx, unit, outcome, err)
	}
	return synced, nil
}

// failed is the outcome of a unit that an error keeps from moving. What would befall all others too ends the run.
func (r *promoting) failed(ctx context.Context, unit promotion.Unit, o Outcome, err error) (Outcome, error) {
	if ctx.Err() != nil || errors.Is(err, forge.ErrOutage) {
		return o, err
	}
	o.Result, o.failure = Failed, fmt.Errorf("promote %s to %s: %w", unit.Name, unit.Environment, err)
	o.Reason = err.Error()
	return o, nil
}

// merge writes a promotion into its environment, if the plan for the newest state still wants it.
func (r *promoting) merge(ctx context.Context, p proposal) (Outcome, error) {
	commit, err := r.Repo.Update(ctx, r.Platform.Spec.State.Branch, func(ctx context.Context, tip *git.Commit) (*git.Change, error) {
		s, wanted, err := r.wants(ctx, tip, p)
		if err != nil || !wanted { // overtaken: the next round plans anew
			return nil, err
		}
		return r.change(ctx, s, p)
	})
	if err != nil || commit == nil {
		return Outcome{overtaken: err == nil}, err
	}
	outcome := Outcome{Commit: commit.Hash.String(), Result: Promoted}
	if p.passThrough() {
		outcome.Result = PassedThrough
	}
	return outcome, nil
}

// wants says whether the plan for a tip of the state branch brings the same as a proposal, in the same way.
func (r *promoting) wants(ctx context.Context, tip *git.Commit, p proposal) (*state.State, bool, error) {
	s, err := r.stateAt(ctx, tip)
	if err != nil {
		return nil, false, err
	}
	steps, err := r.wanted(ctx, tip, s)
	return s, slices.ContainsFunc(promotion.Units(r.Platform, steps), p.isWantedBy), err
}

// overtaken says whether the state branch has moved on from a tip, so that a proposal is not wanted any more.
func (r *promoting) overtaken(ctx context.Context, tip *git.Commit, p proposal) (bool, error) {
	now, err := r.Repo.Tip(ctx, r.Platform.Spec.State.Branch)
	if err != nil || now == nil || now.Hash == tip.Hash {
		return now == nil, err
	}
	_, wanted, err := r.wants(ctx, now, p)
	return !wanted, err
}

// isWantedBy says whether the unit of another plan brings the same in the same way.
func (p proposal) isWantedBy(now promotion.Unit) bool {
	same := func(a, b promotion.Step) bool {
		return a.Key == b.Key && a.Release.ID == b.Release.ID && runningID(a) == runningID(b)
	}
	return now.Environment == p.unit.Environment && now.Name == p.unit.Name && now.Action == p.unit.Action && slices.EqualFunc(now.Steps, p.unit.Steps, same)
}

func runningID(s promotion.Step) release.ID {
	if s.Running == nil {
		return ""
	}
	return s.Running.ID
}

// asked returns the releases that pinned environments are to get: the one that this run was told, and those whose branches wait to be merged, since
// a branch is all that is left of an earlier run that was told.
func (r *promoting) asked(ctx context.Context, tip *git.Commit, s *state.State) (map[state.Key]release.ID, error) {
	asked := map[state.Key]release.ID{}
	for _, env := range r.Platform.Spec.Environments {
		if env.Mode != config.ModePinned {
			continue
		}
		open, err := r.proposed(ctx, s, env.Name)
		if err != nil {
			return nil, err
		}
		for k, id := range open {
			asked[k] = id
		}
	}
	if r.options.Release == "" {
		return asked, nil
	}
	k := state.Key{Environment: r.options.To, Component: r.options.Component}
	id, err := r.resolve(ctx, tip, s, k, r.options.Release)
	asked[k] = id
	return asked, err
}
