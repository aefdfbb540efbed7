package promotion_test

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	table "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
	"pgregory.net/rapid"

	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/release"
)

var (
	ours    = regexp.MustCompile(`^(<details( open)?><summary>.*</summary>|</details>|</?code>|</?sub>|</?b>|<!-- platform:promotion [\w./-]* -->)$`)
	meaning = regexp.MustCompile(`(?i)[@#<>*_\[\]\x60~$|\\{}]|://|www\.|\bgh-[0-9]|\b[0-9a-f]{7,}\b|:[a-z0-9_+-]+:|mailto:`)
	alert   = regexp.MustCompile(`^\[!(NOTE|WARNING)\]$|^[\[\]]$|^!(NOTE|WARNING)$`)
)

// inert reads a body as GitHub does, and returns what in it is more than text and is not ours.
func inert(markdown string) string {
	source := []byte(markdown)
	document := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(source))
	problem, html := "", 0 // how deep in <code>
	_ = ast.Walk(document, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering || problem != "" {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.CodeSpan:
			return ast.WalkSkipChildren, nil
		case *ast.HTMLBlock:
			for i := range n.Lines().Len() {
				at := n.Lines().At(i)
				if l := strings.TrimSpace(string(at.Value(source))); !ours.MatchString(l) && !strings.HasPrefix(l, "<sub>") {
					problem = "HTML " + l
				}
			}
		case *ast.RawHTML:
			tag := string(n.Segments.Value(source))
			if !ours.MatchString(tag) {
				problem = "HTML " + tag
			}
			html += map[string]int{"<code>": 1, "</code>": -1}[tag]
		case *ast.Link:
			if d := string(n.Destination); !strings.HasPrefix(d, web+"/") {
				problem = "a link to " + d
			}
		case *ast.Heading:
			if first := n.FirstChild(); n.Level != 3 || first != nil && first.Kind() != ast.KindCodeSpan && first.Kind() != ast.KindRawHTML {
				problem = "a heading"
			}
		case *ast.Image, *ast.AutoLink:
			problem = n.Kind().String()
		case *ast.Text:
			value := strings.ReplaceAll(string(n.Segment.Value(source)), "&#8203;", "")
			_, quoted := n.Parent().Parent().(*ast.Blockquote)
			switch {
			case quoted && alert.MatchString(value):
			case html == 0 && meaning.MatchString(value), html > 0 && strings.Contains(value, "@"):
				problem = "text " + strconv.Quote(value)
			}
		}
		return ast.WalkContinue, nil
	})
	switch {
	case problem != "":
		return problem
	case html != 0:
		return "<code> is not closed"
	case !utf8Ends(markdown):
		return "the marker is not at the end"
	}
	return unbalanced(document, source)
}

func utf8Ends(markdown string) bool {
	lines := strings.Split(strings.TrimRight(markdown, "\n"), "\n")
	return strings.HasPrefix(lines[len(lines)-1], "<!-- platform:promotion ")
}

// unbalanced says what is wrong with the tables, alerts and <details>, as far as they are blocks of the document.
func unbalanced(document ast.Node, source []byte) string {
	problem, depth := "", 0
	_ = ast.Walk(document, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *table.Table:
			for row := n.FirstChild(); row != nil; row = row.NextSibling() {
				if row.ChildCount() != len(n.Alignments) {
					problem = "a row of another width"
				}
			}
		case *ast.Paragraph:
			if at := n.Lines().At(0); strings.HasPrefix(string(at.Value(source)), "| ") {
				problem = "a table that is none: " + string(at.Value(source))
			}
		case *ast.HTMLBlock:
			for i := range n.Lines().Len() {
				at := n.Lines().At(i)
				l := string(at.Value(source))
				depth += strings.Count(l, "<details") - strings.Count(l, "</details>")
			}
		}
		return ast.WalkContinue, nil
	})
	if depth != 0 {
		problem = fmt.Sprint(depth, " details are not closed")
	}
	return problem
}

