package git_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/testkit"
)

// wide is a remote with services/s00 to s09, each with five files in deploy and one in deploy/overlays/dev, and 300 commits that change one.
func wide(t testing.TB) *testkit.Remote {
	t.Helper()
	remote := testkit.NewRemote(t)
	files := map[string]string{"platform.yaml": "x"}
	for i := range 10 {
		folder := fmt.Sprintf("services/s%02d/deploy/", i)
		for k := range 5 {
			files[fmt.Sprint(folder, k)] = fmt.Sprint(i, " ", k)
		}
		files[folder+"overlays/dev/file"] = fmt.Sprint("overlay ", i)
	}
	var s stream
	parents := []string{s.commit("refs/heads/main", 0, "c0", nil, files)}
	for i := 1; i < 300; i++ {
		parents[0] = s.commit("refs/heads/main", i, fmt.Sprint("c", i), parents, map[string]string{"services/s00/deploy/0": fmt.Sprint(i)})
	}
	remote.Import(s.String())
	remote.Git("repack", "-adq")
	return remote
}

// TestRequests counts what a good server is asked for.
func TestRequests(t *testing.T) {
	t.Parallel()
	remote := wide(t)
	var fifty []string
	for i := range 50 {
		fifty = append(fifty, fmt.Sprintf("services/s%02d/deploy/%d", i/5, i%5))
	}
	read := func(names ...string) func(context.Context, *git.Repository, *git.Commit) error {
		return func(_ context.Context, repo *git.Repository, head *git.Commit) error {
			for _, name := range names {
				if content, err := repo.Tree(head.TreeHash).ReadFile(name); err != nil || len(content) == 0 {
					return fmt.Errorf("%s: %q, %w", name, content, err)
				}
			}
			return nil
		}
	}
	prefetch := func(patterns ...string) func(context.Context, *git.Repository, *git.Commit) error {
		return func(ctx context.Context, repo *git.Repository, head *git.Commit) error {
			if err := repo.Tree(head.TreeHash).Prefetch(ctx, patterns...); err != nil {
				return err
			}
			return read(fifty...)(ctx, repo, head)
		}
	}
	for name, test := range map[string]struct {
		do   func(context.Context, *git.Repository, *git.Commit) error
		want string // how many objects each request names
	}{
		"file at the top":     {read("platform.yaml"), "1 1"},
		"file far down":       {read("services/s03/deploy/overlays/dev/file"), "1 1 1 1 1 1 1"},
		"files beside it":     {read(fifty[:5]...), "1 1 1 1 5"},
		"fifty paths":         {prefetch(fifty...), "1 1 10 10 50"},
		"fifty by pattern":    {prefetch("services/*/deploy/?"), "1 1 10 10 50"},
		"ten folders":         {prefetch("services/*/deploy/**"), "1 1 10 10"},
		"one folder":          {prefetch("services/**"), "1 1"},
		"all":                 {prefetch("**"), "1"},
		"two paths unequal":   {prefetchOnly("platform.yaml", "services/s01/deploy/1"), "1 2 1 1 1"},
		"nothing of the kind": {prefetchOnly("none/*", "platform.yaml/x"), "1"},
		"prefetched again": {func(ctx context.Context, repo *git.Repository, head *git.Commit) error {
			for range 3 {
				if err := repo.Tree(head.TreeHash).Prefetch(ctx, "platform.yaml"); err != nil {
					return err
				}
			}
			return nil
		}, "1 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var traffic testkit.Traffic
			address := remote.HTTP(t, traffic.Middleware)
			repo := open(t, "", func(o *git.Options) { o.URL = address })
			head := tip(t, repo, "main")
			if requests := traffic.Requests(); len(requests) != 2 {
				t.Errorf("for the tip it sent %q", requests)
			}
			if err := test.do(t.Context(), repo, head); err != nil {
				t.Fatal(err)
			}
			var counts []string
			for _, fetch := range traffic.Fetches() {
				counts = append(counts, fmt.Sprint(len(fetch.Wants)))
				if slices.Sort(fetch.Wants); len(slices.Compact(fetch.Wants)) != len(fetch.Wants) {
					t.Errorf("an object is asked for twice")
				}
			}
			if got := strings.Join(counts, " "); got != test.want {
				t.Errorf("requests name %s objects, want %s", got, test.want)
			}
		})
	}
}

