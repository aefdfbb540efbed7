package delivery

import (
	"context"
	"errors"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// consequences notes in the result what is taken back and what may miss it. What cannot be told is said, and no reason to fail: a rollback must work
// all the same.
func (r *rollback) consequences(ctx context.Context) {
	if r.told || r.result == nil {
		return
	}
	r.told = true
	r.result.TakenBack, r.result.Dependents = []promotion.Change{}, []promotion.Dependent{}
	if r.result.From == "" || r.result.Already {
		return
	}
	if err := r.takenBack(ctx); err != nil {
		r.result.Unknown = oneLine(err.Error())
	}
	if r.options.Dependents == nil {
		return
	}
	names, err := r.options.Dependents(r.key.Component)
	if err != nil {
		r.result.DependentsUnknown = oneLine(err.Error())
	}
	for _, name := range names {
		if dependent, runs := r.dependent(ctx, name); runs {
			r.result.Dependents = append(r.result.Dependents, dependent)
		}
	}
}

var errNotOnLine = errors.New("what comes back is not in the history of what is replaced")

// takenBack lists the commits of the component's folder that are in what is replaced, and not in what comes back.
func (r *rollback) takenBack(ctx context.Context) error {
	newer := r.result.replaced.Source
	from, err := r.Repo.FetchCommit(ctx, newer.Commit)
	if err != nil {
		return err
	}
	to, err := r.Repo.FetchCommit(ctx, r.result.Release.Source.Commit)
	if err != nil {
		return err
	}
	commits, known, err := r.Repo.Between(ctx, to, from, newer.Path)
	if err != nil {
		return err
	}
	if !known {
		return errNotOnLine
	}
	for _, c := range commits {
		r.result.TakenBack = append(r.result.TakenBack, promotion.Change{Hash: c.Hash.String(), Subject: c.Subject(), Author: c.Author.Name})
	}
	return nil
}

// dependent looks at a component that depends on the one which is rolled back; runs is false where it does not run there.
func (r *rollback) dependent(ctx context.Context, component string) (dependent promotion.Dependent, runs bool) {
	k := state.Key{Environment: r.key.Environment, Component: component}
	dependent.Component = component
	fail := func(err error) (promotion.Dependent, bool) {
		dependent.Unknown = "cannot be read: " + oneLine(err.Error())
		return dependent, true
	}
	tree := r.Repo.Tree(r.tip.TreeHash)
	if err := tree.Prefetch(ctx, r.cellPaths(k)...); err != nil {
		return fail(err)
	}
	cell, runs, err := state.ReadCell(tree, r.Platform.Spec.State.Path, k)
	if err != nil {
		return fail(err)
	}
	if !runs {
		return dependent, false
	}
	dependent.Release = cell.Record.ID
	contained, err := r.contained(ctx, cell.Record.Source, r.result.Release.Source)
	if err != nil {
		return fail(err)
	}
	dependent.Later = !contained
	return dependent, true
}

// contained says whether the commit of a source is in the history of another's.
func (r *rollback) contained(ctx context.Context, in, of release.Source) (bool, error) {
	var ends [2]git.Hash
	for i, commit := range []string{in.Commit, of.Commit} {
		hash, err := r.Repo.FetchCommit(ctx, commit)
		if err != nil {
			return false, err
		}
		ends[i] = hash
	}
	return r.Repo.IsAncestor(ctx, ends[0], ends[1])
}

// pull returns the pull request of what was proposed last.
func (r *rollback) pull(ctx context.Context) (title, body string) {
	r.consequences(ctx)
	p := promotion.Rollback{Key: r.key, From: r.result.replaced, To: r.result.Release, Reason: r.options.Reason, By: r.options.By,
		HoldFile: r.result.Hold, Until: r.result.Expires.Time, Taken: r.result.TakenBack, Unknown: r.result.Unknown,
		Dependents: r.result.Dependents, DependentsUnknown: r.result.DependentsUnknown, RunURL: r.RunURL}
	return p.Title(), p.Body()
}
