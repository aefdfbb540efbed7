package diff_test

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/org/platform/internal/diff"
)

// A manifest does not differ from itself, and what comes in one direction goes in the other.
func TestCompareIsSymmetric(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := manifest(t, "a"), manifest(t, "b")
		if objects, err := diff.Compare(a, a); err != nil || len(objects) > 0 {
			t.Fatalf("differs from itself: %v, %v", objects, err)
		}
		there, err := diff.Compare(a, b)
		if err != nil {
			t.Fatal(err)
		}
		back, err := diff.Compare(b, a)
		if err != nil {
			t.Fatal(err)
		}
		if want, got := turned(there), count(back); !reflect.DeepEqual(want, got) {
			t.Fatalf("there %v, back %v", want, got)
		}
		again, err := diff.Compare(a, b)
		if err != nil || !reflect.DeepEqual(there, again) {
			t.Fatalf("another result the second time: %v, %v", again, err)
		}
	})
}

func count(objects []diff.Object) map[diff.Change]int {
	n := map[diff.Change]int{}
	for _, o := range objects {
		n[o.Change]++
	}
	return n
}

func turned(objects []diff.Object) map[diff.Change]int {
	n := count(objects)
	n[diff.Added], n[diff.Removed] = n[diff.Removed], n[diff.Added]
	for change := range n {
		if n[change] == 0 {
			delete(n, change)
		}
	}
	return n
}
