package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// propose makes the branch of a promotion what the plan wants. A branch that already holds exactly that, and merges, is left as it is.
func (r *promoting) propose(ctx context.Context, tip *git.Commit, s *state.State, p proposal) (Outcome, error) {
	outcome := Outcome{Branch: p.unit.Branch()}
	change, err := r.change(ctx, s, p)
	if err != nil {
		return outcome, err
	}
	wanted, err := r.Repo.CommitOn(tip, *change)
	if err != nil || wanted == nil {
		return Outcome{}, err
	}
	current := r.refs[git.BranchRef(outcome.Branch)]
	if current != git.ZeroHash {
		outcome.Result, err = r.standing(ctx, tip, current, wanted, p.keys())
		if err != nil && r.moved(ctx, outcome.Branch, current) {
			outcome.overtaken = true
			return outcome, nil
		}
	}
	if outcome.Result != Nothing || err != nil {
		outcome.Commit = current.String()
		return outcome, err
	}
	var rejected *git.RejectedError
	err = r.Repo.Push(ctx, git.RefUpdate{Ref: git.BranchRef(outcome.Branch), Old: current, New: wanted.Hash})
	if errors.As(err, &rejected) && rejected.Lost() {
		outcome.overtaken = true
		return outcome, nil
	} else if err != nil {
		return outcome, err
	}
	outcome.Result, outcome.Commit = Proposed, wanted.Hash.String()
	return outcome, nil
}

// moved says whether a branch is no longer where it was. What it pointed to may then be on no branch, and a remote need not give that out: an
// error about it means that another run was faster.
func (d *Delivery) moved(ctx context.Context, branch string, from git.Hash) bool {
	now, err := d.Repo.Branch(ctx, branch)
	return err == nil && now != from
}

// standing says what to do with a branch that exists: leave it to the person whose commits it has, leave it since it is as wanted, or
// (Nothing) replace it.
func (d *Delivery) standing(ctx context.Context, tip *git.Commit, hash git.Hash, wanted *git.Commit, keys []state.Key) (Result, error) {
	if _, err := d.Repo.FetchCommit(ctx, hash.String()); err != nil {
		return Nothing, err
	}
	current, err := d.Repo.Commit(hash)
	if err != nil {
		return Nothing, err
	}
	merged, err := d.Repo.IsAncestor(ctx, hash, tip.Hash)
	switch {
	case err != nil:
		return Nothing, err
	case merged: // whoever made its commits, nothing is lost
		return Nothing, nil
	case !d.ours(current):
		return NotOurs, nil
	case len(current.Parents) != 1:
		return Nothing, nil
	}
	parent, err := d.Repo.Commit(current.Parents[0])
	if err != nil {
		return Nothing, err
	}
	// What lies below its one commit must be on the state branch: else merging it would bring more than anybody has looked at here.
	if on, err := d.Repo.IsAncestor(ctx, parent.Hash, tip.Hash); err != nil || !on {
		return Nothing, err
	}
	// The state branch may have moved on as far as it likes, but not in these cells: the diff would not merge, or not say what it does.
	asWanted, err := d.sameCells(current, wanted, parent, tip, keys)
	if err != nil || !asWanted {
		return Nothing, err
	}
	return AlreadyOpen, nil
}

// sameCells says whether the cells are the same in two commits, and in what these were made on.
func (d *Delivery) sameCells(a, b, onA, onB *git.Commit, keys []state.Key) (bool, error) {
	if extra, err := d.otherCells(a, onA, keys); err != nil || extra {
		return false, err
	}
	for _, k := range keys {
		for _, pair := range [][2]*git.Commit{{a, b}, {onA, onB}} {
			if same, err := d.sameCell(pair[0], pair[1], k); err != nil || !same {
				return false, err
			}
		}
	}
	return true, nil
}

