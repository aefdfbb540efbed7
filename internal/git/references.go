package git

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
)

// References asks the remote for its branches and other references by full name. A remote without any is empty, not an error.
func (r *Repository) References(ctx context.Context) (map[string]Hash, error) {
	if err := r.remote.refresh(ctx); err != nil {
		return nil, err
	}
	return r.remote.references(), nil
}

// Branch returns the commit a remote branch points to, or ZeroHash where the remote has no such branch.
func (r *Repository) Branch(ctx context.Context, name string) (Hash, error) {
	refs, err := r.References(ctx)
	return refs[BranchRef(name)], err
}

// Tip asks the remote for the newest commit of a branch and returns it, or nil where the remote has no such branch.
func (r *Repository) Tip(ctx context.Context, branch string) (*Commit, error) {
	before := r.remote.last(BranchRef(branch))
	if err := r.remote.refresh(ctx); err != nil {
		return nil, err
	}
	if after := r.remote.last(BranchRef(branch)); before != ZeroHash && after != ZeroHash {
		if err := r.catchUp(ctx, before, after); err != nil {
			return nil, err
		}
	}
	return r.LastTip(ctx, branch)
}

// catchUp fetches what a branch got since it was last seen, but for the content of files: one round trip, where asking level by level would
// make one for each. Who lost a race for the branch does this before the next try.
func (r *Repository) catchUp(ctx context.Context, before, after Hash) error {
	if r.remote.thrift() != exact || len(r.objects.lacking([]Hash{before})) > 0 || len(r.objects.lacking([]Hash{after})) == 0 {
		return nil
	}
	err := r.request(ctx, request{wants: []Hash{after}, haves: []Hash{before}, filter: packp.FilterBlobNone(), keep: true})
	if refused := new(refusedError); errors.As(err, &refused) {
		return nil // level by level, then
	}
	return err
}

// LastTip returns the tip of a branch as the remote last told it, which saves a round trip where a push will find out if it is stale.
func (r *Repository) LastTip(ctx context.Context, branch string) (*Commit, error) {
	if err := r.remote.connect(ctx); err != nil {
		return nil, err
	}
	hash := r.remote.last(BranchRef(branch))
	if hash == ZeroHash {
		return nil, nil
	}
	return r.tipCommit(ctx, hash)
}

// recent is how many commits come with a tip: most questions about history end there.
const recent = 8

func (r *Repository) tipCommit(ctx context.Context, hash Hash) (*Commit, error) {
	r.remote.want(hash)
	if err := r.load(ctx, wants{commits: []Hash{hash}, depth: recent}); err != nil {
		return nil, err
	}
	return r.Commit(hash)
}

// Resolve returns the commit that a revision names: a branch, a tag, a full hash, HEAD~1 and the like. A clone is asked where there is one,
// and knows short hashes too; else the remote.
func (r *Repository) Resolve(ctx context.Context, revision string) (*Commit, error) {
	if r.local != nil {
		return r.resolveLocally(revision)
	}
	name, steps, err := parseRevision(revision)
	if err != nil {
		return nil, err
	}
	if err := r.remote.connect(ctx); err != nil {
		return nil, err
	}
	hash := r.named(name)
	if hash == ZeroHash {
		return nil, fmt.Errorf("revision %q names no branch, no tag and no full commit id of %s", name, r.remote.display)
	}
	commit, err := r.tipCommit(ctx, hash)
	for _, parent := range steps {
		if err == nil && parent >= len(commit.Parents) {
			err = errors.New("history does not go that far")
		}
		if err == nil {
			err = r.deepen(ctx, commit)
		}
		if err == nil {
			commit, err = r.Commit(commit.Parents[parent])
		}
		if err != nil {
			return nil, fmt.Errorf("revision %q: %w", revision, err)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("revision %q: %w", revision, err)
	}
	return commit, nil
}

func (r *Repository) resolveLocally(revision string) (*Commit, error) {
	var hash *Hash
	err := r.objects.locally(func() (err error) {
		if strings.Contains(revision, ":") {
			return errors.New("it names a path")
		}
		hash, err = r.local.ResolveRevision(plumbing.Revision(revision))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("revision %q names no commit of this clone: %w", revision, err)
	}
	return r.Commit(*hash)
}

// named returns what a name without ~ and ^ stands for at the remote, in the order of gitrevisions(7), or ZeroHash.
func (r *Repository) named(name string) Hash {
	r.remote.mu.Lock()
	defer r.remote.mu.Unlock()
	advertised := r.remote.advertised
	if name == "HEAD" {
		if advertised.Head == nil {
			return ZeroHash
		}
		return *advertised.Head
	}
	for _, prefix := range []string{"", "refs/", "refs/tags/", "refs/heads/"} {
		if peeled, ok := advertised.Peeled[prefix+name]; ok { // the commit of an annotated tag
			return peeled
		}
		if hash, ok := advertised.References[prefix+name]; ok {
			return hash
		}
	}
	if hash := plumbing.NewHash(name); hash.String() == name {
		return hash
	}
	return ZeroHash
}

var revisionSuffix = regexp.MustCompile(`[~^][0-9]*`)

// maxSteps bounds how far back a revision may name: further ones are a slip of the keyboard.
const maxSteps = 10_000

// parseRevision splits "main~2^2" into the name and the parents to follow from there, each counted from 0.
func parseRevision(revision string) (name string, steps []int, err error) {
	name, suffix := revision, ""
	if i := strings.IndexAny(revision, "~^"); i >= 0 {
		name, suffix = revision[:i], revision[i:]
	}
	if name == "" || strings.ContainsAny(name, ": \\*?[@") || strings.Contains(name, "..") || revisionSuffix.ReplaceAllString(suffix, "") != "" {
		return "", nil, fmt.Errorf("revision %q is none: give a branch, a tag or a full commit id, with ~N or ^N behind it at most", revision)
	}
	for _, part := range revisionSuffix.FindAllString(suffix, -1) {
		n := 1
		if len(part) > 1 {
			if n, err = strconv.Atoi(part[1:]); err != nil || n > maxSteps-len(steps) {
				return "", nil, fmt.Errorf("revision %q goes too far back", revision)
			}
		}
		switch {
		case part[0] == '~':
			steps = append(steps, slices.Repeat([]int{0}, n)...)
		case n > 0: // ^0 is the commit itself
			steps = append(steps, n-1)
		}
	}
	return name, steps, nil
}
