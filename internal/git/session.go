package git

import (
	"context"
	"errors"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/transport"
)

// thrift is how little a remote lets us ask for.
type thrift int

const (
	exact    thrift = iota // single commits, trees and blobs, by hash
	blobless               // commits with all their trees, and blobs by hash
	whole                  // commits with all that is in them
)

// known is what a remote said about itself the last time it was asked.
type known struct {
	mu         sync.Mutex
	advertised *packp.AdvRefs
	reading    transport.UploadPackSession // over HTTP one session serves many requests
	level      thrift
	hashes     bool   // it has served objects by hash
	announced  thrift // how far a person knows of the level
	wanted     []Hash // commits asked for by name
}

// connect asks the remote for its references and capabilities, unless it has done so before.
func (m *remote) connect(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.advertised != nil {
		return nil
	}
	return m.advertise(ctx)
}

// refresh asks the remote for its references anew.
func (m *remote) refresh(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.advertise(ctx)
}

func (m *remote) advertise(ctx context.Context) error {
	session, err := dial(ctx, m, m.client.NewUploadPackSession)
	if err != nil {
		return m.explain("connect to", err)
	}
	ctx, watch := watched(ctx, m.stall)
	defer watch.stop()
	advertised, err := session.AdvertisedReferencesContext(ctx)
	if errors.Is(err, transport.ErrEmptyRemoteRepository) {
		advertised, err = packp.NewAdvRefs(), nil
	}
	if err != nil {
		_ = session.Close()
		return m.explain("list the branches of", foreign(watch.explain(err)))
	}
	if m.advertised == nil || m.advertised.IsEmpty() { // what is empty says nothing of what it can do
		m.level = m.firstLevel(advertised.Capabilities)
	}
	m.advertised = advertised
	if m.stateless() {
		m.reading = session
		return nil
	}
	_ = session.Close() // what was asked for is here
	return nil
}

// dial opens a session. go-git waits for an SSH server for ever, so it is left to itself where that takes too long.
func dial[S io.Closer](ctx context.Context, m *remote, open func(*transport.Endpoint, transport.AuthMethod) (S, error)) (S, error) {
	type result struct {
		session S
		err     error
	}
	ctx, watch := watched(ctx, m.stall)
	defer watch.stop()
	opened := make(chan result)
	go func() {
		session, err := open(m.address(), m.auth)
		select {
		case opened <- result{session, err}:
		case <-ctx.Done():
			if err == nil {
				_ = session.Close()
			}
		}
	}()
	select {
	case r := <-opened:
		return r.session, r.err
	case <-ctx.Done():
		var none S
		return none, context.Cause(ctx)
	}
}

var objectFormat = regexp.MustCompile(`object-format=([a-z0-9]+)`)

// foreign explains why a list of references could not be read: go-git knows object ids of one length.
func foreign(err error) error {
	if format := objectFormat.FindStringSubmatch(err.Error()); format != nil && format[1] != "sha1" {
		return errors.New("its object format is " + format[1] + ", of which only sha1 is supported")
	}
	return err
}

// firstLevel returns what is worth trying. Over HTTP git serves by hash what is reachable, whether it says so or not.
func (m *remote) firstLevel(offers *capability.List) thrift {
	if offers.Supports(capability.Filter) && (offers.Supports(capability.AllowReachableSHA1InWant) || m.stateless()) {
		return exact
	}
	return whole
}

func (m *remote) stateless() bool { return strings.HasPrefix(m.endpoint.Protocol, "http") }

// session returns a session for one request, and what ends it.
func (m *remote) session(ctx context.Context) (transport.UploadPackSession, func(), error) {
	if err := m.connect(ctx); err != nil {
		return nil, nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.reading != nil {
		return m.reading, func() {}, nil
	}
	session, err := dial(ctx, m, m.client.NewUploadPackSession)
	if err != nil {
		return nil, nil, m.explain("connect to", err)
	}
	return session, func() { _ = session.Close() }, nil
}

func (m *remote) thrift() thrift {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.level
}

func (m *remote) lower(level thrift) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.level = max(m.level, level)
}

// announce says whether nobody has been told yet that the remote is read at a level.
func (m *remote) announce(level thrift) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	news := level > m.announced
	m.announced = max(m.announced, level)
	return news
}

func (m *remote) capabilities() *capability.List {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.advertised.Capabilities
}

func (m *remote) offers(c capability.Capability) bool { return m.capabilities().Supports(c) }

// servesHashes says whether the remote is known to give out what its references lead to, not only what they name.
func (m *remote) servesHashes() bool {
	if m.offers(capability.AllowReachableSHA1InWant) {
		return true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.hashes
}

// served notes that objects came by hash.
func (m *remote) served() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hashes = true
}

// references returns a copy of what the remote's references pointed to when it was last asked.
func (m *remote) references() map[string]Hash {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.advertised.References)
}

// last returns where a reference was when the remote was last asked, or ZeroHash.
func (m *remote) last(ref string) Hash {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.advertised == nil {
		return ZeroHash
	}
	return m.advertised.References[ref]
}

// moved notes where a push has left a reference.
func (m *remote) moved(ref string, to Hash) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.advertised == nil {
		return
	}
	if to == ZeroHash {
		delete(m.advertised.References, ref)
	} else {
		m.advertised.References[ref] = to
	}
}

// want notes a commit that was asked for by name, and is fetched first where single objects are not served.
func (m *remote) want(h Hash) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !slices.Contains(m.wanted, h) {
		m.wanted = append(m.wanted, h)
	}
}

func (m *remote) asked() []Hash {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.wanted)
}

func (m *remote) tips() []Hash { return slices.Collect(maps.Values(m.references())) }

func (m *remote) branchTips() []Hash { return branchTips(m.references()) }

func branchTips(refs map[string]Hash) []Hash {
	var tips []Hash
	for name, hash := range refs {
		if strings.HasPrefix(name, BranchRef("")) {
			tips = append(tips, hash)
		}
	}
	return tips
}

// BranchRef returns the full reference name of a branch.
func BranchRef(name string) string { return "refs/heads/" + name }
