package build

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/org/platform/internal/finding"
)

// Bounds on what is kept of one test, so that a test which prints without end costs no memory.
const (
	maxMessages     = 50
	maxMessageBytes = 4 << 10
	maxTail         = 20 // lines
)

// testOutput keeps what a test printed as far as it explains a failure.
type testOutput struct {
	messages  []message
	panicked  string   // the message of a panic
	frames    []string // its source places, "path:line", outermost last
	tail      []string // the last lines, for a failure without a place
	explained bool     // something below failed already
	open      bool     // the last message may go on
}

type message struct{ file, line, text string }

var (
	messageLine  = regexp.MustCompile(`^    (\S[^:]*\.go):(\d+): ?(.*)$`)
	panicLine    = regexp.MustCompile(`^(?:panic|fatal error): (.*?)(?: \[recovered.*\])?$`)
	frameLine    = regexp.MustCompile(`^\t(\S.*\.go):(\d+)(?: \+0x[0-9a-f]+)?$`)
	scaffolding  = regexp.MustCompile(`^\s*(=== |--- (PASS|FAIL|SKIP): |FAIL\b|exit status )`)
	logStatement = regexp.MustCompile(`\.Logf?\(`)
)

func (o *testOutput) add(line string) {
	if scaffolding.MatchString(line) {
		o.open = false
		return
	}
	if o.tail = append(o.tail, line); len(o.tail) > maxTail {
		o.tail = o.tail[1:]
	}
	if m := panicLine.FindStringSubmatch(line); m != nil && o.panicked == "" {
		o.panicked, o.open = m[1], false
		return
	}
	if m := frameLine.FindStringSubmatch(line); m != nil && o.panicked != "" {
		if len(o.frames) < maxMessages {
			o.frames = append(o.frames, m[1]+":"+m[2])
		}
		return
	}
	if m := messageLine.FindStringSubmatch(line); m != nil {
		if o.open = len(o.messages) < maxMessages; o.open {
			o.messages = append(o.messages, message{file: m[1], line: m[2], text: m[3]})
		}
		return
	}
	continued, indented := strings.CutPrefix(line, "        ")
	if o.open = o.open && indented; o.open {
		if last := &o.messages[len(o.messages)-1]; len(last.text) < maxMessageBytes {
			last.text += "\n" + continued
		}
	}
}

// findings returns where the test failed and why. The framework prints the name of a file without its folder, which is the
// package's unless a helper of another package reported: then the place is unknown.
func (o *testOutput) findings(at places, dir, test string) []finding.Finding {
	prefix := ""
	if test != "" {
		prefix = test + ": "
	}
	var found []finding.Finding
	for _, m := range o.messages {
		path := filepath.Join(dir, m.file)
		source, known := sourceLine(path, m.line)
		switch {
		case !known:
			found = append(found, finding.Finding{RuleID: RuleTest, Severity: finding.Error,
				Message: prefix + m.file + ":" + m.line + ": " + m.text})
		case !logStatement.MatchString(source): // a failed test prints its log too, in the same form
			found = append(found, at.at(path, m.line, "", RuleTest, prefix+strings.TrimSpace(m.text)))
		}
	}
	if o.panicked == "" {
		return found
	}
	return append(found, o.panicFinding(at, prefix))
}

// panicFinding places a panic on the innermost line that belongs to the repository.
func (o *testOutput) panicFinding(at places, prefix string) finding.Finding {
	text := prefix + "panic: " + o.panicked
	for _, frame := range o.frames {
		cut := strings.LastIndex(frame, ":")
		if path := frame[:cut]; filepath.IsAbs(path) && at.file(path) != "" {
			return at.at(path, frame[cut+1:], "", RuleTest, text)
		}
	}
	return finding.Finding{RuleID: RuleTest, Severity: finding.Error, Message: text}
}

// sourceLine returns one line of a file, and whether there is one.
func sourceLine(path, line string) (string, bool) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", false
	}
	lines := strings.Split(string(data), "\n")
	n, err := strconv.Atoi(line)
	if err != nil || n < 1 || n > len(lines) {
		return "", false
	}
	return lines[n-1], true
}
