package git

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
)

// wants are the objects that a fetch shall bring, by hash.
type wants struct {
	commits  []Hash
	depth    int    // how far back in history from the commits; 0 is 1
	trees    []Hash // these alone
	blobs    []Hash
	closures []Hash // trees with all that is below them
}

func (w wants) all() []Hash { return slices.Concat(w.commits, w.trees, w.blobs, w.closures) }

func (w wants) empty() bool { return len(w.commits)+len(w.trees)+len(w.blobs)+len(w.closures) == 0 }

// load makes objects readable in as few round trips as the remote allows. What is here already is not asked for again.
func (r *Repository) load(ctx context.Context, w wants) error {
	w.commits, w.trees, w.blobs = r.objects.lacking(w.commits), r.objects.lacking(w.trees), r.objects.lacking(w.blobs)
	if w.empty() {
		return nil
	}
	if err := r.remote.connect(ctx); err != nil {
		return err
	}
	if r.remote.thrift() == whole {
		r.noticeFallback(whole, errors.New("it offers no filter, or no objects by hash"))
	}
	var why *refusedError
	for {
		level := r.remote.thrift()
		err := r.ask(ctx, level, w)
		if refused := new(refusedError); level < whole && errors.As(err, &refused) && r.mayBePolicy(refused, w) {
			r.remote.lower(level + 1)
			why = refused
			continue
		} else if errors.As(err, &refused) {
			return r.remote.explain("fetch from", err)
		}
		if err != nil {
			return err
		}
		if why != nil { // not before: two forms may have been refused
			r.noticeFallback(level, why)
		}
		return r.arrived(level, w)
	}
}

// mayBePolicy says whether a refusal can mean that the remote does not serve requests of this form, rather than that the object is gone.
func (r *Repository) mayBePolicy(refused *refusedError, w wants) bool {
	return refused.object == ZeroHash || (!r.remote.servesHashes() && !slices.Contains(w.commits, refused.object))
}

func (r *Repository) noticeFallback(level thrift, why error) {
	if r.IsLocal() || (level == whole && r.complete) || !r.remote.announce(level) {
		return // nothing goes over a network, or only what is new to the clone does, or it has been said
	}
	how := "the newest commit is fetched whole"
	if level == blobless {
		how = "all trees of a commit are fetched"
	}
	r.notice("%s does not serve single objects (%v): %s, which takes longer in large repositories; "+
		"uploadpack.allowFilter and uploadpack.allowReachableSHA1InWant on the server avoid it", r.remote.display, why, how)
}

// arrived checks that the remote sent what it was asked for. That it does not have an object is for it to say, unless it gave all it has.
func (r *Repository) arrived(level thrift, w wants) error {
	lacking := r.objects.lacking(w.all())
	switch {
	case len(lacking) == 0:
		return nil
	case level < whole:
		return r.remote.explain("fetch from", fmt.Errorf("it did not send %s, which it was asked for", lacking[0]))
	default:
		return r.remote.explain("fetch from", fmt.Errorf("it did not send %s: %w", lacking[0], plumbing.ErrObjectNotFound))
	}
}

// ask sends the requests for some objects, as the remote's thrift allows.
func (r *Repository) ask(ctx context.Context, level thrift, w wants) error {
	switch level {
	case exact:
		return r.askExactly(ctx, w)
	case blobless:
		if err := r.request(ctx, request{wants: slices.Concat(w.commits, w.trees, w.blobs), depth: max(w.depth, 1), filter: packp.FilterBlobNone()}); err != nil {
			return err
		}
		return r.request(ctx, request{wants: w.closures})
	default:
		return r.askWhole(ctx, w)
	}
}

// askExactly brings the named objects and no other. "tree:0" lets no tree through but those asked for by hash, and blobs likewise.
func (r *Repository) askExactly(ctx context.Context, w wants) error {
	single := request{wants: slices.Concat(w.commits, w.trees), depth: w.depth, filter: packp.FilterTreeDepth(0), keep: true}
	below := request{wants: w.closures, keep: true}
	if len(w.commits) > 0 {
		single.depth = max(w.depth, 1)
	}
	if len(single.wants) == 0 && len(w.closures) > 0 { // blobs by hash pass any filter, and none: they go where a request goes anyway
		below.wants = append(below.wants, w.blobs...)
	} else {
		single.wants = append(single.wants, w.blobs...)
	}
	if err := r.request(ctx, single); err != nil {
		return err
	}
	if err := r.request(ctx, below); err != nil {
		return err
	}
	if len(w.trees)+len(w.blobs)+len(w.closures) > 0 {
		r.remote.served()
	}
	return nil
}

