package git_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/testkit"
)

// server is a remote that offers some things and refuses others.
type server struct {
	name           string
	filter, hashes bool // serves filters; and, other than over HTTP, what is reachable by hash
	refuses        []string
	settings       string
	strip          []string // capabilities that it does not say it has; HTTP only
}

// servers are all combinations of what decides how git is asked.
func servers() (list []server) {
	options := []string{"allowFilter", "allowReachableSHA1InWant", "allowTipSHA1InWant", "allowAnySHA1InWant"}
	for bits := range 1 << len(options) {
		on := func(i int) bool { return bits>>i&1 == 1 }
		s := server{name: fmt.Sprintf("%04b", bits), filter: on(0), hashes: on(1) || on(3)}
		for i, option := range options {
			if option != "allowAnySHA1InWant" || on(i) { // false would undo the others
				s.settings += fmt.Sprintf("[uploadpack]\n%s = %v\n", option, on(i))
			}
		}
		list = append(list, s)
	}
	refusing := func(name, settings string, kinds ...string) server {
		return server{name: name, filter: true, hashes: true, refuses: kinds, settings: settings}
	}
	noTree, noBlob := "[uploadpackfilter \"tree\"]\nallow = false\n", "[uploadpackfilter \"blob:none\"]\nallow = false\n"
	return append(list,
		refusing("no tree filter", noTree, "tree"),
		refusing("tree filter to depth 0", "[uploadpackfilter \"tree\"]\nmaxDepth = 0\n"),
		refusing("no blob filter", noBlob, "blob"),
		refusing("no filter but says so", noTree+noBlob, "tree", "blob"),
		server{name: "old", settings: "[uploadpack]\nallowFilter = false\n", strip: []string{"object-format", "allow-tip-sha1-in-want",
			"allow-reachable-sha1-in-want", "filter", "side-band", "side-band-64k", "ofs-delta", "multi_ack", "multi_ack_detailed", "no-done",
			"include-tag", "deepen-since", "deepen-not", "deepen-relative", "agent", "symref", "no-progress", "thin-pack"}},
	)
}

// notices returns how often it has to be said that a remote is read other than object by object. Over the file transport that is nobody's business,
// and a complete clone fetches what is new to it, which is no more than it would get otherwise.
func (s server) notices(transport, kind string) int {
	whole := !s.filter || len(s.refuses) == 2 || (transport != "http" && !s.hashes)
	blobless := slices.Contains(s.refuses, "tree")
	if transport == "file" || (whole && kind == "complete") || !(whole || blobless) {
		return 0
	}
	return 1
}

// notices takes what a repository has to say.
type notices struct {
	mu  sync.Mutex
	all []string
}

func (n *notices) option(o *git.Options) {
	o.Notice = func(format string, args ...any) {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.all = append(n.all, fmt.Sprintf(format, args...))
	}
}

var exhaustive = flag.Bool("exhaustive", false, "read every kind of remote from every kind of clone, which takes a minute")

// TestCapabilities asks remotes of every kind the same, and compares with git's own answers.
func TestCapabilities(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, s := range servers() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			remote := w.remote.Fork(t, s.settings)
			addresses := map[string]string{"file": remote.Dir, "ssh": remote.SSH(t), "http": remote.HTTP(t, testkit.Without(s.strip...))}
			if s.strip != nil {
				addresses = map[string]string{"http": addresses["http"]}
			}
			written := map[string]string{}
			for transport, address := range addresses {
				for j, kind := range kinds {
					if !*exhaustive && j != (i+i/4+len(transport))%len(kinds) {
						continue
					}
					branch := transport + "-" + kind
					var said notices
					repo := open(t, "", w.at(address, kind), said.option)
					for k := range questions {
						q := questions[k]
						if (i+j)%2 == 1 {
							q = questions[len(questions)-1-k] // what is fetched for one must not be what another lives on
						}
						if err := q.ask(t.Context(), w, repo, kind, branch); err != nil {
							t.Errorf("%s over %s, clone %s: %s: %v", s.name, transport, kind, q.name, err)
						}
					}
					want := s.notices(transport, kind)
					if len(said.all) != want || (want > 0 && !strings.Contains(said.all[0], "does not serve single objects")) {
						t.Errorf("%s over %s, clone %s: %d notices, want %d: %q", s.name, transport, kind, len(said.all), want, said.all)
					}
					written[branch] = branch
				}
			}
			for branch := range written {
				written[branch] = strings.TrimSpace(remote.Git("show", branch+":written/by"))
			}
			for branch, content := range written {
				if content != branch {
					t.Errorf("%s has %q", branch, content)
				}
			}
			if out := remote.Git("fsck", "--strict", "--no-dangling", "--connectivity-only"); out != "" {
				t.Errorf("fsck: %s", out)
			}
		})
	}
}

