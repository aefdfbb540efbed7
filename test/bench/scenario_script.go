package main

import (
	"context"
	"time"

	"github.com/org/platform/internal/synthetic"
)

// A monorepo of a thousand services: the files of the usual ratio, and 3,000 overlays.
const (
	manyServices = 1_000
	manyFiles    = 57_000
)

// slowRoundTrip is what every request waits for in the scenario of the slow connection.
const slowRoundTrip = 50 * time.Millisecond

// place is where the script checks out, and what to say of its time against ours.
type place struct {
	name  string
	root  string
	claim func(what string, ratio float64)
}

func deployAgainstScript(ctx context.Context, b *bench, s *section) error {
	const target = 30
	places := []place{{"on disk", b.disk, func(what string, ratio float64) { s.atLeast(what, ratio, target) }}}
	if b.memory != "" {
		places = append(places, place{"in memory", b.memory, s.tell})
	}
	return b.compareDeploys(ctx, s, "script", places)
}

// deployOverLatency is the same with round trips that take time, which loopback hides.
func deployOverLatency(ctx context.Context, b *bench, s *section) error {
	b.host.delay.Store(int64(slowRoundTrip))
	defer b.host.delay.Store(0)
	s.note("Every request waits %s before the host looks at it, and one more where its connection is new. Bandwidth is not limited.", slowRoundTrip)
	fast := place{"in memory, round trips of " + slowRoundTrip.String(), b.memory, s.tell}
	if b.memory == "" {
		fast = place{"on disk, round trips of " + slowRoundTrip.String(), b.disk, s.tell}
	}
	return b.compareDeploys(ctx, s, "latency", []place{fast})
}

// compareDeploys measures deploys by us and by the script into the same repository.
func (b *bench) compareDeploys(ctx context.Context, s *section, name string, places []place) error {
	r, err := b.remote(ctx, name, manyServices, manyFiles, history)
	if err != nil {
		return err
	}
	var cache string
	last := 0
	cold, err := b.repeat(ctx, "deploy, cold", func(n int) (sample, error) {
		if cache, err = b.fresh(b.disk); err != nil {
			return sample{}, err
		}
		last = n
		return b.measureDeploy(ctx, r, synthetic.Image(n, 1), cache)
	})
	if err != nil {
		return err
	}
	warm, err := b.repeat(ctx, "deploy, warm", func(n int) (sample, error) {
		return b.measureDeploy(ctx, r, synthetic.Image(last, n+2), cache)
	})
	if err != nil {
		return err
	}
	s.note("%s files, %s services.", number(r.Files), number(r.services))
	s.header = []string{"", "runs", "time", "CPU", "fetched", "sent", "requests"}
	s.deploys("`deploy`, cold", cold)
	s.deploys("`deploy`, warm", warm)
	for build, at := range places {
		script, err := b.repeat(ctx, "script, checkout "+at.name, func(n int) (sample, error) {
			return b.measureScript(ctx, r, synthetic.Image(n, build+1), at.root)
		})
		if err != nil {
			return err
		}
		s.deploys("usual script, checkout "+at.name, script)
		what := "usual script, " + number(r.Files) + " files " + at.name + " / deploy, "
		at.claim(what+"cold", ratio(script.wall(), cold.wall()))
		at.claim(what+"warm", ratio(script.wall(), warm.wall()))
	}
	return nil
}

func (s *section) deploys(what string, samples series) {
	s.row(what, number(len(samples)), seconds(samples.wall()), seconds(samples.cpu()), bytesOf(samples.down()), bytesOf(samples.up()),
		number(int(samples.requests())))
}
