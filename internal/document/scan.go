package document

import (
	"bytes"
	"encoding/json"
	"strings"
)

// skip passes over the given characters and comments.
func (r *blockReader) skip(blanks string) {
	for r.at < len(r.data) {
		switch {
		case strings.IndexByte(blanks, r.data[r.at]) >= 0:
			r.at++
		case !r.comment():
			return
		case bytes.HasPrefix(r.data[r.at:], []byte("/*")):
			r.until("*/")
		default:
			for r.at < len(r.data) && r.data[r.at] != '\n' {
				r.at++
			}
		}
	}
}

// comment says whether a comment begins here.
func (r *blockReader) comment() bool {
	rest := r.data[r.at:]
	return bytes.HasPrefix(rest, []byte("#")) ||
		r.dialect != toml && (bytes.HasPrefix(rest, []byte("/*")) || bytes.HasPrefix(rest, []byte("//")) && (r.at == 0 || r.data[r.at-1] != ':'))
}

// until passes over everything up to and with a text.
func (r *blockReader) until(text string) {
	i := bytes.Index(r.data[r.at:], []byte(text))
	if i < 0 {
		r.at = len(r.data)
		return
	}
	r.at += i + len(text)
}

func (r *blockReader) isQuote(c byte) bool {
	return c == '"' || c == '\'' && r.dialect != hcl
}

// text passes over a quoted text.
func (r *blockReader) text() {
	quote := r.data[r.at]
	if three := strings.Repeat(string(quote), 3); r.dialect != hcl && bytes.HasPrefix(r.data[r.at:], []byte(three)) {
		r.at += 3
		r.until(three)
		return
	}
	for r.at++; r.at < len(r.data); r.at++ {
		switch c := r.data[r.at]; {
		case c == quote:
			r.at++
			return
		case c == '\\' && (quote == '"' || r.dialect != toml):
			r.at++
		case c == '\n':
			return // it is not closed: what follows is no text
		case (c == '$' || c == '%') && r.dialect == hcl && r.at+1 < len(r.data) && r.data[r.at+1] == '{':
			r.at++
			r.interpolation()
		}
	}
	r.at = min(r.at, len(r.data))
}

// interpolation passes over {…} in a text, up to its last character.
func (r *blockReader) interpolation() {
	if r.depth++; r.depth > maxDepth {
		r.at = len(r.data)
	}
	defer func() { r.depth-- }()
	for open := 0; r.at < len(r.data); r.at++ {
		switch r.data[r.at] {
		case '{':
			open++
		case '}':
			if open--; open == 0 {
				return
			}
		case '"':
			r.text()
			r.at--
		case '\n':
			return
		}
	}
}

// heredoc passes over <<WORD … WORD.
func (r *blockReader) heredoc() bool {
	line, rest, _ := bytes.Cut(r.data[r.at:], []byte("\n"))
	word, is := strings.CutPrefix(string(line), "<<")
	word = strings.TrimSpace(strings.TrimPrefix(word, "-"))
	if !is || word == "" {
		return false
	}
	for at := len(r.data) - len(rest); len(rest) > 0; at = len(r.data) - len(rest) {
		line, rest, _ = bytes.Cut(rest, []byte("\n"))
		if string(bytes.TrimSpace(line)) == word {
			r.at = at + len(line)
			return true
		}
	}
	r.at = len(r.data) // no parser accepts this
	return true
}

func unquote(text string) string {
	var s string
	if json.Unmarshal([]byte(text), &s) == nil {
		return s
	}
	return strings.Trim(text, `"'`)
}
