package delivery_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
	fakegithub "github.com/org/platform/internal/testkit/github"
)

// step does one thing.
func (h *history) step() {
	h.now = h.now.Add(time.Second)
	steps := []struct {
		weight int
		do     func()
	}{
		{6, h.deploy}, {5, h.promote}, {4, h.promoteThatDies}, {2, h.promoteWithFault}, {2, h.promoteTwice}, {2, h.promoteByName}, {5, h.merge},
		{3, h.passTime}, {1, h.turnBack}, {2, h.close}, {1, h.reopen}, {1, h.breakGlass}, {1, h.revert}, {1, h.pushToBranch}, {1, h.deleteBranch},
		{2, h.rollback}, {1, h.resume}, {1, h.lag},
	}
	total := 0
	for _, s := range steps {
		total += s.weight
	}
	at := h.rand.IntN(total)
	for _, s := range steps {
		if at -= s.weight; at < 0 {
			s.do()
			break
		}
	}
	for _, pr := range h.server.PullRequests() {
		if _, known := h.opened[pr.Number]; !known {
			h.opened[pr.Number] = h.disturbances
		}
	}
}

// disturb notes something that may change what is wanted.
func (h *history) disturb(what ...any) {
	h.disturbances++
	h.note(what...)
}

func (h *history) component() string { return historyComponents[h.rand.IntN(len(historyComponents))] }

// target draws a component and an environment that is promoted to.
func (h *history) target() state.Key {
	all := h.platform.Spec.Environments[1:]
	return state.Key{Environment: all[h.rand.IntN(len(all))].Name, Component: h.component()}
}

func (h *history) deploy() {
	d := h.delivery(h.remote.Dir)
	name := h.component()
	if h.image == 0 || !h.one(5) { // else the same image of a newer commit, which changes no manifests
		h.image++
	}
	head, err := d.Repo.Resolve(h.t.Context(), "main")
	if err != nil {
		h.t.Fatal(err)
	}
	_, err = d.Deploy(h.t.Context(), delivery.DeployOptions{Source: head, Items: []delivery.Item{{Component: componentAt(name), Images: []release.Image{
		{Name: name, NewName: "registry.example/" + name, Digest: fmt.Sprintf("sha256:%064d", h.image)}}}}})
	h.disturb("deploy ", name, " ", h.image, " ", err)
}

func (h *history) promote() {
	o := delivery.PromoteOptions{}
	if h.one(4) {
		k := h.target()
		o = delivery.PromoteOptions{Component: k.Component, To: k.Environment}
	}
	p, err := h.delivery(h.remote.Dir).Promote(h.t.Context(), o)
	h.note("promote ", o, " ", results(p), " ", err)
	if err == nil && !h.lags {
		err = p.Err()
	}
	if err != nil {
		h.t.Errorf("promote without faults: %v", err)
	}
}

// results says what a run did.
func results(p *delivery.Promotion) string {
	if p == nil {
		return ""
	}
	var all []string
	for _, o := range p.Outcomes {
		if o.Result != delivery.Nothing {
			all = append(all, fmt.Sprintf("%s/%s %s #%d", o.Environment, o.Component, o.Result, o.PullRequest))
		}
	}
	for _, c := range p.Closed {
		all = append(all, fmt.Sprintf("closed %s: %s", c.Branch, c.Reason))
	}
	return strings.Join(all, ", ")
}

// promoteThatDies is killed at some request, which the server may have dealt with.
func (h *history) promoteThatDies() {
	ctx, kill := context.WithCancel(h.t.Context())
	defer kill()
	at, fault := h.rand.IntN(50), fakegithub.CutBefore
	if h.one(2) {
		fault = fakegithub.CutAfter
	}
	where := "nowhere"
	h.server.Fault(func(r *http.Request, n int) fakegithub.Fault {
		if n < at {
			return fakegithub.None
		}
		if n > at {
			return fakegithub.CutBefore
		}
		where = fmt.Sprint(r.Method, " ", r.URL.Path, " ", fault == fakegithub.CutAfter)
		kill()
		return fault
	})
	p, err := h.delivery(h.server.GitURL).Promote(ctx, delivery.PromoteOptions{})
	h.server.Fault(nil)
	h.note("promote dies at ", at, " ", where, ": ", results(p), " ", err)
}

// promoteWithFault meets one request, or a few, that fail in some way.
func (h *history) promoteWithFault() {
	at, many := h.rand.IntN(20), 1+h.rand.IntN(3)
	fault := []fakegithub.Fault{fakegithub.ServerError, fakegithub.RateLimited, fakegithub.TooMany, fakegithub.CutBefore, fakegithub.CutAfter}[h.rand.IntN(5)]
	h.server.Fault(func(_ *http.Request, n int) fakegithub.Fault {
		if n >= at && n < at+many {
			return fault
		}
		return fakegithub.None
	})
	p, err := h.delivery(h.server.GitURL).Promote(h.t.Context(), delivery.PromoteOptions{})
	h.server.Fault(nil)
	h.note("promote with fault ", fault, " at ", at, "+", many, ": ", results(p), " ", err)
}

