package delivery

import (
	"context"
	"slices"
	"time"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/forge"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// Row is one component in one environment.
type Row struct {
	state.Key
	Release  release.ID `json:"release,omitempty"`
	Digest   string     `json:"digest,omitempty"`
	Source   string     `json:"source,omitempty"`
	Since    time.Time  `json:"since,omitzero"`
	Earlier  bool       `json:"earlier,omitempty"`      // it runs at least since then
	From     string     `json:"promotedFrom,omitempty"` // empty after a deploy
	Passed   []string   `json:"passed,omitempty"`       // the gates that the release had to pass to run here
	Position Position   `json:"position"`
	Upstream string     `json:"upstream,omitempty"` // the environment Position compares with
	Commits  int        `json:"commits,omitempty"`  // how many commits of the component behind or ahead

	Next     promotion.Action    `json:"next,omitempty"` // what promote would do
	Reason   string              `json:"reason,omitempty"`
	Incoming release.ID          `json:"incoming,omitempty"` // what promote would bring, now or when its gates hold
	Gates    []promotion.Verdict `json:"gates,omitempty"`    // what each gate says of it
	Until    time.Time           `json:"until,omitzero"`     // when all of them will hold, where that is known
	Set      string              `json:"set,omitempty"`      // the set it travels with
	Branch   string              `json:"branch,omitempty"`   // open branch that proposes it

	PullRequest int    `json:"pullRequest,omitempty"` // open one of Branch
	URL         string `json:"url,omitempty"`         // of the pull request
	Draft       bool   `json:"draft,omitempty"`
	PullUnknown bool   `json:"pullRequestUnknown,omitempty"` // the forge did not say whether Branch has a pull request

	Hold       *state.Hold         `json:"hold,omitempty"`
	BreakGlass *release.BreakGlass `json:"breakGlass,omitempty"` // who skipped the gates for what runs

	running, incoming release.Release
}

// Status returns a row for each component and environment, components by name, environments in the order releases travel. With all,
// components which run somewhere though the catalog has them no more are shown too.
func (d *Delivery) Status(ctx context.Context, components []string, all bool) ([]Row, error) {
	tip, s, err := d.readState(ctx)
	if err != nil {
		return nil, err
	}
	if all {
		components = append(slices.Clone(components), s.Components()...)
		slices.Sort(components)
		components = slices.Compact(components)
	}
	rows := make([]Row, 0, len(components)*len(d.Platform.Spec.Environments))
	drifts, err := d.newDrifts(ctx, s)
	if err != nil {
		return nil, err
	}
	for _, component := range components {
		for _, env := range d.Platform.Spec.Environments {
			row, err := drifts.row(ctx, s, state.Key{Environment: env.Name, Component: component}, env)
			if err != nil {
				return nil, err
			}
			rows = append(rows, row)
		}
	}
	if err := d.addAge(ctx, tip, rows); err != nil {
		return nil, err
	}
	return rows, d.addPlan(ctx, tip, s, rows)
}

// Running returns the names of all components that run somewhere, in the catalog or not.
func (d *Delivery) Running(ctx context.Context) ([]string, error) {
	_, s, err := d.readState(ctx)
	if err != nil {
		return nil, err
	}
	return s.Components(), nil
}

// How far back ages are looked up: beyond it nobody asks whether it was a day more, and all of history would be read, without a clone from far away.
const (
	oldestAge        = 90 * 24 * time.Hour
	oldestAgeFromFar = 7 * 24 * time.Hour
)

// addAge says since when each row runs what it runs.
func (d *Delivery) addAge(ctx context.Context, tip *git.Commit, rows []Row) error {
	var keys []state.Key
	for _, row := range rows {
		if row.Release != "" {
			keys = append(keys, row.Key)
		}
	}
	oldest := oldestAge
	if !d.Repo.Complete() {
		oldest = oldestAgeFromFar
	}
	changes, err := d.lastChanges(ctx, tip, keys, d.Now().Add(-oldest))
	for i, row := range rows {
		if c, found := changes[row.Key]; found {
			rows[i].Since, rows[i].Earlier = c.When, c.Earlier
		}
	}
	return err
}

// addPlan says what promote would do for each row, and which branch and pull request wait to be merged.
func (d *Delivery) addPlan(ctx context.Context, tip *git.Commit, s *state.State, rows []Row) error {
	run := &promoting{Delivery: d}
	unlisted := run.listPulls(ctx)
	if unlisted != nil {
		if ctx.Err() != nil {
			return unlisted
		}
		d.notice("it is not known which pull requests are open: %v", unlisted)
	}
	steps, err := run.wanted(ctx, tip, s)
	if err != nil {
		return err
	}
	refs, err := d.Repo.References(ctx)
	if err != nil {
		return err
	}
	planned, branches := stepsByKey(d.Platform, steps)
	for i := range rows {
		row := &rows[i]
		if step, found := planned[row.Key]; found && step.Action != promotion.Current {
			row.plan(step)
		}
		if branch := branches[row.Key]; branch != "" && refs[git.BranchRef(branch)] != git.ZeroHash {
			pr, open := run.pulls[branch]
			row.propose(branch, pr, open, unlisted != nil)
		}
	}
	return nil
}

// stepsByKey returns the steps of a plan, and the branches that bring them. What an atomic set waits for, its components wait for.
func stepsByKey(p *config.Platform, steps []promotion.Step) (planned map[state.Key]promotion.Step, branches map[state.Key]string) {
	planned, branches = make(map[state.Key]promotion.Step, len(steps)), map[state.Key]string{}
	for _, step := range steps {
		planned[step.Key] = step
	}
	for _, unit := range promotion.Units(p, steps) {
		for _, step := range unit.Steps {
			branches[step.Key] = unit.Branch()
			if unit.Action == promotion.Wait && step.Action != promotion.Wait {
				step.Action, step.Reason, step.Until = unit.Action, unit.Reason, unit.Until
				planned[step.Key] = step
			}
		}
	}
	return planned, branches
}

func (r *Row) plan(step promotion.Step) {
	r.Next, r.Reason, r.Until, r.Set = step.Action, step.Reason, step.Until, step.Set
	r.Incoming, r.Gates, r.incoming = step.Release.ID, step.Gates, step.Release.Release
}

// propose notes the branch that brings a release, with its pull request. Without one, only a branch that may be merged counts.
func (r *Row) propose(branch string, pr forge.PullRequest, open, unlisted bool) {
	switch {
	case open:
		r.Branch, r.PullRequest, r.URL, r.Draft = branch, pr.Number, pr.URL, pr.Draft
	case unlisted:
		r.Branch, r.PullUnknown = branch, true
	case r.Next == promotion.Propose:
		r.Branch = branch
	}
}
