package delivery_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/forge"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/testkit"
	fakegithub "github.com/org/platform/internal/testkit/github"
)

var (
	historySeed  = flag.Uint64("history", 0, "seed of the only history of TestHistories; 0 are a hundred others every time")
	historyCount = flag.Int("histories", 100, "how many histories TestHistories tries")
)

var historyComponents = []string{"a", "b", "c"}

// history is what happens to a platform: deploys, promotions that succeed, die or meet, and what people do at any time.
type history struct {
	t        *testing.T
	rand     *rand.Rand
	remote   *testkit.Remote
	server   *fakegithub.Server
	platform *config.Platform
	now      time.Time
	log      []string
	image    int

	noDrafts     bool
	lags         bool           // lists of pull requests
	disturbances int            // how much was done that may change what is wanted
	opened       map[int]int    // pull requests by number: the disturbances before
	byPerson     map[int]string // pull requests that a person closed
	raced        map[int]bool   // those that were opened while two runs met
}

// Whatever happens, and wherever promote dies: no environment is skipped, no promotion lost or made twice, there is one open pull request for each target,
// and one quiet run later there is nothing left to do.
func TestHistories(t *testing.T) {
	t.Parallel()
	seeds := []uint64{*historySeed}
	if *historySeed == 0 {
		seeds = nil
		for range *historyCount {
			seeds = append(seeds, 1+rand.Uint64N(1<<32))
		}
	}
	origin := newFixture(t, historyComponents...)
	origin.remote.Git("gc", "-q")
	for _, seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			h := newHistory(t, origin.remote, seed)
			defer h.tell()
			for range 6 + h.rand.IntN(8) {
				h.step()
			}
			h.wantSettled()
		})
	}
}

func newHistory(t *testing.T, origin *testkit.Remote, seed uint64) *history {
	t.Helper()
	h := &history{t: t, rand: rand.New(rand.NewPCG(seed, 0)), now: testkit.Epoch.Add(time.Hour), opened: map[int]int{}, byPerson: map[int]string{}, raced: map[int]bool{}}
	h.remote = testkit.NewRemote(t)
	if err := errors.Join(os.RemoveAll(h.remote.Dir), os.CopyFS(h.remote.Dir, os.DirFS(origin.Dir))); err != nil {
		t.Fatal(err)
	}
	h.noDrafts = h.one(10)
	h.server = fakegithub.New(t, h.remote, fakegithub.Options{Now: func() time.Time { return h.now }, AllowAutoMerge: h.one(2), NoDrafts: h.noDrafts,
		DeleteBranchOnMerge: h.one(3), Users: map[string]string{"t-ann": "ann"}, Teams: map[string][]string{"org/sre": {"ann"}}})
	text := h.anyPlatform()
	h.note("platform", text)
	if _, err := h.repo("ann", h.remote.Dir).Update(t.Context(), "main", func(context.Context, *git.Commit) (*git.Change, error) {
		return &git.Change{Edit: git.Edit{config.FileName: {File: []byte(text)}}, Message: "Configure"}, nil
	}); err != nil {
		t.Fatal(err)
	}
	h.platform = h.delivery(h.remote.Dir).Platform
	return h
}

func (h *history) one(in int) bool { return h.rand.IntN(in) == 0 }

func (h *history) note(what ...any) { h.log = append(h.log, fmt.Sprint(what...)) }

// tell prints what happened where something is wrong.
func (h *history) tell() {
	if h.t.Failed() {
		h.t.Logf("to run it again: go test ./internal/delivery -run TestHistories -history %s\n%s\n%s", filepath.Base(h.t.Name()), strings.Join(h.log, "\n"),
			h.remote.Git("log", "--graph", "--format=%h %cn: %s", "--all", "-n", "60"))
	}
}

// anyPlatform draws one: environments in a chain or side by side, by hand or automatic, with modes, soaks and sets.
func (h *history) anyPlatform() string {
	names := []string{"dev"}
	var b strings.Builder
	for _, name := range []string{"staging", "prod", "prod-us"}[:1+h.rand.IntN(3)] {
		from := names[max(0, len(names)-1-h.rand.IntN(2))]
		fmt.Fprintf(&b, "    - name: %s\n", name)
		switch {
		case len(names) > 1 && h.one(4):
			fmt.Fprintf(&b, "      promoteFrom: [%s]\n      fanIn: %s\n", strings.Join(names[len(names)-2:], ", "), [...]string{"all", "any"}[h.rand.IntN(2)])
		default:
			fmt.Fprintf(&b, "      promoteFrom: [%s]\n", from)
		}
		fmt.Fprintf(&b, "      mode: %s\n      promotion: %s\n", [...]string{"latest", "latest", "latest", "queue", "pinned"}[h.rand.IntN(5)],
			[...]string{"manual", "automatic"}[h.rand.IntN(2)])
		if h.one(2) {
			b.WriteString("      gates: [{soak: 1h}]\n")
		} else if h.one(4) {
			b.WriteString("      gates: [{minInterval: 2h}]\n")
		}
		if h.one(3) {
			b.WriteString("      reviewers: [ann]\n")
		}
		names = append(names, name)
	}
	more := "  breakGlass: {teams: [org/sre]}\n  pullRequests: {mergeMethod: " + [...]string{"squash", "merge", "rebase"}[h.rand.IntN(3)] + "}\n"
	if h.one(3) {
		more += "  sets: [{name: shop, components: [a, b], order: " + [...]string{"atomic", "ordered"}[h.rand.IntN(2)] + "}]\n"
	}
	return platformOf(b.String(), more)
}

// repo opens the remote as somebody, who has all of it at hand and talks to the given address of it.
func (h *history) repo(who, address string) *git.Repository {
	h.t.Helper()
	repo, err := git.Open(h.t.Context(), git.Options{Dir: h.remote.Dir, Remote: address, Token: h.server.Token, Now: func() time.Time { return h.now },
		Committer: git.Identity{Name: who, Email: who + "@example.com"}, Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
	if err != nil {
		h.t.Fatal(err)
	}
	return repo
}

func (h *history) delivery(address string) *delivery.Delivery {
	h.t.Helper()
	repo := h.repo("bot", address)
	head, err := repo.Resolve(h.t.Context(), "main")
	if err != nil {
		h.t.Fatal(err)
	}
	platform, err := config.Load(repo.Tree(head.TreeHash), config.Options{})
	if err != nil {
		h.t.Fatal(err)
	}
	now := func() time.Time { return h.now }
	f, err := forge.New(forge.Options{APIURL: h.server.APIURL, Token: h.server.Token, Repository: "org/platform", Now: now,
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
	if err != nil {
		h.t.Fatal(err)
	}
	return &delivery.Delivery{Repo: repo, Platform: platform, Now: now, Progress: func(string, ...any) {}, Forge: f,
		Needs: func(string) ([]string, error) { return nil, nil }}
}
