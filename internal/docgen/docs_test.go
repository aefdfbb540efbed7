package main

import (
	"bytes"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

const root = "../.."

func TestEverythingGeneratedIsUpToDate(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	if code := run([]string{"-check"}, root, &stderr); code != 0 {
		t.Errorf("exit code %d:\n%s", code, stderr.String())
	}
}

func TestStalePagesAreFoundAndMended(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.MkdirAll(path.Dir(path.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("example.yaml", "a: 1\n")
	write("docs/commands/gone.md", "# platform gone\n")
	write("README.md", "before\n<!-- generated: file example.yaml -->\nold\n<!-- end -->\nafter\n")
	var stderr bytes.Buffer
	if code := run([]string{"-check"}, dir, &stderr); code != 1 {
		t.Fatalf("exit code %d:\n%s", code, stderr.String())
	}
	for _, stale := range []string{"README.md", "docs/commands/deploy.md", "docs/commands/gone.md", "docs/platform.schema.json"} {
		if !strings.Contains(stderr.String(), stale+" is out of date; run: make docs\n") {
			t.Errorf("%s is not named:\n%s", stale, stderr.String())
		}
	}
	if code := run(nil, dir, &stderr); code != 0 {
		t.Fatal(stderr.String())
	}
	if code := run([]string{"-check"}, dir, &stderr); code != 0 {
		t.Error("writing and checking disagree")
	}
	content, err := os.ReadFile(path.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	want := "before\n<!-- generated: file example.yaml -->\n```yaml\na: 1\n```\n<!-- end -->\nafter\n"
	if string(content) != want {
		t.Errorf("got\n%s\nwant\n%s", content, want)
	}
	if _, err := os.Stat(path.Join(dir, "docs/commands/gone.md")); err == nil {
		t.Error("the page of a command that is gone is still there")
	}
}

func TestSectionsThatCannotBeFilled(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		"<!-- generated: reference -->\nx":                             "has no end",
		"<!-- generated: references -->\n<!-- end -->":                 `unknown section "references"`,
		"<!-- generated: file ../secret -->\n<!-- end -->":             "../secret",
		"<!-- generated: file no/such/file.yaml -->\n<!-- end -->":     "no/such/file.yaml",
		"<!-- generated: reference -->\n<!-- generated: reference -->": "has no end",
	} {
		if _, err := fillSections(os.DirFS(root), content, platformSchema()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: want an error with %q, got %v", content, want, err)
		}
	}
}

// pages returns every Markdown file a reader may come across, by path.
func pages(t *testing.T) map[string]string {
	t.Helper()
	dir := os.DirFS(root)
	names, err := handWritten(dir)
	if err != nil {
		t.Fatal(err)
	}
	commands, err := fs.Glob(dir, commandsDir+"/*.md")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, name := range append(names, commands...) {
		content, err := fs.ReadFile(dir, name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(content)
	}
	if len(all) < 20 {
		t.Fatalf("only %d pages found", len(all))
	}
	return all
}

var (
	fenced   = regexp.MustCompile("(?ms)^```.*?^```$")
	codeSpan = regexp.MustCompile("`[^`\n]*`")
	link     = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading  = regexp.MustCompile(`(?m)^#+ (.*)$`)
	notInID  = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// anchors returns the ids GitHub gives the headings of a page.
func anchors(content string) []string {
	var ids []string
	for _, m := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(content, ""), -1) {
		ids = append(ids, strings.ReplaceAll(notInID.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	return ids
}

func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	all := pages(t)
	count := 0
	for page, content := range all {
		text := codeSpan.ReplaceAllString(fenced.ReplaceAllString(content, ""), "")
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			count++
			if strings.HasPrefix(m[1], "https://") {
				continue
			}
			target, anchor, _ := strings.Cut(m[1], "#")
			file := page
			if target != "" {
				file = path.Join(path.Dir(page), target)
			}
			if _, err := fs.Stat(os.DirFS(root), file); err != nil {
				t.Errorf("%s links to %s, which does not exist", page, m[1])
			} else if anchor != "" && !slices.Contains(anchors(all[file]), anchor) {
				t.Errorf("%s links to %s, but %s has no such heading", page, m[1], file)
			}
		}
	}
	if count < 40 {
		t.Errorf("only %d links found", count)
	}
}

// What operations.md quotes is what the commands say.
func TestMessagesInOperationsAreReal(t *testing.T) {
	t.Parallel()
	_, table, found := strings.Cut(pages(t)["docs/operations.md"], "<!-- messages -->")
	table, _, ended := strings.Cut(table, "<!-- end -->")
	if !found || !ended {
		t.Fatal("docs/operations.md has no table of messages")
	}
	source := productSource(t)
	rows := regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(table, -1)
	if len(rows) < 15 {
		t.Fatalf("only %d messages found", len(rows))
	}
	for _, row := range rows {
		for part := range strings.SplitSeq(row[1], "…") {
			if part = strings.TrimSpace(part); !strings.Contains(source, part) {
				t.Errorf("docs/operations.md quotes %q, which no package says", part)
			}
		}
	}
}

// productSource returns all code that is not a test.
func productSource(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	err := fs.WalkDir(os.DirFS(root), "internal", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		content, err := os.ReadFile(path.Join(root, name))
		all.Write(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

func TestPoliciesNeedTheirExamples(t *testing.T) {
	t.Parallel()
	const page = "<!-- generated: policies -->\n<!-- end -->"
	if _, err := fillSections(fstest.MapFS{}, page, nil); err == nil || !strings.Contains(err.Error(), "has no example policy/") {
		t.Errorf("want an error that names an example, got %v", err)
	}
	filled, err := fillSections(os.DirFS(root), page, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"## Bundle plan\n", "| [`no-privileged`](#no-privileged) | error |", "Fails:\n\n```dockerfile\n", "Fails at `resource_changes[0].change.after.acl`:\n"} {
		if !strings.Contains(filled, want) {
			t.Errorf("the page does not hold %q", want)
		}
	}
}
