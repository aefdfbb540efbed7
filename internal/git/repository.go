package git

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
)

// Hash is a SHA-1 object id.
type Hash = plumbing.Hash

// ZeroHash stands for "no object": as an old value of a reference it means "must not exist".
var ZeroHash = plumbing.ZeroHash

// Identity is an author or committer.
type Identity struct {
	Name, Email string
}

// Repository is a remote and, where there is one, a local clone of it. Objects are read from memory, the clone and the cache, in this
// order, and asked of the remote only where none of them has one. Safe for use from several goroutines.
type Repository struct {
	ctx      context.Context // of reads through fs.FS, whose methods take none
	local    *gogit.Repository
	objects  *objects
	remote   *remote
	complete bool // the clone has the whole history and content of its commits
	author   Identity
	identity Identity
	now      func() time.Time
	sleep    func(ctx context.Context, d time.Duration) error
	budget   time.Duration
	notice   func(format string, args ...any)

	treesMu sync.Mutex
	trees   map[Hash]*tree
	strides int // how many generations of history were fetched at last
	windows int // how many commits were looked at in one go at last
}

// object returns an object of a type from wherever it is to be had.
func (r *Repository) object(t plumbing.ObjectType, h Hash) (plumbing.EncodedObject, error) {
	obj, err := r.objects.EncodedObject(t, h)
	if err == nil || !errors.Is(err, plumbing.ErrObjectNotFound) {
		return obj, err
	}
	var w wants
	switch t {
	case plumbing.CommitObject:
		w = wants{commits: []Hash{h}}
	case plumbing.TreeObject:
		w = wants{trees: []Hash{h}}
	default:
		w = wants{blobs: []Hash{h}}
	}
	if err := r.load(r.ctx, w); err != nil {
		return nil, err
	}
	return r.objects.EncodedObject(t, h)
}

func (r *Repository) blob(h Hash) ([]byte, error) {
	obj, err := r.object(plumbing.BlobObject, h)
	if err != nil {
		return nil, fmt.Errorf("blob %s: %w", h, err)
	}
	reader, err := obj.Reader()
	if err != nil {
		return nil, fmt.Errorf("blob %s: %w", h, err)
	}
	defer reader.Close()
	return io.ReadAll(reader)
}

// RemoteURL returns the address of the remote without credentials.
func (r *Repository) RemoteURL() string { return r.remote.display }

// IsLocal says whether the remote is a folder of this machine.
func (r *Repository) IsLocal() bool { return r.remote.endpoint.Protocol == "file" }

// Complete says whether the clone has all of the history and the content of its commits.
func (r *Repository) Complete() bool { return r.local != nil && r.complete }

// Root returns the folder of the working tree, or "" where there is none.
func (r *Repository) Root() string {
	if r.local == nil {
		return ""
	}
	w, err := r.local.Worktree()
	if err != nil {
		return ""
	}
	return w.Filesystem.Root()
}

// Identity returns who the commits made here are committed by.
func (r *Repository) Identity() Identity { return r.identity }

// NewHash parses a full hexadecimal object id.
func NewHash(id string) Hash { return plumbing.NewHash(id) }

// UserName returns the name that the clone's configuration gives its user, or that of the commits made here.
func (r *Repository) UserName() string {
	if r.local != nil {
		if cfg, err := r.local.ConfigScoped(config.GlobalScope); err == nil && cfg.User.Name != "" {
			return cfg.User.Name
		}
	}
	return r.identity.Name
}

// ModulePath returns the Go module path of the remote: its host and path, or the given name where it is a folder.
func (r *Repository) ModulePath(fallback string) string {
	e := r.remote.endpoint
	if e.Host == "" || e.Protocol == "file" {
		return fallback
	}
	return e.Host + "/" + strings.TrimSuffix(strings.Trim(e.Path, "/"), ".git")
}

func short(h Hash) string {
	if h == ZeroHash {
		return "nothing"
	}
	return h.String()[:12]
}
