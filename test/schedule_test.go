package test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

var scheduleSeed = flag.Uint64("schedule", 0, "seed of the schedule of TestAnySchedule; 0 is another one every time")

var automaticYAML = strings.Replace(platformYAML, "promoteFrom: [dev]", "promoteFrom: [dev]\n      promotion: automatic", 1)

// schedule is made of rounds. In each some processes run at once, while the person commits and merges what waits.
type schedule struct {
	*arena
	rand       *rand.Rand
	components []string
	sources    []string
	processes  []*process
	claims     map[string][]claim // what processes say that they wrote, by commit
}

// claim is a cell that a process says it has written.
type claim struct {
	state.Key
	release  release.ID
	proposed bool // on a branch that waits to be merged
}

// Whatever runs at the same time, main ends in a state that its history explains: every cell holds what a process says it wrote there, nothing is
// written twice, and no environment is skipped.
func TestAnySchedule(t *testing.T) {
	t.Parallel()
	seed := *scheduleSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("to run the same schedule again: go test ./test -run TestAnySchedule -schedule %d", seed)
	rounds := 3
	if testing.Short() {
		rounds = 1
	}
	s := &schedule{rand: rand.New(rand.NewPCG(seed, 0)), components: []string{"a", "b", "c"}, claims: map[string][]claim{}}
	s.arena = newArena(t, automaticYAML, s.components...)
	s.sources = []string{s.head}
	first, last := s.deploy(s.head, "a", 0), promotes("last")
	s.run(first)
	for range rounds {
		s.round(7)
	}
	s.run(last)
	s.processes = append(s.processes, first, last)
	logEffort(t, s.processes)
	for _, p := range s.processes {
		s.collect(p)
	}
	s.wantExplained()
	s.wantSound()
}

func (s *schedule) round(n int) {
	var now []*process
	for range n {
		p := s.pick()
		p.name = fmt.Sprintf("process-%d", len(s.processes))
		p.shares = s.rand.IntN(2) == 0
		now, s.processes = append(now, p), append(s.processes, p)
	}
	wait := s.start(now...)
	for range 2 {
		s.edit(s.components[s.rand.IntN(len(s.components))], fmt.Sprint("v", len(s.sources)))
		s.sources = append(s.sources, s.person.Commit("Change"))
		s.mergeOpen()
		s.publish()
	}
	wait()
}

// pick draws what a process does. Commits are mostly the newest, images mostly new.
func (s *schedule) pick() *process {
	component := s.components[s.rand.IntN(len(s.components))]
	switch s.rand.IntN(8) {
	case 0, 1:
		return promotes("")
	case 2:
		environment := []string{"dev", "staging", "prod"}[s.rand.IntN(3)]
		return &process{args: []string{"rollback", component, "--env", environment, "--direct", "--skip-image-check"}}
	case 3: // several in one commit
		p := &process{args: []string{"deploy", "--ref", s.source()}}
		for _, c := range s.components[s.rand.IntN(2):] {
			p.args = append(p.args, "--release", c+"="+imageOf(c, s.rand.IntN(100)).Reference())
		}
		return p
	default:
		return s.deploy(s.source(), component, s.rand.IntN(4))
	}
}

func (s *schedule) source() string {
	return s.sources[max(0, len(s.sources)-1-s.rand.IntN(4))]
}

// mergeOpen merges the promotion branches there are. One that no longer merges is left, as a person would.
func (s *schedule) mergeOpen() {
	s.person.Git("fetch", "-q", "--prune", "origin")
	s.person.Git("merge", "-q", "--no-edit", "origin/main")
	for _, branch := range strings.Fields(s.person.Git("for-each-ref", "--format=%(refname)", "refs/remotes/origin/promote")) {
		merge := exec.CommandContext(s.t.Context(), "git", "merge", "-q", "--no-edit", "--no-ff", branch)
		merge.Dir, merge.Env = s.person.Dir, append(os.Environ(), gitEnvironment(s.dir)...)
		merge.Env = append(merge.Env, "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com")
		if merge.Run() != nil {
			s.person.Git("merge", "--abort")
		}
	}
}

