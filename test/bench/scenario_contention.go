package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/synthetic"
)

// contentionFiles is small enough that 64 clones of it, of two cores' time each, end within minutes.
const (
	deployers       = 64
	contentionFiles = 10_000
)

// rush is what many deploys at once came to.
type rush struct {
	wall, slowest, middle time.Duration
	attempts, commits     int64
	lost                  int
}

func deployAtOnce(ctx context.Context, b *bench, s *section) error {
	ours, err := b.rush(ctx, "contention-ours", func(r *remote, image release.Image, dir string) process {
		return b.deploy(r, image, filepath.Join(dir, "cache"))
	}, (*remote).deployed)
	if err != nil {
		return err
	}
	script, err := b.rush(ctx, "contention-script", b.script, (*remote).edited)
	if err != nil {
		return err
	}
	s.note("%d deploys of different components, each a process of its own with an empty cache, started at once against one repository of %s files. "+
		"One run. All share this machine's cores with the host; checkouts and caches are %s.", deployers, number(contentionFiles),
		map[bool]string{true: "in memory, so that one disk does not hold up what are many machines in life", false: "on one disk"}[b.memory != ""])
	s.header = []string{"", "all done after", "deploys a second", "median deployer", "slowest deployer", "attempts to push", "commits", "lost"}
	for _, one := range []struct {
		what string
		rush *rush
	}{{"deploy", ours}, {"usual script", script}} {
		s.row(one.what, seconds(one.rush.wall), fmt.Sprintf("%.1f", one.rush.throughput()), seconds(one.rush.middle), seconds(one.rush.slowest),
			number(int(one.rush.attempts)), number(int(one.rush.commits)), number(one.rush.lost))
	}
	s.atLeast(fmt.Sprintf("throughput of deploy / usual script, %d at once", deployers), ours.throughput()/script.throughput(), 10)
	s.none(fmt.Sprintf("deploys lost of %d at once", deployers), ours.lost)
	return nil
}

func (r *rush) throughput() float64 { return float64(deployers-r.lost) / r.wall.Seconds() }

// rush starts all deploys at once. A deploy that fails is a lost one; what it said is told on the way.
func (b *bench) rush(ctx context.Context, name string, start func(*remote, release.Image, string) process,
	arrived func(*remote, context.Context, release.Image) error) (*rush, error) {
	r, err := b.remote(ctx, name, fewServices*2, contentionFiles, history)
	if err != nil {
		return nil, err
	}
	root := cmp.Or(b.memory, b.disk) // each runner has a disk of its own; here one disk would hold up all
	processes := make([]process, deployers)
	dirs := make([]string, deployers)
	for i := range processes {
		if dirs[i], err = b.fresh(root); err != nil {
			return nil, err
		}
		processes[i] = start(r, synthetic.Image(i, 1), dirs[i])
	}
	before, begin := b.host.traffic(), b.app.Now()
	walls, failures := make([]time.Duration, deployers), make([]error, deployers)
	var wg sync.WaitGroup
	for i, p := range processes {
		wg.Go(func() {
			one, err := b.run(ctx, p)
			walls[i], failures[i] = one.wall, err
		})
	}
	wg.Wait()
	result := &rush{wall: b.app.Now().Sub(begin), slowest: slices.Max(walls), attempts: b.host.traffic().minus(before).pushes}
	slices.Sort(walls)
	result.middle = walls[len(walls)/2]
	for i := range processes {
		if err := errors.Join(failures[i], arrived(r, ctx, synthetic.Image(i, 1))); err != nil {
			b.progress("lost: %v", err)
			result.lost++
		}
		if err := os.RemoveAll(dirs[i]); err != nil {
			return nil, err
		}
	}
	if result.commits, err = r.commits(ctx); err != nil {
		return nil, err
	}
	b.progress("%s: %d deploys in %s, %d attempts, %d commits, %d lost", name, deployers, seconds(result.wall), result.attempts, result.commits, result.lost)
	return result, ctx.Err()
}
