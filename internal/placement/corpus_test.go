package placement_test

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/placement"
	"github.com/org/platform/internal/placement/fieldpath"
)

var update = flag.Bool("update", false, "rewrite the score in docs/placement.md")

// example is one file of testdata: an archive of an overlay at "overlay", or where the comment's overlay line says, in
// which "# HERE" marks the line to find. The comment has lines "key: value" about the failure.
type example struct {
	root   fstest.MapFS
	header map[string]string
	want   placement.Place
}

func read(t testing.TB, file string) example {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	archive := txtar.Parse(data)
	e := example{root: fstest.MapFS{}, header: map[string]string{"overlay": "overlay", "kind": "Deployment", "name": "web"}}
	for line := range strings.Lines(string(archive.Comment)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok && !strings.HasPrefix(line, "#") {
			e.header[key] = value
		}
	}
	e.want.Confidence = finding.Confidence(cmp.Or(e.header["confidence"], string(finding.Exact)))
	e.want.File = e.header["file"]
	if _, err := fmt.Sscanf(e.header["line"], "%d", &e.want.Line); err != nil && e.header["line"] != "" {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		e.root[f.Name] = &fstest.MapFile{Data: f.Data, Mode: 0o644}
		for i, line := range strings.Split(string(f.Data), "\n") {
			if strings.HasSuffix(line, "# HERE") {
				e.want.File, e.want.Line = f.Name, i+1
			}
		}
	}
	return e
}

// rules returns the example's rule; without one the rendered value is forbidden, or the missing field wanted.
func (e example) rules(t testing.TB) []rule {
	t.Helper()
	if line := e.header["rule"]; line != "" {
		return []rule{parseRule(line)}
	}
	pattern := regexp.MustCompile(`\[[0-9]+\]`).ReplaceAllString(e.header["path"], "[*]")
	if pattern == "" {
		return []rule{{op: "lacks", path: "kind"}}
	}
	objects, _ := e.render(t, []rule{{op: "present", path: pattern}})
	for _, o := range objects {
		if e.target(o) && slices.ContainsFunc(o.Failures, func(f placement.Failure) bool { return f.Path == e.path(t) }) {
			return []rule{{op: "present", path: pattern}}
		}
	}
	objects, _ = e.render(t, []rule{{op: "absent", path: pattern}})
	for _, o := range objects {
		if e.target(o) {
			return []rule{{op: "forbid", path: pattern, value: valueAt(t, o, e.path(t))}}
		}
	}
	t.Fatal("the render lacks the object")
	return nil
}

func (e example) path(t testing.TB) string {
	t.Helper()
	path, err := fieldpath.Parse(e.header["path"])
	if err != nil {
		t.Fatal(err)
	}
	return path.String()
}

func (e example) target(o placement.Object) bool {
	return o.Kind == e.header["kind"] && strings.HasPrefix(o.Namespace, e.header["namespace"]) &&
		regexp.MustCompile("^(?:"+cmp.Or(e.header["rendered"], e.header["name"])+")$").MatchString(o.Name)
}

func (e example) render(t testing.TB, rules []rule) ([]placement.Object, []string) {
	t.Helper()
	objects, reads, err := evaluate(t.Context(), t, e.root, e.header["overlay"], e.header["kind"], rules, true)
	if err != nil {
		t.Fatal(err)
	}
	return objects, reads
}

// overlay returns the example's overlay with the number of probes made of it.
func (e example) overlay(t testing.TB) (o placement.Overlay, probes *int) {
	t.Helper()
	rules := e.rules(t)
	objects, reads := e.render(t, rules)
	probes = new(int)
	return placement.Overlay{Root: e.root, Dir: e.header["overlay"], Objects: objects, Reads: reads, Trace: true,
		Render: func(ctx context.Context, root fs.FS) ([]placement.Object, error) {
			*probes++
			all, _, err := evaluate(ctx, t, root, e.header["overlay"], e.header["kind"], rules, false)
			return all, err
		}}, probes
}

// locate places the example's failure.
func (e example) locate(t testing.TB, o placement.Overlay) placement.Place {
	t.Helper()
	i := slices.IndexFunc(o.Objects, e.target)
	if i < 0 {
		t.Fatal("the render lacks the object")
	}
	all := o.Objects
	o.Objects = slices.Clone(o.Objects)
	for k := range o.Objects { // only the one failure, so that the count of probes is its own
		o.Objects[k].Failures = nil
	}
	j := slices.IndexFunc(all[i].Failures, func(f placement.Failure) bool { return f.Path == e.path(t) })
	if j < 0 {
		t.Fatalf("%s does not fail at %q but at %+v", all[i].Name, e.path(t), all[i].Failures)
	}
	o.Objects[i].Failures = all[i].Failures[j : j+1]
	places, err := o.Locate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return places[i][0]
}

