package document

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/strictyaml"
)

// RuleID is the rule of every problem this package reports.
const RuleID = "parse"

// problem returns a finding at a position, or about the whole file where that is empty.
func (s *source) problem(at Position, message, fix string) finding.Finding {
	f := finding.Finding{RuleID: RuleID, Severity: finding.Error, File: s.file, Line: at.Line, Column: at.Column,
		Message: message, Fix: fix, Confidence: finding.Exact}
	if at.Line == 0 {
		f.Confidence = finding.File
	}
	return f
}

func (c *converter) report(node *yaml.Node, message, fix string) {
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, c.source.problem(c.source.place(node), message, fix))
	}
	c.stopped = c.stopped || len(c.problems) >= maxProblems
}

// stop reports what makes the rest of the document useless.
func (c *converter) stop(node *yaml.Node, message, fix string) {
	if !c.stopped {
		c.report(node, message, fix)
	}
	c.stopped = true
}

// unusable returns the problem of a file that no parser has to see.
func (s *source) unusable(data []byte) finding.Problems {
	if len(data) > MaxSize {
		message := fmt.Sprintf("the file has %d bytes; files of at most %d MiB are checked", len(data), MaxSize>>20)
		return finding.Problems{s.problem(Position{}, message, "split it, or leave it out of the checked paths")}
	}
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return finding.Problems{s.problem(Position{Line: 1, Column: 1}, "the file is encoded as UTF-16", "save it as UTF-8")}
	}
	if !utf8.Valid(s.data) {
		message := fmt.Sprintf("the byte 0x%x is not valid UTF-8", s.data[notText(s.data)])
		return finding.Problems{s.problem(s.offset(notText(s.data)), message, "save the file as UTF-8")}
	}
	return nil
}

