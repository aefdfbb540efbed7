package document

import (
	"regexp"
	"slices"
	"strings"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/placement/fieldpath"
)

var (
	directive = regexp.MustCompile(`^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(\S.*)$`)
	heredocs  = regexp.MustCompile(`<<(-?)\s*["']?([A-Za-z0-9_.-]+)["']?`)
)

// instructions returns the instructions of a Dockerfile and the comments before each, in the order in which conftest lists them.
func instructions(text string) []*entry {
	var all, comments []*entry
	escape, directives := `\`, true
	for at := 0; at < len(text); {
		line, next := lineAt(text, at)
		trimmed := strings.TrimSpace(line)
		start := at + strings.Index(line, trimmed)
		at = next
		if m := directive.FindStringSubmatch(line); directives && m != nil && slices.Contains([]string{"syntax", "escape", "check"}, strings.ToLower(m[1])) {
			if strings.EqualFold(m[1], "escape") {
				escape = strings.TrimSpace(m[2])
			}
			continue
		}
		directives = false
		switch {
		case trimmed == "":
		case line[0] == '#' && strings.TrimSpace(line[1:]) == "":
			comments = nil // so does buildkit's parser
		case trimmed[0] == '#':
			comments = append(comments, &entry{offset: start, end: start + len(trimmed)})
		default:
			at = instructionEnd(text, start, escape)
			e := &entry{names: strings.Fields(strings.ToLower(trimmed))[:1], offset: start, end: at}
			all = append(append(all, comments...), e)
			comments = nil
		}
	}
	return all
}

// instructionEnd returns where the line after an instruction begins: after its continuations and heredocs.
func instructionEnd(text string, start int, escape string) int {
	at := start
	var logical strings.Builder
	for at < len(text) {
		line, next := lineAt(text, at)
		trimmed := strings.TrimRight(line, " \t")
		inside := at != start && (strings.TrimSpace(line) == "" || strings.HasPrefix(strings.TrimSpace(line), "#"))
		at = next
		if inside {
			continue
		}
		logical.WriteString(strings.TrimSuffix(trimmed, escape))
		if !strings.HasSuffix(trimmed, escape) || strings.HasSuffix(trimmed, escape+escape) {
			break
		}
	}
	words := strings.Fields(strings.ToLower(logical.String()) + " x x")
	if words[0] == "onbuild" {
		words = words[1:]
	}
	if !slices.Contains([]string{"run", "copy", "add"}, words[0]) {
		return at
	}
	for _, m := range heredocs.FindAllStringSubmatch(logical.String(), -1) {
		at = heredocEnd(text, at, m[2], m[1] == "-")
	}
	return at
}

// heredocEnd returns where the line after the end of a heredoc begins. Without an end it is all that follows: no parser accepts this.
func heredocEnd(text string, at int, word string, tabs bool) int {
	for from := at; from < len(text); {
		line, next := lineAt(text, from)
		if tabs {
			line = strings.TrimLeft(line, "\t")
		}
		if line == word {
			return next
		}
		from = next
	}
	return len(text)
}

// lineAt returns the line that begins at an offset, and where the next one begins.
func lineAt(text string, at int) (string, int) {
	line, _, more := strings.Cut(text[at:], "\n")
	next := at + len(line)
	if more {
		next++
	}
	return strings.TrimSuffix(line, "\r"), next
}

// instruction places a path that leads to an instruction of a Dockerfile: [0][i]… in what the parser returns, [i]… in what conftest
// hands to policies. It does so only where the text has the very instructions that the value has.
func (o *outline) instruction(value any, path fieldpath.Path, present bool) (Position, bool) {
	list, _ := value.([]any)
	rest := path
	if len(list) == 1 {
		if inner, nested := list[0].([]any); nested {
			list, rest = inner, path[min(1, len(path)):]
		}
	}
	if len(list) != len(o.entries) || len(list) == 0 {
		return Position{}, false
	}
	for i, item := range list {
		fields, _ := item.(map[string]any)
		name := "comment"
		if len(o.entries[i].names) > 0 {
			name = o.entries[i].names[0]
		}
		if fields["Cmd"] != name {
			return Position{}, false
		}
	}
	if len(rest) == 0 || rest[0].Index < 0 || rest[0].Index >= len(list) {
		return o.at(o.entries[0], finding.Parent), true
	}
	e := o.entries[rest[0].Index]
	if len(rest) > 2 && present {
		field, _ := lookup(value, path)
		return o.inside(e, field), true
	}
	if len(rest) > 1 && !present {
		return o.at(e, finding.Parent), true
	}
	return o.at(e, finding.Exact), true
}

// inside returns the line of an instruction that has a value, if only one has it; else its first.
func (o *outline) inside(e *entry, value any) Position {
	text, isScalar := scalarText(value)
	lines := strings.Split(strings.TrimSpace(string(o.source.data[e.offset:e.end])), "\n")
	if len(lines) == 1 {
		return o.at(e, finding.Exact)
	}
	if at := onlyLine(string(o.source.data[e.offset:e.end]), text); isScalar && at >= 0 {
		p := o.source.offset(e.offset + at)
		p.Confidence = finding.Exact
		return p
	}
	return o.at(e, finding.Parent)
}

// keyLines returns the entries of .ini, .env and .properties files.
func keyLines(text string, properties bool) []*entry {
	root := &entry{}
	section := root
	for at := 0; at < len(text); {
		line, next := lineAt(text, at)
		trimmed := strings.TrimSpace(line)
		start := at + strings.Index(line, trimmed)
		at = next
		if trimmed == "" || strings.IndexByte("#;!", trimmed[0]) >= 0 {
			continue
		}
		if name, isSection := strings.CutPrefix(trimmed, "["); isSection && !properties {
			name, _, _ = strings.Cut(name, "]")
			section = &entry{names: []string{strings.TrimSpace(name)}, offset: start}
			root.children = append(root.children, section)
			continue
		}
		for properties && strings.HasSuffix(line, `\`) && !strings.HasSuffix(line, `\\`) && at < len(text) {
			line, at = lineAt(text, at)
		}
		section.children = append(section.children, &entry{names: []string{keyOf(trimmed, properties)}, offset: start})
	}
	return root.children
}

// keyOf returns the key of a line such as key = value.
func keyOf(line string, properties bool) string {
	line = strings.TrimPrefix(line, "export ")
	separators := "=:"
	if properties {
		separators = "=: \t"
	}
	if i := strings.IndexAny(line, separators); i >= 0 {
		line = line[:i]
	}
	return strings.Trim(strings.TrimSpace(line), "\"'`")
}
