package architecture

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
)

var update = flag.Bool("update", false, "write the measured sizes and 10 % as the budget")

const sizes = "testdata/sizes.txt"

// Every binary starts in every job of every team: its size is start-up time. The paths of the machine stay in (no -trimpath), which is less
// than 1 % and lets the build share the cache of the tests.
func TestBinariesStayWithinTheirSize(t *testing.T) {
	t.Parallel()
	measured := measure(t)
	if *update {
		writeBudget(t, measured)
	}
	budget := readBudget(t)
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\nbinary\tMB\tbudget\t\n")
	failed := len(budget) != len(measured)
	for _, name := range names(t) {
		have, may := measured[name], budget[name]
		verdict := ""
		switch {
		case may == 0:
			verdict = "not in " + sizes
		case have > may:
			verdict = fmt.Sprintf("%.1f MB too large", have-may)
		case have < may*0.7:
			verdict = "much smaller: lower the budget"
		}
		failed = failed || verdict != ""
		fmt.Fprintf(w, "%s\t%.1f\t%.1f\t%s\n", name, have, may, verdict)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if failed {
		t.Error(table.String() + "find what came in with: go list -deps ./cmd/NAME; accept it with: go test ./internal/architecture -run Size -update")
	}
}

// measure returns the size of each stripped binary in MB.
func measure(t *testing.T) map[string]float64 {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("go", "build", "-buildvcs=false", "-ldflags=-s -w", "-o", dir+string(filepath.Separator), "./cmd/...")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	measured := map[string]float64{}
	for _, name := range names(t) {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		measured[name] = float64(info.Size()) / 1e6
	}
	return measured
}

func names(t *testing.T) []string {
	t.Helper()
	var list []string
	for _, p := range below(t, "cmd") {
		list = append(list, path.Base(p.ImportPath))
	}
	return list
}

func readBudget(t *testing.T) map[string]float64 {
	t.Helper()
	content, err := os.ReadFile(sizes)
	if err != nil {
		t.Fatal(err)
	}
	budget := map[string]float64{}
	for scanner := bufio.NewScanner(strings.NewReader(string(content))); scanner.Scan(); {
		fields := strings.Fields(scanner.Text())
		if len(fields) != 2 || fields[0] == "#" {
			continue
		}
		if budget[fields[0]], err = strconv.ParseFloat(fields[1], 64); err != nil {
			t.Fatalf("%s: %v", sizes, err)
		}
	}
	return budget
}

func writeBudget(t *testing.T, measured map[string]float64) {
	t.Helper()
	var b strings.Builder
	b.WriteString("# Budget of each stripped binary in MB: what was measured on linux/amd64, and 10 %.\n")
	for _, name := range names(t) {
		fmt.Fprintf(&b, "%-14s %5.1f\n", name, measured[name]*1.1)
	}
	if err := os.WriteFile(sizes, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
