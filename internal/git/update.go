package git

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-git/go-git/v5/plumbing"
)

// Change is what a proposal wants to write on top of a branch.
type Change struct {
	Edit    Edit
	Message string
}

// maxAttempts bounds how often a lost race is tried again; with backoff this is about a minute.
const maxAttempts = 12

// Update changes a branch of the remote. propose is called with the branch's newest commit (nil where the branch does not
// exist) and returns the change, or nil for none; it is called again on the new tip whenever someone else was faster, so it must derive the
// change from that tip alone. Update returns the resulting commit, or nil where nothing had to be written.
func (r *Repository) Update(ctx context.Context, branch string, propose func(ctx context.Context, tip *Commit) (*Change, error)) (*Commit, error) {
	for attempt := 1; ; attempt++ {
		commit, err := r.tryUpdate(ctx, branch, propose)
		var rejected *RejectedError
		if err == nil || !errors.As(err, &rejected) || !rejected.Lost() {
			return commit, err
		}
		if attempt == maxAttempts {
			return nil, fmt.Errorf("gave up after %d attempts, each overtaken by another writer: %w", attempt, err)
		}
		if err := r.sleep(ctx, backoff(attempt)); err != nil {
			return nil, err
		}
	}
}

func (r *Repository) tryUpdate(ctx context.Context, branch string, propose func(context.Context, *Commit) (*Change, error)) (*Commit, error) {
	tip, err := r.Tip(ctx, branch)
	if err != nil {
		return nil, err
	}
	change, err := propose(ctx, tip)
	if err != nil || change == nil {
		return nil, err
	}
	commit, err := r.CommitOn(tip, *change)
	if err != nil || commit == nil {
		return nil, err
	}
	update := RefUpdate{Ref: BranchRef(branch), New: commit.Hash}
	if tip != nil {
		update.Old = tip.Hash
	}
	if err := r.Push(ctx, update); err != nil {
		return nil, err
	}
	return commit, nil
}

// Tip fetches a branch of the remote and returns its newest commit, or nil where the remote has no such branch.
func (r *Repository) Tip(ctx context.Context, branch string) (*Commit, error) {
	ref := BranchRef(branch)
	refs, err := r.fetch(ctx, func(refs map[string]Hash) []Hash { return []Hash{refs[ref]} })
	if err != nil || refs[ref] == ZeroHash {
		return nil, err
	}
	return r.Commit(refs[ref])
}

// emptyTree is the tree without entries.
var emptyTree = plumbing.ComputeHash(plumbing.TreeObject, nil)

// CommitOn makes the commit of a change on top of a parent, or on nothing. It returns nil where the change changes nothing.
func (r *Repository) CommitOn(parent *Commit, change Change) (*Commit, error) {
	before, base := emptyTree, ZeroHash
	var parents []Hash
	if parent != nil {
		before, base, parents = parent.TreeHash, parent.TreeHash, []Hash{parent.Hash}
	}
	tree, err := r.Apply(base, change.Edit)
	if err != nil || tree == before {
		return nil, err
	}
	return r.CommitTree(tree, parents, change.Message)
}
