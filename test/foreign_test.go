package test

import (
	"strings"
	"testing"
)

// Deploys from commits that are not in line with what runs: refused, with a reason that says what to do, and done where that is forced.
func TestForeignSources(t *testing.T) {
	t.Parallel()
	const notInHistory, onNoBranch = "which is not in the history of", "force-pushed away or never pushed: on no branch of"
	for name, c := range map[string]struct {
		make func(a *arena) (runs, comes string) // commits: what runs is deployed first
		rot  func(a *arena)                      // what becomes of the first one then
		code int
		says string
	}{
		"another branch":               {make: onBranch, code: 1, says: notInHistory},
		"another branch that is older": {make: func(a *arena) (string, string) { comes, runs := onBranch(a); return runs, comes }, code: 1, says: notInHistory},
		"history of its own":           {make: orphan, code: 1, says: notInHistory},
		"force-pushed away":            {make: onBranch, rot: forcePush, code: 3, says: onNoBranch},
		"force-pushed away, but served": {make: onBranch, code: 1, says: notInHistory, rot: func(a *arena) {
			a.Git("config", "uploadpack.allowAnySHA1InWant", "true")
			forcePush(a)
		}},
		"force-pushed away and gone": {make: onBranch, code: 3, says: onNoBranch, rot: func(a *arena) {
			forcePush(a)
			a.Git("reflog", "expire", "--expire=now", "--all")
			a.Git("gc", "-q", "--prune=now")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newArena(t, platformYAML, "hello")
			runs, comes := c.make(a)
			first, second := a.deploy(runs, "hello", 1), a.deploy(comes, "hello", 2)
			a.run(first)
			if first.code != 0 {
				t.Fatalf("the first deploy: %s", first.stderr)
			}
			if c.rot != nil {
				c.rot(a)
			}
			before := a.Git("rev-parse", "main")
			a.run(second)
			if second.code != c.code || !strings.Contains(second.stderr, c.says) || !strings.Contains(second.stderr, "give --force") {
				t.Errorf("exit code %d, want %d and %q: %s", second.code, c.code, c.says, second.stderr)
			}
			if after := a.Git("rev-parse", "main"); after != before {
				t.Error("it was deployed all the same")
			}
			second.args = append(second.args, "--force")
			a.run(second)
			if second.code != 0 {
				t.Errorf("forced: exit code %d: %s", second.code, second.stderr)
			}
			wantRelease(t, a.state(), "dev", releaseOf(comes, "hello", 2))
			a.wantSound()
		})
	}
}

// onBranch makes a commit on the branch feature, which lacks the one on main.
func onBranch(a *arena) (feature, main string) {
	a.person.Git("checkout", "-q", "-b", "feature")
	a.edit("hello", "feature")
	feature = a.person.Commit("On a branch")
	a.person.Git("push", "-q", "origin", "feature")
	a.person.Git("checkout", "-q", "main")
	a.edit("hello", "main")
	main = a.person.Commit("On main")
	a.publish()
	return feature, main
}

// orphan makes a branch that shares no commit with main.
func orphan(a *arena) (alone, main string) {
	a.person.Git("checkout", "-q", "--orphan", "alone")
	alone = a.person.Commit("Start again")
	a.person.Git("push", "-q", "origin", "alone")
	a.person.Git("checkout", "-q", "main")
	return alone, a.head
}

// forcePush rewrites the branch feature.
func forcePush(a *arena) {
	a.person.Git("checkout", "-q", "-B", "feature", "main")
	a.person.Commit("Instead")
	a.person.Git("push", "-q", "--force", "origin", "feature")
	a.person.Git("checkout", "-q", "main")
}

// A workflow run that is started again does what is left to do, and undoes nothing.
func TestRerun(t *testing.T) {
	t.Parallel()
	a := newArena(t, platformYAML, "hello")
	sources := a.successive(2, "hello")
	older, newer := a.deploy(sources[0], "hello", 1), a.deploy(sources[1], "hello", 2)
	back := &process{name: "back", args: []string{"rollback", "hello", "--env", "dev", "--direct", "--skip-image-check"}}
	for _, step := range []struct {
		run  *process
		code int
		says string
		runs int // which release then runs
	}{
		{older, 0, `"changed": true`, 1},
		{older, 0, `"changed": false`, 1},
		{newer, 0, `"changed": true`, 2},
		{older, 1, "from the newer commit " + sources[1][:12], 2},
		{newer, 0, `"changed": false`, 2},
		{back, 0, `"changed": true`, 1},
		{newer, 1, "is held out of dev", 1},
		{back, 0, `"already": true`, 1},
		{older, 0, `"changed": false`, 1},
	} {
		a.run(step.run)
		if step.run.code != step.code || !strings.Contains(step.run.stdout+step.run.stderr, step.says) {
			t.Errorf("%s: exit code %d, want %d and %q: %s%s", step.run.name, step.run.code, step.code, step.says, step.run.stdout, step.run.stderr)
		}
		wantRelease(t, a.state(), "dev", releaseOf(sources[step.runs-1], "hello", step.runs))
	}
	a.wantSound()
}

// A commit that the remote no longer has on a branch is not deployed, whether the remote still gives it out or not.
func TestSourceForcePushedAway(t *testing.T) {
	t.Parallel()
	for _, served := range []bool{false, true} {
		a := newArena(t, platformYAML, "hello")
		feature, _ := onBranch(a)
		forcePush(a)
		code, says := 3, "not our ref "+feature[:12]
		if served {
			a.Git("config", "uploadpack.allowAnySHA1InWant", "true")
			code, says = 1, "push it first"
		}
		p := a.deploy(feature, "hello", 1)
		a.run(p)
		if p.code != code || !strings.Contains(p.stderr, says) {
			t.Errorf("served=%v: exit code %d, want %d and %q: %s", served, p.code, code, says, p.stderr)
		}
		if files := a.Files("main", "environments"); len(files) > 0 {
			t.Errorf("served=%v: it was deployed all the same", served)
		}
	}
}
