package document

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/org/platform/internal/finding"
)

// jsonRoots returns the value of a JSON file as a tree of nodes. encoding/json says whether the text is valid, so that
// the scanner below only has to count lines and columns. A YAML parser would not do: it refuses tabs, keys of more than
// 1,024 characters and surrogate pairs, and accepts much that is no JSON.
func jsonRoots(src *source) ([]*yaml.Node, finding.Problems) {
	var raw json.RawMessage
	if err := json.Unmarshal(src.data, &raw); err != nil {
		return nil, finding.Problems{jsonProblem(src, err)}
	}
	s := scanner{data: src.data, line: 1}
	if root := s.value(); !isNull(root) {
		return []*yaml.Node{root}, nil
	}
	return nil, nil
}

// scanner reads valid JSON.
type scanner struct {
	data      []byte
	at        int
	line      int
	lineStart int
}

// skip passes white space, commas and colons, which valid JSON has in the right places.
func (s *scanner) skip() {
	for ; s.at < len(s.data); s.at++ {
		switch s.data[s.at] {
		case '\n':
			s.line++
			s.lineStart = s.at + 1
		case ' ', '\t', '\r', ',', ':':
		default:
			return
		}
	}
}

func (s *scanner) value() *yaml.Node {
	s.skip()
	node := &yaml.Node{Line: s.line, Column: s.at - s.lineStart + 1}
	switch s.data[s.at] {
	case '{', '[':
		s.collection(node)
	case '"':
		node.Kind, node.Tag, node.Style, node.Value = yaml.ScalarNode, "!!str", yaml.DoubleQuotedStyle, s.text()
	default:
		start := s.at
		for s.at < len(s.data) && !strings.ContainsRune(" \t\r\n,]}", rune(s.data[s.at])) {
			s.at++
		}
		node.Kind, node.Value = yaml.ScalarNode, string(s.data[start:s.at])
		switch s.data[start] {
		case 't', 'f':
			node.Tag = "!!bool"
		case 'n':
			node.Tag = "!!null"
		default:
			node.Tag, node.Style = numberTag, yaml.TaggedStyle
		}
	}
	return node
}

func (s *scanner) collection(node *yaml.Node) {
	node.Kind, node.Tag = yaml.MappingNode, "!!map"
	if s.data[s.at] == '[' {
		node.Kind, node.Tag = yaml.SequenceNode, "!!seq"
	}
	s.at++
	for s.skip(); s.data[s.at] != '}' && s.data[s.at] != ']'; s.skip() {
		node.Content = append(node.Content, s.value())
	}
	s.at++
}

func (s *scanner) text() string {
	start, escaped := s.at, false
	for s.at++; s.data[s.at] != '"'; s.at++ {
		if s.data[s.at] == '\\' {
			s.at++
			escaped = true
		}
	}
	s.at++
	if !escaped {
		return string(s.data[start+1 : s.at-1])
	}
	var text string
	_ = json.Unmarshal(s.data[start:s.at], &text) // it is valid
	return text
}

// jsonProblem places a syntax error on its character.
func jsonProblem(src *source, err error) finding.Finding {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return src.problem(Position{}, "the file is not valid JSON", "")
	}
	text := strings.TrimRight(string(src.data), " \t\r\n")
	at := min(int(syntax.Offset)-1, len(src.data))
	if syntax.Error() == "unexpected end of JSON input" || at >= len(text) {
		return src.jsonEnd(text)
	}
	at = max(at, 0)
	before := strings.TrimRight(text[:at], " \t\r\n")
	place := src.offset(at)
	switch c := text[at]; {
	case strings.Contains(syntax.Error(), "after top-level value"):
		return src.problem(place, "not valid JSON: something follows the end of the value", "one file holds one value: remove it, or make a list")
	case strings.HasSuffix(before, ",") && (c == '}' || c == ']'):
		return src.problem(src.offset(len(before)-1), fmt.Sprintf("not valid JSON: a comma is before %c", c), "remove the comma")
	case strings.Contains(syntax.Error(), "in string literal"):
		return src.problem(place, "not valid JSON: a line break or control character is in a string", `close the quote, or write \n or \t`)
	case strings.Contains(syntax.Error(), "in string escape code"), strings.Contains(syntax.Error(), "hexadecimal character escape"):
		return src.problem(place, "not valid JSON: a backslash is followed by a character that is no escape", `write \\ for a backslash`)
	case c == '/' || c == '#':
		return src.problem(place, "not valid JSON: JSON has no comments", "remove the comment")
	case strings.Contains(syntax.Error(), "after object key:value pair"), strings.Contains(syntax.Error(), "after array element"):
		return src.problem(place, fmt.Sprintf("not valid JSON: %s is where a comma or the closing bracket should be", character(text[at:])),
			"put a comma between two fields or items; quote a comma or quote that is part of a text")
	case strings.Contains(syntax.Error(), "object key string"):
		return src.problem(place, fmt.Sprintf("not valid JSON: %s is where a key should be", character(text[at:])), "put keys in double quotes")
	case strings.Contains(syntax.Error(), "after object key"):
		return src.problem(place, fmt.Sprintf("not valid JSON: %s is where a colon should be", character(text[at:])), "put a colon after the key")
	default:
		return src.problem(place, fmt.Sprintf("not valid JSON: %s is where a value should be or continue", character(text[at:])),
			"values are texts in double quotes, numbers, true, false, null, lists and objects")
	}
}

// jsonEnd returns the problem of a text that ends too early. It names the bracket that is still open.
func (s *source) jsonEnd(text string) finding.Finding {
	if text == "" {
		return s.problem(Position{Line: 1, Column: 1}, "the file is empty, which is not JSON", "write {} or remove the file")
	}
	var open []int
	for at, inText := 0, false; at < len(text); at++ {
		switch c := text[at]; {
		case inText && c == '\\':
			at++
		case c == '"':
			inText = !inText
		case inText:
		case c == '{' || c == '[':
			open = append(open, at)
		case (c == '}' || c == ']') && len(open) > 0:
			open = open[:len(open)-1]
		}
	}
	end := s.offset(len(text) - 1)
	if len(open) == 0 {
		return s.problem(end, "not valid JSON: the text ends within a value", "complete the value")
	}
	last := open[len(open)-1]
	return s.problem(end, fmt.Sprintf("not valid JSON: the text ends before the %c of line %d is closed", text[last], s.offset(last).Line), "close it")
}

func character(rest string) string {
	for _, r := range rest {
		return fmt.Sprintf("%q", r)
	}
	return "the end"
}
