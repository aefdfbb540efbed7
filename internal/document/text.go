package document

import (
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/placement/fieldpath"
)

// search places a path by its words: what to do where the format of a text is not known. It is exact where exactly one line has
// the last key and the value, or has a text that is the value.
func (o *outline) search(path fieldpath.Path, value any, present bool) Position {
	text := string(o.source.data)
	shown, isScalar := scalarText(value)
	nearest, from, missing := -1, 0, false
	for i, step := range path {
		if step.Index >= 0 {
			continue
		}
		at, others := keyAt(text, step.Key, from)
		if at < 0 {
			missing = true
			continue
		}
		if last := i == len(path)-1; last && !missing && !others && present && isScalar && sameLine(text, at, shown) {
			return o.place(at, finding.Exact)
		}
		nearest, from = at, at+len(step.Key)
	}
	if at := onlyLine(text, shown); present && isScalar && at >= 0 {
		return o.place(at, finding.Exact)
	}
	if nearest < 0 {
		return Position{Confidence: finding.File}
	}
	return o.place(nearest, finding.Parent)
}

func (o *outline) place(at int, confidence finding.Confidence) Position {
	p := o.source.offset(at)
	p.Confidence = confidence
	return p
}

// keyAt returns where a key is from an offset on, and whether it is on another line of the text too.
func keyAt(text, key string, from int) (first int, others bool) {
	first = -1
	lines, last := 0, 0
	for at := nextKey(text, key, 0); at >= 0; at = nextKey(text, key, at+len(key)) {
		if lines == 0 || strings.Contains(text[last:at], "\n") {
			lines++
		}
		last = at
		if at >= from && first < 0 {
			first = at
		}
		if lines > 1 && first >= 0 {
			break
		}
	}
	return first, lines > 1
}

// nextKey returns where a key is next as a word which something follows that ends a key, -1 where it is not.
func nextKey(text, key string, from int) int {
	if key == "" {
		return -1
	}
	for from < len(text) {
		i := strings.Index(text[from:], key)
		if i < 0 {
			return -1
		}
		at := from + i
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		after := strings.TrimLeft(text[at+len(key):], `"'`)
		if (at == 0 || !isWord(before)) && (after == "" || strings.ContainsRune("=:{}[](),;> \t\r\n", rune(after[0]))) {
			return at
		}
		from = at + len(key)
	}
	return -1
}

func isWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' || r == '-'
}

// onlyLine returns where a value is if exactly one line has it as a word, else -1.
func onlyLine(text, value string) int {
	const shortest = 3 // characters: less is anywhere
	if len(value) < shortest || strings.Contains(value, "\n") {
		return -1
	}
	first, last := -1, 0
	for from := 0; ; {
		i := strings.Index(text[from:], value)
		if i < 0 {
			return first
		}
		at := from + i
		from = at + len(value)
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		after, _ := utf8.DecodeRuneInString(text[from:])
		if at > 0 && isWord(before) || from < len(text) && isWord(after) {
			continue
		}
		if first >= 0 && strings.Contains(text[last:at], "\n") {
			return -1
		}
		if first < 0 {
			first = at
		}
		last = at
	}
}

func sameLine(text string, at int, value string) bool {
	line, _, _ := strings.Cut(text[at:], "\n")
	return strings.Contains(line, value)
}

// scalarText returns a scalar as it is probably written.
func scalarText(value any) (string, bool) {
	switch value := value.(type) {
	case string:
		return value, true
	case json.Number:
		return value.String(), true
	case bool:
		if value {
			return "true", true
		}
		return "false", true
	case float64, int:
		number, err := json.Marshal(value)
		return string(number), err == nil
	default:
		return "", false
	}
}
