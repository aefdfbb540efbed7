package test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/org/platform/internal/delivery"
)

// successive makes n commits of the person on main, each of which changes every component, oldest first.
func (a *arena) successive(n int, components ...string) []string {
	a.t.Helper()
	var sources []string
	for i := range n {
		for _, component := range components {
			a.edit(component, fmt.Sprint("v", i))
		}
		sources = append(sources, a.person.Commit(fmt.Sprint("Change ", i)))
	}
	a.publish()
	return sources
}

// Deploys of one component from successive commits, whoever is the fastest: the newest source runs at the end, and history never goes back.
func TestNewestSourceWins(t *testing.T) {
	t.Parallel()
	const n = 8
	newest := fmt.Sprintf("deploy-hello-%d", n-1)
	for name, waits := range map[string]func(process string) bool{
		"all at once":           func(string) bool { return false },
		"the newest is fastest": func(process string) bool { return process != newest },
		"the newest is slowest": func(process string) bool { return process == newest },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newArena(t, platformYAML, "hello")
			sources := a.successive(n, "hello")
			var deploys, early, late []*process
			for i, source := range sources {
				deploys = append(deploys, a.deploy(source, "hello", i))
			}
			for _, i := range rand.Perm(n) {
				if waits(deploys[i].name) {
					late = append(late, deploys[i])
				} else {
					early = append(early, deploys[i])
				}
			}
			open := a.hold(waits)
			wait := a.start(late...)
			a.run(early...)
			open()
			wait()
			a.wantNewest(sources, deploys, name == "the newest is fastest")
		})
	}
}

// wantNewest checks what came of deploys of hello, the nth of which has the nth source.
func (a *arena) wantNewest(sources []string, deploys []*process, newestFirst bool) {
	a.t.Helper()
	wantRelease(a.t, a.state(), "dev", releaseOf(sources[len(sources)-1], "hello", len(sources)-1))
	var order []int
	for _, c := range a.commits() {
		if c.action != "" {
			order = append(order, slices.Index(sources, c.source))
		}
	}
	if !slices.IsSorted(order) || len(slices.Compact(slices.Clone(order))) != len(order) {
		a.t.Errorf("hello ran the sources %v: not each once and in order", order)
	}
	for i, p := range deploys {
		switch p.code {
		case 0:
			if d := result[delivery.Deployed](a.t, p); d.Releases[0].Results[0].Result != delivery.Placed || !slices.Contains(order, i) {
				a.t.Errorf("%s reports %s; hello ran the sources %v", p.name, p.stdout, order)
			}
			if newestFirst && i != len(deploys)-1 {
				a.t.Errorf("%s deployed after the newest", p.name)
			}
		case 1:
			named := slices.IndexFunc(sources, func(s string) bool {
				return strings.Contains(p.stderr, "of hello from the newer commit "+s[:12]+"; to go back on purpose use: rollback hello --env dev")
			})
			if named <= i || slices.Contains(order, i) {
				a.t.Errorf("%s was superseded by source %d; hello ran the sources %v\n%s", p.name, named, order, p.stderr)
			}
		default:
			a.t.Errorf("%s: exit code %d: %s", p.name, p.code, p.stderr)
		}
	}
	a.wantSound()
}

// Deploys of several components each, which overlap: every component ends with the newest source of those that have it.
func TestNewestSourceWinsInBatches(t *testing.T) {
	t.Parallel()
	const n = 6
	components := numbered("c", n)
	a := newArena(t, platformYAML, components...)
	sources := a.successive(n, components...)
	var batches []*process
	var carried [n][]string
	for i, source := range sources {
		p := &process{name: fmt.Sprint("batch-", i), args: []string{"deploy", "--ref", source}, shares: true}
		for _, c := range []int{i, (i + 1) % n, (i + 3) % n} {
			carried[i] = append(carried[i], components[c])
			p.args = append(p.args, "--release", components[c]+"="+imageOf(components[c], i).Reference())
		}
		batches = append(batches, p)
	}
	rand.Shuffle(n, func(i, j int) { batches[i], batches[j] = batches[j], batches[i] })
	a.run(batches...)

	now, commits := a.state(), a.commits()
	for _, component := range components {
		for i := n - 1; i >= 0; i-- {
			if slices.Contains(carried[i], component) {
				wantRelease(t, now, "dev", releaseOf(sources[i], component, i))
				break
			}
		}
		last := -1
		for _, c := range commits {
			if source := slices.Index(sources, c.source); slices.Contains(c.components, component) && source <= last {
				t.Errorf("%s went from source %d to %d", component, last, source)
			} else if slices.Contains(c.components, component) {
				last = source
			}
		}
	}
	for _, p := range batches {
		if p.code == 1 && strings.Count(p.stderr, "from the newer commit") == len(carried[0]) {
			continue // nothing of it was to be written
		}
		deployed := result[delivery.Deployed](t, p)
		at := slices.IndexFunc(commits, func(c revision) bool { return c.hash == deployed.Commit })
		for _, r := range deployed.Releases {
			wrote := at >= 0 && slices.Contains(commits[at].releases, string(r.ID))
			if placed := r.Results[0].Result == delivery.Placed; placed != wrote {
				t.Errorf("%s reports %s as %s; its commit: %+v", p.name, r.Component, r.Results[0].Result, commits[max(at, 0)])
			}
		}
	}
	a.wantSound()
}
