package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/catalog"
	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
	"github.com/org/platform/internal/testkit"
)

func TestMain(m *testing.M) {
	if err := testkit.IsolateGit(); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

const platformYAML = `apiVersion: platform/v1
kind: Platform
metadata: {name: demo}
spec:
  registry: registry.example
  components: [services/*]
  environments:
    - name: dev
    - name: staging
      promoteFrom: [dev]
      promotion: automatic
    - name: prod
      promoteFrom: [staging]
`

// fixture is a platform with components a and b on a remote.
type fixture struct {
	t      *testing.T
	remote *testkit.Remote
	clone  *testkit.Clone
}

func newFixture(t *testing.T, components ...string) *fixture {
	t.Helper()
	f := &fixture{t: t, remote: testkit.NewRemote(t)}
	f.clone = f.remote.Clone(t)
	files := map[string]string{"platform.yaml": platformYAML}
	for _, name := range components {
		dir := "services/" + name
		files[dir+"/catalog-info.yaml"] = fmt.Sprintf("apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: %s}\nspec: {type: service, owner: team}\n", name)
		files[dir+"/deploy/base/kustomization.yaml"] = "resources: [pod.yaml]\n"
		files[dir+"/deploy/base/pod.yaml"] = fmt.Sprintf("apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\nspec: {containers: [{name: c, image: %s}]}\n", name, name)
	}
	f.clone.Write(files)
	f.clone.Commit("Start")
	f.clone.Git("push", "-q", "origin", "HEAD:main")
	return f
}

// open opens the clone as a process of its own would, against the given address of the remote.
func (f *fixture) open(address string) (*delivery.Delivery, *catalog.Catalog, *git.Commit) {
	f.t.Helper()
	now := func() time.Time { return testkit.Epoch.Add(time.Hour) }
	repo, err := git.Open(context.Background(), git.Options{Dir: f.clone.Dir, Remote: address, Now: now, Committer: git.Identity{Name: "bot", Email: "bot@example.com"},
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
	if err != nil {
		f.t.Fatal(err)
	}
	head, err := repo.Resolve(context.Background(), "HEAD")
	if err != nil {
		f.t.Fatal(err)
	}
	tree := repo.Tree(head.TreeHash)
	platform, err := config.Load(tree, config.Options{})
	if err != nil {
		f.t.Fatal(err)
	}
	components, err := catalog.Load(tree, platform.Spec.Components)
	if err != nil {
		f.t.Fatal(err)
	}
	return &delivery.Delivery{Repo: repo, Platform: platform, Now: now, Progress: func(string, ...any) {}}, components, head
}

func (f *fixture) deploy(address, component string, image int) error {
	d, components, head := f.open(address)
	c, err := components.Find(component)
	if err != nil {
		f.t.Fatal(err)
	}
	_, err = d.Deploy(context.Background(), delivery.DeployOptions{Source: head, Items: []delivery.Item{{Component: c, Images: []release.Image{
		{Name: component, NewName: "registry.example/" + component, Digest: fmt.Sprintf("sha256:%064d", image)}}}}})
	return err
}

func (f *fixture) rollback(address, component, env string) error {
	d, _, _ := f.open(address)
	_, err := d.Rollback(context.Background(), delivery.RollbackOptions{
		Asked: delivery.Asked{Reason: "test", By: "Ada", Direct: true}, Component: component, Environment: env})
	return err
}

func (f *fixture) promote(address string) error {
	d, _, _ := f.open(address)
	_, err := d.Promote(context.Background(), delivery.PromoteOptions{})
	return err
}

// fork returns the same platform on a remote of its own. The clone is shared: nothing here writes to it.
func (f *fixture) fork(t *testing.T) *fixture {
	t.Helper()
	g := &fixture{t: t, remote: testkit.NewRemote(t), clone: f.clone}
	f.remote.Git("push", "-q", g.remote.URL(), "main")
	return g
}

// outcome is what a run leaves on the remote: all files of main, and for each promotion branch what merging it would change.
func (f *fixture) outcome() map[string]string {
	f.t.Helper()
	all := map[string]string{}
	for file, content := range f.remote.Files("main", ".") {
		all["main:"+file] = content
	}
	for _, branch := range strings.Fields(f.remote.Git("for-each-ref", "--format=%(refname:short)", "refs/heads/promote")) {
		changed := strings.Fields(f.remote.Git("diff", "--name-only", "main..."+branch))
		files := f.remote.Files(branch, ".")
		for _, file := range changed {
			all[branch+":"+file] = files[file]
		}
	}
	return all
}

// failAt ends the connection for good at the nth request, before or after the server has dealt with it: to the remote this is what a
// process that is killed looks like.
type failAt struct {
	n       int64
	after   bool
	counter atomic.Int64
}

func (f *failAt) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		count := f.counter.Add(1)
		if f.n == 0 || count < f.n {
			next.ServeHTTP(w, r)
			return
		}
		if f.after && count == f.n {
			next.ServeHTTP(discard{}, r)
		}
		panic(http.ErrAbortHandler) // the client sees a closed connection
	})
}

type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}

