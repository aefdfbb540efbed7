package change

import (
	"strings"
	"testing"

	"github.com/org/platform/internal/git"
)

func TestOrigin(t *testing.T) {
	t.Parallel()
	id := func(digit string) string { return strings.Repeat(digit, 40) }
	base, change, other := id("1"), id("2"), id("3")
	merge := &git.Commit{Hash: git.NewHash(other), Parents: []git.Hash{git.NewHash(base), git.NewHash(change)}}
	single := &git.Commit{Hash: git.NewHash(change), Parents: []git.Hash{git.NewHash(base)}}
	const repository = `, "repository": {"default_branch": "trunk"}}`
	pull := `{"pull_request": {"number": 7, "head": {"sha": "` + change + `"}, "base": {"ref": "release", "sha": "` + id("9") + `"}}` + repository
	for name, c := range map[string]struct {
		event, payload string
		head           *git.Commit
		want           origin
	}{
		"merge commit of a pull request":         {"pull_request", pull, merge, origin{commit: base}},
		"its head was checked out":               {"pull_request", pull, single, origin{branch: "release"}},
		"its head, which merged the base":        {"pull_request", strings.Replace(pull, change, other, 1), merge, origin{branch: "release"}},
		"merge commit, and the head is not told": {"pull_request", `{"pull_request": {"number": 7}}`, merge, origin{commit: base}},
		"pull_request_target":                    {"pull_request_target", pull, single, origin{branch: "release"}},
		"merge group":                            {"merge_group", `{"merge_group": {"base_sha": "` + base + `"}` + repository, merge, origin{commit: base}},
		"merge group without a base":             {"merge_group", `{"merge_group": {}` + repository, merge, origin{branch: "trunk"}},
		"push to a branch": {"push", `{"ref": "refs/heads/change", "before": "` + base + `"` + repository, single,
			origin{commit: base, gone: "trunk"}},
		"push to the default branch": {"push", `{"ref": "refs/heads/trunk", "before": "` + base + `"` + repository, single, origin{commit: base}},
		"push of a new branch":       {"push", `{"ref": "refs/heads/change", "before": "` + id("0") + `"` + repository, single, origin{branch: "trunk"}},
		"schedule":                   {"schedule", `{"schedule": "* * * * *"` + repository, merge, origin{branch: "trunk"}},
		"at a terminal":              {"", "", merge, origin{}},
	} {
		e, err := parseEvent(c.event, []byte(c.payload))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := e.origin(c.head); got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
	if _, err := parseEvent("push", []byte("{")); err == nil || !strings.HasPrefix(err.Error(), "read the payload of event push: ") {
		t.Errorf("got %v", err)
	}
}
