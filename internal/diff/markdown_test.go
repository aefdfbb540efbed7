package diff_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/org/platform/internal/diff"
)

// hostile is text that means something in Markdown, HTML, on GitHub, in a terminal or to this package.
var hostile = []string{"`", "```", "````\n", "~~~", "</details>", "<details>", "<summary>", "<script>alert(1)</script>", "<!--", "-->", "@everyone", "#1",
	"[a](http://evil.example)", "![i](x)", "| a |", "\n", "\r", "\r\n\r\n", "\n\n", "**", "_", "\\", "&lt;", "\x1b[31m", "\u202e", "\u2028", "…", "ü", "::error::x", "COMPONENT",
	"- x", "# h", "$x$", ":smile:", " ", "a", "</code>", "\x00", strings.Repeat("y", 300), "https://evil.example/x", "1"}

var hostileText = rapid.Custom(func(t *rapid.T) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(hostile), 0, 6).Draw(t, "text"), "")
})

func manifest(t *rapid.T, name string) []byte {
	var docs []string
	for i := range rapid.IntRange(0, 4).Draw(t, name) {
		kind := rapid.SampledFrom([]string{"ConfigMap", "Deployment", "Secret"}).Draw(t, "kind")
		object := map[string]any{"apiVersion": "v1", "kind": kind,
			"metadata": map[string]any{"name": fmt.Sprint(i%3, hostileText.Draw(t, "name")), "labels": map[string]any{hostileText.Draw(t, "key"): "x"}},
			"spec": map[string]any{hostileText.Draw(t, "key"): hostileText.Draw(t, "value"),
				"list": []any{map[string]any{"name": hostileText.Draw(t, "item"), "value": hostileText.Draw(t, "value")}}},
		}
		if kind == "Secret" {
			object["data"] = map[string]any{"a": "hunter" + hostileText.Draw(t, "value"), "b": []any{"hunter"}, "c": map[string]any{"d": "hunter"}}
		}
		encoded, err := json.Marshal(object) // which is YAML too
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, string(encoded))
	}
	return []byte(strings.Join(docs, "\n---\n"))
}

func anyReport(t *rapid.T) *diff.Report {
	var inputs []diff.Input
	for i := range rapid.IntRange(0, 6).Draw(t, "inputs") {
		in := diff.Input{
			Source:      rapid.SampledFrom([]diff.Source{diff.State, diff.Overlay}).Draw(t, "source"),
			Environment: rapid.OneOf(rapid.SampledFrom(options.Environments), hostileText).Draw(t, "environment"),
			Component:   fmt.Sprint(i, hostileText.Draw(t, "component")),
			Files:       []string{hostileText.Draw(t, "file")},
			Before:      manifest(t, "before"), After: manifest(t, "after"),
		}
		if rapid.IntRange(0, 5).Draw(t, "after fails") == 0 {
			in.AfterErr = errors.New(hostileText.Draw(t, "error"))
		}
		if rapid.IntRange(0, 5).Draw(t, "before fails") == 0 {
			in.BeforeErr = errors.New(hostileText.Draw(t, "error"))
		}
		inputs = append(inputs, in)
	}
	return diff.New(inputs, options)
}

// Whatever the manifests hold, the text fits, its parts are closed, and nothing in it is more than text.
func TestMarkdownIsAlwaysWellFormed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		report := anyReport(t)
		limit := rapid.OneOf(rapid.IntRange(0, 4000), rapid.SampledFrom([]int{diff.CommentLimit, diff.SummaryLimit})).Draw(t, "limit")
		text := report.Markdown(diff.MarkdownOptions{Limit: limit, Full: "It is elsewhere."})
		if len(text) > limit {
			t.Fatalf("%d bytes, limit %d:\n%s", len(text), limit, text)
		}
		if problem := wellFormed(text); problem != "" {
			t.Fatalf("%s in:\n%s", problem, text)
		}
	})
}

// No format shows a value of a Secret, and none but JSON has a control character of a value.
func TestNothingIsShownThatMustNotBe(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		report := anyReport(t)
		encoded, err := json.Marshal(report)
		if err != nil {
			t.Fatal(err)
		}
		var terminal strings.Builder
		report.Terminal(&terminal, plain)
		markdown := report.Markdown(diff.MarkdownOptions{Limit: diff.SummaryLimit})
		for _, text := range []string{string(encoded), terminal.String(), markdown} {
			if strings.Contains(text, "hunter") {
				t.Fatalf("shows a value of a Secret:\n%s", text)
			}
		}
		if text := terminal.String() + markdown; strings.ContainsAny(text, "\r\x1b\x00\u202e\u2028\t") {
			t.Fatalf("control characters in %q", text)
		}
	})
}

var (
	tag       = regexp.MustCompile(`</?(?:summary|b|sub)>|<code>[^<]*</code>`)
	harmless  = regexp.MustCompile(`^[A-Za-z0-9 ,.:;·()…*-]*$`)
	codeSpans = regexp.MustCompile("`+")
)

// wellFormed reads the text as CommonMark does and returns what is wrong with it.
func wellFormed(text string) string {
	depth, ticks := 0, 0
	for l := range strings.SplitSeq(text, "\n") {
		trimmed := strings.TrimLeft(l, " ")
		run := len(trimmed) - len(strings.TrimLeft(trimmed, "`"))
		indented := len(l)-len(trimmed) > 3
		switch {
		case ticks > 0:
			if run >= ticks && !indented && strings.Trim(trimmed, "` ") == "" {
				ticks = 0
			}
		case run >= 3 && !indented && !strings.Contains(trimmed[run:], "`"):
			ticks = run
		case l == "</details>":
			if depth--; depth < 0 {
				return "a </details> too much"
			}
		default:
			for _, open := range []string{"<details>", "<details open>"} {
				if rest, found := strings.CutPrefix(l, open); found {
					depth, l = depth+1, rest
				}
			}
			if rest := tag.ReplaceAllString(withoutSpans(l), ""); !harmless.MatchString(rest) {
				return fmt.Sprintf("%q is more than text", rest)
			}
		}
	}
	switch {
	case ticks > 0:
		return "a fence that is not closed"
	case depth != 0:
		return "a <details> that is not closed"
	}
	return ""
}

