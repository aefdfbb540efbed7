package git

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/transport"
)

// Hash is a SHA-1 object id.
type Hash = plumbing.Hash

// ZeroHash stands for "no object": as an old value of a reference it means "must not exist".
var ZeroHash = plumbing.ZeroHash

// Identity is an author or committer.
type Identity struct {
	Name, Email string
}

// Options say which repository to open and how to reach its remote.
type Options struct {
	Dir      string // a folder in the clone
	Remote   string // name of a remote, a URL or a path; empty: origin where it exists, else the clone itself
	Token    string // for https remotes
	Identity Identity
	Now      func() time.Time                                 // nil is the clock
	Sleep    func(ctx context.Context, d time.Duration) error // waits between retries; nil waits for real
}

// Repository is a local clone and its remote.
type Repository struct {
	local    *gogit.Repository
	objects  *objects
	complete bool // the clone has the whole history and content of its commits
	partial  bool // the clone may lack the content of its commits
	remote   remote
	identity Identity
	now      func() time.Time
	sleep    func(ctx context.Context, d time.Duration) error

	treesMu sync.Mutex
	trees   map[Hash]*object.Tree
}

// Open opens the repository that holds a folder.
func Open(o Options) (*Repository, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", o.Dir, err)
	}
	root, ok := discover(dir)
	if !ok {
		return nil, fmt.Errorf("%s is not in a Git repository; run inside a clone, or point -C at one", dir)
	}
	local, err := gogit.PlainOpenWithOptions(root, &gogit.PlainOpenOptions{EnableDotGitCommonDir: true})
	if err != nil {
		return nil, fmt.Errorf("open Git repository at %s: %w", root, err)
	}
	r := &Repository{
		local: local, objects: newObjects(local.Storer), trees: map[Hash]*object.Tree{},
		identity: o.Identity, now: o.Now, sleep: o.Sleep,
	}
	if r.sleep == nil {
		r.sleep = wait
	}
	if r.now == nil {
		r.now = time.Now
	}
	if err := r.inspect(); err != nil {
		return nil, err
	}
	url, err := remoteURL(local, o.Remote, root, dir)
	if err != nil {
		return nil, err
	}
	if r.remote, err = newRemote(url, o.Token); err != nil {
		return nil, err
	}
	return r, nil
}

// discover returns the working tree or bare repository which a folder is in, as git finds it.
func discover(dir string) (root string, ok bool) {
	has := func(name string) bool {
		_, err := os.Stat(filepath.Join(dir, name))
		return err == nil
	}
	for !has(".git") && (!has("HEAD") || !has("objects") || !has("refs")) {
		if dir == filepath.Dir(dir) {
			return "", false
		}
		dir = filepath.Dir(dir)
	}
	return dir, true
}

// RemoteURL returns the address of the remote without credentials.
func (r *Repository) RemoteURL() string { return r.remote.display }

// Root returns the folder of the working tree, or "" for a bare repository.
func (r *Repository) Root() string {
	w, err := r.local.Worktree()
	if err != nil {
		return ""
	}
	return w.Filesystem.Root()
}

// inspect finds out what can be taken for granted behind a commit of the clone: not all history in shallow, not all content in
// partial clones.
func (r *Repository) inspect() error {
	shallow, err := r.local.Storer.Shallow()
	if err != nil {
		return fmt.Errorf("read shallow commits: %w", err)
	}
	cfg, err := r.local.Config()
	if err != nil {
		return fmt.Errorf("read Git configuration: %w", err)
	}
	for _, section := range cfg.Raw.Section("remote").Subsections {
		if section.HasOption("promisor") || section.HasOption("partialclonefilter") {
			r.partial = true
		}
	}
	r.complete = len(shallow) == 0 && !r.partial
	return nil
}

// missing adds what a person can do where an object is not in a partial clone.
func (r *Repository) missing(err error) error {
	if r.partial && errors.Is(err, plumbing.ErrObjectNotFound) {
		return fmt.Errorf("%w: the clone is partial (clone without --filter to have everything)", err)
	}
	return err
}

func remoteURL(local *gogit.Repository, remote, root, dir string) (string, error) {
	cfg, err := local.Config()
	if err != nil {
		return "", fmt.Errorf("read Git configuration: %w", err)
	}
	name := cmp.Or(remote, "origin")
	if c, ok := cfg.Remotes[name]; ok && len(c.URLs) > 0 {
		return relativeTo(root, c.URLs[0]), nil
	}
	switch {
	case remote == "":
		return root, nil
	case strings.ContainsAny(remote, "/:\\."):
		return relativeTo(dir, remote), nil
	default:
		return "", fmt.Errorf("remote %q is neither a configured remote nor a URL or path", remote)
	}
}

// relativeTo resolves the relative path of a remote as git does: of a configured one against the clone, of one that was typed
// against the folder it was typed in.
func relativeTo(dir, address string) string {
	e, err := transport.NewEndpoint(address)
	if err != nil || e.Protocol != "file" || strings.Contains(address, "://") || filepath.IsAbs(address) {
		return address
	}
	return filepath.Join(dir, address)
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

// backoff returns the wait before the given retry (1, 2, …): from 100 ms by a factor of 1.5 up to 10 s, half of it random, so that
// the deployers that lost a race do not meet again.
func backoff(attempt int) time.Duration {
	d := 100 * time.Millisecond
	for range attempt - 1 {
		if d = d * 3 / 2; d > 10*time.Second {
			d = 10 * time.Second
			break
		}
	}
	return d/2 + rand.N(d)
}

// Identity returns who the commits made here are by.
func (r *Repository) Identity() Identity { return r.identity }

// NewHash parses a full hexadecimal object id.
func NewHash(id string) Hash { return plumbing.NewHash(id) }

// UserName returns the name that the clone's configuration gives its user, or that of the commits made here.
func (r *Repository) UserName() string {
	if cfg, err := r.local.ConfigScoped(config.GlobalScope); err == nil && cfg.User.Name != "" {
		return cfg.User.Name
	}
	return r.identity.Name
}

// ModulePath returns the Go module path of the clone: host and path of its remote, or the given name where the remote is a folder.
func (r *Repository) ModulePath(fallback string) string {
	e := r.remote.endpoint
	if e.Host == "" || e.Protocol == "file" {
		return fallback
	}
	return e.Host + "/" + strings.TrimSuffix(strings.Trim(e.Path, "/"), ".git")
}
