package delivery_test

import (
	"context"
	"testing"
	"time"

	"github.com/org/platform/internal/state"
	"github.com/org/platform/internal/testkit"
)

// A promotion passes as promote would write it now, with its gates, and alone.
func TestVerifyPromotion(t *testing.T) {
	t.Parallel()
	origin := gated(t, gatedYAML, "a", "b")
	runVerify(t, origin, map[string]verifyCase{
		"no state": {
			change: func(f *fixture) { f.clone.Write(map[string]string{"services/a/README.md": "A\n"}) },
		},
		"the promotion": {
			change: func(f *fixture) { f.merges("promote/prod/a") },
			want:   "prod/a: promotion ok=true",
		},
		"its gate waits": {
			change: func(f *fixture) { f.merges("promote/prod/a") },
			with:   verification{now: testkit.Epoch.Add(2 * time.Hour)},
			want: "prod/a: promotion ok=false\n" +
				"error promotion-gate " + cell + "release.yaml:4:5: soak does not hold: staging has run it for 1h of 6h; merge after 2026-01-05 15:00 UTC " +
				"(wait: promote updates this pull request when it holds)",
		},
		"its gate is taken away with it": {
			change: func(f *fixture) {
				f.merges("promote/prod/a")
				f.edit("platform.yaml", "gates: [{soak: 6h}]", "gates: []")
			},
			with: verification{now: testkit.Epoch.Add(2 * time.Hour), group: true},
			want: "prod/a: promotion ok=false\n" +
				"error promotion-gate " + cell + "release.yaml:4:5: soak does not hold: staging has run it for 1h of 6h; merge after 2026-01-05 15:00 UTC " +
				"(wait: promote updates this pull request when it holds)",
		},
		"something else beside it": {
			change: func(f *fixture) {
				f.merges("promote/prod/a")
				f.clone.Write(map[string]string{"services/a/README.md": "A\n", "environments/dev/b.hold.yaml": holdOf("r-000000000000")})
			},
			want: "prod/a: promotion ok=true\ndev/b: hold\n" +
				"error promotion-alone environments/dev/b.hold.yaml: a promotion changes nothing else (move it to a pull request of its own)\n" +
				"error promotion-alone services/a/README.md: a promotion changes nothing else (move it to a pull request of its own)",
		},
		"something else beside it in a queue": {
			change: func(f *fixture) {
				f.merges("promote/prod/a", "promote/prod/b")
				f.clone.Write(map[string]string{"services/a/README.md": "A\n", "environments/prod/a.hold.yaml": holdOf("r-000000000000")})
			},
			with: verification{group: true},
			want: "prod/a: promotion ok=true\nprod/b: promotion ok=true\nprod/a: hold",
		},
		"a hold beside it": {
			change: func(f *fixture) {
				f.merges("promote/prod/a")
				f.clone.Write(map[string]string{"environments/prod/a.hold.yaml": holdOf("r-000000000000")})
			},
			want: "prod/a: promotion ok=false\nprod/a: hold\nerror state environments/prod/a.hold.yaml: the hold is not as the promotion leaves it" + byHand,
		},
		"an edit on top of it": {
			change: func(f *fixture) { f.merges("promote/prod/a"); f.edit(cell+"manifests.yaml", "name: a", "name: other") },
			with:   verification{branch: "promote/prod/a"},
			want: "prod/a: hand edit ok=false\n" +
				"error state " + cell + "manifests.yaml:4: manifests.yaml was edited by hand: it is not what the toolkit writes for r-X " +
				"(delete promote/prod/a; platform promote --component a --to prod writes it anew)",
		},
		"an edit of what the gates were": {
			change: func(f *fixture) { f.merges("promote/prod/a"); f.edit(cell+"release.yaml", "gates:\n  - soak\n", "") },
			want: "prod/a: hand edit ok=false\n" +
				"error state " + cell + "release.yaml:14: release.yaml was edited by hand: it is not what the toolkit writes for r-X" + byHand,
		},
		"gates that nobody skipped": {
			change: func(f *fixture) { f.merges("promote/prod/a"); f.skip("ada") },
			with:   verification{now: testkit.Epoch.Add(2 * time.Hour)},
			want: "prod/a: promotion ok=false\n" +
				"error promotion-gate " + cell + "release.yaml:4:5: soak does not hold: staging has run it for 1h of 6h; merge after 2026-01-05 15:00 UTC " +
				"(wait: promote updates this pull request when it holds)\n" +
				"error promotion-break-glass " + cell + "release.yaml:18:3: nothing proves that ada may skip the gates " +
				"(a member of org/sre puts the label emergency on the pull request)",
		},
		"gates that another one skipped": {
			change: func(f *fixture) { f.merges("promote/prod/a"); f.skip("ada") },
			with:   verification{breakGlass: func(context.Context, state.Key) (string, error) { return "grace", nil }},
			want: "prod/a: promotion ok=false\n" +
				"error promotion-break-glass " + cell + "release.yaml:18:3: nothing proves that ada may skip the gates " +
				"(a member of org/sre puts the label emergency on the pull request)",
		},
		"gates that were skipped": {
			change: func(f *fixture) { f.merges("promote/prod/a"); f.skip("ada") },
			with:   verification{now: testkit.Epoch.Add(2 * time.Hour), breakGlass: func(context.Context, state.Key) (string, error) { return "Ada", nil }},
			want: "prod/a: promotion ok=true\n" +
				"warning promotion-gate " + cell + "release.yaml:4:5: soak does not hold: staging has run it for 1h of 6h; merge after 2026-01-05 15:00 UTC " +
				"(skipped by Ada)",
		},
	})
}
