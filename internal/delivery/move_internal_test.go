package delivery

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

func ran(id release.ID, from, manifests string) version {
	return version{entry: git.NewHash("1111111111111111111111111111111111111111"), sound: true, record: release.Record{Release: release.Release{ID: id}, From: from, Manifests: manifests}}
}

func by(name, message string) *git.Commit {
	return &git.Commit{Author: git.Signature{Identity: git.Identity{Name: name}}, Message: message}
}

const promoted = "promote(dev): a r-2\n\nBecause.\n\nPlatform-Action: promote\nPlatform-Environment: dev\nPlatform-Component: a\n"

// What happened is told from the trees; a commit that claims something else does not change it.
func TestMoveIsWhatTheTreesSay(t *testing.T) {
	t.Parallel()
	one, two := ran("r-1", "", "x"), ran("r-2", "staging", "y")
	edited := two
	edited.sound = false
	hold := &state.Hold{Releases: []release.ID{"r-2"}}
	for name, c := range map[string]struct {
		before, after version
		hold          *state.Hold
		message, want string
	}{
		"first":                  {version{}, one, nil, "x", "deploy"},
		"deploy that says more":  {two, one, nil, promoted, "deploy"},
		"promoted":               {one, two, nil, promoted, "promote"},
		"promoted by a squash":   {one, two, nil, "Whatever (#12)", "promote"},
		"same manifests":         {one, ran("r-2", "staging", "x"), nil, "x", "pass-through"},
		"back, with its hold":    {two, one, hold, "x", "rollback"},
		"hold of something else": {two, one, &state.Hold{Releases: []release.ID{"r-9"}}, "x", "deploy"},
		"back, as it says":       {version{}, one, nil, "x\n\nPlatform-Action: rollback\nPlatform-Environment: dev\nPlatform-Component: a\n", "rollback"},
		"promoted, says back":    {one, two, nil, "x\n\nPlatform-Action: rollback\nPlatform-Environment: dev\nPlatform-Component: a\n", "promote"},
		"of another cell":        {version{}, one, nil, "x\n\nPlatform-Action: rollback\nPlatform-Environment: dev\nPlatform-Component: b\n", "deploy"},
		"edited":                 {two, edited, nil, promoted, "hand edit"},
		"mended":                 {edited, two, nil, "Revert", "restored"},
		"removed":                {two, version{}, nil, promoted, "removed"},
	} {
		if got := move(state.Key{Environment: "dev", Component: "a"}, c.before, c.after, c.hold, passage{landed: by("Ann", c.message)}); got.Action != c.want {
			t.Errorf("%s: got %s, want %s", name, got.Action, c.want)
		}
	}
}

func TestMoveIsWhoTheCommitsSay(t *testing.T) {
	t.Parallel()
	forged := "rollback(dev): a r-2\n\nPlatform-Action: rollback\nPlatform-By: Mallory\n\n" + promoted[len("promote(dev): a r-2\n\nBecause.\n\n"):] + "Platform-By: Ada\n"
	for name, c := range map[string]struct {
		p    passage
		want [2]string
	}{
		"pushed":                      {passage{landed: by("bot", promoted)}, [2]string{"bot", ""}},
		"asked for":                   {passage{landed: by("bot", promoted+"Platform-By: Ada\n")}, [2]string{"Ada", ""}},
		"a reason that looks like it": {passage{landed: by("bot", forged)}, [2]string{"Ada", ""}},
		"squashed, with more below":   {passage{landed: by("bot", promoted+"Platform-By: Ada\n\n---------\n\nCo-authored-by: Bob <b@example.com>")}, [2]string{"Ada", ""}},
		"merged":                      {passage{landed: by("Ann", "Merge pull request #7 from x"), made: by("bot", promoted)}, [2]string{"Ann", ""}},
		"merged for somebody":         {passage{landed: by("Ann", "Merge"), made: by("bot", promoted+"Platform-By: Ada\n")}, [2]string{"Ada", "Ann"}},
		"merged from a person":        {passage{landed: by("Ann", "Merge"), made: by("Bob", "Mine")}, [2]string{"Bob", "Ann"}},
	} {
		m := Move{Key: state.Key{Environment: "dev", Component: "a"}}
		c.p.tell(&m)
		if diff := cmp.Diff(c.want, [2]string{m.By, m.MergedBy}); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for subject, want := range map[string]int{"Merge pull request #12 from x/y": 12, "promote(dev): a (#7)": 7, "see #3": 0, "fix (#3) more": 0} {
		if got := pullRequest(subject); got != want {
			t.Errorf("%s: got %d", subject, got)
		}
	}
}