// askWhole brings objects of a remote which gives out only what its references point to. They may move between looking and asking.
func (r *Repository) askWhole(ctx context.Context, w wants) error {
	for attempt := 1; ; attempt++ {
		err := r.askTips(ctx, w)
		if refused := new(refusedError); attempt == readAttempts || !errors.As(err, &refused) {
			return err
		}
		if err := r.remote.refresh(ctx); err != nil {
			return err
		}
	}
}

// askTips brings first the wanted commits with all their content, then, where that is not enough, everything there is.
func (r *Repository) askTips(ctx context.Context, w wants) error {
	tips := r.remote.tips()
	if w.depth > recent && r.remote.offers(capability.Filter) { // history alone is cheap
		err := r.request(ctx, request{wants: tips, filter: packp.FilterTreeDepth(0)})
		if refused := new(refusedError); !errors.As(err, &refused) && (err != nil || len(r.objects.lacking(w.all())) == 0) {
			return err
		}
	}
	if w.depth <= recent || r.complete {
		err := r.askCommits(ctx, w, tips)
		if refused := new(refusedError); err != nil && !errors.As(err, &refused) {
			return err
		}
		if err == nil && len(r.objects.lacking(w.all())) == 0 {
			return nil
		}
	}
	rest := request{wants: r.remote.branchTips()}
	if r.complete {
		rest.haves = r.haves()
	}
	return r.request(ctx, rest)
}

// askCommits brings commits with all their content: those wanted, or, where what is wanted is content, those that were asked for by name.
func (r *Repository) askCommits(ctx context.Context, w wants, tips []Hash) error {
	commits := w.commits
	if len(commits) == 0 {
		commits = r.remote.asked()
	}
	q := request{depth: max(w.depth, 1)}
	for _, h := range commits {
		if slices.Contains(tips, h) || r.remote.stateless() || r.remote.servesHashes() {
			q.wants = append(q.wants, h)
		}
	}
	if r.complete {
		q.depth, q.haves = 0, r.haves()
	}
	return r.request(ctx, q)
}

// request is one round trip.
type request struct {
	wants, haves []Hash
	depth        int // 0 is all of history
	filter       packp.Filter
	keep         bool // the objects go into the cache
}

// refusedError is a remote's refusal of a form of request, or of one object.
type refusedError struct {
	object Hash // the one it does not give out, where it names one
	said   string
}

func (e *refusedError) Error() string { return e.said }

const notOurRef = "not our ref "

// answered is how go-git begins an error that quotes the answer of a remote: other errors may quote its address.
const answered = "error decoding upload-pack response: "

func refusal(err error) error {
	_, said, found := strings.Cut(err.Error(), answered)
	if !found {
		return nil
	}
	if _, id, found := strings.Cut(said, notOurRef); found && len(id) >= 40 {
		return &refusedError{object: plumbing.NewHash(id[:40]), said: notOurRef + id[:12]}
	}
	if _, after, found := strings.Cut(said, "filter"); found {
		return &refusedError{said: "filter" + after}
	}
	return nil
}

// maxHaves bounds how many commits of the clone are offered as known; branches beyond it cost bandwidth, not correctness.
const maxHaves = 64

func (r *Repository) haves() []Hash {
	var haves []Hash
	_ = r.objects.locally(func() error {
		refs, err := r.local.References()
		if err != nil {
			return err
		}
		defer refs.Close()
		return refs.ForEach(func(ref *plumbing.Reference) error {
			if len(haves) < maxHaves && ref.Type() == plumbing.HashReference && !slices.Contains(haves, ref.Hash()) {
				if _, err := r.local.CommitObject(ref.Hash()); err == nil {
					haves = append(haves, ref.Hash())
				}
			}
			return nil
		})
	})
	return haves
}
