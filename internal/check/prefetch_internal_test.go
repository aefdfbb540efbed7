package check

import (
	"slices"
	"testing"
)

func TestAlternatives(t *testing.T) {
	t.Parallel()
	for glob, want := range map[string][]string{
		"**/Dockerfile":        {"**/Dockerfile"},
		".github/*.{yml,yaml}": {".github/*.yml", ".github/*.yaml"},
		"{a,b}/{c,d}":          {"a/c", "a/d", "b/c", "b/d"},
		"{a,{b,c}}":            {"{a,{b,c}}"},
		"{a":                   {"{a"},
		`odd\{name`:            {`odd\{name`},
		"policy/house/**":      {"policy/house/**"},
		"a{,b}":                {"a", "ab"},
	} {
		if got := alternatives(glob); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", glob, got, want)
		}
	}
}
