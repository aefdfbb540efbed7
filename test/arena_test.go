package test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/testkit"
)

// arena is a monorepo on a remote over HTTP, with processes that work on it at once and a person who does too. The processes have no clone.
type arena struct {
	*testkit.Remote
	t      *testing.T
	person *testkit.Clone
	tries  int    // how often the person has pushed to main
	head   string // the commit which brought the components
	url    string
	dir    string // where processes run, in no repository
	cache  string // of those processes that share one

	mu     sync.Mutex
	pushes map[string]int       // attempts to move a reference, by process
	gate   func(process string) // called before the remote takes a push, and may wait; nil is open
}

// newArena makes a remote with components in services/ which render fast.
func newArena(t *testing.T, platform string, components ...string) *arena {
	t.Helper()
	a := &arena{Remote: testkit.NewRemote(t), t: t, dir: t.TempDir(), cache: t.TempDir(), pushes: map[string]int{}}
	a.url = a.HTTP(t, a.watch)
	a.person = a.Clone(t)
	a.person.Write(map[string]string{"platform.yaml": platform})
	for _, name := range components {
		a.edit(name, "first")
	}
	a.head = a.person.Commit("Start")
	a.person.Git("push", "-q", "origin", "HEAD:main")
	return a
}

// edit writes a component in the person's clone, with manifests that name the version.
func (a *arena) edit(component, version string) {
	a.t.Helper()
	dir := "services/" + component + "/"
	a.person.Write(map[string]string{
		dir + "catalog-info.yaml": "apiVersion: backstage.io/v1alpha1\nkind: Component\n" +
			"metadata: {name: " + component + "}\nspec: {type: service, owner: team}\n",
		dir + "deploy/base/kustomization.yaml": "resources: [pod.yaml]\n",
		dir + "deploy/base/pod.yaml": fmt.Sprintf("apiVersion: v1\nkind: Pod\nmetadata: {name: %s, labels: {version: %s}}\n"+
			"spec: {containers: [{name: c, image: %s}]}\n", component, version, component),
	})
}

// watch stands before the remote. It tells processes apart by the user of their address.
func (a *arena) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _, _ := r.BasicAuth()
		a.mu.Lock()
		if r.URL.Query().Get("service") == "git-receive-pack" {
			a.pushes[user]++
		}
		gate := a.gate
		a.mu.Unlock()
		if gate != nil && strings.HasSuffix(r.URL.Path, "/git-receive-pack") {
			gate(user)
		}
		next.ServeHTTP(w, r)
	})
}

// hold lets the remote take no push of some processes until it is opened.
func (a *arena) hold(holds func(process string) bool) (open func()) {
	opened := make(chan struct{})
	a.mu.Lock()
	defer a.mu.Unlock()
	a.gate = func(process string) {
		if holds(process) {
			<-opened
		}
	}
	return func() { close(opened) }
}

// process is a run of the platform command.
type process struct {
	name   string
	args   []string
	shares bool // the cache that others use at the same time; else it has none

	code           int
	stdout, stderr string
	took           time.Duration
	pushes         int
}

// deploy is a process that deploys an image of a component.
func (a *arena) deploy(commit, component string, number int) *process {
	name := fmt.Sprintf("deploy-%s-%d", component, number)
	return &process{name: name, args: []string{"deploy", "--ref", commit, "--component", component, "--image", imageOf(component, number).Reference()}}
}

func imageOf(component string, number int) release.Image {
	return release.Image{Name: component, NewName: "registry.example/" + component, Digest: fmt.Sprintf("sha256:%064d", number)}
}

func releaseOf(commit, component string, number int) release.Release {
	return release.New(component, release.Source{Commit: commit, Path: "services/" + component}, []release.Image{imageOf(component, number)})
}

// start starts processes at once and returns what waits for them.
func (a *arena) start(processes ...*process) (wait func()) {
	a.t.Helper()
	program, err := exec.LookPath("platform")
	if err != nil {
		a.t.Fatal(err)
	}
	var wg sync.WaitGroup
	for _, p := range processes {
		wg.Go(func() { a.do(program, p) })
	}
	return wg.Wait
}

func (a *arena) run(processes ...*process) {
	a.t.Helper()
	a.start(processes...)()
}

// do runs a process to its end.
func (a *arena) do(program string, p *process) {
	cache := "off"
	if p.shares {
		cache = a.cache
	}
	var stdout, stderr bytes.Buffer
	address := strings.Replace(a.url, "http://", "http://"+p.name+"@", 1)
	cmd := exec.CommandContext(a.t.Context(), program, append(slices.Clone(p.args), "--repository", address, "-o", "json")...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = a.dir, &stdout, &stderr
	cmd.Env = append(gitEnvironment(a.dir), "PLATFORM_CACHE="+cache)
	began := time.Now()
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		a.t.Errorf("start %s: %v", p.name, err)
	}
	p.code, p.stdout, p.stderr, p.took = cmd.ProcessState.ExitCode(), stdout.String(), stderr.String(), time.Since(began)
	a.mu.Lock()
	defer a.mu.Unlock()
	p.pushes = a.pushes[p.name]
}

// result reads what a process that ended well has printed.
func result[T any](t *testing.T, p *process) T {
	t.Helper()
	var v T
	if p.code != 0 {
		t.Fatalf("%s: exit code %d: %s", p.name, p.code, p.stderr)
	}
	if err := json.Unmarshal([]byte(p.stdout), &v); err != nil {
		t.Fatalf("%s printed %q: %v", p.name, p.stdout, err)
	}
	return v
}

// logEffort tells how long processes took and how often they tried to push.
func logEffort(t *testing.T, processes []*process) {
	t.Helper()
	times, pushes := make([]time.Duration, len(processes)), make([]int, len(processes))
	for i, p := range processes {
		times[i], pushes[i] = p.took.Round(time.Millisecond), p.pushes
	}
	slices.Sort(times)
	slices.Sort(pushes)
	at := func(share float64) int { return int(share * float64(len(processes)-1)) }
	t.Logf("%d processes: time min %s, median %s, 90%% %s, max %s; attempts min %d, median %d, 90%% %d, max %d", len(processes),
		times[0], times[at(0.5)], times[at(0.9)], times[at(1)], pushes[0], pushes[at(0.5)], pushes[at(0.9)], pushes[at(1)])
}

// publish makes what the person has committed, and what they merge, part of main, as a person does: fetch, merge, push, and again where
// somebody was faster.
func (a *arena) publish(merge ...string) {
	a.t.Helper()
	for range 200 {
		a.person.Git("fetch", "-q", "origin")
		a.person.Git("merge", "-q", "--no-edit", "origin/main")
		for _, branch := range merge {
			a.person.Git("merge", "-q", "--no-edit", "--no-ff", "origin/"+branch)
		}
		merge = nil // the clone has them now
		a.tries++
		push := exec.CommandContext(a.t.Context(), "git", "push", "-q", "origin", "HEAD:main")
		push.Dir, push.Env = a.person.Dir, append(os.Environ(), gitEnvironment(a.dir)...)
		out, err := push.CombinedOutput()
		if err == nil {
			return
		}
		if !strings.Contains(string(out), "rejected") && !strings.Contains(string(out), "cannot lock ref") {
			a.t.Fatalf("git push: %v\n%s", err, out)
		}
	}
	a.t.Fatal("a person who pushes never gets a turn")
}
