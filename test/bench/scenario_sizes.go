package main

import (
	"context"
	"fmt"
	"time"

	"github.com/org/platform/internal/synthetic"
)

// sizeRounds is more than elsewhere: what is compared is nearly the same, on a machine that is never quite still.
const sizeRounds = 9

// longHistory is how many commits there are where the release that runs is an old one.
const longHistory = 2_000

// sized is what deploys into one repository cost.
type sized struct {
	remote     *remote
	commits    int
	cold, warm series
}

// deployIntoSizes deploys into repositories of 1,000 to 100,000 files: of the same services with more source files, of more services, and of a
// longer history.
func deployIntoSizes(ctx context.Context, b *bench, s *section) error {
	var all []*sized
	for _, o := range []struct{ services, files, commits int }{
		{fewServices, 1_000, history},
		{fewServices, 10_000, history},
		{fewServices, 100_000, history},
		{fewServices * 10, 10_000, history},
		{fewServices * 100, 100_000, history},
		{fewServices, 10_000, longHistory},
	} {
		r, err := b.remote(ctx, fmt.Sprintf("sizes-%d-%d-%d", o.files, o.services, o.commits), o.services, o.files, o.commits)
		if err != nil {
			return err
		}
		all = append(all, &sized{remote: r, commits: o.commits})
	}
	for n := range sizeRounds { // in turn, so that a slow moment of the machine does not hit one size alone
		for _, one := range all {
			if n >= atLeast && one.cold[0].wall >= soon {
				continue
			}
			if err := one.measure(ctx, b, n); err != nil {
				return err
			}
		}
	}
	s.header = []string{"files", "services", "commits since the release that runs", "cache", "runs", "time", "of it the push", "fetched", "sent", "requests"}
	for _, one := range all {
		one.rows(s)
	}
	s.note("Cold starts with an empty cache, warm with that of the component's deploy before. The push is what the host takes to check and store it: " +
		"`git receive-pack` walks every tree of the branch for that, whoever pushes.")
	s.flat("deploy into 1,000 to 100,000 files, cold", all[:3], func(s *sized) series { return s.cold })
	s.flat("deploy into 1,000 to 100,000 files, warm", all[:3], func(s *sized) series { return s.warm })
	return nil
}

// measure deploys one service twice: what the first deploy leaves in the cache is what the second one starts with.
func (s *sized) measure(ctx context.Context, b *bench, n int) error {
	cache, err := b.fresh(b.disk)
	if err != nil {
		return err
	}
	for build, into := range []*series{&s.cold, &s.warm} {
		one, err := b.measureDeploy(ctx, s.remote, synthetic.Image(n, build+1), cache)
		if err != nil {
			return err
		}
		b.report(fmt.Sprintf("deploy into %s files, %d services, %s", number(s.remote.Files), s.remote.services, []string{"cold", "warm"}[build]), one)
		*into = append(*into, one)
	}
	return nil
}

func (s *sized) rows(to *section) {
	for _, c := range []struct {
		cache   string
		samples series
		since   int
	}{{"cold", s.cold, s.commits - 1}, {"warm", s.warm, 1}} {
		to.row(number(s.remote.Files), number(s.remote.services), number(c.since), c.cache, number(len(c.samples)), seconds(c.samples.wall()),
			seconds(c.samples.accept()), bytesOf(c.samples.down()), bytesOf(c.samples.up()), number(int(c.samples.requests())))
	}
}

// flat claims that neither time nor bytes grow with the files.
func (s *section) flat(what string, all []*sized, of func(*sized) series) {
	var walls, own []time.Duration
	var fetched []int64
	for _, one := range all {
		walls, own = append(walls, of(one).wall()), append(own, of(one).own())
		fetched = append(fetched, of(one).down())
	}
	s.atMost(what+": longest time / shortest", spread(walls...), 1.3)
	s.tell(what+": the same without the host's check of the push", spread(own...))
	s.atMost(what+": most bytes fetched / fewest", spread(fetched...), 1.3)
}