// otherCells says whether a commit changes more than some cells: of a set that has become smaller, for example.
func (d *Delivery) otherCells(commit, parent *git.Commit, keys []state.Key) (bool, error) {
	edit := git.Edit{}
	for _, k := range keys {
		for _, path := range []string{state.Dir(d.Platform.Spec.State.Path, k), state.HoldFile(d.Platform.Spec.State.Path, k)} {
			edit[path] = git.Content{}
		}
	}
	a, err := d.Repo.Apply(commit.TreeHash, edit)
	if err != nil {
		return false, err
	}
	b, err := d.Repo.Apply(parent.TreeHash, edit)
	return a != b, err
}

// ours says whether the newest commit of a branch was made by promote. A person's commit on top is never written over.
func (d *Delivery) ours(tip *git.Commit) bool {
	return tip.Trailer("Platform-Action") == actionPromote && tip.Committer.Identity == d.Repo.Identity()
}

// sameCell says whether a cell and its hold are the same in two commits.
func (d *Delivery) sameCell(a, b *git.Commit, k state.Key) (bool, error) {
	root := d.Platform.Spec.State.Path
	for _, path := range []string{state.Dir(root, k), state.HoldFile(root, k)} {
		x, err := d.Repo.Tree(a.TreeHash).EntryHash(path)
		if err != nil {
			return false, err
		}
		y, err := d.Repo.Tree(b.TreeHash).EntryHash(path)
		if err != nil || x != y {
			return false, err
		}
	}
	return true, nil
}

// closeBranches removes promotion branches that the plan no longer wants: merged, superseded by a rollback, held, or of a component that is
// gone. Unmerged commits of a person stay.
func (r *promoting) closeBranches(ctx context.Context, outcomes []Outcome) ([]Closed, error) {
	if r.options.DryRun {
		return nil, nil
	}
	tip, err := r.Repo.Tip(ctx, r.Platform.Spec.State.Branch)
	if err != nil || tip == nil {
		return nil, err
	}
	refs, err := r.Repo.References(ctx)
	if err != nil {
		return nil, err
	}
	var closed []Closed
	for ref, hash := range refs {
		branch, isBranch := strings.CutPrefix(ref, git.BranchRef(""))
		target, promotes := promotion.ParseBranch(branch)
		if !isBranch || !promotes {
			continue
		}
		reason, err := r.unwanted(ctx, outcomes, tip, target, hash)
		switch {
		case err != nil && r.moved(ctx, branch, hash):
			continue // another run sees to it
		case err != nil:
			return closed, err
		case reason == "":
			continue
		}
		if err := r.explainClosing(ctx, branch, reason); err != nil {
			return closed, err
		}
		var rejected *git.RejectedError
		err = r.Repo.Push(ctx, git.RefUpdate{Ref: ref, Old: hash})
		switch {
		case errors.As(err, &rejected) && rejected.Lost():
			continue
		case err != nil:
			return closed, err
		}
		closed = append(closed, Closed{branch, reason})
	}
	slices.SortFunc(closed, func(a, b Closed) int { return strings.Compare(a.Branch, b.Branch) })
	return closed, nil
}

// merged is the reason for which a branch goes without a word.
const merged = "it is merged"

// unwanted returns why the branch of a target may go; "" where it stays. The branch of a promotion that waits stays only while it carries what waits:
// nobody should merge what upstream has left.
func (r *promoting) unwanted(ctx context.Context, outcomes []Outcome, tip *git.Commit, target state.Key, hash git.Hash) (string, error) {
	about := r.about(outcomes, target)
	if len(about) == 0 && (r.options.Component != "" || r.options.To != "") {
		return "", nil // this run does not look at it
	}
	branch := promotion.Branch(target)
	if slices.ContainsFunc(about, func(o Outcome) bool { return o.Branch == branch && !o.written() }) {
		return "", nil // it has just been seen to
	}
	commit, err := r.Repo.Commit(hash)
	if err != nil {
		return "", err
	}
	isMerged, err := r.Repo.IsAncestor(ctx, hash, tip.Hash)
	switch {
	case err != nil:
		return "", err
	case isMerged:
		return merged, nil
	case !r.ours(commit):
		return "", nil
	case len(about) == 0:
		return "nothing is promoted there any more", nil
	}
	return r.stale(about, commit)
}