// notText returns where the first byte is that is not UTF-8.
func notText(data []byte) int {
	at := 0
	for at < len(data) {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return at
}

// plainWords says in a person's words what a message of the YAML parser usually means.
var plainWords = []struct{ parser, message, fix string }{
	{"control characters", "a control character is not allowed", "remove it, or write it as an escape in double quotes"},
	{"cannot start any token", "a tab or a reserved character is where a value should begin", "indent with spaces; quote a value that starts with @, ` or %"},
	{"tab character", "a tab is where spaces should be", "indent with spaces"},
	{"mapping values are not allowed", "a colon is where none may be", "check the indentation; quote a value that contains a colon followed by a space"},
	{"unexpected end of stream", "the quote is never closed", "close the quote"},
	{"unexpected document indicator", "the quote is never closed", "close the quote"},
	{"expected ',' or ']'", "the bracket [ is not closed, or a comma is missing", "close it with ], or put a comma between the items"},
	{"expected ',' or '}'", "the brace { is not closed, or a comma is missing", "close it with }, or put a comma between the fields"},
	{"expected '-' indicator", "the line is neither an item of the list nor outside of it", "start it with -, or indent it like the lines around it"},
	{"expected key", "the line is neither a field of the map nor outside of it", "check the indentation, and the quotes and brackets of the line"},
	{"could not find expected ':'", "a key has no colon", "put a colon and a space after the key"},
	{"sequence entries are not allowed", "a list item is where none may be", "put the - on a line of its own, below the key"},
	{"unknown anchor", "", "define the anchor with & above, in the same document"},
	{"hexdecimal number", "a backslash in double quotes is followed by a character that is no escape", `write \\ for a backslash, or use single quotes`},
	{"unknown escape character", "a backslash in double quotes is followed by a character that is no escape", `write \\ for a backslash, or use single quotes`},
	{"expected <document start>", "something follows the end of the document", "put --- between two documents"},
	{"exceeded max depth", "maps and lists are nested too deeply", "make it flatter"},
}

// yamlProblem places the parser's error on the line that a person would point at. Which line the parser counts is known to strictyaml.
func yamlProblem(src *source, err error) finding.Problems {
	f := src.problem(Position{}, "the file is not valid YAML", "")
	var known finding.Problems
	if _, again := strictyaml.Documents(src.file, src.data); errors.As(again, &known) && len(known) > 0 {
		f.Line, f.Message, f.Fix = known[0].Line, known[0].Message, known[0].Fix
	}
	for _, words := range plainWords {
		if strings.Contains(err.Error(), words.parser) {
			f.Fix = words.fix
			if words.message != "" {
				f.Message = "not valid YAML: " + words.message
			}
			break
		}
	}
	at := yamlPlace(src, f.Line, err.Error())
	if f.Line, f.Column = at.Line, at.Column; f.Line > 0 {
		f.Confidence = finding.Exact
		src.notYAML(&f)
	}
	return finding.Problems{f}
}

// yamlPlace returns the place of an error which the parser says is on a line as it counts them, from 1; 0 where it does not know.
func yamlPlace(src *source, line int, message string) Position {
	switch {
	case strings.Contains(message, "control characters"):
		return src.offset(controlCharacter(src.data))
	case strings.Contains(message, "unknown anchor"):
		return unknownAnchor(src, message)
	}
	if line = blamed(src, line, message); line == 0 {
		return Position{}
	}
	return Position{Line: src.place(&yaml.Node{Line: line, Column: 1}).Line}
}

// notYAML explains lines that are from another language.
func (s *source) notYAML(f *finding.Finding) {
	lines := bytes.SplitN(s.data, []byte("\n"), f.Line+1)
	line := lines[min(f.Line, len(lines))-1]
	for _, marker := range []string{"<<<<<<< ", "=======", ">>>>>>> "} {
		if bytes.HasPrefix(line, []byte(marker)) {
			f.Message, f.Fix = "not valid YAML: a merge conflict is not resolved", "choose one side and remove the markers"
		}
	}
	if bytes.Contains(line, []byte("{{")) {
		f.Fix = "quote what is in {{ }}, or leave templates out of the checked paths"
	}
}

// controlCharacter returns where the first character is that YAML does not allow.
func controlCharacter(data []byte) int {
	for at, r := range string(data) {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r >= 0x7f && r < 0xa0 && r != 0x85 || r == 0xfffe || r == 0xffff {
			return at
		}
	}
	return len(data)
}

var anchorName = regexp.MustCompile(`unknown anchor '([^']*)'`)

// unknownAnchor finds the first alias of a name. The parser does not say where it is.
func unknownAnchor(src *source, message string) Position {
	name := anchorName.FindStringSubmatch(message)
	if name == nil {
		return Position{}
	}
	use := regexp.MustCompile(`(?m)(?:^|[\s\[{,:-])(\*` + regexp.QuoteMeta(name[1]) + `)(?:[\s,\]}]|$)`)
	all := use.FindAllSubmatchIndex(src.data, 2)
	if len(all) != 1 {
		return Position{} // another document may define it
	}
	return src.offset(all[0][2])
}

// blamed returns the line of an error in a block. The parser names the line where the block begins; the error is on the
// line which, once it is added to those above, makes the text invalid.
func blamed(src *source, line int, message string) int {
	if !strings.Contains(message, "did not find expected key") && !strings.Contains(message, "expected '-' indicator") {
		return line
	}
	const mostTries, mostBytes = 32, 16 << 20                       // the parser looks few lines ahead
	most := min(mostTries, max(1, mostBytes/max(1, len(src.data)))) // so that a large file takes not much longer than to read it
	reader := &consumed{rest: src.data}
	decoder := yaml.NewDecoder(reader)
	for decoder.Decode(new(yaml.Node)) == nil {
		continue
	}
	last := bytes.Count(src.data[:len(src.data)-len(reader.rest)], []byte("\n")) + 1
	for l := min(last, len(src.starts)); l > max(line, last-most); l-- {
		if parses(src.data[:src.starts[l-1]]) {
			return l
		}
	}
	return line
}

func parses(data []byte) bool {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for {
		if err := decoder.Decode(new(yaml.Node)); err != nil {
			return errors.Is(err, io.EOF)
		}
	}
}

// consumed hands out one byte at a time, to see how far the parser read.
type consumed struct{ rest []byte }

func (c *consumed) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(1, len(p))], c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// excerpt quotes what a file holds, which may be a megabyte.
func excerpt(text string) string {
	const most = 60 // bytes
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return strconv.Quote(text)
}
