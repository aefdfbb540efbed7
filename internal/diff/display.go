package diff

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// detail bounds what is shown of one object. Zero is no bound.
type detail struct {
	fields int // of an object
	lines  int // of a value
	width  int // characters of a line
}

// shown is a field as people see it: old and new on a line each, or a block of lines below the path.
type shown struct {
	path     string
	old, new string // "" where the field was added or removed
	note     string // instead of both
	block    []line
}

// line is one line of a block: '-', '+' or ' ' before its text.
type line struct {
	sign byte
	text string
}

// show makes a field readable: on one line where its values have one, else as the lines that differ.
func (d detail) show(f Field) shown {
	s := shown{path: shorten(visible(f.Path), max(d.width, 40))}
	switch {
	case f.Hidden && f.Change == Added:
		s.new = "(hidden)"
	case f.Hidden && f.Change == Removed:
		s.old = "(hidden)"
	case f.Hidden:
		s.note = "(changed)"
	case isLine(f.Old) && isLine(f.New) && f.Change == Changed:
		s.old, s.new = around(inline(f.Old), inline(f.New), d.width)
	case f.Change == Added && isLine(f.New):
		s.new = shorten(inline(f.New), d.width)
	case f.Change == Removed && isLine(f.Old):
		s.old = shorten(inline(f.Old), d.width)
	default:
		s.block = d.block(f)
	}
	return s
}

// isLine says whether a value is shown on one line.
func isLine(value any) bool {
	switch v := value.(type) {
	case string:
		return !strings.Contains(strings.TrimSuffix(v, "\n"), "\n")
	case map[string]any:
		return len(v) == 0
	case []any:
		for _, item := range v {
			if text, ok := item.(string); !ok || len(text) > 20 || !isLine(text) {
				return false
			}
		}
		return len(v) <= 8
	}
	return true
}

// inline writes a value as YAML would on one line, with quotes where it could be taken for something else.
func inline(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		return scalar(v)
	case []any:
		var items []string
		for _, item := range v {
			items = append(items, inline(item))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case map[string]any:
		return "{}"
	}
	return fmt.Sprint(value)
}

func scalar(s string) string {
	if s == "" || s != strings.TrimSpace(s) || s != visible(s) {
		return visible(strconv.Quote(s))
	}
	switch strings.ToLower(s) {
	case "true", "false", "null", "~", "yes", "no", "on", "off":
		return strconv.Quote(s)
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		return strconv.Quote(s)
	}
	return s
}

// block returns the lines in which two values differ, with a line around them for the place.
func (d detail) block(f Field) []line {
	var all []line
	before, after := lines(f.Old), lines(f.New)
	if f.Change == Added {
		before = nil
	}
	if f.Change == Removed {
		after = nil
	}
	pairs := align(before, after, func(a, b string) bool { return a == b })
	same := func(i int) bool { return i < 0 || i >= len(pairs) || pairs[i].a >= 0 && pairs[i].b >= 0 }
	skipped := false
	for i, p := range pairs {
		switch {
		case p.b < 0:
			all = append(all, line{'-', before[p.a]})
		case p.a < 0:
			all = append(all, line{'+', after[p.b]})
		case same(i-1) && same(i+1):
			if !skipped {
				all = append(all, line{' ', "…"})
			}
			skipped = true
			continue
		default:
			all = append(all, line{' ', after[p.b]})
		}
		skipped = false
	}
	if slices.IndexFunc(all, func(l line) bool { return l.sign != ' ' }) < 0 {
		return []line{{' ', "(only line breaks at the end differ)"}}
	}
	return d.cut(all)
}

func (d detail) cut(all []line) []line {
	if more := len(all) - d.lines; d.lines > 0 && more > 1 {
		all = append(all[:d.lines:d.lines], line{' ', fmt.Sprintf("… %d more lines", more)})
	}
	for i := range all {
		all[i].text = shorten(visible(all[i].text), d.width)
	}
	return all
}

// lines returns a text by its lines, and any other value as YAML.
func lines(value any) []string {
	text, ok := value.(string)
	if !ok {
		var b strings.Builder
		encoder := yaml.NewEncoder(&b)
		encoder.SetIndent(2)
		if err := encoder.Encode(value); err != nil { // it was read as YAML
			return []string{fmt.Sprint(value)}
		}
		text = b.String()
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// visible returns text on one line in which nothing is hidden: no control characters, none that change the direction of text.
func visible(s string) string {
	clean := true
	for _, r := range s {
		clean = clean && unicode.IsPrint(r) && r != utf8.RuneError
	}
	if clean {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\t':
			b.WriteString("  ")
		case !unicode.IsPrint(r):
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		default:
			b.WriteRune(r)
		}
		i += size
	}
	return b.String()
}

// shorten cuts text to a number of characters. Zero is no bound.
func shorten(s string, width int) string {
	if width <= 0 || utf8.RuneCountInString(s) <= width {
		return s
	}
	return string([]rune(s)[:width-1]) + "…"
}

// around cuts two texts to a width so that the first place where they differ stays in sight.
func around(old, fresh string, width int) (string, string) {
	a, b := []rune(old), []rune(fresh)
	if width <= 0 || len(a) <= width && len(b) <= width {
		return old, fresh
	}
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	start := max(0, min(at-width/4, max(len(a), len(b))-width))
	return window(a, start, width), window(b, start, width)
}

func window(text []rune, start, width int) string {
	start = min(start, len(text))
	end := min(len(text), start+width)
	s := string(text[start:end])
	if start > 0 {
		s = "…" + s
	}
	if end < len(text) {
		s += "…"
	}
	return s
}
