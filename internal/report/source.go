package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

const sourceWidth = 160 // characters of a source line

// underline shows a line from its column on underlined: of a long one the part around the column.
func underline(content string, number, column int, c Colors) string {
	content = strings.TrimRight(content, " \t\r")
	start := min(max(column-1, len(content)-len(strings.TrimLeft(content, " \t"))), len(content))
	for start > 0 && start < len(content) && !utf8.RuneStart(content[start]) {
		start--
	}
	before := window(content[:start], sourceWidth/2, true)
	after := window(content[start:], max(sourceWidth-len(before), 1), false)
	gutter := fmt.Sprintf("%4d | ", number)
	return fmt.Sprintf("%s%s%s\n%s%s\n", paint(c.Dim, gutter), string(before), string(after),
		strings.Repeat(" ", len(gutter)+columns(before)), paint(c.Red, strings.Repeat("^", max(1, columns(after)))))
}

// window returns as many characters of the end or the start of a text, and … where there are more. It looks at no more than it needs of a long line.
func window(s string, room int, end bool) []rune {
	most := (room + 2) * utf8.UTFMax // that more than room of them are whole even where the first or the last is not
	if end {
		runes := []rune(cell(s[max(0, len(s)-most):]))
		if len(runes) > room {
			runes = append([]rune("…"), runes[len(runes)-room:]...)
		}
		return runes
	}
	runes := []rune(cell(s[:min(len(s), most)]))
	if len(runes) > room {
		runes = append(runes[:room:room], '…')
	}
	return runes
}

// cell makes every character of a source line one that only shows itself; a tab is a blank.
func cell(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case !shows(r):
			return utf8.RuneError
		}
		return r
	}, s)
}

// columns returns how many columns of a terminal characters take.
func columns(runes []rune) int {
	n := 0
	for _, r := range runes {
		switch {
		case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Me, r), unicode.Is(unicode.Cf, r):
		case unicode.Is(wide, r):
			n += 2
		default:
			n++
		}
	}
	return n
}

// wide are the characters of two columns: those of East Asia, and pictures.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{{0x1100, 0x115F, 1}, {0x2E80, 0xA4CF, 1}, {0xAC00, 0xD7A3, 1}, {0xF900, 0xFAFF, 1}, {0xFE30, 0xFE6F, 1},
		{0xFF00, 0xFF60, 1}, {0xFFE0, 0xFFE6, 1}},
	R32: []unicode.Range32{{0x1F300, 0x1FAFF, 1}, {0x20000, 0x3FFFD, 1}},
}

// sources reads authored files once.
type sources struct {
	read  func(string) ([]byte, error)
	lines map[string][]string

	// The findings of a line come by column, so counting goes on where it ended: a line may be a megabyte.
	counted      string
	bytes, count int
}

func (r *Report) sources() *sources { return &sources{read: r.Source, lines: map[string][]string{}} }

// units counts the UTF-16 code units of the first bytes of a line.
func (s *sources) units(line string, end int) int {
	if s.bytes > end || s.counted != line { // the same line is the same string, which is seen at once
		s.counted, s.bytes, s.count = line, 0, 0
	}
	for _, r := range line[s.bytes:end] {
		s.count += max(1, utf16.RuneLen(r))
	}
	s.bytes = end
	return s.count
}

// line returns a line, counted from one, without its end.
func (s *sources) line(file string, number int) (string, bool) {
	if s.read == nil || file == "" || number < 1 {
		return "", false
	}
	lines, cached := s.lines[file]
	if !cached {
		content, _ := s.read(file) // a file that cannot be read is shown without its lines
		lines = strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
		if len(content) == 0 {
			lines = nil
		}
		s.lines[file] = lines
	}
	if number > len(lines) {
		return "", false
	}
	return strings.TrimSuffix(lines[number-1], "\r"), true
}
