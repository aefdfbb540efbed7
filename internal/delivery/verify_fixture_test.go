package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
	"github.com/org/platform/internal/testkit"
)

const gatedYAML = `apiVersion: platform/v1
kind: Platform
metadata: {name: demo}
spec:
  registry: registry.example
  components: [services/*]
  environments:
    - name: dev
    - name: staging
      promoteFrom: [dev]
    - name: prod
      promoteFrom: [staging]
      gates: [{soak: 6h}]
  breakGlass: {label: emergency, teams: [org/sre]}
`

// soaked is when every gate of gatedYAML holds.
var soaked = testkit.Epoch.Add(30 * time.Hour)

// gated is a platform whose staging runs release 2 of each component and whose prod runs release 1, with the branches for release 2 open.
func gated(t *testing.T, yaml string, components ...string) *fixture {
	t.Helper()
	f := newFixture(t, components...)
	f.clone.Write(map[string]string{"platform.yaml": yaml})
	f.clone.Commit("Configure")
	f.clone.Git("push", "-q", "origin", "HEAD:main")
	for image := 1; image <= 2; image++ {
		for _, component := range components {
			f.release(component, image)
		}
		f.promoteAt(soaked)
		f.merge("staging")
		f.promoteAt(soaked)
		if image == 1 {
			f.merge("prod")
		}
	}
	return f
}

func (f *fixture) release(component string, image int) {
	f.t.Helper()
	f.sync()
	if err := f.deploy("", component, image); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) promoteAt(now time.Time) {
	f.t.Helper()
	f.sync()
	d, _, _ := f.open("")
	d.Now = func() time.Time { return now }
	if _, err := d.Promote(f.t.Context(), delivery.PromoteOptions{}); err != nil {
		f.t.Fatal(err)
	}
}

// sync makes the clone's main what the remote has.
func (f *fixture) sync() {
	f.t.Helper()
	f.clone.Git("fetch", "-q", "--prune", "origin")
	f.clone.Git("checkout", "-q", "-f", "-B", "main", "origin/main")
	f.clone.Git("clean", "-q", "-fdx")
}

// branches returns the promotion branches to an environment.
func (f *fixture) branches(environment string) []string {
	return strings.Fields(f.remote.Git("for-each-ref", "--format=%(refname:short)", "refs/heads/promote/"+environment))
}

// merge merges the promotions to an environment into main as people do.
func (f *fixture) merge(environment string) {
	f.t.Helper()
	f.sync()
	for _, branch := range f.branches(environment) {
		f.clone.Git("merge", "-q", "--no-ff", "-m", "Merge "+branch, "origin/"+branch)
	}
	f.clone.Git("push", "-q", "origin", "HEAD:main")
}

// copy returns the same platform on a remote and with a clone of its own, each branch as it is.
func (f *fixture) copy(t *testing.T) *fixture {
	t.Helper()
	g := &fixture{t: t, remote: testkit.NewRemote(t)}
	f.remote.Git("push", "-q", "--mirror", g.remote.URL())
	g.clone = g.remote.Clone(t)
	g.clone.When = f.clone.When
	return g
}

// commit commits the clone's files and returns the commit, which the remote then has.
func (f *fixture) commit() string {
	f.t.Helper()
	id := f.clone.Commit("Change")
	f.clone.Git("push", "-q", "origin", "HEAD:refs/heads/change-"+id)
	return id
}

func (f *fixture) path(name string) string {
	return filepath.Join(f.clone.Dir, filepath.FromSlash(name))
}

// edit replaces text in a file of the clone.
func (f *fixture) edit(name, old, new string) {
	f.t.Helper()
	content, err := os.ReadFile(f.path(name))
	if err != nil {
		f.t.Fatal(err)
	}
	if !strings.Contains(string(content), old) {
		f.t.Fatalf("%q is not in %s:\n%s", old, name, content)
	}
	f.clone.Write(map[string]string{name: strings.Replace(string(content), old, new, 1)})
}

// verification is a run of Verify without a clone, with the configuration of the base.
type verification struct {
	address    string // empty: the remote's
	now        time.Time
	group      bool
	branch     string
	breakGlass func(context.Context, state.Key) (string, error)
}