func prefetchOnly(patterns ...string) func(context.Context, *git.Repository, *git.Commit) error {
	return func(ctx context.Context, repo *git.Repository, head *git.Commit) error {
		return repo.Tree(head.TreeHash).Prefetch(ctx, patterns...)
	}
}

// TestRequestsOfWalks counts what questions about 300 commits cost: windows and strides, not commits.
func TestRequestsOfWalks(t *testing.T) {
	t.Parallel()
	remote := wide(t)
	root := git.NewHash(remote.Git("rev-list", "--max-parents=0", "main"))
	for name, test := range map[string]struct {
		do   func(context.Context, *git.Repository, git.Hash) error
		most int
	}{
		"relation": {func(ctx context.Context, repo *git.Repository, head git.Hash) error {
			ancestor, err := repo.IsAncestor(ctx, root, head)
			if !ancestor && err == nil {
				err = fmt.Errorf("the root is no ancestor")
			}
			return err
		}, 5},
		"last changes": {func(ctx context.Context, repo *git.Repository, head git.Hash) error {
			changes, err := repo.LastChanges(ctx, head, []string{"services/s00/deploy", "services/s07/deploy/overlays", "platform.yaml"}, time.Time{})
			if err == nil && (len(changes) != 3 || changes["platform.yaml"].Subject() != "c0") {
				err = fmt.Errorf("changes are %v", slices.Collect(maps.Keys(changes)))
			}
			return err
		}, 40},
		"versions": {func(ctx context.Context, repo *git.Repository, head git.Hash) error {
			subjects, err := versions(ctx, repo, head, "services/s00/deploy/0")
			if err == nil && len(subjects) != 300 {
				err = fmt.Errorf("%d versions", len(subjects))
			}
			return err
		}, 40},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var traffic testkit.Traffic
			address := remote.HTTP(t, traffic.Middleware)
			repo := open(t, "", func(o *git.Options) { o.URL = address })
			head := tip(t, repo, "main")
			traffic.Fetches()
			if err := test.do(t.Context(), repo, head.Hash); err != nil {
				t.Fatal(err)
			}
			if fetches := traffic.Fetches(); len(fetches) > test.most {
				t.Errorf("%d requests, want %d", len(fetches), test.most)
			}
		})
	}
}

// TestRequestsOfALostRace counts what a writer asks for who was overtaken by five others.
func TestRequestsOfALostRace(t *testing.T) {
	t.Parallel()
	remote := wide(t)
	var traffic testkit.Traffic
	address := remote.HTTP(t, traffic.Middleware)
	repo := open(t, "", func(o *git.Options) { o.URL = address })
	rival := open(t, remote.Dir)
	calls := 0
	_, err := repo.Update(t.Context(), "main", func(ctx context.Context, tip *git.Commit) (*git.Change, error) {
		if calls++; calls == 1 {
			if err := prefetchOnly("services/s01/deploy/*")(ctx, repo, tip); err != nil {
				return nil, err
			}
			for i := range 5 {
				mustUpdate(t, rival, "main", fmt.Sprintf("services/s%02d/deploy/overlays/dev/file", i%10), fmt.Sprint("rival ", i))
			}
			traffic.Requests()
		}
		return put("services/s01/deploy/1", "new", "mine")(ctx, tip)
	})
	if err != nil || calls != 2 {
		t.Errorf("%d proposals, %v", calls, err)
	}
	want := []string{"GET receive", "GET upload", "POST upload", "GET receive", "POST receive"}
	var got []string
	for _, request := range traffic.Requests() {
		method, _, _ := strings.Cut(request, " ")
		_, service, _ := strings.Cut(request, "git-")
		got = append(got, method+" "+strings.TrimSuffix(service, "-pack"))
	}
	if !slices.Equal(got, want) {
		t.Errorf("it sent %q, want %q", got, want)
	}
}
