package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/org/platform/internal/synthetic"
)

// newTravelled returns a small platform with the binary that is measured in it.
func newTravelled(t *testing.T) (*bench, *travelled) {
	t.Helper()
	b := newBench(t)
	build := exec.CommandContext(t.Context(), "go", "build", "-o", b.bin+string(filepath.Separator), "../../cmd/platform")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	f, err := newFakeForge(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.close)
	o := synthetic.Travels{Services: 20, Commits: 300, Wanted: 12, Now: time.Now()}
	dir := filepath.Join(b.host.root, owner, "small.git")
	if _, err := synthetic.WriteTravels(t.Context(), dir, o); err != nil {
		t.Fatal(err)
	}
	small, err := b.adoptTravels(t.Context(), f, dir, o, 95)
	if err != nil {
		t.Fatal(err)
	}
	return b, small
}

// What is measured does what it is measured for: it reaches the forge, without a clone too, and the script finds what promote finds.
func TestPromotions(t *testing.T) {
	t.Parallel()
	b, small := newTravelled(t)
	if small.calls() != 2+4*6 || len(small.pulls) != 12+95 {
		t.Errorf("got %d calls, %d pull requests", small.calls(), len(small.pulls))
	}
	var s section
	if _, err := small.measure(t.Context(), b, &s, everywhere, "promote", "--dry-run"); err != nil || len(s.rows) != 3 {
		t.Errorf("got %v, %v", s.rows, err)
	}
	plan, err := small.plan(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	before := small.forge.requests.Load()
	script := exec.CommandContext(t.Context(), "sh", append([]string{filepath.Join(b.bin, "promote.sh"), small.forge.url, small.repository}, upstreams...)...)
	script.Dir, script.Env = small.clone, b.environment(small.env(b, "off")...)
	out, err := script.Output()
	if err != nil {
		t.Fatal(err)
	}
	if asked := int(small.forge.requests.Load() - before); asked != small.cells() || asked != 20*4 {
		t.Errorf("the script asked %d times", asked)
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		found[fields[0]+" "+fields[1]] = true
	}
	for _, w := range plan.wanted() {
		if !found[w.Environment+" "+w.Component] {
			t.Errorf("the script does not find %v", w)
		}
	}
	if len(found) != small.Wanted || len(plan.wanted()) != small.Wanted {
		t.Errorf("the script finds %d promotions, promote %d, not %d", len(found), len(plan.wanted()), small.Wanted)
	}
	small.Wanted += 6 // the formula does not hold then
	if _, err := small.measure(t.Context(), b, &s, everywhere, "status"); err == nil || !strings.Contains(err.Error(), "26 calls of the API, not 38") {
		t.Errorf("got %v", err)
	}
}
