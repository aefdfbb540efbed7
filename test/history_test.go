package test

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// revision is a commit of main, with what its trailers say.
type revision struct {
	hash, action, source string
	parents              []string
	environments         []string
	components, releases []string
	files                []string // changed from the first parent
}

// commits returns main's history, parents before children.
func (a *arena) commits() []revision {
	a.t.Helper()
	trailer := func(key string) string { return "%(trailers:key=" + key + ",valueonly,separator=%x20)%x00" }
	format := "--format=%x01%H%x00%P%x00" + trailer("Platform-Action") + trailer("Platform-Source-Commit") +
		trailer("Platform-Environment") + trailer("Platform-Component") + trailer("Platform-Release")
	var list []revision
	log := a.Git("log", "--reverse", "--topo-order", "--diff-merges=first-parent", "--name-only", format, "main")
	for _, entry := range strings.Split(log, "\x01")[1:] {
		f := strings.Split(entry, "\x00")
		list = append(list, revision{hash: f[0], parents: strings.Fields(f[1]), action: f[2], source: f[3],
			environments: strings.Fields(f[4]), components: strings.Fields(f[5]), releases: strings.Fields(f[6]), files: strings.Fields(f[7])})
	}
	return list
}

// state reads main's state as the toolkit does: what is broken or was edited ends the test.
func (a *arena) state() *state.State {
	a.t.Helper()
	files := fstest.MapFS{}
	for name, content := range a.Files("main", ".") {
		files[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return readState(a.t, files)
}

func readState(t *testing.T, files fs.FS) *state.State {
	t.Helper()
	platform, err := config.Load(files, config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := state.Read(files, platform.Spec.State.Path, platform.EnvironmentNames())
	if err != nil {
		t.Fatal(err)
	}
	for k, problems := range s.Problems {
		t.Errorf("%v: %v", k, problems)
	}
	return s
}

// wantRelease looks for a release in a cell.
func wantRelease(t *testing.T, s *state.State, environment string, want release.Release) {
	t.Helper()
	k := state.Key{Environment: environment, Component: want.Component}
	if got := s.Cells[k].Record.ID; got != want.ID {
		t.Errorf("%s runs %q in %s, want %s", want.Component, got, environment, want.ID)
	}
}

// wantSound checks what holds for every history: its objects are whole, and no commit of ours writes what is there, or more than it says.
func (a *arena) wantSound() {
	a.t.Helper()
	if out := a.Git("fsck", "--strict", "--no-dangling"); out != "" {
		a.t.Errorf("git fsck: %s", out)
	}
	for _, c := range a.commits() {
		if c.action == "" {
			continue
		}
		if len(c.files) == 0 {
			a.t.Errorf("%s %s changes nothing", c.action, c.hash)
		}
		for _, file := range c.files {
			if !slices.ContainsFunc(c.cells(), func(k state.Key) bool {
				return strings.HasPrefix(file, state.Dir("environments", k)+"/") || file == state.HoldFile("environments", k)
			}) {
				a.t.Errorf("%s %s of %v in %v changes %s", c.action, c.hash, c.components, c.environments, file)
			}
		}
	}
}

// cells returns what a commit says that it writes.
func (c revision) cells() []state.Key {
	var keys []state.Key
	for _, environment := range c.environments {
		for _, component := range c.components {
			keys = append(keys, state.Key{Environment: environment, Component: component})
		}
	}
	return keys
}

// cells returns the release in every cell, by commit.
func (a *arena) cells(commits []revision) map[string]map[state.Key]release.ID {
	a.t.Helper()
	cells := map[string]map[state.Key]release.ID{}
	args := []string{"grep", "^id: "}
	for _, c := range commits {
		cells[c.hash] = map[state.Key]release.ID{}
		args = append(args, c.hash)
	}
	for line := range strings.Lines(a.Git(append(args, "--", "environments/*/release.yaml")...)) {
		f := strings.Split(strings.TrimSpace(line), ":") // commit:environments/ENV/COMPONENT/release.yaml:id: ID
		path := strings.Split(f[1], "/")
		cells[f[0]][state.Key{Environment: path[1], Component: path[2]}] = release.ID(strings.TrimSpace(f[3]))
	}
	return cells
}
