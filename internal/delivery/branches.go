package delivery

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/state"
)

// propose makes the branch of a promotion what the plan wants. A branch that already holds exactly that, and merges, is left as it is.
func (d *Delivery) propose(ctx context.Context, tip *git.Commit, p proposal) (Outcome, error) {
	outcome := Outcome{Step: p.step, Branch: promotion.Branch(p.step.Key)}
	change, err := d.change(ctx, tip, p)
	if err != nil {
		return outcome, err
	}
	wanted, err := d.Repo.CommitOn(tip, *change)
	if err != nil || wanted == nil {
		return outcome, err
	}
	current, err := d.Repo.Branch(ctx, outcome.Branch)
	if err != nil {
		return outcome, err
	}
	if current != git.ZeroHash {
		outcome.Result, err = d.standing(ctx, tip, current, wanted, p.step.Key)
		if err != nil && d.moved(ctx, outcome.Branch, current) {
			outcome.overtaken = true
			return outcome, nil
		}
	}
	if outcome.Result != Nothing || err != nil {
		if outcome.Result == AlreadyOpen {
			outcome.Commit = current.String()
		}
		return outcome, err
	}
	var rejected *git.RejectedError
	err = d.Repo.Push(ctx, git.RefUpdate{Ref: git.BranchRef(outcome.Branch), Old: current, New: wanted.Hash})
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
func (d *Delivery) standing(ctx context.Context, tip *git.Commit, hash git.Hash, wanted *git.Commit, k state.Key) (Result, error) {
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
	asWanted, err := d.sameCell(current, wanted, k)
	if err != nil || !asWanted {
		return Nothing, err
	}
	// The state branch may have moved on as far as it likes, but not in this cell: its diff would not merge, or not say what it does.
	merges, err := d.sameCell(parent, tip, k)
	if err != nil || !merges {
		return Nothing, err
	}
	return AlreadyOpen, nil
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
func (d *Delivery) closeBranches(ctx context.Context, o PromoteOptions, outcomes []Outcome) ([]string, error) {
	if o.DryRun {
		return nil, nil
	}
	tip, err := d.Repo.Tip(ctx, d.Platform.Spec.State.Branch)
	if err != nil || tip == nil {
		return nil, err
	}
	refs, err := d.Repo.References(ctx)
	if err != nil {
		return nil, err
	}
	var closed []string
	for ref, hash := range refs {
		branch, isBranch := strings.CutPrefix(ref, git.BranchRef(""))
		k, promotes := promotion.ParseBranch(branch)
		if !isBranch || !promotes {
			continue
		}
		unwanted, err := d.unwanted(ctx, o, outcomes, tip, k, hash)
		switch {
		case err != nil && d.moved(ctx, branch, hash):
			continue // another run sees to it
		case err != nil:
			return closed, err
		case !unwanted:
			continue
		}
		var rejected *git.RejectedError
		err = d.Repo.Push(ctx, git.RefUpdate{Ref: ref, Old: hash})
		if err != nil && !(errors.As(err, &rejected) && rejected.Lost()) {
			return closed, err
		}
		closed = append(closed, branch)
	}
	slices.Sort(closed)
	return closed, nil
}

// unwanted says whether the branch of a cell may go. The branch of a promotion that waits stays only while it carries what waits: nobody
// should merge what upstream has left.
func (d *Delivery) unwanted(ctx context.Context, o PromoteOptions, outcomes []Outcome, tip *git.Commit, k state.Key, hash git.Hash) (bool, error) {
	i := slices.IndexFunc(outcomes, func(o Outcome) bool { return o.Key == k })
	if i < 0 && (o.Component != "" || o.To != "") {
		return false, nil // this run does not look at it
	}
	if i >= 0 && outcomes[i].Branch != "" {
		return false, nil // it has just been seen to
	}
	commit, err := d.Repo.Commit(hash)
	if err != nil {
		return false, err
	}
	merged, err := d.Repo.IsAncestor(ctx, hash, tip.Hash)
	if err != nil || (!merged && !d.ours(commit)) {
		return false, err
	}
	if i < 0 || outcomes[i].Action == promotion.Current || outcomes[i].Action == promotion.Held || outcomes[i].written() {
		return true, nil
	}
	cell, found, err := state.ReadCell(d.Repo.Tree(commit.TreeHash), d.Platform.Spec.State.Path, k)
	return err != nil || !found || cell.Record.ID != outcomes[i].Release.ID, nil
}
