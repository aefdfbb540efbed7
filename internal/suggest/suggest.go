// Package suggest finds the names a person may have meant.
package suggest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// maxLength bounds the words compared: longer ones are no mistyped names, and the distance would cost time for nothing.
const maxLength = 256

// Nearest returns up to three candidates close to word, nearest first. Case is ignored.
func Nearest(word string, candidates []string) []string {
	type scored struct {
		name     string
		distance int
	}
	if len(word) > maxLength {
		return nil
	}
	limit := max(2, len(word)/3)
	var near []scored
	for _, c := range candidates {
		w, l := strings.ToLower(word), strings.ToLower(c)
		d := levenshtein.ComputeDistance(w, l)
		// A distance of the whole length means that the two have nothing in common.
		if d <= min(limit, max(len(w), len(l))-1) || (len(w) > 2 && strings.HasPrefix(l, w)) || (len(l) > 2 && strings.HasPrefix(w, l)) {
			near = append(near, scored{c, d})
		}
	}
	slices.SortStableFunc(near, func(a, b scored) int { return a.distance - b.distance })
	var names []string
	for i := 0; i < len(near) && i < 3; i++ {
		names = append(names, near[i].name)
	}
	return names
}

// Hint returns the sentence which ends an error about an unknown name: the nearest names, else all of them when they are few.
func Hint(word string, candidates []string) string {
	if near := Nearest(word, candidates); len(near) > 0 {
		return fmt.Sprintf("did you mean %s?", strings.Join(near, ", "))
	}
	switch n := len(candidates); {
	case n == 0:
		return "there are none"
	case n <= 12:
		return "known: " + strings.Join(candidates, ", ")
	default:
		return fmt.Sprintf("known: %s and %d more", strings.Join(candidates[:12], ", "), n-12)
	}
}
