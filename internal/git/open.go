package git

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/storer"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/storage/memory"
)

// Options say which repository to open and how to reach its remote.
type Options struct {
	URL    string // a remote to work on without a clone: https, ssh or file URL, git@HOST:PATH or a folder; Dir and Remote then say nothing
	Dir    string // a folder in the clone
	Remote string // name of a remote of the clone, a URL or a path; empty: origin where it exists, else the clone itself
	Token  string // for https remotes
	// TokenHost is the only host that may see the token; empty: whichever the remote is on.
	TokenHost string
	Cache     string // folder that keeps fetched objects for the next run; empty: none

	Author    Identity // of commits; empty: Committer
	Committer Identity

	Now    func() time.Time                                 // nil is the clock
	Sleep  func(ctx context.Context, d time.Duration) error // waits between retries; nil waits for real
	Budget time.Duration                                    // how long Update tries to win a race; zero is DefaultBudget
	Stall  time.Duration                                    // how long a remote may send nothing; zero is DefaultStall
	Notice func(format string, args ...any)                 // told what a person should know, such as a fallback, each once; nil is nobody
}

// The limits where Options name none.
const (
	DefaultBudget = 5 * time.Minute
	DefaultStall  = 60 * time.Second
)

// ErrNoRepository says that a folder is in no Git repository.
var ErrNoRepository = errors.New("not in a Git repository")

// Open opens a remote, or the clone that holds a folder and its remote. The context ends what reads through Tree fetch.
func Open(ctx context.Context, o Options) (*Repository, error) {
	r := &Repository{
		ctx: ctx, trees: map[Hash]*tree{}, identity: o.Committer, author: o.Author, now: o.Now, sleep: o.Sleep,
		budget: cmp.Or(o.Budget, DefaultBudget), notice: o.Notice,
	}
	if r.author == (Identity{}) {
		r.author = r.identity
	}
	if r.sleep == nil {
		r.sleep = wait
	}
	if r.now == nil {
		r.now = time.Now
	}
	if r.notice == nil {
		r.notice = func(string, ...any) {}
	}
	var local storer.EncodedObjectStorer = memory.NewStorage()
	url := o.URL
	if url == "" {
		var err error
		if url, err = r.openClone(o); err != nil {
			return nil, err
		}
		local = r.local.Storer
	}
	var err error
	if r.remote, err = newRemote(url, o.allowedToken(url), cmp.Or(o.Stall, DefaultStall), r.sleep); err != nil {
		return nil, err
	}
	if r.IsLocal() {
		o.Cache = "" // it is as near as the cache
	}
	r.objects = newObjects(local, openCache(o.Cache, r.notice))
	return r, nil
}

// openClone opens the clone and returns the address of its remote.
func (r *Repository) openClone(o Options) (url string, err error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return "", fmt.Errorf("find %s: %w", o.Dir, err)
	}
	root, ok := discover(dir)
	if !ok {
		return "", fmt.Errorf("%s is %w; run inside a clone, point -C at one, or name a repository with --repository URL", dir, ErrNoRepository)
	}
	if r.local, err = gogit.PlainOpenWithOptions(root, &gogit.PlainOpenOptions{EnableDotGitCommonDir: true}); err != nil {
		return "", fmt.Errorf("open Git repository at %s: %w", root, err)
	}
	if err := r.inspect(); err != nil {
		return "", err
	}
	return remoteURL(r.local, o.Remote, root, dir)
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
	r.complete = len(shallow) == 0
	for _, section := range cfg.Raw.Section("remote").Subsections {
		if section.HasOption("promisor") || section.HasOption("partialclonefilter") {
			r.complete = false
		}
	}
	return nil
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

// allowedToken returns the token where the remote's host may see it: that host, and this machine.
func (o Options) allowedToken(url string) string {
	if e, err := transport.NewEndpoint(url); err == nil && (o.TokenHost == "" || strings.EqualFold(e.Host, o.TokenHost) || isLoopback(e.Host)) {
		return o.Token
	}
	return ""
}