// questions are what callers want to know, each with git's answer.
var questions = []struct {
	name string
	ask  func(ctx context.Context, w *world, repo *git.Repository, kind, branch string) error
}{
	{"resolve", askResolve}, {"tip", askTip}, {"read", askRead}, {"prefetch", askPrefetch}, {"old commit", askOld},
	{"relations", askRelations}, {"versions", askVersions}, {"last changes", askLastChanges}, {"update", askUpdate},
}

func askResolve(ctx context.Context, w *world, repo *git.Repository, kind, _ string) error {
	newest := fmt.Sprint("c", worldLength-1)
	wants := map[string]string{"main": newest, "HEAD": newest, "HEAD~1": "c68", "main~29^2": "s2", "main~60": "c9", "v1": "c10", "other^": "o0",
		"refs/heads/side": "s2", w.id["c5"]: "c5"}
	if kind != "none" { // the clone is asked, which is behind
		wants = map[string]string{"HEAD": fmt.Sprint("c", worldPast)}
	}
	var wrong []error
	for revision, want := range wants {
		c, err := repo.Resolve(ctx, revision)
		if err != nil || c.Hash.String() != w.id[want] || c.Subject() != want {
			wrong = append(wrong, fmt.Errorf("%s is %v, %w, want %s", revision, c, err, want))
		}
	}
	return errors.Join(wrong...)
}

func askTip(ctx context.Context, w *world, repo *git.Repository, _, _ string) error {
	newest := fmt.Sprint("c", worldLength-1)
	c, err := repo.Tip(ctx, "main")
	if err != nil || c.Hash.String() != w.id[newest] || c.Subject() != newest {
		return fmt.Errorf("it is %v, %w", c, err)
	}
	if c, err := repo.Tip(ctx, "none"); c != nil || err != nil {
		return fmt.Errorf("a branch that is not there is at %v, %w", c, err)
	}
	return nil
}

func fetched(ctx context.Context, repo *git.Repository, id string) (*git.Commit, error) {
	hash, err := repo.FetchCommit(ctx, id)
	if err != nil {
		return nil, err
	}
	return repo.Commit(hash)
}

// readAll compares the files of a commit.
func readAll(ctx context.Context, repo *git.Repository, id string, want map[string]string, prefetch ...string) error {
	commit, err := fetched(ctx, repo, id)
	if err != nil {
		return err
	}
	tree := repo.Tree(commit.TreeHash)
	if err := tree.Prefetch(ctx, prefetch...); err != nil {
		return err
	}
	got := map[string]string{}
	err = fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(tree, name)
		got[name] = string(content)
		return err
	})
	if err == nil && !maps.Equal(got, want) {
		err = fmt.Errorf("files are %q, want %q", got, want)
	}
	return err
}

func askRead(ctx context.Context, w *world, repo *git.Repository, _, _ string) error {
	for _, revision := range []string{"c69", "c60"} {
		files := w.files
		if revision == "c60" {
			files = w.remote.Files(w.id[revision], ".")
		}
		commit, err := fetched(ctx, repo, w.id[revision])
		if err != nil {
			return err
		}
		for _, name := range []string{"services/s1/deploy/service.yaml", "docs/n1"} {
			if got, err := repo.Tree(commit.TreeHash).ReadFile(name); err != nil || string(got) != files[name] {
				return fmt.Errorf("%s is %q, %w, want %q", name, got, err, files[name])
			}
		}
	}
	return readAll(ctx, repo, w.id["c69"], w.files, "**")
}

func askOld(ctx context.Context, w *world, repo *git.Repository, _, _ string) error {
	if _, err := repo.FetchCommit(ctx, strings.Repeat("12", 20)); !errors.Is(err, git.ErrGone) {
		return fmt.Errorf("a commit that is nowhere: %w", err)
	}
	return readAll(ctx, repo, w.id["c0"], w.first, "*", "services/**", "state/*/*/*", "docs/n?")
}

func askPrefetch(ctx context.Context, w *world, repo *git.Repository, _, _ string) error {
	c, err := repo.Tip(ctx, "other")
	if err != nil {
		return err
	}
	tree := repo.Tree(c.TreeHash)
	if err := tree.Prefetch(ctx, "services/*/catalog-info.yaml", "services/s1/deploy/**", "no/such/*", "platform.yaml/x"); err != nil {
		return err
	}
	for name, want := range w.files {
		if ok, _ := path.Match("services/*/catalog-info.yaml", name); ok || strings.HasPrefix(name, "services/s1/deploy/") {
			if got, err := tree.ReadFile(name); err != nil || string(got) != want {
				return fmt.Errorf("%s is %q, %w, want %q", name, got, err, want)
			}
		}
	}
	return nil
}