// about returns the outcomes that a target's branch is about: of a component, or of the components of a set.
func (r *promoting) about(outcomes []Outcome, target state.Key) []Outcome {
	var about []Outcome
	for _, o := range outcomes {
		set, inSet := r.Platform.SetOf(o.Component)
		if o.Environment == target.Environment && (o.Component == target.Component || inSet && set.Name == target.Component) {
			about = append(about, o)
		}
	}
	return about
}

// stale says what of a branch is no longer what the plan has for its cells.
func (r *promoting) stale(about []Outcome, branch *git.Commit) (string, error) {
	for _, o := range about {
		cell, found, err := state.ReadCell(r.Repo.Tree(branch.TreeHash), r.Platform.Spec.State.Path, o.Key)
		switch {
		case o.written():
			return fmt.Sprintf("%s is written to %s", o.Release.ID, o.Environment), nil
		case o.Action == promotion.Held:
			return fmt.Sprintf("%s: %s", o.Component, o.Reason), nil
		case o.Action == promotion.Current && err == nil && found && o.Running != nil && cell.Record.ID == o.Running.ID:
			return fmt.Sprintf("%s runs %s already", o.Environment, o.Running.ID), nil
		case o.Action == promotion.Current:
			return fmt.Sprintf("there is nothing to bring to %s any more: %s", o.Environment, o.Reason), nil
		case o.Action == promotion.Blocked, len(o.Gates) > 0 && o.Gates[0].Failed:
			return "", nil // what cannot be read decides nothing
		case err != nil || !found || cell.Record.ID != o.Release.ID:
			return fmt.Sprintf("superseded: %s", o.Reason), nil
		case promotion.Branch(o.Key) != branchOf(r.Platform, o.Key):
			return "it travels with its set now", nil
		}
	}
	return "", nil
}

// branchOf returns the branch that a cell is promoted by: its own, or its set's.
func branchOf(p *config.Platform, k state.Key) string {
	if set, inSet := p.SetOf(k.Component); inSet && set.Order != config.OrderOrdered {
		k.Component = set.Name
	}
	return promotion.Branch(k)
}

// proposed returns what the branches of promotions to an environment bring.
func (r *promoting) proposed(ctx context.Context, s *state.State, environment string) (map[state.Key]release.ID, error) {
	refs, err := r.Repo.References(ctx)
	if err != nil {
		return nil, err
	}
	open := map[state.Key]release.ID{}
	for ref, hash := range refs {
		branch, isBranch := strings.CutPrefix(ref, git.BranchRef(""))
		target, promotes := promotion.ParseBranch(branch)
		if !isBranch || !promotes || target.Environment != environment {
			continue
		}
		if _, err := r.Repo.FetchCommit(ctx, hash.String()); err != nil {
			return nil, err
		}
		commit, err := r.Repo.Commit(hash)
		if err != nil {
			return nil, err
		}
		for _, k := range r.cellsOf(target) {
			tree := r.Repo.Tree(commit.TreeHash)
			if err := tree.Prefetch(ctx, state.Dir(r.Platform.Spec.State.Path, k)+"/**"); err != nil {
				return nil, err
			}
			cell, found, err := state.ReadCell(tree, r.Platform.Spec.State.Path, k)
			if err == nil && found && cell.Record.ID != s.Cells[k].Record.ID {
				open[k] = cell.Record.ID
			}
		}
	}
	return open, nil
}

// cellsOf returns the cells that the branch of a target is about: of a component, or of the components of a set.
func (r *promoting) cellsOf(target state.Key) []state.Key {
	for _, set := range r.Platform.Spec.Sets {
		if set.Name != target.Component || set.Order == config.OrderOrdered {
			continue
		}
		var keys []state.Key
		for _, component := range set.Components {
			keys = append(keys, state.Key{Environment: target.Environment, Component: component})
		}
		return keys
	}
	return []state.Key{target}
}
