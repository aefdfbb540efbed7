package git

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
)

// Change is what a proposal wants to write on top of a branch.
type Change struct {
	Edit    Edit
	Message string
}

// Update changes a branch of the remote. propose is called with the branch's newest commit (nil where the branch does not
// exist) and returns the change, or nil for none; it is called again on the new tip whenever someone else was faster, so it must derive the
// change from that tip alone. Update returns the resulting commit, or nil where nothing had to be written. It tries until the budget of the
// repository is spent.
func (r *Repository) Update(ctx context.Context, branch string, propose func(ctx context.Context, tip *Commit) (*Change, error)) (*Commit, error) {
	a := attempt{repo: r, branch: branch, propose: propose, began: r.now()}
	for a.count = 1; ; a.count++ {
		start := r.now()
		commit, err := a.try(ctx)
		if err == nil || !a.again(err) {
			return commit, err
		}
		if err := r.sleep(ctx, a.pause(r.now().Sub(start), rand.Float64())); err != nil {
			return nil, err
		}
	}
}

// attempt is an update under way.
type attempt struct {
	repo    *Repository
	branch  string
	propose func(context.Context, *Commit) (*Change, error)
	began   time.Time
	count   int
	unsure  []*Commit // pushed, without an answer
	refused int       // in a row
	seen    *Commit   // the tip of the last try
	rivals  int       // commits that the branch got since the try before
}

// maxAttempts bounds an update also where the clock stands still.
const maxAttempts = 1000

// again says whether to try once more: when someone else was faster, when an object that was wanted has gone since the references were read, or
// when it is not known what became of a push. The error at the end says what to do.
func (a *attempt) again(err error) bool {
	rejected, uncertain, refused := new(RejectedError), new(uncertainError), new(refusedError)
	switch {
	case errors.As(err, &rejected):
		a.refused = 0
		return rejected.Lost() && !a.spent()
	case errors.As(err, &refused): // what has gone was overtaken, and the next tip does without it; what is missing stays so
		a.refused++
		return a.refused < readAttempts && !a.spent()
	default:
		return errors.As(err, &uncertain) && len(a.unsure) < readAttempts
	}
}

func (a *attempt) spent() bool {
	return a.count >= maxAttempts || a.repo.now().Sub(a.began) > a.repo.budget
}

func (a *attempt) try(ctx context.Context) (*Commit, error) {
	tip, err := a.tip(ctx)
	if err != nil {
		return nil, err
	}
	a.rivals, a.seen = a.repo.gained(a.seen, tip), tip
	if landed, err := a.landed(ctx, tip); landed != nil || err != nil {
		return landed, err
	}
	change, err := a.propose(ctx, tip)
	if err != nil || change == nil {
		return nil, err
	}
	commit, err := a.repo.CommitOn(tip, *change)
	if err != nil || commit == nil {
		return nil, err
	}
	update := RefUpdate{Ref: BranchRef(a.branch), New: commit.Hash}
	if tip != nil {
		update.Old = tip.Hash
	}
	if err = a.repo.Push(ctx, update); err == nil {
		return commit, nil
	}
	uncertain, rejected := new(uncertainError), new(RejectedError)
	if errors.As(err, &uncertain) {
		a.unsure = append(a.unsure, commit)
	}
	if errors.As(err, &rejected) && rejected.Lost() && a.spent() {
		return nil, fmt.Errorf("gave up after %d attempts in %s, each overtaken by another writer: %w",
			a.count, a.repo.now().Sub(a.began).Round(time.Second), err)
	}
	return nil, err
}

// landed returns the commit of a push without an answer which the branch turns out to have. It may be any: a slow remote can take one after it
// was looked for.
func (a *attempt) landed(ctx context.Context, tip *Commit) (*Commit, error) {
	for _, commit := range a.unsure {
		if tip == nil {
			break
		}
		if landed, err := a.repo.IsAncestor(ctx, commit.Hash, tip.Hash); landed || err != nil {
			return commit, err
		}
	}
	return nil, nil
}

// tip returns the branch's newest commit: at first as it was last seen, since the push finds out whether it still is.
func (a *attempt) tip(ctx context.Context) (*Commit, error) {
	if a.count == 1 {
		return a.repo.LastTip(ctx, a.branch)
	}
	return a.repo.Tip(ctx, a.branch)
}

// maxRivals bounds the count of rivals, and maxPause what it makes us wait.
const (
	maxRivals = 256
	maxPause  = 3 * time.Second
)

// gained returns how many commits of a branch came on top of an older tip, as far as they are here.
func (r *Repository) gained(older, newer *Commit) int {
	count := 0
	for c := newer; older != nil && c != nil && c.Hash != older.Hash && count < maxRivals; count++ {
		if len(c.Parents) == 0 || len(r.objects.lacking(c.Parents[:1])) > 0 {
			break
		}
		parent, err := r.Commit(c.Parents[0])
		if err != nil {
			break
		}
		c = parent
	}
	return count
}

// pause returns the wait before the next try, after one that took some time. As many commits as came since the try before are about as many
// writers as want the branch; where each waits half a try for each of them, the branch is busy and few tries are in vain. Where nothing is known of
// rivals the wait grows from try to try.
func (a *attempt) pause(took time.Duration, random float64) time.Duration {
	if a.rivals == 0 || took <= 0 {
		return backoff(a.count, random)
	}
	return jittered(min(took*time.Duration(a.rivals)/2, maxPause), random)
}

// backoff returns the wait before the given retry (1, 2, …): from 50 ms by a factor of 1.5 up to 3 s, half of it random.
func backoff(attempt int, random float64) time.Duration {
	d := 50 * time.Millisecond
	for range attempt - 1 {
		if d = d * 3 / 2; d > 3*time.Second {
			d = 3 * time.Second
			break
		}
	}
	return jittered(d, random)
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
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