// Commands that die at any request leave a remote from which a rerun reaches the same end as an undisturbed run.
func TestRerunConvergesAfterDyingAtAnyRequest(t *testing.T) {
	t.Parallel()
	commands := []func(f *fixture, address string) error{
		func(f *fixture, address string) error { return f.deploy(address, "a", 1) },
		func(f *fixture, address string) error { return f.promote(address) },
		func(f *fixture, address string) error { return f.deploy(address, "a", 2) },
		func(f *fixture, address string) error { return f.rollback(address, "a", "dev") },
	}
	// run runs the commands from the given one on, and returns the one that failed.
	run := func(f *fixture, address string, from int) (int, error) {
		for i, command := range commands[from:] {
			if err := command(f, address); err != nil {
				return from + i, err
			}
		}
		return len(commands), nil
	}
	origin := newFixture(t, "a")
	undisturbed := origin.fork(t)
	counter := &failAt{}
	if _, err := run(undisturbed, undisturbed.remote.HTTP(t, counter.wrap), 0); err != nil {
		t.Fatal(err)
	}
	want := undisturbed.outcome()
	if want["promote/prod/a:environments/prod/a/release.yaml"] == "" || want["main:environments/staging/a/release.yaml"] == "" {
		t.Fatalf("the undisturbed run wrote only %v", slices.Sorted(maps.Keys(want)))
	}
	total := counter.counter.Load()
	t.Logf("%d requests", total)
	if total < 10 {
		t.Fatalf("only %d requests: does this still talk to a server?", total)
	}
	for n := int64(1); n <= total; n++ {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("request %d, after=%v", n, after), func(t *testing.T) {
				t.Parallel()
				f := origin.fork(t)
				address := f.remote.HTTP(t, (&failAt{n: n, after: after}).wrap)
				failed, err := run(f, address, 0)
				if err == nil {
					t.Error("a broken connection was not noticed")
				}
				if _, err := run(f, f.remote.URL(), failed); err != nil {
					t.Fatalf("the rerun failed: %v", err)
				}
				if diff := cmp.Diff(want, f.outcome()); diff != "" {
					t.Errorf("the rerun did not converge (-undisturbed +rerun):\n%s", diff)
				}
			})
		}
	}
}

// Deploys of different components at the same time are all kept, on one line of history.
func TestConcurrentDeploysLoseNothing(t *testing.T) {
	t.Parallel()
	var components []string
	for i := range 6 {
		components = append(components, fmt.Sprintf("c%d", i))
	}
	f := newFixture(t, components...)
	var wg sync.WaitGroup
	for _, component := range components {
		wg.Go(func() {
			if err := f.deploy("", component, 1); err != nil {
				t.Errorf("deploy %s: %v", component, err)
			}
		})
	}
	wg.Wait()
	files := f.remote.Files("main", "environments")
	for _, component := range components {
		for _, name := range []string{state.ReleaseFile, state.ManifestsFile, state.KustomizationFile} {
			if _, there := files["environments/dev/"+component+"/"+name]; !there {
				t.Errorf("%s of %s is lost", name, component)
			}
		}
	}
	if n := f.remote.Git("rev-list", "--count", "--first-parent", "main"); n != "7" {
		t.Errorf("%s commits on main, want the first and one for each deploy", n)
	}
}

// An error of the remote is never read as "nothing is there".
func TestErrorsAreNotAbsence(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "a")
	if err := f.deploy("", "a", 1); err != nil {
		t.Fatal(err)
	}
	broken := f.remote.HTTP(t, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "down", http.StatusInternalServerError) })
	})
	before := f.outcome()
	d, _, _ := f.open(broken)
	if rows, err := d.Status(context.Background(), []string{"a"}, true); err == nil {
		t.Errorf("status of a broken remote: %v", rows)
	}
	if err := f.promote(broken); err == nil {
		t.Error("promote on a broken remote succeeded")
	}
	if err := f.deploy(broken, "a", 2); err == nil {
		t.Error("deploy to a broken remote succeeded")
	}
	if diff := cmp.Diff(before, f.outcome()); diff != "" {
		t.Errorf("something was written: %s", diff)
	}
}

// A release whose source was force-pushed away is not replaced unless asked for.
func TestSourceThatIsGone(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "a")
	f.clone.Git("checkout", "-q", "-b", "feature")
	f.clone.Commit("On a branch")
	f.clone.Git("push", "-q", "origin", "feature")
	if err := f.deploy("", "a", 1); err != nil {
		t.Fatal(err)
	}
	f.remote.Git("update-ref", "-d", "refs/heads/feature")
	f.remote.Git("gc", "-q", "--prune=now")
	fresh := &fixture{t: t, remote: f.remote, clone: f.remote.Clone(t)}
	d, components, head := fresh.open("")
	a, err := components.Find("a")
	if err != nil {
		t.Fatal(err)
	}
	o := delivery.DeployOptions{Source: head, Items: []delivery.Item{{Component: a, Images: []release.Image{
		{Name: "a", NewName: "registry.example/a", Digest: "sha256:" + strings.Repeat("2", 64)}}}}}
	_, err = d.Deploy(context.Background(), o)
	if !errors.Is(err, git.ErrGone) || !strings.Contains(err.Error(), "--force") {
		t.Errorf("deploy over a release without source: %v", err)
	}
	o.Force = true
	if deployed, err := d.Deploy(context.Background(), o); err != nil || !deployed.Changed {
		t.Errorf("forced deploy: %+v, %v", deployed, err)
	}
}