// withoutSpans removes code spans: a run of backticks up to the next run of the same length.
func withoutSpans(l string) string {
	for {
		open := codeSpans.FindStringIndex(l)
		if open == nil {
			return l
		}
		end := -1
		for _, run := range codeSpans.FindAllStringIndex(l[open[1]:], -1) {
			if run[1]-run[0] == open[1]-open[0] {
				end = open[1] + run[1]
				break
			}
		}
		if end < 0 {
			return l
		}
		l = l[:open[0]] + l[end:]
	}
}

// What does not fit is counted, and it is what matters least.
func TestMarkdownLeavesOutTheLeastImportant(t *testing.T) {
	t.Parallel()
	var inputs []diff.Input
	for i := range 400 {
		for _, env := range options.Environments {
			inputs = append(inputs, diff.Input{Component: fmt.Sprintf("c%03d", i), Environment: env,
				Before: fmt.Appendf(nil, "kind: Deployment\nmetadata: {name: a}\nspec: {replicas: %d}\n", i),
				After:  fmt.Appendf(nil, "kind: Deployment\nmetadata: {name: a}\nspec: {replicas: %s%d}\n", env, i)})
		}
	}
	inputs = append(inputs, diff.Input{Component: "removal", Environment: "dev", Before: []byte("kind: Service\nmetadata: {name: gone}\n")},
		diff.Input{Component: "failure", Environment: "dev", AfterErr: errors.New("it fails")})
	text := diff.New(inputs, options).Markdown(diff.MarkdownOptions{Limit: diff.CommentLimit, Full: "The full text is [elsewhere](https://example.com)."})
	if len(text) > diff.CommentLimit || len(text) < diff.CommentLimit-1000 {
		t.Errorf("%d bytes", len(text))
	}
	if problem := wellFormed(strings.ReplaceAll(text, "[elsewhere](https://example.com)", "elsewhere")); problem != "" {
		t.Error(problem)
	}
	order := []string{"**This breaks", "it fails", "removed `Service/gone`", "<code>prod</code></b> · <code>c000<"}
	at := 0
	for _, part := range order {
		next := strings.Index(text[at:], part)
		if next < 0 {
			t.Fatalf("no %q after %q", part, text[at:min(len(text), at+200)])
		}
		at += next
	}
	if strings.Contains(text, "<b><code>dev</code></b> · <code>c") {
		t.Error("a change of dev is shown though some of prod are not")
	}
	m := regexp.MustCompile("\nLeft out for length: ([0-9]+) objects in `prod`, ([0-9]+) objects in `staging` and ([0-9]+) objects in `dev`. The full text is").FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("it does not say what is left out: %s", text[len(text)-300:])
	}
	if shown := strings.Count(text, "<b><code>prod</code></b>"); fmt.Sprint(400-shown) != m[1] || m[2] != "400" || m[3] != "400" {
		t.Errorf("%d of prod are shown, left out are %v", shown, m[1:])
	}
	full := diff.New(inputs, options).Markdown(diff.MarkdownOptions{Limit: diff.SummaryLimit})
	if strings.Contains(full, "Left out") || strings.Count(full, "<details>") != 1201 {
		t.Errorf("the summary is not full: %d parts", strings.Count(full, "<details>"))
	}
}

// What several components share is left out for each of them.
func TestMarkdownCountsWhatIsFolded(t *testing.T) {
	t.Parallel()
	var inputs []diff.Input
	for _, component := range []string{"a", "b", "c", "d"} {
		for _, env := range []string{"dev", "prod"} {
			inputs = append(inputs, diff.Input{Component: component, Environment: env, After: []byte("kind: A\n---\nkind: B\n---\nkind: C\n")})
		}
	}
	text := diff.New(inputs, options).Markdown(diff.MarkdownOptions{Limit: 400})
	if !strings.HasPrefix(text, "**This reaches") || !strings.Contains(text, "Left out for length: 12 objects in `prod` and 12 objects in `dev`.") {
		t.Errorf("got %s", text)
	}
}

// An object with too much in it is cut, not left out.
func TestMarkdownCutsObjects(t *testing.T) {
	t.Parallel()
	var before, after strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&before, "  k%04d: %s\n", i, strings.Repeat("a", 500)+"x")
		fmt.Fprintf(&after, "  k%04d: %s\n", i, strings.Repeat("a", 500)+"y")
	}
	const head = "kind: ConfigMap\nmetadata: {name: a}\ndata:\n"
	lines := func(word string) string {
		return "---\nkind: ConfigMap\nmetadata: {name: b}\ndata:\n  text: |\n" + strings.Repeat("    line "+word+"\n", 5000)
	}
	report := diff.New([]diff.Input{{Component: "hello", Environment: "prod",
		Before: []byte(head + before.String() + lines("old")), After: []byte(head + after.String() + lines("new"))}}, options)
	text := report.Markdown(diff.MarkdownOptions{Limit: diff.CommentLimit})
	for _, want := range []string{"@@ … 2950 more fields @@", "aaax\n", "aaay\n", "- line old\n", "  … 9980 more lines\n", "changed `ConfigMap/b`"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
