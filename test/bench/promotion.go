package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/synthetic"
)

// gitHost is the name that the host has for promotions: a forge is known by a name without a port, so clients reach it through a proxy, which is the
// host itself.
const gitHost = "git.example.com"

// owner owns the monorepos of travels.
const owner = "acme"

// travelled is a monorepo of travels on the host, with a clone and its pull requests.
type travelled struct {
	synthetic.Travels
	repository string // owner/name
	url        string
	clone      string
	forge      *fakeForge
	pulls      []pullRequest
}

// travels writes a monorepo of travels, in a process of its own.
func (b *bench) travels(ctx context.Context, f *fakeForge, name string, o synthetic.Travels, others int) (*travelled, error) {
	dir := filepath.Join(b.host.root, owner, name+".git")
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, err
	}
	b.progress("writing %s: %s services, %s commits, %d promotions wanted", name, number(o.Services), number(o.Commits), o.Wanted)
	write := exec.CommandContext(ctx, b.self, "-generate", dir, "-services", strconv.Itoa(o.Services), "-history", strconv.Itoa(o.Commits),
		"-wanted", strconv.Itoa(o.Wanted))
	var complaints tail
	write.Env, write.Stderr = b.environment(), &complaints
	if _, err := write.Output(); err != nil {
		return nil, fmt.Errorf("write repository %s: %w\n%s", name, err, complaints.Bytes())
	}
	return b.adoptTravels(ctx, f, dir, o, others)
}

// adoptTravels puts a monorepo of travels in a folder of the host at the host's disposal, and clones it. All that is wanted has a branch and an open pull
// request; others are open besides.
func (b *bench) adoptTravels(ctx context.Context, f *fakeForge, dir string, o synthetic.Travels, others int) (*travelled, error) {
	name := owner + "/" + filepath.Base(dir)
	t := &travelled{Travels: o, repository: strings.TrimSuffix(name, ".git"), url: "http://" + gitHost + "/" + name, forge: f}
	if _, err := b.host.serve(ctx, b, dir); err != nil {
		return nil, err
	}
	work, err := b.fresh(b.disk)
	if err != nil {
		return nil, err
	}
	t.clone = filepath.Join(work, "clone")
	if _, err := b.git(ctx, work, "clone", "-q", "--no-checkout", dir, t.clone); err != nil {
		return nil, err
	}
	if _, err := b.git(ctx, t.clone, "remote", "set-url", "origin", t.url); err != nil {
		return nil, err
	}
	return t, t.open(ctx, b, dir, others)
}

// open makes the branches and the pull requests.
func (t *travelled) open(ctx context.Context, b *bench, dir string, others int) error {
	f := t.forge
	f.pulls.Store(&[]pullRequest{})
	plan, err := t.plan(ctx, b)
	if err != nil {
		return err
	}
	head, err := b.git(ctx, dir, "rev-parse", "main")
	if err != nil {
		return err
	}
	var branches []string
	for _, step := range plan.wanted() {
		branches = append(branches, "promote/"+step.Environment+"/"+step.Component)
	}
	if len(branches) != t.Wanted {
		return fmt.Errorf("%d promotions of %s are wanted, not %d", len(branches), t.repository, t.Wanted)
	}
	for n := range others {
		branches = append(branches, "topic-"+strconv.Itoa(n))
	}
	var commands strings.Builder
	for n, branch := range branches {
		fmt.Fprintf(&commands, "create refs/heads/%s %s\n", branch, head)
		t.pulls = append(t.pulls, pullRequest{n + 1, t.repository, branch, head})
	}
	update := exec.CommandContext(ctx, "git", "update-ref", "--stdin")
	update.Dir, update.Env, update.Stdin = dir, b.environment(), strings.NewReader(commands.String())
	if out, err := update.CombinedOutput(); err != nil {
		return fmt.Errorf("make branches of %s: %w\n%s", t.repository, err, out)
	}
	return nil
}

// env is what a process sees beyond that of every process.
func (t *travelled) env(b *bench, cache string) []string {
	return []string{"PLATFORM_CACHE=" + cache, "GITHUB_SERVER_URL=http://" + gitHost, "GITHUB_API_URL=" + t.forge.url, "GITHUB_TOKEN=t0ken",
		"http_proxy=" + b.host.url, "HTTP_PROXY=" + b.host.url, "no_proxy=127.0.0.1", "NO_PROXY=127.0.0.1"}
}

// command is a command of ours in the clone, or where there is none.
func (t *travelled) command(b *bench, cache string, local bool, args ...string) process {
	p := process{dir: t.clone, env: t.env(b, cache), args: append([]string{filepath.Join(b.bin, "platform")}, args...)}
	if !local {
		p.dir = filepath.Join(b.dir, "home")
		p.args = append(p.args, "--repository", t.url, "--ref", "main")
	}
	return p
}

// asked runs a process, and returns how many requests the forge had from it.
func (t *travelled) asked(ctx context.Context, b *bench, p process) (sample, int, error) {
	t.forge.pulls.Store(&t.pulls)
	before := t.forge.requests.Load()
	s, err := b.run(ctx, p)
	if what := t.forge.unknown.Load(); err == nil && what != nil {
		err = fmt.Errorf("%s: the forge has no answer to %s", strings.Join(p.args, " "), *what)
	}
	return s, int(t.forge.requests.Load() - before), err
}

// calls is how many requests a dry run has to send: one for each hundred open pull requests, and where a gate asks for checks, two for the commit that
// brought a release and two for its source. There is one such gate, which releases wait for that are in dev and no further.
func (t *travelled) calls() int {
	inDev := t.Wanted - t.Wanted/6*3
	return max(1, (len(t.pulls)+perPage-1)/perPage) + 4*inDev
}

// cells is how many requests it takes to ask for the pull request of every component and environment.
func (t *travelled) cells() int { return t.Services * len(upstreams) }

// upstreams are the environments that are promoted to, with where from.
var upstreams = []string{"staging:dev", "prod:staging", "prod-02:staging", "prod-03:staging"}

// promotions are what promote prints.
type promotions struct {
	Outcomes []struct{ Environment, Component, Action string }
	Requests int
}

type promoted struct{ Environment, Component string }

// wanted are those that promote makes, now or when their gates hold.
func (p *promotions) wanted() []promoted {
	var wanted []promoted
	for _, o := range p.Outcomes {
		if o.Action != string(promotion.Current) {
			wanted = append(wanted, promoted{o.Environment, o.Component})
		}
	}
	return wanted
}

// plan returns what a dry run prints, unmeasured.
func (t *travelled) plan(ctx context.Context, b *bench) (*promotions, error) {
	p := t.command(b, "off", true, "promote", "--dry-run", "--output", "json")
	cmd := exec.CommandContext(ctx, p.args[0], p.args[1:]...)
	var complaints tail
	cmd.Dir, cmd.Env, cmd.Stderr = p.dir, b.environment(p.env...), &complaints
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", strings.Join(p.args, " "), err, complaints.Bytes())
	}
	var plan promotions
	return &plan, json.Unmarshal(out, &plan)
}
