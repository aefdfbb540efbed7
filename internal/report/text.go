package report

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// escapes are the sequences that a terminal obeys: colours and cursor moves, and titles and links.
var escapes = regexp.MustCompile("(?:\x1b\\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\x1b\\]|\u009d)[^\x07\x1b\u009c]*(?:\x07|\x1b\\\\|\u009c)|\x1b[ -/]*[0-~]")

// Plain returns text as lines of characters that only show themselves: without the escape sequences of terminals; any other control character, one
// that turns the direction of writing, and a byte that is no UTF-8 becomes U+FFFD.
func Plain(s string) string {
	if isPlain(s) {
		return s
	}
	s = escapes.ReplaceAllString(strings.ToValidUTF8(s, "\uFFFD"), "")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r', r == '\u2028', r == '\u2029', r == '\u0085':
			return '\n'
		case !shows(r):
			return utf8.RuneError
		}
		return r
	}, s)
}

func isPlain(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if !shows(r) {
			return false
		}
	}
	return true
}

// shows says whether a character only shows itself, or nothing. XML allows all of these.
func shows(r rune) bool {
	switch {
	case r == '\n', r == '\t':
		return true
	case unicode.IsControl(r), r == '\u2028', r == '\u2029', r == '\uFFFE', r == '\uFFFF':
		return false
	}
	return !unicode.Is(unicode.Bidi_Control, r)
}

// line returns plain text on one line.
func line(s string) string { return strings.Join(strings.Fields(Plain(s)), " ") }

// Shorten returns text of at most limit bytes, which says how much it leaves out: "… 98 KB more". It cuts no character.
func Shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	const widest = len("… 1023 bytes more")
	end := max(0, limit-widest)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	note := "… " + size(len(s)-end) + " more"
	if limit < widest {
		return strings.ToValidUTF8(note[:min(max(0, limit), len(note))], "")
	}
	return s[:end] + note
}

// size writes a number of bytes for people.
func size(n int) string {
	const kilobyte = 1024
	switch {
	case n < kilobyte:
		return plural(n, "byte")
	case n < kilobyte*kilobyte:
		return fmt.Sprintf("%d KB", n/kilobyte)
	default:
		return fmt.Sprintf("%d MB", n/kilobyte/kilobyte)
	}
}

// listed writes names, and only the number of those after the first most.
func listed(names []string, most int, show func(string) string) string {
	var parts []string
	for i, name := range names {
		if i == most {
			parts = append(parts, fmt.Sprintf("%d more", len(names)-most))
			break
		}
		parts = append(parts, show(name))
	}
	return strings.Join(parts, ", ")
}
