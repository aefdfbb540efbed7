package main

import (
	"context"
	"path/filepath"
	"runtime"
	"strconv"

	"github.com/org/platform/internal/synthetic"
)

// fewOverlays is the smaller repository of the comparison of memory: a tenth of the services.
const (
	fewerServices = manyServices / 10
	fewerFiles    = manyFiles / 10
)

// renderAll renders every overlay of a commit, from the objects of a bare repository.
func (b *bench) renderAll(r *remote, ref, cache string, more ...string) process {
	return process{dir: r.Dir, env: []string{"PLATFORM_CACHE=" + cache}, args: append(append(b.binary("render"), "--all", "--ref", ref), more...)}
}

func renderEverything(ctx context.Context, b *bench, s *section) error {
	few, err := b.remote(ctx, "render-few", fewerServices, fewerFiles, history)
	if err != nil {
		return err
	}
	many, err := b.remote(ctx, "render-many", manyServices, manyFiles, history)
	if err != nil {
		return err
	}
	s.header = []string{"overlays", "", "runs", "time", "CPU", "peak memory"}
	coldFew, _, err := b.renderTwice(ctx, s, few)
	if err != nil {
		return err
	}
	cold, changed, err := b.renderTwice(ctx, s, many)
	if err != nil {
		return err
	}
	peer, err := b.renderByScript(ctx, s, many)
	if err != nil {
		return err
	}
	overlays := number(manyServices * environments)
	s.atLeast("xargs kustomize build / render --all, "+overlays+" overlays", ratio(peer.wall(), cold.wall()), 3)
	s.atLeast("render --all / render --all after a change of one file, "+overlays+" overlays", ratio(cold.wall(), changed.wall()), 100)
	s.atMost("peak memory for "+overlays+" overlays / "+number(fewerServices*environments), ratio(cold.memory(), coldFew.memory()), 1.3)
	s.note("Manifests are rendered and not written, but where it says so; the script's go to /dev/null. Cold starts with an empty cache. The script "+
		"runs kustomize %d at once in a checkout; its memory is that of the largest process.", runtime.NumCPU())
	return nil
}

// renderTwice measures the render of everything with an empty cache, and again with what that left behind after one overlay has changed, also into
// a folder that has the files of the time before.
func (b *bench) renderTwice(ctx context.Context, s *section, r *remote) (cold, changed series, err error) {
	overlays := number(r.services * environments)
	var cache string
	cold, err = b.repeat(ctx, "render "+overlays+" overlays, cold", func(int) (sample, error) {
		if cache, err = b.fresh(b.disk); err != nil {
			return sample{}, err
		}
		return b.run(ctx, b.renderAll(r, "main", cache))
	})
	if err != nil {
		return nil, nil, err
	}
	changed, err = b.repeat(ctx, "render "+overlays+" overlays after a change of one file", func(n int) (sample, error) {
		return b.renderChange(ctx, r, n, cache)
	})
	if err != nil {
		return nil, nil, err
	}
	files, err := b.fresh(b.disk)
	if err != nil {
		return nil, nil, err
	}
	if _, err := b.run(ctx, b.renderAll(r, "main", cache, "--to", files)); err != nil {
		return nil, nil, err
	}
	written, err := b.repeat(ctx, "render "+overlays+" overlays to files after a change of one file", func(n int) (sample, error) {
		return b.renderChange(ctx, r, rounds+n, cache, "--to", files)
	})
	if err != nil {
		return nil, nil, err
	}
	s.rendered(r, "`render --all`, cold", cold)
	s.rendered(r, "`render --all` after a change of one file", changed)
	s.rendered(r, "`render --all --to` a folder after a change of one file", written)
	return cold, changed, nil
}

// renderChange changes one overlay of a service and measures the render of everything.
func (b *bench) renderChange(ctx context.Context, r *remote, service int, cache string, more ...string) (sample, error) {
	commit, err := r.commit(ctx, "change-"+strconv.Itoa(service), synthetic.ServiceDir(service)+"/deploy/overlays/prod/replicas.yaml", moreReplicas)
	if err != nil {
		return sample{}, err
	}
	return b.run(ctx, b.renderAll(r, commit, cache, more...))
}

func (s *section) rendered(r *remote, what string, samples series) {
	s.row(number(r.services*environments), what, number(len(samples)), seconds(samples.wall()), seconds(samples.cpu()), bytesOf(samples.memory()))
}

// moreReplicas is the patch of an overlay after the change of one file.
const moreReplicas = "- op: add\n  path: /spec/replicas\n  value: 5\n"

// renderByScript measures kustomize in a checkout of the same commit.
func (b *bench) renderByScript(ctx context.Context, s *section, r *remote) (series, error) {
	samples, err := b.kustomizeScript(ctx, r)
	if err == nil {
		s.rendered(r, "`xargs kustomize build`", samples)
	}
	return samples, err
}

func (b *bench) kustomizeScript(ctx context.Context, r *remote) (series, error) {
	dir, err := b.fresh(b.disk)
	if err != nil {
		return nil, err
	}
	if _, err := b.git(ctx, dir, "clone", "-q", r.Dir, "checkout"); err != nil {
		return nil, err
	}
	script := process{dir: filepath.Join(dir, "checkout"), args: []string{"sh", filepath.Join(b.bin, "render.sh"), strconv.Itoa(runtime.NumCPU())}}
	return b.repeat(ctx, "xargs kustomize build", func(int) (sample, error) { return b.run(ctx, script) })
}
