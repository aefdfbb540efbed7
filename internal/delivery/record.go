package delivery

import (
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/release"
)

// recordOf returns the record that a step writes. It is the same at any time at which the step brings the same release, whatever its gates say then,
// so that a check can tell it from the commit alone.
func recordOf(step promotion.Step, manifests []byte, skipped *release.BreakGlass) release.Record {
	r := release.NewRecord(step.Release.Release, step.Source, manifests)
	for _, v := range step.Gates {
		if v.Gate != promotion.GateUpstream { // promotedFrom says it
			r.Gates = append(r.Gates, string(v.Gate))
		}
	}
	r.BreakGlass = skipped
	return r
}
