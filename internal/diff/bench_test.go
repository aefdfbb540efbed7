package diff_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/org/platform/internal/diff"
)

// BenchmarkBaseEdit is an edit that reaches 3,000 overlays, each rendered to 4 KB of 4 objects: comparing, folding and writing it.
func BenchmarkBaseEdit(b *testing.B) {
	var inputs []diff.Input
	for i := range 1000 {
		for _, env := range options.Environments {
			var text strings.Builder
			for _, kind := range []string{"Deployment", "Service", "ConfigMap", "ServiceAccount"} {
				fmt.Fprintf(&text, "---\nkind: %s\nmetadata: {name: c%04d, namespace: %s}\nspec:\n", kind, i, env)
				for k := range 40 {
					fmt.Fprintf(&text, "  field%d: a value of some length\n", k)
				}
			}
			inputs = append(inputs, diff.Input{Component: fmt.Sprintf("c%04d", i), Environment: env,
				Before: []byte(text.String()), After: []byte(strings.ReplaceAll(text.String(), "field7: a", "field7: another"))})
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		report := diff.New(inputs, options)
		report.Terminal(io.Discard, plain)
		if text := report.Markdown(diff.MarkdownOptions{Limit: diff.CommentLimit}); strings.Count(text, "<details") != 1 {
			b.Fatal(text)
		}
	}
}
