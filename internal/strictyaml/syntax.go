package strictyaml

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/org/platform/internal/finding"
)

var (
	yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(?s:(.*))$`)

	// The parser counts the lines of these messages from zero, and those of the scanner from one.
	fromZero = regexp.MustCompile(`^(did not find expected (<|node content|'-' indicator|key|',' or)|found (duplicate %|incompatible YAML|undefined tag))`)
	// Where these messages have no line, they mean the first. Messages about encoding and anchors never have one.
	firstLine = regexp.MustCompile(`^(mapping values|block (sequence|mapping)|did not find|could not find|found )`)
)

// waysOut says in a person's words what a message of the parser usually means.
var waysOut = []struct{ message, fix string }{
	{"cannot start any token", "indent with spaces, not tabs; quote a value that starts with @, ` or %"},
	{"mapping values are not allowed", "check the indentation; quote a value that contains a colon followed by a space"},
	{"unexpected end of stream", "close the quote"},
	{"find expected", "check indentation, brackets and colons from this line on"},
}

// syntaxProblem turns the parser's "yaml: line 3: did not find …" into a finding.
func syntaxProblem(file string, err error) finding.Problems {
	f := finding.Finding{RuleID: RuleID, Severity: finding.Error, File: file, Message: shorten(err.Error()), Confidence: finding.File}
	m := yamlLine.FindStringSubmatch(err.Error())
	if m == nil {
		return finding.Problems{f}
	}
	f.Message = shorten("not valid YAML: " + m[2])
	if f.Line = syntaxLine(m[1], m[2]); f.Line > 0 {
		f.Confidence = finding.Exact
	}
	for _, way := range waysOut {
		if strings.Contains(m[2], way.message) {
			f.Fix = way.fix
			break
		}
	}
	return finding.Problems{f}
}

// syntaxLine returns the line a message is about, 0 where it does not say.
func syntaxLine(number, message string) int {
	line, err := strconv.Atoi(number)
	switch {
	case err != nil && firstLine.MatchString(message):
		return 1
	case err == nil && fromZero.MatchString(message):
		return line + 1
	default:
		return line
	}
}
