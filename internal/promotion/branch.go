package promotion

import (
	"strings"

	"github.com/org/platform/internal/state"
)

const branchPrefix = "promote/"

// Branch returns the name of the branch that proposes a promotion.
func Branch(k state.Key) string { return branchPrefix + k.Environment + "/" + k.Component }

// ParseBranch is the inverse of Branch.
func ParseBranch(name string) (state.Key, bool) {
	rest, ours := strings.CutPrefix(name, branchPrefix)
	env, component, two := strings.Cut(rest, "/")
	return state.Key{Environment: env, Component: component}, ours && two && env != "" && component != "" && !strings.Contains(component, "/")
}
