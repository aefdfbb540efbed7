package git

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
)

// Relation is how a commit stands to another in history.
type Relation int

// The relations of a commit to another one.
const (
	Same      Relation = iota
	Ahead              // the other is in its history
	Behind             // it is in the history of the other
	Diverged           // each has commits the other lacks
	Unrelated          // they have no commit in common
)

// Relation says how commit a stands to commit b. History is read only as far back as the answer needs it: to where the two lines meet.
func (r *Repository) Relation(ctx context.Context, a, b Hash) (Relation, error) {
	if a == b {
		return Same, nil
	}
	w := newWalk(r)
	if err := r.load(ctx, wants{commits: []Hash{a, b}, depth: recent}); err != nil {
		return 0, err
	}
	if err := errors.Join(w.paint(a, fromA), w.paint(b, fromB)); err != nil {
		return 0, err
	}
	for w.undecided > 0 && w.colours[a] != both && w.colours[b] != both {
		if _, err := w.next(ctx); err != nil {
			return 0, err
		}
	}
	switch {
	case w.colours[a] == both:
		return Behind, nil
	case w.colours[b] == both:
		return Ahead, nil
	}
	for _, c := range w.colours {
		if c == both {
			return Diverged, nil
		}
	}
	return Unrelated, nil
}

// IsAncestor says whether older is newer itself or in its history.
func (r *Repository) IsAncestor(ctx context.Context, older, newer Hash) (bool, error) {
	relation, err := r.Relation(ctx, older, newer)
	return relation == Same || relation == Behind, err
}

// reachable says whether a commit is one of the tips or in the history of one.
func (r *Repository) reachable(ctx context.Context, commit Hash, tips []Hash) (bool, error) {
	if slices.Contains(tips, commit) {
		return true, nil
	}
	w := newWalk(r)
	if err := r.load(ctx, wants{commits: tips, depth: recent}); err != nil {
		return false, err
	}
	for _, tip := range tips {
		if err := w.paint(tip, fromA); err != nil {
			return false, err
		}
	}
	for w.undecided > 0 {
		c, err := w.next(ctx)
		if err != nil {
			return false, err
		}
		if slices.Contains(c.Parents, commit) {
			return true, nil
		}
	}
	return false, nil
}

type colour int

const (
	fromA colour = 1 << iota
	fromB
	both = fromA | fromB
)

// walk visits commits newest first and paints the parents of each with its colours, as git's own search for merge bases does. A clock that
// was wrong makes it visit commits again, with the colours they lacked; it does not make it wrong.
type walk struct {
	repo      *Repository
	colours   map[Hash]colour
	queue     queue
	undecided int // entries of the queue which do not have both colours
}

type queued struct {
	commit *Commit
	colour colour // when it was queued
}

func newWalk(r *Repository) *walk { return &walk{repo: r, colours: map[Hash]colour{}} }

// paint adds colours to a commit and queues it where they are new.
func (w *walk) paint(h Hash, c colour) error {
	have := w.colours[h]
	if have|c == have {
		return nil
	}
	commit, err := w.repo.Commit(h)
	if err != nil {
		return err
	}
	w.colours[h] = have | c
	heap.Push(&w.queue, queued{commit, have | c})
	if have|c != both {
		w.undecided++
	}
	return nil
}

// next visits the newest commit of the queue.
func (w *walk) next(ctx context.Context) (*Commit, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	q := heap.Pop(&w.queue).(queued)
	if q.colour != both {
		w.undecided--
	}
	if err := w.repo.deepen(ctx, q.commit); err != nil {
		return nil, err
	}
	for _, parent := range q.commit.Parents {
		if err := w.paint(parent, w.colours[q.commit.Hash]); err != nil {
			return nil, err
		}
	}
	return q.commit, nil
}

// queue is a heap of commits, the newest first.
type queue []queued

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].commit.Committer.When.After(q[j].commit.Committer.When)
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(queued)) }
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// ErrGone says that a commit is neither here nor on any branch of the remote.
var ErrGone = errors.New("force-pushed away or never pushed: on no branch")

// FetchCommit makes a commit readable that may only be known by its id. A commit that the remote no longer has is ErrGone.
func (r *Repository) FetchCommit(ctx context.Context, id string) (Hash, error) {
	hash := plumbing.NewHash(id)
	if hash.String() != id {
		return ZeroHash, fmt.Errorf("%q is not a full commit id", id)
	}
	err := r.load(ctx, wants{commits: []Hash{hash}, depth: recent})
	if gone(err) {
		return ZeroHash, fmt.Errorf("commit %s: %w of %s", id, ErrGone, r.remote.display)
	}
	if err == nil {
		_, err = r.Commit(hash) // it may be something else
	}
	return hash, err
}

// gone says whether a remote answered that it does not have an object, or does not give it out because nothing leads to it.
func gone(err error) bool {
	refused := new(refusedError)
	return errors.Is(err, plumbing.ErrObjectNotFound) || (errors.As(err, &refused) && refused.object != ZeroHash)
}

// Published says whether a commit is on a branch of the remote, where others find it: a promotion renders it again, later and elsewhere.
func (r *Repository) Published(ctx context.Context, commit Hash) (bool, error) {
	if err := r.remote.connect(ctx); err != nil {
		return false, err
	}
	tips := r.remote.branchTips() // not of refs/pull: what is not merged, nobody can promote later
	if slices.Contains(tips, commit) {
		return true, nil
	}
	if err := r.remote.refresh(ctx); err != nil { // it may have been pushed since
		return false, err
	}
	return r.reachable(ctx, commit, r.remote.branchTips())
}