func (h *history) promoteTwice() {
	for n := range 20 {
		h.raced[len(h.server.PullRequests())+1+n] = true
	}
	defer func() {
		maps.DeleteFunc(h.raced, func(n int, _ bool) bool { return n > len(h.server.PullRequests()) })
	}()
	var wg sync.WaitGroup
	var p [2]*delivery.Promotion
	var err [2]error
	for i := range p {
		d := h.delivery(h.remote.Dir)
		wg.Go(func() { p[i], err[i] = d.Promote(h.t.Context(), delivery.PromoteOptions{}) })
	}
	wg.Wait()
	h.note("promote twice: ", results(p[0]), " ", err[0], "; ", results(p[1]), " ", err[1])
}

// promoteByName asks for a release where an environment is pinned.
func (h *history) promoteByName() {
	k := h.target()
	env, _ := h.platform.Environment(k.Environment)
	if env.Mode != config.ModePinned {
		h.promote()
		return
	}
	ids := slices.Sorted(maps.Keys(h.ran(state.Key{Environment: env.PromoteFrom[0], Component: k.Component})))
	if len(ids) == 0 {
		return
	}
	o := delivery.PromoteOptions{Component: k.Component, To: k.Environment, Release: ids[h.rand.IntN(len(ids))]}
	p, err := h.delivery(h.remote.Dir).Promote(h.t.Context(), o)
	h.disturb("promote by name ", o, " ", results(p), " ", err)
}

// open draws a pull request that is open, or not.
func (h *history) pull(open bool) (fakegithub.PullRequest, bool) {
	h.server.Sync()
	all := slices.DeleteFunc(h.server.PullRequests(), func(pr fakegithub.PullRequest) bool { return (pr.State == "open") != open || pr.Merged })
	if len(all) == 0 {
		return fakegithub.PullRequest{}, false
	}
	return all[h.rand.IntN(len(all))], true
}

func (h *history) merge() {
	pr, found := h.pull(true)
	if !found {
		return
	}
	method := [...]string{"merge", "squash", "rebase"}[h.rand.IntN(3)]
	err := h.server.Merge(pr.Number, "ann", method)
	h.disturb("merge #", pr.Number, " by ", method, " ", err)
}

func (h *history) passTime() {
	h.now = h.now.Add(time.Duration(10+h.rand.IntN(180)) * time.Minute)
	h.note("it is ", h.now)
}

func (h *history) turnBack() {
	h.now = h.now.Add(-time.Duration(h.rand.IntN(300)) * time.Second)
	h.note("it is ", h.now)
}

func (h *history) close() {
	if pr, found := h.pull(true); found {
		h.byPerson[pr.Number] = "closed"
		h.disturb("close #", pr.Number, " ", h.server.Close(pr.Number, "ann"))
	}
}

func (h *history) reopen() {
	if pr, found := h.pull(false); found {
		h.disturb("reopen #", pr.Number, " ", h.server.Reopen(pr.Number, "ann"))
	}
}

func (h *history) breakGlass() {
	if pr, found := h.pull(true); found {
		who := [...]string{"ann", "mallory"}[h.rand.IntN(2)]
		h.disturb("break-glass on #", pr.Number, " by ", who, " ", h.server.Label(pr.Number, who, "break-glass"))
	}
}

// pushToBranch puts a person's commit on the branch of a promotion.
func (h *history) pushToBranch() {
	pr, found := h.pull(true)
	if !found {
		return
	}
	_, err := h.repo("ann", h.remote.Dir).Update(h.t.Context(), pr.Branch, func(context.Context, *git.Commit) (*git.Change, error) {
		return &git.Change{Edit: git.Edit{"note.txt": {File: fmt.Append(nil, h.now)}}, Message: "By hand"}, nil
	})
	h.disturb("a commit on ", pr.Branch, " ", err)
}

func (h *history) deleteBranch() {
	if pr, found := h.pull(true); found {
		h.byPerson[pr.Number] = "branch deleted"
		h.disturb("delete ", pr.Branch, " ", h.server.Push("ann", pr.Branch, pr.Head, ""))
	}
}

func (h *history) rollback() {
	k := h.target()
	if h.one(3) {
		k.Environment = "dev"
	}
	_, err := h.delivery(h.remote.Dir).Rollback(h.t.Context(), delivery.RollbackOptions{
		Asked: delivery.Asked{Reason: "bad", By: "ann", Direct: true}, Component: k.Component, Environment: k.Environment})
	h.disturb("rollback ", k, " ", err)
}

func (h *history) resume() {
	_, s := h.newest()
	for k, cell := range s.Cells {
		if cell.Hold != nil && h.one(2) {
			_, err := h.delivery(h.remote.Dir).Resume(h.t.Context(), delivery.ResumeOptions{
				Asked: delivery.Asked{Reason: "fixed", By: "ann", Direct: true}, Component: k.Component, Environment: k.Environment})
			h.disturb("resume ", k, " ", err)
		}
	}
}

func (h *history) lag() {
	n := h.rand.IntN(4)
	h.server.Lag(n)
	h.lags = n > 0
	h.note("lists lag by ", n)
}