var hostileText = rapid.Custom(func(t *rapid.T) string {
	piece := rapid.OneOf(rapid.SampledFrom([]string{"@ann", "@org/team", "#12", "GH-3", "deadbeef", "https://evil.example", "www.evil.example", "|", "`", "```", "<b>", "</details>", "<!--",
		"-->", "*", "_", "[x](y)", "![", "]", "(", ")", "\\", "\n", "\r\n", "\n\n# h\n", "- ", "1. ", ":tada:", "\x1b[31m", "\u202e", "&amp;", "&#64;ann", "~~~", "$", " ", "word", "---", "===", "a@b.example", "\xff", "> "}),
		rapid.String(), rapid.Just(strings.Repeat("|@", 300)))
	return strings.Join(rapid.SliceOfN(piece, 0, 8).Draw(t, "pieces"), rapid.SampledFrom([]string{"", " "}).Draw(t, "join"))
})

func anyProposal(t *rapid.T) promotion.Proposal {
	draw := func(name string) string { return hostileText.Draw(t, name) }
	p := proposal()
	p.Unit.Name, p.Unit.Environment, p.Unit.Reason, p.BreakGlass = draw("name"), draw("environment"), draw("reason"), draw("by")
	p.Unit.Atomic, p.Automatic = rapid.Bool().Draw(t, "atomic"), rapid.Bool().Draw(t, "automatic")
	p.Unit.Action = rapid.SampledFrom([]promotion.Action{promotion.Propose, promotion.Merge, promotion.Wait}).Draw(t, "action")
	p.Web = rapid.SampledFrom([]string{"", web, web + "/", "javascript:x", "https://evil.example) [x](https://evil.example"}).Draw(t, "web")
	p.Chain = append(rapid.SliceOfN(hostileText, 0, 60).Draw(t, "chain"), "prod")
	p.Notes = rapid.SliceOfN(hostileText, 0, 4).Draw(t, "notes")
	p.Unit.Steps, p.Details = nil, nil
	size := rapid.SampledFrom([][2]int{{1, 1}, {1, 1}, {3, 2}, {1, 40}, {40, 1}}).Draw(t, "size")
	if !p.Unit.Atomic {
		size[0] = 1
	}
	repeat := size[1]
	for range size[0] {
		s, d := stepOf("hello", "a", "b"), detailOf("hello", 1, 0)
		s.Component, s.Source, s.From = draw("component"), draw("source"), []string{draw("from")}
		s.Release.Source.Path, s.Release.ID = draw("path"), release.ID(draw("id"))
		if rapid.Bool().Draw(t, "first") {
			s.Running = nil
		}
		for range repeat {
			s.Gates = append(s.Gates, promotion.Verdict{Gate: promotion.Gate(draw("gate")), Reason: draw("why"), Until: noon.Add(time.Hour)})
			s.Release.Images = append(s.Release.Images, release.Image{Name: draw("image"), NewName: draw("repository"), Digest: draw("digest")})
			d.Commits = append(d.Commits, promotion.Change{Hash: draw("hash"), Subject: draw("subject"), Author: draw("author")})
			d.Order = append(d.Order, draw("object"))
			s.Behind = append(s.Behind, release.ID(draw("behind")))
		}
		p.Unit.Steps, p.Details = append(p.Unit.Steps, s), append(p.Details, d)
	}
	return p
}

// Whatever people wrote: the body fits, mentions nobody, links to nothing else, and its tables are tables.
func TestBodyIsInert(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := anyProposal(t)
		body := p.Body()
		if len(body) > 60_000 {
			t.Fatalf("%d bytes", len(body))
		}
		if problem := inert(body); problem != "" {
			t.Fatalf("%s in:\n%s", problem, body)
		}
		if title := p.Title(); len(title) > 256 || strings.ContainsAny(title, "\n\r\x1b\u202e") {
			t.Fatalf("title %q", title)
		}
		for line := range strings.Lines(p.Message()) {
			if entry, is := strings.CutPrefix(line, "- "); is && mentioned.MatchString(entry) {
				t.Fatalf("message %q", line)
			}
		}
	})
}

var mentioned = regexp.MustCompile(`[@#][\pL\pN_]|(?i:\bgh-)[0-9]|://`)

