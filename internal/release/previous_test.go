package release_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/org/platform/internal/release"
)

func TestPrevious(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ history, want string }{
		{"", ""},
		{"a", ""},
		{"a a", ""},
		{"a b", "a"},
		{"a b b", "a"},
		{"a b c", "b"},
		{"a b a", ""},        // rolled back to the first
		{"a b c b", "a"},     // rolled back once: again goes further back, not to c
		{"a b c b a", ""},    // and again
		{"a b c a d", "a"},   // what was rolled back is forgotten
		{"a b a b", "a"},     // a hold was lifted and b came again
		{"a b c b d b", "a"}, // rolled back twice to the same release
		{"a b c d b e c", "e"},
	} {
		var history []release.ID
		for _, id := range strings.Fields(c.history) {
			history = append(history, release.ID(id))
		}
		got, ok := release.Previous(history)
		if string(got) != c.want || ok != (c.want != "") {
			t.Errorf("%q: got %q, %v; want %q", c.history, got, ok, c.want)
		}
	}
}

func TestPreviousIsNeverCurrentNorRolledBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		history := rapid.SliceOfN(rapid.SampledFrom([]release.ID{"a", "b", "c", "d", "e"}), 1, 20).Draw(t, "history")
		given := slices.Clone(history)
		rolledBack := map[release.ID]bool{}
		for range 10 { // roll back until nothing is left
			current := history[len(history)-1]
			previous, ok := release.Previous(history)
			if !ok {
				return
			}
			if previous == current || !slices.Contains(given, previous) {
				t.Fatalf("%v: got %s, which runs or never ran", history, previous)
			}
			rolledBack[current] = true
			if rolledBack[previous] {
				t.Fatalf("%v: got %s, which was rolled back", history, previous)
			}
			history = append(history, previous)
		}
		t.Fatalf("rolling back never ends: %v", history)
	})
}
