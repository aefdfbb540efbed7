package rego

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"

	"github.com/org/platform/internal/finding"
)

// How parsers write a place: in words, as line,column or line:column after a colon, or by quoting how the line begins.
var (
	inWords  = regexp.MustCompile(`\b[Ll]ine:?\s+(\d+)(?:,? col(?:umn)?:?\s+(\d+))?`)
	inDigits = regexp.MustCompile(`(?:^|[\s:])(\d+)[,:](\d+)(?:[-:\s]|$)`)
	quoting  = regexp.MustCompile("unknown instruction: (\\S+)|line `([^`]+)` (?:doesn't match|has an unset)|unclosed section: (.+)")
	dumped   = regexp.MustCompile(`^error while parsing \[[\d ]*\]: `) // of SPDX: all bytes, as numbers
)

func parseProblem(file string, data []byte, err error) finding.Finding {
	text := clean(dumped.ReplaceAllString(err.Error(), ""), mostText, true)
	f := finding.Finding{RuleID: ParseRuleID, Severity: finding.Error, File: file, Confidence: finding.File, Message: "the file does not parse: " + text}
	if line, column := placeIn(text, data); line > 0 && line <= bytes.Count(data, []byte("\n"))+1 {
		f.Line, f.Column, f.Confidence = line, column, finding.Exact
	}
	return f
}

// placeIn reads the place out of what a parser says; 0 where it says none.
func placeIn(text string, data []byte) (line, column int) {
	match := inWords.FindStringSubmatch(text)
	if match == nil {
		match = inDigits.FindStringSubmatch(text)
	}
	if match != nil {
		line, _ = strconv.Atoi(match[1]) // digits by the expressions
		column, _ = strconv.Atoi(match[2])
		return line, column
	}
	if match = quoting.FindStringSubmatch(text); match == nil {
		return 0, 0
	}
	begin := strings.ToLower(strings.Join(match[1:], "")) // one of them; instructions are quoted in upper case
	for i, text := range strings.Split(string(data), "\n") {
		if strings.HasPrefix(strings.ToLower(strings.TrimSpace(text)), begin) {
			return i + 1, 0
		}
	}
	return 0, 0
}
