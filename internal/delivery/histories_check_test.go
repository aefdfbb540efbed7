package delivery_test

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/org/platform/internal/catalog"
	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
	fakegithub "github.com/org/platform/internal/testkit/github"
)

func componentAt(name string) catalog.Component {
	return catalog.Component{Name: name, Path: "services/" + name, Owner: "team"}
}

// past returns the commits of main itself and what ran in each, the oldest first.
func (h *history) past() (commits []*git.Commit, ran []map[state.Key]release.ID) {
	h.t.Helper()
	repo := h.repo("ann", h.remote.Dir)
	tip, err := repo.Resolve(h.t.Context(), "main")
	for err == nil {
		commits = append(commits, tip)
		cells := map[state.Key]release.ID{}
		for _, env := range h.platform.EnvironmentNames() {
			for _, component := range historyComponents {
				k := state.Key{Environment: env, Component: component}
				data, readErr := repo.Tree(tip.TreeHash).ReadFile(path.Join(state.Dir(h.platform.Spec.State.Path, k), state.ReleaseFile))
				if readErr != nil {
					continue
				}
				record, err := release.Decode("release.yaml", data)
				if err != nil {
					h.t.Fatal(err)
				}
				cells[k] = record.ID
			}
		}
		ran = append(ran, cells)
		if len(tip.Parents) == 0 {
			break
		}
		tip, err = repo.Commit(tip.Parents[0])
	}
	if err != nil {
		h.t.Fatal(err)
	}
	slices.Reverse(commits)
	slices.Reverse(ran)
	return commits, ran
}

// ran returns the releases that a cell ever ran.
func (h *history) ran(k state.Key) map[string]bool {
	_, past := h.past()
	ids := map[string]bool{}
	for _, cells := range past {
		if id := cells[k]; id != "" {
			ids[string(id)] = true
		}
	}
	return ids
}

func (h *history) newest() (*git.Commit, *state.State) {
	h.t.Helper()
	repo := h.repo("ann", h.remote.Dir)
	tip, err := repo.Resolve(h.t.Context(), "main")
	if err != nil {
		h.t.Fatal(err)
	}
	s, err := state.Read(repo.Tree(tip.TreeHash), h.platform.Spec.State.Path, h.platform.EnvironmentNames())
	if err != nil {
		h.t.Fatal(err)
	}
	return tip, s
}

// revert takes back what a promotion wrote, as a person does who reverts its merge.
func (h *history) revert() {
	commits, ran := h.past()
	for i := len(commits) - 1; i > 0; i-- {
		for k, id := range ran[i] {
			before := ran[i-1][k]
			if k.Environment == "dev" || before == "" || before == id || ran[len(ran)-1][k] != id {
				continue
			}
			repo := h.repo("ann", h.remote.Dir)
			files := map[string][]byte{}
			dir := state.Dir(h.platform.Spec.State.Path, k)
			for _, name := range []string{state.ReleaseFile, state.ManifestsFile, state.KustomizationFile} {
				data, err := repo.Tree(commits[i-1].TreeHash).ReadFile(path.Join(dir, name))
				if err != nil {
					h.t.Fatal(err)
				}
				files[name] = data
			}
			_, err := repo.Update(h.t.Context(), "main", func(context.Context, *git.Commit) (*git.Change, error) {
				return &git.Change{Edit: git.Edit{dir: {Folder: files}}, Message: "Revert " + commits[i].Subject()}, nil
			})
			h.disturb("revert ", k, " to ", before, " ", err)
			return
		}
	}
}

// wantSettled lets promote run once in peace, and checks what is there then.
func (h *history) wantSettled() {
	h.t.Helper()
	h.server.Lag(0)
	h.now = h.now.Add(time.Minute)
	h.promoteQuietly("the quiet run")
	h.server.Requests()
	before := h.remote.Git("for-each-ref")
	p := h.promoteQuietly("the run after it")
	for _, request := range h.server.Requests() {
		if !strings.HasPrefix(request, "GET ") && !strings.Contains(request, "viewer") && !(h.noDrafts && strings.Contains(request, "ToDraft")) {
			h.t.Errorf("a run with nothing to do: %s", request)
		}
	}
	if after := h.remote.Git("for-each-ref"); after != before {
		h.t.Errorf("a run with nothing to do moves references from\n%s\nto\n%s", before, after)
	}
	h.wantNothingSkipped()
	h.wantOnePull()
	h.wantAsPlanned(p)
}

func (h *history) promoteQuietly(what string) *delivery.Promotion {
	h.t.Helper()
	p, err := h.delivery(h.remote.Dir).Promote(h.t.Context(), delivery.PromoteOptions{})
	h.note(what, ": ", results(p), " ", err)
	if err == nil {
		err = p.Err()
	}
	if err != nil {
		h.t.Fatalf("%s: %v", what, err)
	}
	h.server.Sync()
	return p
}

// wantNothingSkipped checks that whatever runs was run before by what it is promoted from, and that no promotion writes what runs.
func (h *history) wantNothingSkipped() {
	h.t.Helper()
	commits, past := h.past()
	ran := map[state.Key]map[release.ID]bool{}
	for i, cells := range past {
		for k, id := range cells {
			if ran[k] == nil {
				ran[k] = map[release.ID]bool{}
			}
			ran[k][id] = true
		}
		for k, id := range cells {
			env, _ := h.platform.Environment(k.Environment)
			passed := func(from string) bool { return ran[state.Key{Environment: from, Component: k.Component}][id] }
			all, one := true, len(env.PromoteFrom) == 0
			for _, from := range env.PromoteFrom {
				all, one = all && passed(from), one || passed(from)
			}
			if !one || !all && env.FanIn != config.FanInAny {
				h.t.Errorf("%s: %s runs %s, which %v never ran", commits[i].Subject(), k, id, env.PromoteFrom)
			}
		}
		if action := commits[i].Trailer("Platform-Action"); i > 0 && (action == "promote" || action == "pass-through") && fmt.Sprint(cells) == fmt.Sprint(past[i-1]) {
			h.t.Errorf("%s changes nothing", commits[i].Subject())
		}
	}
}

