package main

import (
	"context"
	"strconv"

	"github.com/org/platform/internal/synthetic"
)

// diffOfPullRequest compares what a change of one overlay does to the output with the cost of rendering that overlay before and after.
func diffOfPullRequest(ctx context.Context, b *bench, s *section) error {
	r, err := b.remote(ctx, "diff", manyServices, manyFiles, history)
	if err != nil {
		return err
	}
	var cache string
	cold, err := b.repeat(ctx, "diff, cold", func(n int) (sample, error) {
		if cache, err = b.fresh(b.disk); err != nil {
			return sample{}, err
		}
		return b.measureDiff(ctx, r, n, cache)
	})
	if err != nil {
		return err
	}
	warm, err := b.repeat(ctx, "diff, warm", func(n int) (sample, error) { return b.measureDiff(ctx, r, rounds+n, cache) })
	if err != nil {
		return err
	}
	const touched = 0
	head, err := b.git(ctx, r.Dir, "rev-parse", "pull-request-"+strconv.Itoa(touched))
	if err != nil {
		return err
	}
	twice, err := b.repeat(ctx, "render one overlay twice", func(int) (sample, error) {
		before, err := b.run(ctx, b.renderOne(r, touched, r.Head))
		if err != nil {
			return before, err
		}
		after, err := b.run(ctx, b.renderOne(r, touched, head))
		return sample{wall: before.wall + after.wall, cpu: before.cpu + after.cpu, memory: max(before.memory, after.memory)}, err
	})
	if err != nil {
		return err
	}
	s.note("%s files, %s services, %s overlays; the pull request changes one file of one overlay. Cold starts with an empty cache, warm with what the "+
		"diffs of other pull requests left behind. Rendering twice is two processes without a cache.",
		number(r.Files), number(r.services), number(r.services*environments))
	s.header = []string{"", "runs", "time", "CPU", "peak memory", "of rendering twice"}
	for _, one := range []struct {
		what    string
		samples series
	}{{"`diff`, cold", cold}, {"`diff`, warm", warm}, {"`render` of the overlay, before and after", twice}} {
		s.row(one.what, number(len(one.samples)), seconds(one.samples.wall()), seconds(one.samples.cpu()), bytesOf(one.samples.memory()),
			times(ratio(one.samples.wall(), twice.wall())))
	}
	s.atMost("diff of one overlay / rendering it twice, cold", ratio(cold.wall(), twice.wall()), 2)
	s.atMost("diff of one overlay / rendering it twice, warm", ratio(warm.wall(), twice.wall()), 2)
	return nil
}

// measureDiff compares main with a new pull request that changes one overlay of a service.
func (b *bench) measureDiff(ctx context.Context, r *remote, service int, cache string) (sample, error) {
	head, err := r.commit(ctx, "pull-request-"+strconv.Itoa(service), synthetic.ServiceDir(service)+"/deploy/overlays/prod/replicas.yaml", moreReplicas)
	if err != nil {
		return sample{}, err
	}
	return b.run(ctx, process{dir: r.Dir, env: []string{"PLATFORM_CACHE=" + cache}, args: append(b.binary("diff"), "--base", r.Head, "--head", head)})
}

// renderOne renders one overlay of a commit without a cache.
func (b *bench) renderOne(r *remote, service int, commit string) process {
	return process{dir: r.Dir, env: []string{"PLATFORM_CACHE=off"}, args: append(b.binary("render"), "prod", synthetic.Service(service), "--ref", commit)}
}