// The longest text there is, of characters that take the most room when they are escaped, fits as well.
func TestBodyFitsAlways(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("|@", 1000)
	p := set()
	p.Unit.Name, p.Unit.Environment, p.Unit.Reason, p.Unit.Action, p.BreakGlass = long, long, long, promotion.Wait, long
	p.Notes, p.Chain = slices.Repeat([]string{long}, 100), slices.Repeat([]string{long}, 100)
	s, d := p.Unit.Steps[0], p.Details[0]
	s.Component, s.Source, s.From, s.Release.Source.Path, s.Release.ID = long, long, p.Chain, long, release.ID(long)
	s.Gates = nil
	for i := range 100 {
		s.Gates = append(s.Gates, promotion.Verdict{Gate: promotion.Gate(long), Reason: fmt.Sprint(i, long)})
		s.Release.Images = append(s.Release.Images, release.Image{Name: fmt.Sprint(i, long), NewName: long, Digest: long})
		s.Behind = append(s.Behind, s.Release.ID)
		d.Order = append(d.Order, long)
	}
	d.Commits = slices.Repeat([]promotion.Change{{Hash: long, Subject: long, Author: long}}, 300)
	p.Unit.Steps, p.Details = slices.Repeat([]promotion.Step{s}, 100), slices.Repeat([]promotion.Detail{d}, 100)
	for _, atomic := range []bool{true, false} {
		p.Unit.Atomic = atomic
		body := p.Body()
		if problem := inert(body); problem != "" || len(body) > 60_000 {
			t.Errorf("atomic %t: %d bytes, %s", atomic, len(body), problem)
		}
	}
}

// Of a diff that does not fit as much is shown as does; neither a code block nor a part that folds is left open.
func TestGiantDiff(t *testing.T) {
	t.Parallel()
	for _, fields := range []int{1, 300, 2000, 3000} {
		p := proposal()
		p.Details[0] = detailOf("hello", fields, 300)
		body := p.Body()
		if problem := inert(body); problem != "" || len(body) > 60_000 {
			t.Errorf("%d fields: %s, %d bytes", fields, problem, len(body))
		}
		shown := strings.Count(body, "+ spec.list")
		cut := strings.Contains(body, "left out for length")
		if cut != (shown < fields) && fields < 2000 || shown == 0 || cut && len(body) < 58_000 {
			t.Errorf("%d fields: %d shown in %d bytes, cut: %t", fields, shown, len(body), cut)
		}
		if n := strings.Count(body, ") Change "); n != 30 {
			t.Errorf("%d fields: %d commits", fields, n)
		}
	}
	p := set()
	p.Details[0], p.Details[1] = detailOf("cart", 3000, 2), detailOf("checkout", 3000, 2)
	body := p.Body()
	if problem := inert(body); problem != "" || len(body) > 60_000 || strings.Count(body, "left out for length") < 2 || strings.Count(body, "Rendered diff") != 3 {
		t.Errorf("set: %s, %d bytes", problem, len(body))
	}
}

// Wherever the limit falls, objects are shown whole.
func TestDiffIsCutBetweenObjects(t *testing.T) {
	t.Parallel()
	var before, after [][]byte
	for i := range 300 {
		name := fmt.Sprintf("d%03d", i)
		before, after = append(before, deployment(name, "1", 10)), append(after, deployment(name, "2", 10))
	}
	p := proposal()
	p.Details[0].Diff = diffOf("hello", bytes.Join(before, []byte("---\n")), bytes.Join(after, []byte("---\n")))
	for n := range 60 {
		p.Notes = []string{"n" + strings.Repeat(" word", 2*n)}
		body := p.Body()
		if problem := inert(body); problem != "" || len(body) > 60_000 || len(body) < 58_000 {
			t.Errorf("%d: %s, %d bytes", n, problem, len(body))
		}
		if whole, fences := strings.Count(body, "+ spec.version"), strings.Count(body, "```diff"); whole != fences || whole < 50 {
			t.Errorf("%d: %d of %d objects are whole", n, whole, fences)
		}
	}
}
