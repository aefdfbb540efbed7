package build

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/org/platform/internal/finding"
)

// Rule ids of the findings.
const (
	RuleCompile = "go-build"
	RuleTest    = "go-test"
	RuleCgo     = "go-cgo"
)

// places turns the paths a go command prints into files of the component.
type places struct {
	dir  string // the component, where the go command ran
	repo string // files outside of it are nobody's to change here
}

// file returns a printed path slash-separated and relative to the component, or "" where it lies outside of the repository.
func (p places) file(printed string) string {
	path := printed
	if !filepath.IsAbs(path) {
		path = filepath.Join(p.dir, path)
	}
	inRepo, err := filepath.Rel(p.repo, path)
	if err != nil || !filepath.IsLocal(inRepo) {
		return ""
	}
	rel, err := filepath.Rel(p.dir, path)
	if err != nil {
		return ""
	}
	return filepath.ToSlash(rel)
}

// complaint matches what the compiler, vet and the module loader print: path:line[:column]: message.
var complaint = regexp.MustCompile(`^(?:vet: )?(\S.*?\.(?:go|s|mod|work)):(\d+)(?::(\d+))?:\s*(.*)$`)

// complaints returns a finding for every place in the output of a go command. Indented lines continue the message before them.
func (p places) complaints(output string) []finding.Finding {
	var found []finding.Finding
	open := false // the last finding may still grow
	for line := range strings.Lines(output) {
		line = strings.TrimRight(line, "\r\n")
		m := complaint.FindStringSubmatch(line)
		switch {
		case m != nil && m[4] == "too many errors":
			open = false
		case m != nil:
			found, open = append(found, p.at(m[1], m[2], m[3], RuleCompile, m[4])), true
		case open && strings.HasPrefix(line, "\t"):
			last := &found[len(found)-1]
			last.Message = strings.TrimSpace(last.Message + "\n" + strings.TrimSpace(line))
		default:
			open = false
		}
	}
	return found
}

func (p places) at(path, line, column, rule, message string) finding.Finding {
	f := finding.Finding{RuleID: rule, Severity: finding.Error, Message: message, File: p.file(path)}
	if f.File == "" {
		f.Message = path + ":" + line + ": " + message
		return f
	}
	f.Line, _ = strconv.Atoi(line) // digits by the patterns; an overflow is a place we do not know
	f.Column, _ = strconv.Atoi(column)
	f.Confidence = finding.Exact
	return f
}

// unique drops repeats: a package is compiled once by itself and once for its tests.
func unique(fs []finding.Finding) []finding.Finding {
	type key struct {
		place, message string
		line           int
	}
	seen := map[key]bool{}
	var kept []finding.Finding
	for _, f := range fs {
		k := key{f.Place(), f.Message, f.Line}
		if !seen[k] {
			seen[k] = true
			kept = append(kept, f)
		}
	}
	return kept
}