func askRelations(ctx context.Context, w *world, repo *git.Repository, _, _ string) error {
	for _, test := range []struct {
		a, b string
		want git.Relation
	}{
		{"o1", "c69", git.Diverged}, {"c69", "o1", git.Diverged}, {"c0", "c69", git.Behind}, {"s1", "c41", git.Behind}, {"c69", "s2", git.Ahead},
		{"s2", "c39", git.Diverged}, {"c60", "o1", git.Behind}, {"c61", "o1", git.Diverged}, {"c7", "c7", git.Same},
	} {
		a, err1 := repo.FetchCommit(ctx, w.id[test.a])
		b, err2 := repo.FetchCommit(ctx, w.id[test.b])
		got, err3 := repo.Relation(ctx, a, b)
		if err := errors.Join(err1, err2, err3); err != nil || got != test.want {
			return fmt.Errorf("%s to %s: %v, %w, want %v", test.a, test.b, got, err, test.want)
		}
	}
	for id, want := range map[string]bool{"c3": true, "o0": true, "s0": true} {
		if got, err := repo.Published(ctx, git.NewHash(w.id[id])); err != nil || got != want {
			return fmt.Errorf("%s is published: %v, %w", id, got, err)
		}
	}
	return nil
}

func askVersions(ctx context.Context, w *world, repo *git.Repository, _, _ string) error {
	tip, err := repo.Tip(ctx, "main")
	if err != nil {
		return err
	}
	for path, want := range w.subjects {
		got, err := versions(ctx, repo, tip.Hash, path)
		if n := len(got); n > 0 && strings.HasPrefix(got[n-1], "no ") {
			got = got[:n-1] // before the path was there
		}
		if err != nil || strings.Join(got, " ") != want {
			return fmt.Errorf("%s went through %q, %w, want %q", path, got, err, want)
		}
	}
	return nil
}

func askLastChanges(ctx context.Context, w *world, repo *git.Repository, _, _ string) error {
	tip, err := repo.Tip(ctx, "main")
	if err != nil {
		return err
	}
	got, err := repo.LastChanges(ctx, tip.Hash, slices.Collect(maps.Keys(w.last)), time.Time{})
	if err != nil {
		return err
	}
	for path, want := range w.last {
		if c := got[path]; c.Commit == nil || c.Subject() != want || c.Earlier {
			return fmt.Errorf("%s was changed by %v, want %s", path, c, want)
		}
	}
	return nil
}

func askUpdate(ctx context.Context, w *world, repo *git.Repository, _, branch string) error {
	c, err := repo.Update(ctx, branch, put("written/by", branch, "write"))
	if err == nil && c.Parents[0].String() != w.id["c69"] {
		err = fmt.Errorf("it was written on %s", c.Parents[0])
	}
	return err
}

// TestSHA256Remote is told apart from a broken one.
func TestSHA256Remote(t *testing.T) {
	t.Parallel()
	remote := testkit.NewRemote(t)
	remote.Git("init", "-q", "--bare", "--object-format=sha256", "--template=", remote.Dir+"256")
	remote.Dir += "256"
	remote.Git("config", "http.receivepack", "true")
	filled := remote.Git("commit-tree", "-m", "first", remote.Git("mktree"))
	for _, content := range []string{"empty", "filled"} {
		if content == "filled" {
			remote.Git("update-ref", "refs/heads/main", filled)
		}
		for _, address := range []string{remote.HTTP(t), remote.Dir, remote.SSH(t)} {
			for name, operation := range operations(t, address) {
				if content == "empty" && name == "tip" {
					continue // git does not say then
				}
				fails(t, operation(), strings.ReplaceAll(address, "git@", ""), "its object format is sha256, of which only sha1 is supported")
			}
		}
	}
}

// operations read and write a remote without a clone.
func operations(t testing.TB, address string) map[string]func() error {
	repo := open(t, "", func(o *git.Options) { o.URL = address })
	return map[string]func() error{
		"tip":    func() error { _, err := repo.Tip(t.Context(), "main"); return err },
		"update": func() error { _, err := repo.Update(t.Context(), "main", put("a", "1", "message")); return err },
		"push": func() error {
			other := open(t, "", func(o *git.Options) { o.URL = address })
			tree, err := other.Apply(git.ZeroHash, git.Edit{"a": {File: []byte("1")}})
			if err != nil {
				return err
			}
			c, err := other.CommitTree(tree, nil, "message")
			if err != nil {
				return err
			}
			return other.Push(t.Context(), git.RefUpdate{Ref: "refs/heads/new", New: c.Hash})
		},
	}
}
