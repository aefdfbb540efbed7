package git

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/storage/memory"
)

// Fetch makes commits with their whole history and content readable. What a complete clone already has is not asked for again.
func (r *Repository) Fetch(ctx context.Context, commits ...Hash) error {
	if len(r.lacking(commits)) == 0 {
		return nil
	}
	_, err := r.fetch(ctx, func(map[string]Hash) []Hash { return commits })
	return err
}

// fetch makes those commits readable which are picked from the remote's references, and returns the references. It does both in one
// session: in a second one, a branch that moved in between could no longer be asked for by its old value.
func (r *Repository) fetch(ctx context.Context, pick func(refs map[string]Hash) []Hash) (map[string]Hash, error) {
	session, advertised, err := r.advertise(ctx)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	commits := r.lacking(pick(advertised.References))
	if len(commits) == 0 {
		return advertised.References, nil
	}
	request := packp.NewUploadPackRequestFromCapabilities(advertised.Capabilities)
	if request.Wants = r.wants(advertised, commits); r.complete {
		request.Haves = r.haves()
	}
	response, err := session.UploadPack(ctx, request)
	if err == nil {
		err = r.receive(request.Capabilities, response)
	}
	if err != nil && !errors.Is(err, transport.ErrEmptyUploadPackRequest) {
		return nil, r.remote.explain("fetch from", err)
	}
	for _, c := range commits {
		if err := r.objects.HasEncodedObject(c); err != nil {
			return nil, r.remote.explain("fetch from", fmt.Errorf("it did not send commit %s", c))
		}
	}
	return advertised.References, nil
}

// wants returns what to ask the remote for to get commits. One that is no reference's value any more is asked for by way of the
// branches, since not every remote gives out others.
func (r *Repository) wants(advertised *packp.AdvRefs, commits []Hash) []Hash {
	tips := slices.Collect(maps.Values(advertised.References))
	allowed := advertised.Capabilities.Supports(capability.AllowReachableSHA1InWant)
	for _, c := range commits {
		if !allowed && !slices.Contains(tips, c) {
			return r.lacking(branchTips(advertised.References))
		}
	}
	return commits
}

// lacking returns those commits, each once, which are not here with all that is behind them.
func (r *Repository) lacking(commits []Hash) []Hash {
	var lacking []Hash
	for _, c := range commits {
		if c != ZeroHash && !slices.Contains(lacking, c) && !r.has(c) {
			lacking = append(lacking, c)
		}
	}
	return lacking
}

// receive keeps the objects of a pack, all or none.
func (r *Repository) receive(agreed *capability.List, response io.ReadCloser) error {
	defer response.Close()
	pack := memory.NewStorage()
	if err := packfile.UpdateObjectStorage(pack, demultiplex(agreed, response)); err != nil {
		return fmt.Errorf("the pack of objects is broken: %w", err)
	}
	r.objects.absorb(pack)
	return nil
}

// has says whether a commit is here with all that is behind it: fetched whole, or in a complete clone.
func (r *Repository) has(commit Hash) bool {
	if r.complete {
		return r.objects.HasEncodedObject(commit) == nil
	}
	return r.objects.locally(func() error { return r.objects.memory.HasEncodedObject(commit) }) == nil
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

// demultiplex takes the pack out of the side band, where one was agreed on.
func demultiplex(agreed *capability.List, response io.Reader) io.Reader {
	switch {
	case agreed.Supports(capability.Sideband64k):
		return sideband.NewDemuxer(sideband.Sideband64k, response)
	case agreed.Supports(capability.Sideband):
		return sideband.NewDemuxer(sideband.Sideband, response)
	default:
		return response
	}
}

// ErrGone says that a commit is neither here nor on any branch of the remote.
var ErrGone = errors.New("force-pushed away or never pushed: on no branch")

// FetchCommit makes a commit readable that may only be known by its id. A commit that no branch of the remote has any more is an error.
func (r *Repository) FetchCommit(ctx context.Context, id string) (Hash, error) {
	hash := plumbing.NewHash(id)
	if hash.String() != id {
		return ZeroHash, fmt.Errorf("%q is not a full commit id", id)
	}
	if !r.partial && r.objects.HasEncodedObject(hash) == nil {
		return hash, nil
	}
	if err := r.FetchBranches(ctx); err != nil {
		return ZeroHash, err
	}
	if r.objects.HasEncodedObject(hash) != nil {
		return ZeroHash, fmt.Errorf("commit %s: %w of %s", id, ErrGone, r.remote.display)
	}
	return hash, nil
}

// FetchBranches makes all branches of the remote readable.
func (r *Repository) FetchBranches(ctx context.Context) error {
	_, err := r.fetch(ctx, branchTips)
	return err
}

func branchTips(refs map[string]Hash) []Hash {
	var tips []Hash
	for name, hash := range refs {
		if strings.HasPrefix(name, BranchRef("")) {
			tips = append(tips, hash)
		}
	}
	return tips
}
