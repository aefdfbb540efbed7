package config

import (
	"slices"
	"strings"
)

// Before returns the names of the environments of a lower wave: those with the same promoteFrom that must run a release before e does.
func (p *Platform) Before(e Environment) []string { return before(e, p.Spec.Environments) }

func before(e Environment, environments []Environment) []string {
	var earlier []string
	for _, other := range environments {
		if other.Wave < e.Wave && len(other.PromoteFrom) == len(e.PromoteFrom) && other.siblings() == e.siblings() {
			earlier = append(earlier, other.Name)
		}
	}
	return earlier
}

// siblings is the same for environments with the same promoteFrom, in whatever order.
func (e Environment) siblings() string {
	return strings.Join(slices.Sorted(slices.Values(e.PromoteFrom)), " ")
}

// ordered sorts environments topologically, those of a lower wave first, keeping the file's order where it is free. The graph has no cycle, and waves
// add none: all of a wave depend on the same environments, and on lower waves.
func ordered(environments []Environment) []Environment {
	after := make([][]string, len(environments))
	for i, e := range environments {
		after[i] = slices.Concat(e.PromoteFrom, before(e, environments))
	}
	done := map[string]bool{}
	var sorted []Environment
	for len(sorted) < len(environments) {
		for i, e := range environments {
			if done[e.Name] || !allDone(done, after[i]) {
				continue
			}
			done[e.Name] = true
			sorted = append(sorted, e)
			break
		}
	}
	return sorted
}

func allDone(done map[string]bool, names []string) bool {
	for _, n := range names {
		if !done[n] {
			return false
		}
	}
	return true
}