func (f *fixture) verify(base, head string, o verification) (*delivery.Verified, error) {
	f.t.Helper()
	if o.now.IsZero() {
		o.now = soaked
	}
	if o.address == "" {
		o.address = f.remote.URL()
	}
	now := func() time.Time { return o.now }
	repo, err := git.Open(f.t.Context(), git.Options{URL: o.address, Now: now, Committer: git.Identity{Name: "bot", Email: "bot@example.com"},
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
	if err != nil {
		return nil, err
	}
	commits := make([]*git.Commit, 2)
	for i, id := range []string{base, head} {
		hash, err := repo.FetchCommit(f.t.Context(), id)
		if err == nil {
			commits[i], err = repo.Commit(hash)
		}
		if err != nil {
			return nil, err
		}
	}
	platform, err := config.Load(repo.Tree(commits[0].TreeHash), config.Options{NoComponentsYet: true})
	if err != nil {
		return nil, err
	}
	d := &delivery.Delivery{Repo: repo, Platform: platform, Now: now, Progress: func(string, ...any) {}}
	return d.Verify(f.t.Context(), delivery.VerifyOptions{Base: commits[0], Head: commits[1], Group: o.group, Branch: o.branch, BreakGlass: o.breakGlass})
}

// told returns a verification in lines: each cell, and each finding.
func told(v *delivery.Verified) string {
	var lines []string
	for _, c := range v.Cells {
		lines = append(lines, fmt.Sprintf("%s/%s: %s ok=%v", c.Environment, c.Component, c.Kind, c.OK))
	}
	for _, k := range v.Holds {
		lines = append(lines, fmt.Sprintf("%s/%s: hold", k.Environment, k.Component))
	}
	for _, p := range v.Problems {
		lines = append(lines, fmt.Sprintf("%s %s %s: %s (%s)", p.Severity, p.RuleID, p.Place(), p.Message, p.Fix))
	}
	return regexp.MustCompile(`r-[0-9a-f]{12}`).ReplaceAllString(strings.Join(lines, "\n"), "r-X")
}

const (
	cell   = "environments/prod/a/"
	byHand = " (git revert this; platform promote --component a --to prod and platform rollback a --env prod write prod)"
)

// verifyCase is a change of the clone's files at main, and what is told of it.
type verifyCase struct {
	change func(f *fixture)
	with   verification
	want   string
}

func runVerify(t *testing.T, origin *fixture, cases map[string]verifyCase) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fixture{t: t, remote: origin.remote, clone: origin.remote.Clone(t)}
			base := f.clone.Git("rev-parse", "HEAD")
			c.change(f)
			if !c.with.group { // one commit: what verification says of those on the way is a test of its own
				f.clone.Git("reset", "-q", "--soft", base)
			}
			v, err := f.verify(base, f.commit(), c.with)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, told(v)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func times(n int, line func(int) string) string {
	var lines []string
	for i := range n {
		lines = append(lines, line(i))
	}
	return strings.Join(lines, "\n")
}

func holdOf(id release.ID) string {
	return string(state.Hold{Releases: []release.ID{id}, Reason: "test", By: "Ada"}.Encode())
}

// merges merges branches of the remote into the clone.
func (f *fixture) merges(branches ...string) {
	f.t.Helper()
	for _, branch := range branches {
		f.clone.Git("merge", "-q", "--no-ff", "-m", "Merge "+branch, "origin/"+branch)
	}
}

func (f *fixture) rename(from, to string) {
	f.t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(f.path(to)), 0o755), os.Rename(f.path(from), f.path(to))); err != nil {
		f.t.Fatal(err)
	}
}

// copyCell makes a folder of the clone what another one is.
func (f *fixture) copyCell(from, to string) {
	f.t.Helper()
	if err := errors.Join(os.RemoveAll(f.path(to)), os.CopyFS(f.path(to), os.DirFS(f.path(from)))); err != nil {
		f.t.Fatal(err)
	}
}

// forge rewrites the release.yaml of a in prod.
func (f *fixture) forge(change func(r *release.Record, manifests []byte)) {
	f.t.Helper()
	data, err := os.ReadFile(f.path(cell + state.ReleaseFile))
	if err != nil {
		f.t.Fatal(err)
	}
	manifests, err := os.ReadFile(f.path(cell + state.ManifestsFile))
	if err != nil {
		f.t.Fatal(err)
	}
	record, err := release.Decode(state.ReleaseFile, data)
	if err != nil {
		f.t.Fatal(err)
	}
	change(&record, manifests)
	f.clone.Write(map[string]string{cell + state.ReleaseFile: string(record.Encode())})
}

func (f *fixture) skip(by string) {
	f.forge(func(r *release.Record, _ []byte) { r.BreakGlass = &release.BreakGlass{By: by} })
}