// wantOnePull checks that no target has two open pull requests, and that none was opened twice for the same while nothing happened.
func (h *history) wantOnePull() {
	h.t.Helper()
	open := map[string]int{}
	seen := map[string]fakegithub.PullRequest{}
	for _, pr := range h.server.PullRequests() {
		if pr.State == "open" && open[pr.Branch] != 0 {
			h.t.Errorf("#%d and #%d are both open for %s", open[pr.Branch], pr.Number, pr.Branch)
		}
		if pr.State == "open" {
			open[pr.Branch] = pr.Number
		}
		if h.raced[pr.Number] && pr.State == "closed" && !pr.Merged {
			continue // the other run had merged its own just then, and the branch was still there
		}
		what := fmt.Sprint(pr.Branch, " ", pr.Title, " ", h.opened[pr.Number])
		if before, twice := seen[what]; twice {
			h.t.Errorf("#%d was opened after #%d for the same: %s", pr.Number, before.Number, what)
		}
		seen[what] = pr
	}
}

// wantAsPlanned checks that what is wanted is there, and nothing else.
func (h *history) wantAsPlanned(p *delivery.Promotion) {
	h.t.Helper()
	pulls := map[string]fakegithub.PullRequest{}
	for _, pr := range h.server.PullRequests() {
		if pr.State == "open" {
			pulls[pr.Branch] = pr
		}
	}
	left := map[string]bool{} // branches that are there without a pull request, and may be
	var steps []promotion.Step
	for _, o := range p.Outcomes {
		steps = append(steps, o.Step)
		left[o.Branch] = left[o.Branch] || o.Result == delivery.Declined || o.Result == delivery.NotOurs
	}
	for _, unit := range promotion.Units(h.platform, steps) {
		i := slices.IndexFunc(p.Outcomes, func(o delivery.Outcome) bool { return o.Key == unit.Steps[0].Key })
		h.wantUnit(unit, p.Outcomes[i], pulls)
	}
	for _, branch := range strings.Fields(h.remote.Git("for-each-ref", "--format=%(refname:short)", "refs/heads/promote")) {
		if _, open := pulls[branch]; !open && !left[branch] && !h.ofPerson(branch) {
			h.t.Errorf("%s is there without a pull request", branch)
		}
	}
}

// ofPerson says whether a branch ends in a person's commit.
func (h *history) ofPerson(branch string) bool {
	return h.remote.Git("log", "-1", "--format=%cn", branch) != "bot"
}

func (h *history) wantUnit(unit promotion.Unit, o delivery.Outcome, pulls map[string]fakegithub.PullRequest) {
	h.t.Helper()
	pr, open := pulls[unit.Branch()]
	switch {
	case o.Result == delivery.NotOurs:
		if !h.ofPerson(unit.Branch()) {
			h.t.Errorf("%s is left alone, and is not a person's", unit.Branch())
		}
	case o.Result == delivery.Declined:
		closed := false
		for _, one := range h.server.PullRequests() {
			closed = closed || one.Branch == unit.Branch() && h.byPerson[one.Number] == "closed"
		}
		if !closed {
			h.t.Errorf("%s is taken for declined, and nobody did", unit.Branch())
		}
	case !open && o.Result == delivery.Nothing && unit.Action == promotion.Wait: // it will be passed through
	case !open:
		h.t.Errorf("%s is to %s, and has no pull request: %+v", unit.Branch(), unit.Action, o)
	default:
		h.wantPull(unit, pr)
	}
}

// wantPull checks that a pull request brings what is planned, and waits where the plan does.
func (h *history) wantPull(unit promotion.Unit, pr fakegithub.PullRequest) {
	h.t.Helper()
	repo := h.repo("ann", h.remote.Dir)
	commit, err := repo.Commit(git.NewHash(pr.Head))
	if err != nil {
		h.t.Fatal(err)
	}
	skipped := false
	for _, step := range unit.Steps {
		data, err := repo.Tree(commit.TreeHash).ReadFile(path.Join(state.Dir(h.platform.Spec.State.Path, step.Key), state.ReleaseFile))
		if err != nil {
			h.t.Errorf("#%d brings no %v: %v", pr.Number, step.Key, err)
			continue
		}
		record, err := release.Decode("release.yaml", data)
		if err != nil || record.ID != step.Release.ID {
			h.t.Errorf("#%d brings %s to %v, not %s: %v", pr.Number, record.ID, step.Key, step.Release.ID, err)
		}
		skipped = skipped || record.BreakGlass != nil
	}
	if wants := unit.Action == promotion.Wait && !skipped; pr.Draft != wants && !h.noDrafts {
		h.t.Errorf("#%d is a draft: %v, though it is to %s", pr.Number, pr.Draft, unit.Action)
	}
	if unit.Action == promotion.Merge {
		h.t.Errorf("#%d is not merged", pr.Number)
	}
	if skipped && !slices.Contains(pr.Labels, "break-glass") {
		h.t.Errorf("#%d skips its gates, and nobody asked for it", pr.Number)
	}
}
