package document

import (
	"bytes"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/org/platform/internal/finding"
)

// source is the text of a file. Its lines end with \n, as for git and every report.
type source struct {
	file   string
	data   []byte // without byte order mark
	json   bool
	starts []int // where the lines begin, as the YAML scanner counts them: it also ends a line at \r, U+0085, U+2028 and U+2029
}

func newSource(file string, data []byte) *source {
	src := &source{file: file, data: bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), json: isJSON(file)}
	if len(data) <= MaxSize {
		src.starts = yamlLines(src.data)
	}
	return src
}

func yamlLines(data []byte) []int {
	starts := []int{0}
	for i := 0; i < len(data); i++ {
		switch {
		case data[i] == '\n',
			data[i] == '\r' && (i+1 == len(data) || data[i+1] != '\n'),
			data[i] == 0x85 && i > 0 && data[i-1] == 0xc2,
			(data[i] == 0xa8 || data[i] == 0xa9) && i > 1 && data[i-1] == 0x80 && data[i-2] == 0xe2:
			starts = append(starts, i+1)
		}
	}
	return starts
}

// place returns the position of a node. YAML nodes count characters, JSON nodes and positions count bytes.
func (s *source) place(node *yaml.Node) Position {
	if s.json || node.Line < 1 {
		return Position{Line: node.Line, Column: node.Column}
	}
	if node.Line > len(s.starts) {
		return s.offset(len(s.data))
	}
	at := s.starts[node.Line-1]
	for range node.Column - 1 {
		if at >= len(s.data) || s.data[at] == '\n' {
			break
		}
		_, size := utf8.DecodeRune(s.data[at:])
		at += size
	}
	return s.offset(at)
}

func (s *source) at(node *yaml.Node, confidence finding.Confidence) Position {
	p := s.place(node)
	p.Confidence = confidence
	return p
}

// offset returns the position of a byte, or that of the last line where the text ends before it.
func (s *source) offset(at int) Position {
	at = min(at, len(s.data))
	if at == len(s.data) && at > 0 && s.data[at-1] == '\n' {
		at-- // no line begins after the last line break
	}
	return Position{Line: bytes.Count(s.data[:at], []byte("\n")) + 1, Column: at - bytes.LastIndexByte(s.data[:at], '\n')}
}
