package rego

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The most bytes that a text of a policy may have.
const (
	mostText = 4096
	mostName = 256
)

// escape is a sequence for terminals: one that ends at a letter, one of a string, or one of a single character.
var escape = regexp.MustCompile("\x1b\\[[0-?]*[ -/]*[@-~]|\x1b[\\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\\\)?|\x1b[ -/]*[0-~]")

// clean makes a text fit for every report: valid UTF-8 without escape sequences and control characters, but for newlines and tabs where lines are
// wanted, of at most so many bytes, with a note where it is cut.
func clean(text string, most int, lines bool) string {
	text = strings.ToValidUTF8(escape.ReplaceAllString(text, ""), "?")
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && (!lines || r != '\n' && r != '\t') {
			return -1
		}
		return r
	}, text)
	if len(text) <= most {
		return text
	}
	note := fmt.Sprintf("… (cut, %d bytes in all)", len(text))
	end := most - len(note)
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + note
}
