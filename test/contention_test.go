package test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/org/platform/internal/delivery"
)

// many is how many processes run at once where it is about their number.
func many() int {
	if testing.Short() {
		return 16
	}
	return 64
}

func numbered(prefix string, n int) []string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("%s%02d", prefix, i))
	}
	return names
}

// Many deploys of different components at once, by processes of their own, half of which share a cache: all arrive, each as one commit, on one line.
func TestDeploysAtOnce(t *testing.T) {
	t.Parallel()
	components := numbered("c", many())
	a := newArena(t, platformYAML, components...)
	var deploys []*process
	for i, component := range components {
		deploys = append(deploys, a.deploy(a.head, component, i+1))
		deploys[i].shares = i%2 == 1
	}
	a.run(deploys...)
	logEffort(t, deploys)

	now, commits := a.state(), a.commits()
	if len(now.Cells) != len(components) {
		t.Errorf("%d components run, want %d", len(now.Cells), len(components))
	}
	if len(commits) != 1+len(components) {
		t.Errorf("%d commits, want the first and one for each deploy", len(commits))
	}
	for i, component := range components {
		deployed := result[delivery.Deployed](t, deploys[i])
		want := releaseOf(a.head, component, i+1)
		wantRelease(t, now, "dev", want)
		at := slices.IndexFunc(commits, func(c revision) bool { return c.hash == deployed.Commit })
		if at < 0 {
			t.Errorf("%s reports commit %q, which is not on main", component, deployed.Commit)
			continue
		}
		if c := commits[at]; !slices.Equal(c.components, []string{component}) || !slices.Equal(c.releases, []string{string(want.ID)}) ||
			!slices.Equal(c.parents, []string{commits[at-1].hash}) {
			t.Errorf("commit of %s: %+v", component, c)
		}
	}
	a.wantSound()
}

// Deploys and promotions run while a person commits to main and merges promotion branches: neither loses anything of the other.
func TestDeploysWhileAPersonPushes(t *testing.T) {
	t.Parallel()
	n := many() / 4
	components, promoted := numbered("c", n), numbered("p", 3)
	a := newArena(t, platformYAML, slices.Concat(components, promoted)...)
	before := &process{name: "before", args: []string{"deploy"}}
	for _, component := range promoted {
		before.args = append(before.args, "--release", component+"="+imageOf(component, 1).Reference())
	}
	a.run(before)
	a.run(promotes("proposes"))

	processes := []*process{promotes("promotes")}
	for i, component := range components {
		processes = append(processes, a.deploy(a.head, component, i+1))
	}
	wait := a.start(processes...)
	a.tries = 0
	var theirs []string
	for _, component := range promoted {
		a.person.Write(map[string]string{"notes/" + component + ".md": "Looks good.\n"})
		theirs = append(theirs, a.person.Commit("Note on "+component))
		a.publish("promote/staging/" + component)
		theirs = append(theirs, a.person.Git("rev-parse", "HEAD"))
	}
	wait()
	t.Logf("the person pushed %d times, %d of them in vain", a.tries, a.tries-len(promoted))
	logEffort(t, processes[1:])

	now, files := a.state(), a.Files("main", "notes")
	commits := a.commits()
	landed := func(hash string) bool {
		return slices.ContainsFunc(commits, func(c revision) bool { return c.hash == hash })
	}
	result[delivery.Promotion](t, processes[0])
	for i, component := range components {
		deployed := result[delivery.Deployed](t, processes[1+i])
		wantRelease(t, now, "dev", releaseOf(a.head, component, i+1))
		if !landed(deployed.Commit) {
			t.Errorf("%s reports commit %q, which is not on main", component, deployed.Commit)
		}
	}
	for _, component := range promoted {
		wantRelease(t, now, "dev", releaseOf(a.head, component, 1))
		wantRelease(t, now, "staging", releaseOf(a.head, component, 1))
		if files["notes/"+component+".md"] == "" {
			t.Errorf("the person's note on %s is lost", component)
		}
	}
	for _, hash := range theirs {
		if !landed(hash) {
			t.Errorf("the person's commit %s is lost", hash)
		}
	}
	if got := deploys(commits); len(got) != 1+n {
		t.Errorf("%d commits of deploys, want %d and one of those before", len(got), n)
	}
	a.wantSound()
}

func promotes(name string) *process {
	return &process{name: name, args: []string{"promote"}}
}

// deploys returns the commits that deploys made.
func deploys(commits []revision) []revision {
	return slices.DeleteFunc(slices.Clone(commits), func(c revision) bool { return c.action != "deploy" })
}