// collect notes what a process says that it wrote. Only a rule may have kept it from doing so.
func (s *schedule) collect(p *process) {
	s.t.Helper()
	if p.code == 1 && p.args[0] != "promote" && strings.Contains(p.stderr, "refused: ") {
		return
	}
	if p.code != 0 {
		s.t.Errorf("%s %v: exit code %d: %s", p.name, p.args, p.code, p.stderr)
		return
	}
	note := func(commit string, c claim) {
		if commit != "" {
			s.claims[commit] = append(s.claims[commit], c)
		}
	}
	switch p.args[0] {
	case "deploy":
		d := result[delivery.Deployed](s.t, p)
		for _, r := range d.Releases {
			if r.Results[0].Result == delivery.Placed {
				note(d.Commit, claim{Key: state.Key{Environment: "dev", Component: r.Component}, release: r.ID})
			}
		}
	case "rollback":
		r := result[delivery.RolledBack](s.t, p)
		note(r.Commit, claim{Key: state.Key{Environment: p.args[3], Component: p.args[1]}, release: r.Release.ID})
	case "promote":
		for _, o := range result[delivery.Promotion](s.t, p).Outcomes {
			note(o.Commit, claim{Key: o.Key, release: o.Release.ID, proposed: o.Branch != ""})
		}
	}
}

// wantExplained holds main's history against what processes said.
func (s *schedule) wantExplained() {
	s.t.Helper()
	commits := s.commits()
	cells := s.cells(commits)
	ran := map[string]map[claim]bool{} // by commit: what ran in it or in its history
	for _, c := range commits {
		ran[c.hash] = map[claim]bool{}
		for _, parent := range c.parents {
			maps.Copy(ran[c.hash], ran[parent])
		}
		for k, id := range cells[c.hash] {
			ran[c.hash][claim{Key: k, release: id}] = true
		}
		for k, id := range cells[c.hash] {
			upstream := map[string]string{"staging": "dev", "prod": "staging"}[k.Environment]
			if upstream != "" && !ran[c.hash][claim{Key: state.Key{Environment: upstream, Component: k.Component}, release: id}] {
				s.t.Errorf("%s: %s runs in %s, and never ran in %s", c.hash, id, k.Environment, upstream)
			}
		}
		if c.action != "" {
			s.wantClaimed(c, cells[c.hash], cells[c.parents[0]])
		}
		delete(s.claims, c.hash)
	}
	for hash, claims := range s.claims {
		if !claims[0].proposed {
			s.t.Errorf("a process says that it wrote %v in %s, which is not on main", claims, hash)
		}
	}
	s.wantFromParents(commits, cells)
}

// wantClaimed checks a commit that a process made: it changes its cells to what the commit and the process say.
func (s *schedule) wantClaimed(c revision, now, before map[state.Key]release.ID) {
	s.t.Helper()
	claims := s.claims[c.hash]
	for i, k := range c.cells() { // of one environment, as nothing here writes into two
		at := slices.IndexFunc(claims, func(c claim) bool { return c.Key == k })
		replaced := at < 0 && c.action == "promote" && k.Environment == "prod" // by a later proposal of the same process
		if !replaced && (at < 0 || claims[at].release != now[k]) || now[k] != release.ID(c.releases[i]) {
			s.t.Errorf("%s %s of %s writes %s to %v; processes say %v", c.action, c.hash, c.releases[i], now[k], k, claims)
		}
		if now[k] == before[k] {
			s.t.Errorf("%s %s writes %s to %v, which runs it", c.action, c.hash, now[k], k)
		}
	}
	if n := len(c.cells()); len(claims) > n && !claims[0].proposed { // every run that sees a proposal reports it
		s.t.Errorf("%s %s writes %d cells, and processes report %v", c.action, c.hash, n, claims)
	}
}

// wantFromParents checks the merges of the person: every cell is as on one of both sides.
func (s *schedule) wantFromParents(commits []revision, cells map[string]map[state.Key]release.ID) {
	s.t.Helper()
	for _, c := range commits {
		for k, id := range cells[c.hash] {
			has := func(parent string) bool { return cells[parent][k] == id }
			if c.action == "" && !slices.ContainsFunc(c.parents, has) {
				s.t.Errorf("%s: %s in %v comes from none of its parents", c.hash, id, k)
			}
		}
	}
}
