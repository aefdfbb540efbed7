package git_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// What was removed was changed by the commit that did so, be it a file or a folder.
func TestLastChangesOfWhatIsGone(t *testing.T) {
	t.Parallel()
	clone := merged(t)
	clone.Git("rm", "-qr", "dir/b", "c")
	clone.Commit("remove")
	repo := open(t, clone.Dir)
	from := head(t, repo).Hash
	changes, err := repo.LastChanges(t.Context(), from, []string{"dir/a", "dir/b", "dir", "c", "none", "."}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for path, c := range changes {
		got[path] = c.Subject()
	}
	sameFiles(t, got, map[string]string{"dir/a": "a2", "dir/b": "remove", "dir": "remove", "c": "remove", ".": "remove"})
	_, err = repo.LastChanges(t.Context(), from, []string{"../dir"}, time.Time{})
	fails(t, err, "../dir", "invalid")
}

func TestLine(t *testing.T) {
	t.Parallel()
	clone := merged(t)
	repo := open(t, clone.Dir)
	var got []string
	for commit, err := range repo.Line(t.Context(), head(t, repo).Hash, []string{"dir/a", "dir", "c", "none"}, time.Time{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(commit.Subject(), slices.Sorted(slices.Values(commit.Changed))))
	}
	if got, want := strings.Join(got, " "), "c2[c] merge[dir] a2[dir dir/a] seed[c dir dir/a]"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
