package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/runner"
	"github.com/org/platform/internal/synthetic"
	"github.com/org/platform/internal/testkit"
)

func TestMain(m *testing.M) {
	if err := testkit.IsolateGit(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// newBench returns a bench of its own whose binaries are kustomize and the scripts.
func newBench(t *testing.T) *bench {
	t.Helper()
	a := &app.App{Out: io.Discard, Err: t.Output(), Getenv: os.Getenv, Now: time.Now, Runner: runner.New(func(string) string { return "" }, io.Discard)}
	b := &bench{app: a, dir: t.TempDir(), started: time.Now()}
	b.bin, b.disk = filepath.Join(b.dir, "bin"), filepath.Join(b.dir, "tmp")
	for _, name := range []string{"bin", "repositories", "home", "tmp"} {
		if err := b.folder(name); err != nil {
			t.Fatal(err)
		}
	}
	kustomize := testkit.Tool(t, "kustomize", "sigs.k8s.io/kustomize/kustomize/v5")
	if err := os.Symlink(kustomize, filepath.Join(b.bin, "kustomize")); err != nil {
		t.Fatal(err)
	}
	if err := b.writeScripts(); err != nil {
		t.Fatal(err)
	}
	var err error
	if b.host, err = newHost(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.host.close)
	return b
}

func newRemote(t *testing.T, b *bench) *remote {
	t.Helper()
	o := synthetic.Options{Services: 3, Environments: 2, Filler: 30, History: 3}
	written, err := synthetic.Write(t.Context(), filepath.Join(b.host.root, "small.git"), o)
	if err != nil {
		t.Fatal(err)
	}
	r, err := b.adopt(t.Context(), written, o.Services)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The peer must do the work that it is measured for, with somebody in its way too.
func TestScriptDeploys(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := newRemote(t, b)
	hook(t, r, "pre-receive", "if [ -e ../overtaken ]; then exit 0; fi\n: > ../overtaken; exit 1") // refuses the first push
	image := synthetic.Image(1, 1)
	if err := r.edited(t.Context(), image); err == nil {
		t.Error("edited says yes before the deploy")
	}
	if err := r.deployed(t.Context(), image); err == nil {
		t.Error("deployed says yes before the deploy")
	}
	if err := r.deployed(t.Context(), synthetic.Image(1, 0)); err != nil {
		t.Error(err)
	}
	s, err := b.measureScript(t.Context(), r, image, b.disk)
	if err != nil {
		t.Fatal(err)
	}
	if s.traffic.pushes != 2 || s.traffic.requests < 6 || s.traffic.down < 10_000 || s.traffic.up < 500 || s.traffic.accept <= 0 || s.traffic.accept >= s.wall || s.wall <= 0 || s.cpu <= 0 || s.memory < 1<<20 {
		t.Errorf("got %+v", s)
	}
	if n, err := r.commits(t.Context()); n != 1 || err != nil {
		t.Errorf("got %d commits, %v", n, err)
	}
	if left, err := os.ReadDir(filepath.Join(b.dir, "tmp")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func hook(t *testing.T, r *remote, name, script string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(r.Dir, "hooks"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(r.Dir, "hooks", name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// A deploy that says it is done and is not there is none.
func TestLostDeploysAreSeen(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := newRemote(t, b)
	hook(t, r, "post-receive", "git update-ref refs/heads/main "+r.Head)
	if _, err := b.measureScript(t.Context(), r, synthetic.Image(0, 1), b.disk); err == nil || !strings.Contains(err.Error(), "the deploy is lost") {
		t.Errorf("got %v", err)
	}
}

func TestScriptRendersEverything(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := newRemote(t, b)
	var s section
	if samples, err := b.renderByScript(t.Context(), &s, r); err != nil || len(samples) < atLeast || len(s.rows) != 1 {
		t.Fatalf("got %v, %v", samples, err)
	}
	broken, err := r.commit(t.Context(), "main", "services/"+synthetic.Service(2)+"/deploy/overlays/dev/replicas.yaml", "- op: nonsense\n")
	if err != nil || broken == r.Head {
		t.Fatal(broken, err)
	}
	if _, err := b.renderByScript(t.Context(), &s, r); err == nil {
		t.Error("an overlay that does not render goes unnoticed: not all are rendered")
	}
}

func TestFailuresSayWhy(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.run(t.Context(), process{dir: b.dir, args: []string{"git", "-C", "nowhere", "status"}})
	if err == nil || !strings.Contains(err.Error(), "git -C nowhere status: exit status 128\nfatal: cannot change to 'nowhere'") {
		t.Errorf("got %v", err)
	}
	if _, err := b.repeat(t.Context(), "nothing", func(int) (sample, error) { return sample{}, err }); err == nil {
		t.Error("repeat hides errors")
	}
	_, err = b.rush(t.Context(), "x", nil, nil)
	if err == nil {
		t.Error("rush without a program that writes repositories")
	}
}

func TestSeries(t *testing.T) {
	t.Parallel()
	s := series{}
	for _, wall := range []time.Duration{5, 1, 9, 2, 7} {
		s = append(s, sample{wall: wall, memory: int64(10 - wall), traffic: traffic{up: 1, down: int64(wall)}})
	}
	if s.wall() != 5 || s.memory() != 5 || s.down() != 5 || s.up() != 1 || s.requests() != 0 {
		t.Errorf("got %v, %v, %v, %v", s.wall(), s.memory(), s.down(), s.up())
	}
	for _, c := range []struct {
		wall time.Duration
		want int
	}{{time.Second / 10, rounds}, {soon, atLeast}, {30 * time.Second, atLeast}, {long, 1}} {
		var s series
		for s.again() {
			s = append(s, sample{wall: c.wall})
		}
		if len(s) != c.want {
			t.Errorf("%v: %d runs, want %d", c.wall, len(s), c.want)
		}
	}
	if got := spread(int64(30), 10, 20); got != 3 {
		t.Errorf("got %v", got)
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	first, second := &section{title: "First", header: []string{"", "time"}}, &section{title: "Second"}
	first.note("A note on %d.", 1)
	first.row("deploy", seconds(1234*time.Millisecond))
	first.row("script", seconds(23*time.Second))
	first.atLeast("as fast", 29.94, 30)
	first.atLeast("faster", 213.4, 30)
	first.atMost("flat", 1.3, 1.3)
	second.atMost("small", 1.31, 1.3)
	second.none("lost", 0)
	second.none("lost too", 1)
	got := report{machine: "2 cores", command: "make bench", sections: []*section{first, second}}.markdown()
	want := `Measured by ` + "`make bench`" + ` on a machine with 2 cores.

| claim | measured | target |  |
| --- | --- | --- | --- |
| as fast | 29.9× | ≥ 30.0× | missed |
| faster | 213× | ≥ 30.0× | met |
| flat | 1.30× | ≤ 1.30× | met |
| small | 1.31× | ≤ 1.30× | missed |
| lost | 0 | ≤ 0 | met |
| lost too | 1 | ≤ 0 | missed |

### First

A note on 1.

|  | time |
| --- | --- |
| deploy | 1.23 s |
| script | 23 s |

### Second

`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestFigures(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		bytesOf(25_340): "25.3 KB", bytesOf(2_500_000): "2.5 MB", bytesOf(123_400_000): "123 MB", bytesOf(0): "0.0 KB",
		number(7): "7", number(999): "999", number(1_000): "1,000", number(57_000): "57,000", number(1_234_567): "1,234,567",
		seconds(90 * time.Millisecond): "0.09 s", seconds(9940 * time.Millisecond): "9.94 s", seconds(125 * time.Second): "125 s",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestWriteDocs(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "benchmarks.md")
	for content, want := range map[string]string{
		"# Title\n\n<!-- bench -->\nold\n<!-- end -->\n\nProse.\n": "# Title\n\n<!-- bench -->\nnew\n<!-- end -->\n\nProse.\n",
		"<!-- bench -->\n<!-- end -->":                             "<!-- bench -->\nnew\n<!-- end -->",
		"<!-- bench -->\nold":                                      "",
		"old\n<!-- end -->":                                        "",
	} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		err := writeDocs(file, "new\n")
		got, _ := os.ReadFile(file)
		if want == "" && (err == nil || string(got) != content) {
			t.Errorf("%q: got %q, %v", content, got, err)
		}
		if want != "" && (err != nil || string(got) != want) {
			t.Errorf("%q: got %q, %v", content, got, err)
		}
	}
}

// The documentation has the results of every scenario, and says how to run each alone.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../../docs/benchmarks.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scenarios {
		if !strings.Contains(string(content), "\n### "+s.title+"\n") || !strings.Contains(string(content), "`"+s.name+"`") {
			t.Errorf("docs/benchmarks.md does not have %s (%s)", s.title, s.name)
		}
	}
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"-run", "deplyo"}, app.ExitUsage, `unknown scenario "deplyo"; there are deploy, script`},
		{[]string{"-run", "deploy", "-docs", "x.md"}, app.ExitUsage, "-docs needs all scenarios"},
		{[]string{"deploy"}, app.ExitUsage, ""},
		{[]string{"-generate", filepath.Join(t.TempDir(), "r"), "-services", "0"}, app.ExitFailed, "at least 1 service"},
		{[]string{"-generate", filepath.Join(t.TempDir(), "r"), "-services", "2", "-filler", "0", "-history", "2"}, app.ExitOK, ""},
	} {
		var out, stderr bytes.Buffer
		a := &app.App{Out: &out, Err: &stderr, Getenv: os.Getenv, Now: time.Now}
		if code := run(context.WithoutCancel(t.Context()), a, c.args); code != c.code || !strings.Contains(stderr.String(), c.want) {
			t.Errorf("%v: exit code %d\n%s", c.args, code, stderr.String())
		}
		if c.code == app.ExitOK && !strings.Contains(out.String(), `"files":`) {
			t.Errorf("%v: got %s", c.args, out.String())
		}
	}
}
