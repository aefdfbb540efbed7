package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/org/platform/internal/synthetic"
)

// breaksARule is the patch of an overlay after a change that a policy refuses.
const breaksARule = "- op: add\n  path: /spec/replicas\n  value: 5\n- op: add\n  path: /spec/template/spec/hostNetwork\n  value: true\n"

// checkPullRequest measures what a pull request waits for: the check of a change of one overlay, against conftest over all that is rendered, which
// is what a workflow does that cannot tell what a change affects.
func checkPullRequest(ctx context.Context, b *bench, s *section) error {
	conftest, err := b.buildTool(ctx, "conftest")
	if err != nil {
		return err
	}
	r, err := b.remote(ctx, "policy-check", manyServices, manyFiles, history)
	if err != nil {
		return err
	}
	var cache string
	cold, err := b.repeat(ctx, "policy-check, cold", func(n int) (sample, error) {
		if cache, err = b.fresh(b.disk); err != nil {
			return sample{}, err
		}
		return b.checkChange(ctx, r, n, cache)
	})
	if err != nil {
		return err
	}
	warm, err := b.repeat(ctx, "policy-check, warm", func(n int) (sample, error) { return b.checkChange(ctx, r, rounds+n, cache) })
	if err != nil {
		return err
	}
	all, err := b.repeat(ctx, "policy-check --all", func(int) (sample, error) {
		return b.run(ctx, process{dir: r.Dir, env: []string{"PLATFORM_CACHE=off"},
			args: append(b.binary("policy-check"), "--all", "--base", r.Head, "--ref", r.Head)})
	})
	if err != nil {
		return err
	}
	peer, err := b.conftestOverEverything(ctx, r, conftest, cache)
	if err != nil {
		return err
	}
	kustomize, err := b.kustomizeScript(ctx, r)
	if err != nil {
		return err
	}
	s.note("%s files, %s services, %s overlays; the pull request makes one of them break a rule, and the check names the line. Rules are those of the bundle "+
		"kubernetes; conftest evaluates those of them that look at one object at a time, over manifests that are rendered already. Cold starts with an "+
		"empty cache, so that both sides are rendered whole; warm with what the checks of other pull requests left behind. With --all every overlay "+
		"has warnings here, each of which is placed by experiment.",
		number(r.Files), number(r.services), number(r.services*environments))
	s.header = []string{"", "runs", "time", "CPU", "peak memory"}
	for _, one := range []struct {
		what    string
		samples series
	}{
		{"`policy-check`, warm", warm}, {"`policy-check`, cold", cold}, {"`policy-check --all`, without a cache", all},
		{"conftest over everything", peer}, {"`xargs kustomize build`, to have something to check", kustomize},
	} {
		s.row(one.what, number(len(one.samples)), seconds(one.samples.wall()), seconds(one.samples.cpu()), bytesOf(one.samples.memory()))
	}
	s.atLeast("conftest over everything / policy-check of a pull request, warm", ratio(peer.wall(), warm.wall()), 100)
	s.atLeast("kustomize and conftest over everything / policy-check of a pull request, warm", ratio(kustomize.wall()+peer.wall(), warm.wall()), 100)
	s.tell("conftest over everything / policy-check of a pull request, cold", ratio(peer.wall(), cold.wall()))
	s.tell("kustomize and conftest over everything / policy-check --all", ratio(kustomize.wall()+peer.wall(), all.wall()))
	return nil
}

// conftestOverEverything measures conftest over the manifests of all overlays, which are rendered before.
func (b *bench) conftestOverEverything(ctx context.Context, r *remote, conftest, cache string) (series, error) {
	rendered, err := b.fresh(b.disk)
	if err != nil {
		return nil, err
	}
	if _, err := b.run(ctx, b.renderAll(r, "main", cache, "--to", rendered)); err != nil {
		return nil, err
	}
	root, err := moduleRoot(ctx)
	if err != nil {
		return nil, err
	}
	bundle := filepath.Join(root, "policy", "kubernetes")
	return b.repeat(ctx, "conftest over everything", func(int) (sample, error) {
		return b.run(ctx, process{dir: rendered, args: []string{conftest, "test", "--no-fail", "--output", "json", "--policy", bundle,
			"--data", filepath.Join(bundle, "data"), "--namespace", "kubernetes", rendered}})
	})
}

// checkChange checks a new pull request that makes an overlay of a service break a rule.
func (b *bench) checkChange(ctx context.Context, r *remote, service int, cache string) (sample, error) {
	file := synthetic.ServiceDir(service) + "/deploy/overlays/prod/replicas.yaml"
	head, err := r.commit(ctx, "pull-request-"+strconv.Itoa(service), file, breaksARule)
	if err != nil {
		return sample{}, err
	}
	return b.run(ctx, process{dir: r.Dir, env: []string{"PLATFORM_CACHE=" + cache}, exit: 1,
		args: append(b.binary("policy-check"), "--base", r.Head, "--ref", head)})
}

// moduleRoot returns the folder of this module.
func moduleRoot(ctx context.Context) (string, error) {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("find the module; run this inside the repository: %w", err)
	}
	return strings.TrimSpace(string(root)), nil
}