// score counts how examples were placed.
type score struct {
	cases, exact, parent, file int // by confidence, of those that are right
	line, wrongFile            int
	probes                     []int
}

func (s *score) add(got, want placement.Place, probes int) {
	s.cases++
	s.probes = append(s.probes, probes)
	if got.File != want.File && got.File != "" {
		s.wrongFile++
	}
	if got.File != want.File || got.Line != want.Line {
		return
	}
	s.line++
	switch got.Confidence {
	case finding.Exact:
		s.exact++
	case finding.Parent:
		s.parent++
	case finding.File:
		s.file++
	}
}

func TestCorpus(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	var mu sync.Mutex
	var probed, static score
	t.Cleanup(func() { // after the examples
		if probed.line*100 < probed.cases*95 || probed.wrongFile > 0 {
			t.Errorf("%d of %d examples on the line, %d in a wrong file", probed.line, probed.cases, probed.wrongFile)
		}
		if probed.cases == len(files) { // not where -run picks some
			publish(t, table(probed, static))
		}
	})
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			e := read(t, file)
			o, probes := e.overlay(t)
			got := e.locate(t, o)
			spent := *probes
			o.Rendered = true // as policy-check does: it has rendered the overlay before
			if again := e.locate(t, o); !same(again, got) || again.Column != got.Column || *probes > 2*spent-1 {
				t.Errorf("got %+v, and %+v where the overlay is not rendered again; %d probes, then %d", got, again, spent, *probes-spent)
			}
			o.Render = nil
			alone := e.locate(t, o)
			mu.Lock()
			probed.add(got, e.want, spent)
			static.add(alone, e.want, 0)
			mu.Unlock()
			e.compare(t, got)
		})
	}
}

// compare fails where the place is not the wanted one and the example does not say that this is known.
func (e example) compare(t *testing.T, got placement.Place) {
	t.Helper()
	if got.File != e.want.File || got.Line != e.want.Line || got.Confidence != e.want.Confidence {
		report := t.Errorf
		if e.header["known"] != "" {
			report = t.Logf
		}
		report("got %s:%d (%s); want %s:%d (%s)\n%s", got.File, got.Line, got.Confidence, e.want.File, e.want.Line, e.want.Confidence, strings.Join(got.Trace, "\n"))
		return
	}
	if e.header["known"] != "" {
		t.Error("the example is placed well: delete its line known")
	}
	if want := e.header["at"]; want != "" { // the text at the column
		line := strings.Split(string(e.root[got.File].Data), "\n")[got.Line-1]
		if got.Column < 1 || got.Column > len(line) || !strings.HasPrefix(line[got.Column-1:], want) {
			t.Errorf("column %d of %q is not at %q", got.Column, line, want)
		}
	}
}

func table(probed, static score) string {
	var b strings.Builder
	b.WriteString("| | By probes | By the layers alone |\n|---|---:|---:|\n")
	row := func(name string, of func(score) string) {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", name, of(probed), of(static))
	}
	count := func(of func(score) int) func(score) string { return func(s score) string { return fmt.Sprint(of(s)) } }
	row("Overlays", count(func(s score) int { return s.cases }))
	row("On the line that a person would change", func(s score) string { return fmt.Sprintf("%d (%.1f %%)", s.line, float64(s.line)*100/float64(s.cases)) })
	row("… of these with confidence exact", count(func(s score) int { return s.exact }))
	row("… parent", count(func(s score) int { return s.parent }))
	row("… file", count(func(s score) int { return s.file }))
	row("In a wrong file", count(func(s score) int { return s.wrongFile }))
	row("Probes for one failure, median", count(func(s score) int { slices.Sort(s.probes); return s.probes[len(s.probes)/2] }))
	row("Probes for one failure, most", count(func(s score) int { return slices.Max(s.probes) }))
	return b.String()
}

// publish compares the score with the one that the documentation has, or writes it there.
func publish(t *testing.T, score string) {
	t.Helper()
	const file, begin, end = "../../docs/placement.md", "<!-- score:begin -->\n", "<!-- score:end -->"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := bytes.Cut(data, []byte(begin))
	old, after, closed := bytes.Cut(rest, []byte(end))
	if !ok || !closed {
		t.Fatalf("%s lacks the markers of the score", file)
	}
	if string(old) == score {
		return
	}
	if !*update {
		t.Errorf("the score in %s is not this one; run go test ./internal/placement -run TestCorpus -update\n%s", file, score)
		return
	}
	if err := os.WriteFile(file, []byte(string(before)+begin+score+end+string(after)), 0o644); err != nil {
		t.Fatal(err)
	}
}
