package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/storage/memory"
)

// fake is a remote in memory, for tests that need thousands of requests in a known order.
type fake struct {
	mu      sync.Mutex
	store   *memory.Storage
	refs    map[string]Hash
	offers  []capability.Capability
	damage  func(pack []byte) []byte
	fetched []request                                                          // what was asked for
	push    func(c packp.Command, apply func() error) (status string, e error) // stands in for applying; nil applies
}

func newFake() *fake {
	return &fake{store: memory.NewStorage(), refs: map[string]Hash{},
		offers: []capability.Capability{capability.Filter, capability.AllowReachableSHA1InWant, capability.ReportStatus, capability.OFSDelta}}
}

// open opens the remote without a clone.
func (f *fake) open(t testing.TB, change ...func(*Options)) *Repository {
	t.Helper()
	o := Options{
		URL: "ssh://git@fake/r.git", Committer: Identity{Name: "robot", Email: "robot@example.com"},
		Now:   func() time.Time { return time.Unix(1_800_000_000, 0) },
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	for _, c := range change {
		c(&o)
	}
	r, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	r.remote.client = f
	return r
}

// requests returns what was asked for since the last call.
func (f *fake) requests() []request {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := f.fetched
	f.fetched = nil
	return all
}

// put stores an object, malformed or not.
func (f *fake) put(t plumbing.ObjectType, content []byte) Hash {
	f.mu.Lock()
	defer f.mu.Unlock()
	obj := &plumbing.MemoryObject{}
	obj.SetType(t)
	_, _ = obj.Write(content)
	h, _ := f.store.SetEncodedObject(obj)
	return h
}

func (f *fake) blob(content string) Hash { return f.put(plumbing.BlobObject, []byte(content)) }

// item is an entry of a tree.
type item struct {
	mode, name string
	hash       Hash
}

func (f *fake) tree(items ...item) Hash {
	var content []byte
	for _, i := range items {
		content = append(fmt.Appendf(content, "%s %s\x00", i.mode, i.name), i.hash[:]...)
	}
	return f.put(plumbing.TreeObject, content)
}

func (f *fake) commit(tree Hash, unix int64, message string, parents ...Hash) Hash {
	content := fmt.Appendf(nil, "tree %s\n", tree)
	for _, p := range parents {
		content = fmt.Appendf(content, "parent %s\n", p)
	}
	return f.put(plumbing.CommitObject, fmt.Appendf(content, "author a <a@b> %d +0000\ncommitter a <a@b> %d +0000\n\n%s\n", unix, unix, message))
}

// NewUploadPackSession implements transport.Transport.
func (f *fake) NewUploadPackSession(*transport.Endpoint, transport.AuthMethod) (transport.UploadPackSession, error) {
	return &fakeSession{f}, nil
}

// NewReceivePackSession implements transport.Transport.
func (f *fake) NewReceivePackSession(*transport.Endpoint, transport.AuthMethod) (transport.ReceivePackSession, error) {
	return &fakeSession{f}, nil
}

type fakeSession struct{ *fake }

func (s *fakeSession) Close() error { return nil }

func (s *fakeSession) AdvertisedReferences() (*packp.AdvRefs, error) {
	return s.AdvertisedReferencesContext(context.Background())
}

func (s *fakeSession) AdvertisedReferencesContext(context.Context) (*packp.AdvRefs, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := packp.NewAdvRefs()
	maps.Copy(a.References, s.refs)
	for _, c := range s.offers {
		if err := a.Capabilities.Set(c); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (s *fakeSession) UploadPack(_ context.Context, req *packp.UploadPackRequest) (*packp.UploadPackResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	depth, _ := req.Depth.(packp.DepthCommits)
	s.fetched = append(s.fetched, request{wants: req.Wants, haves: req.Haves, depth: int(depth), filter: req.Filter})
	p := picking{fake: s.fake, filter: req.Filter, known: map[Hash]bool{}, picked: map[Hash]int{}}
	for _, h := range req.Haves {
		p.history(h)
	}
	for _, h := range req.Wants {
		if err := p.want(h, int(depth)); err != nil {
			return nil, err
		}
	}
	var pack bytes.Buffer
	if _, err := packfile.NewEncoder(&pack, s.store, false).Encode(slices.Collect(maps.Keys(p.picked)), 0); err != nil {
		return nil, err
	}
	if s.damage != nil {
		pack = *bytes.NewBuffer(s.damage(pack.Bytes()))
	}
	if pack.Len() == 0 {
		return nil, transport.ErrEmptyUploadPackRequest // as go-git calls an answer without anything in it
	}
	return packp.NewUploadPackResponseWithPackfile(req, io.NopCloser(&pack)), nil
}

// picking is the choice of what to send, as git makes it.
type picking struct {
	*fake
	filter packp.Filter
	known  map[Hash]bool // commits the client has
	picked map[Hash]int  // to how many generations, for commits
}

func (p *picking) want(h Hash, depth int) error {
	obj, err := p.store.EncodedObject(plumbing.AnyObject, h)
	switch {
	case err != nil:
		return fmt.Errorf("%supload-pack: %s%s", answered, notOurRef, h)
	case obj.Type() == plumbing.CommitObject:
		if depth == 0 {
			depth = 1 << 30
		}
		p.commits(h, depth)
	case obj.Type() == plumbing.TreeObject:
		p.picked[h] = 0
		if p.filter != packp.FilterTreeDepth(0) {
			p.below(h)
		}
	default:
		p.picked[h] = 0
	}
	return nil
}

func (p *picking) commits(h Hash, depth int) {
	if p.known[h] || p.picked[h] >= depth {
		return
	}
	p.picked[h] = depth
	c, err := object.GetCommit(p.store, h)
	if err != nil {
		return
	}
	if p.filter != packp.FilterTreeDepth(0) {
		p.picked[c.TreeHash] = 0
		p.below(c.TreeHash)
	}
	for _, parent := range c.ParentHashes {
		if depth > 1 {
			p.commits(parent, depth-1)
		}
	}
}

func (p *picking) below(h Hash) {
	tree, err := object.GetTree(p.store, h)
	if err != nil {
		return
	}
	for _, e := range tree.Entries {
		_, seen := p.picked[e.Hash]
		_, err := p.store.EncodedObject(plumbing.AnyObject, e.Hash)
		if seen || err != nil || (e.Mode != filemode.Dir && p.filter == packp.FilterBlobNone()) {
			continue
		}
		p.picked[e.Hash] = 0
		if e.Mode == filemode.Dir {
			p.below(e.Hash)
		}
	}
}

func (p *picking) history(h Hash) {
	if c, err := object.GetCommit(p.store, h); err == nil && !p.known[h] {
		p.known[h] = true
		for _, parent := range c.ParentHashes {
			p.history(parent)
		}
	}
}

func (s *fakeSession) ReceivePack(_ context.Context, req *packp.ReferenceUpdateRequest) (*packp.ReportStatus, error) {
	if req.Packfile != nil {
		s.mu.Lock()
		err := packfile.UpdateObjectStorage(s.store, req.Packfile)
		s.mu.Unlock()
		if err != nil && !errors.Is(err, packfile.ErrEmptyPackfile) {
			return nil, err
		}
	}
	report := packp.NewReportStatus()
	report.UnpackStatus = "ok"
	for _, c := range req.Commands {
		status := "ok"
		apply := func() error { return s.move(*c) }
		err := error(nil)
		if s.push != nil {
			status, err = s.push(*c, apply)
		} else if apply() != nil {
			status = "fetch first"
		}
		if err != nil {
			return nil, err
		}
		report.CommandStatuses = append(report.CommandStatuses, &packp.CommandStatus{ReferenceName: c.Name, Status: status})
	}
	return report, report.Error()
}

var errMoved = errors.New("it has moved")

func (f *fake) move(c packp.Command) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refs[c.Name.String()] != c.Old {
		return errMoved
	}
	f.refs[c.Name.String()] = c.New
	if c.New == ZeroHash {
		delete(f.refs, c.Name.String())
	}
	return nil
}

// TestFake has the fake serve an ordinary update.
func TestFake(t *testing.T) {
	t.Parallel()
	f := newFake()
	file := func(content string) func(context.Context, *Commit) (*Change, error) {
		return func(context.Context, *Commit) (*Change, error) {
			return &Change{Edit: Edit{"dir/file": {File: []byte(content)}}, Message: "write " + content}, nil
		}
	}
	for _, content := range []string{"1", "2"} {
		c, err := f.open(t).Update(t.Context(), "main", file(content))
		if err != nil {
			t.Fatal(err)
		}
		tip, err := f.open(t).Tip(t.Context(), "main")
		if err != nil || tip.Hash != c.Hash || len(tip.Parents) != map[string]int{"1": 0, "2": 1}[content] {
			t.Fatalf("the branch is at %v, %v, want %v", tip, err, c)
		}
		got, err := f.open(t).Tree(tip.TreeHash).ReadFile("dir/file")
		if err != nil || string(got) != content {
			t.Errorf("the file is %q, %v", got, err)
		}
	}
}
