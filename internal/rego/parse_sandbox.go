package rego

import (
	"bytes"
	encoding "encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/open-policy-agent/conftest/parser"
	"github.com/open-policy-agent/conftest/parser/cue"
	dotenv "github.com/open-policy-agent/conftest/parser/dotenv"
	"github.com/open-policy-agent/conftest/parser/edn"
	"github.com/open-policy-agent/conftest/parser/groovy"
	"github.com/open-policy-agent/conftest/parser/hcl1"
	"github.com/open-policy-agent/conftest/parser/hcl2"
	"github.com/open-policy-agent/conftest/parser/hocon"
	"github.com/open-policy-agent/conftest/parser/toml"
	"github.com/open-policy-agent/conftest/parser/vcl"
	"github.com/open-policy-agent/conftest/parser/xml"

	"github.com/org/platform/internal/finding"
)

// unfit finds what would harm a parser.
func unfit(file string, p parser.Parser, data []byte) *finding.Finding {
	f := finding.Finding{RuleID: ParseRuleID, Severity: finding.Error, File: file, Confidence: finding.File}
	most := mostBytes
	switch p.(type) {
	case jsonnetParser, *cue.Parser, *edn.Parser, *groovy.Parser, *hcl1.Parser, *hcl2.Parser, *hocon.Parser, *toml.Parser, *vcl.Parser:
		most = mostCode
	}
	if len(data) > most {
		f.Message = fmt.Sprintf("the file has %d bytes: at most %d are read", len(data), most)
		f.Fix = "leave the file out of the policies' files"
		return &f
	}
	depth, line := 0, 1
	for _, c := range data {
		switch c {
		case '\n':
			line++
		case '[', '{', '(', '<':
			depth++
		case ']', '}', ')', '>':
			depth = max(depth-1, 0)
		}
		if depth > mostNesting {
			f.Message, f.Line, f.Confidence = fmt.Sprintf("nested more than %d deep", mostNesting), line, finding.Exact
			return &f
		}
	}
	return nil
}

// sandboxed runs a parser, whose panic is an error.
func sandboxed(p parser.Parser, data []byte) (value any, err error) {
	defer func() {
		if r := recover(); r != nil {
			value, err = nil, fmt.Errorf("the parser gave up: %v", r)
		}
	}()
	switch p.(type) {
	case *dotenv.Parser:
		if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
			return nil, errors.New("UTF-16 is not supported: write it as UTF-8")
		}
		data = mask(data)
	case *xml.Parser: // conftest's takes what it has read before an error for the whole
		if err := wellFormed(data); err != nil {
			return nil, err
		}
	case *hocon.Parser:
		if err := refuseReads(data); err != nil {
			return nil, err
		}
	}
	if err := p.Unmarshal(data, &value); err != nil {
		return nil, errors.New(strings.ReplaceAll(err.Error(), string(dollar), "$"))
	}
	return restore(value), nil
}

// dollar stands for a dollar sign while the parser reads that would put in values of the environment. It is for private use, and in no file.
const dollar = '\uF8F0'

// mask hides dollar signs, but those behind a backslash, which are literal.
func mask(data []byte) []byte {
	masked := make([]byte, 0, len(data))
	for i, c := range data {
		if c == '$' && (i == 0 || data[i-1] != '\\') {
			masked = utf8.AppendRune(masked, dollar)
			continue
		}
		masked = append(masked, c)
	}
	return masked
}

// restore puts the dollar signs back.
func restore(value any) any {
	switch value := value.(type) {
	case string:
		return strings.ReplaceAll(value, string(dollar), "$")
	case []any:
		for i := range value {
			value[i] = restore(value[i])
		}
	case map[string]any:
		for key, v := range value {
			delete(value, key)
			value[strings.ReplaceAll(key, string(dollar), "$")] = restore(v)
		}
	}
	return value
}

func wellFormed(data []byte) error {
	d := encoding.NewDecoder(bytes.NewReader(data))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for depth := 0; ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		switch token.(type) {
		case encoding.StartElement:
			depth++
		case encoding.EndElement:
			depth--
		}
		if line, _ := d.InputPos(); depth > mostNesting {
			return fmt.Errorf("line %d: nested more than %d deep", line, mostNesting)
		}
	}
}

// What HOCON may read beyond the file: a name without dots that it does not define is the environment's, and an include is any file.
var (
	hoconVariable = regexp.MustCompile("\\$\\{\\??([^\\s$\"{}\\[\\]:=,#`^?!@*&\\\\]*)")
	hoconInclude  = regexp.MustCompile(`include($|[^A-Za-z0-9_.=:"-])`)
)

func refuseReads(data []byte) error {
	for i, line := range bytes.Split(data, []byte("\n")) {
		if hoconInclude.Match(line) {
			return fmt.Errorf("line %d: include is not supported: policies see one file alone", i+1)
		}
		for _, match := range hoconVariable.FindAllSubmatch(line, -1) {
			if !bytes.ContainsRune(match[1], '.') {
				return fmt.Errorf("line %d: the substitution ${%s} may read the environment, which policies have not: "+
					"write the value, or a name with a dot", i+1, match[1])
			}
		}
	}
	return nil
}
