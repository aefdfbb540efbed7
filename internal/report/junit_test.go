package report_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/report"
)

// xsd is what the schema that Jenkins reads JUnit by allows: the attributes and children of each element, "*" where one is required.
var xsd = map[string]struct{ attributes, children string }{
	"":           {"", "testsuites"},
	"testsuites": {"name time tests failures disabled errors", "testsuite"},
	"testsuite":  {"name* tests* failures errors time disabled skipped timestamp hostname id package", "properties testcase system-out system-err"},
	"testcase":   {"name* classname* assertions time status", "skipped error failure system-out system-err"},
	"failure":    {"type message", ""},
	"skipped":    {"message", ""},
	"system-out": {"", ""},
}

type junit struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Suites   []struct {
		Name     string `xml:"name,attr"`
		Tests    int    `xml:"tests,attr"`
		Failures int    `xml:"failures,attr"`
		Errors   int    `xml:"errors,attr"`
		Skipped  int    `xml:"skipped,attr"`
		Cases    []struct {
			Name    string `xml:"name,attr"`
			Failure *struct {
				Message string `xml:"message,attr"`
				Text    string `xml:",chardata"`
			} `xml:"failure"`
			Skipped *struct {
				Message string `xml:"message,attr"`
			} `xml:"skipped"`
			Out string `xml:"system-out"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

// readJUnit reads what Jenkins reads, and says what it would refuse.
func readJUnit(text string) (junit, error) {
	var document junit
	if err := xml.Unmarshal([]byte(text), &document); err != nil {
		return document, err
	}
	path := []string{""}
	for decoder := xml.NewDecoder(strings.NewReader(text)); ; {
		token, err := decoder.Token()
		switch element := token.(type) {
		case xml.StartElement:
			name, parent := element.Name.Local, xsd[path[len(path)-1]]
			rules, known := xsd[name]
			if !known || !slices.Contains(strings.Fields(parent.children), name) {
				return document, fmt.Errorf("<%s> in <%s>", name, path[len(path)-1])
			}
			for _, a := range element.Attr {
				if !slices.Contains(strings.Fields(strings.ReplaceAll(rules.attributes, "*", "")), a.Name.Local) {
					return document, fmt.Errorf("%s of <%s>", a.Name.Local, name)
				}
			}
			for _, required := range strings.Fields(rules.attributes) {
				want, is := strings.CutSuffix(required, "*")
				if is && !slices.ContainsFunc(element.Attr, func(a xml.Attr) bool { return a.Name.Local == want }) {
					return document, fmt.Errorf("no %s of <%s>", want, name)
				}
			}
			path = append(path, name)
		case xml.EndElement:
			path = path[:len(path)-1]
		}
		if errors.Is(err, io.EOF) {
			return document, nil
		}
		if err != nil {
			return document, err
		}
	}
}

func TestJUnit(t *testing.T) {
	t.Parallel()
	text := written(t, example().JUnit)
	golden(t, "junit.xml", text)
	document, err := readJUnit(text)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range document.Suites {
		got = append(got, fmt.Sprint(s.Name, " ", s.Tests, s.Failures, s.Skipped))
	}
	if want := "no-latest 3 1 2, memory-limit 1 1 0, replicas 2 0 1, privileged 1 0 0, waivers 1 1 0, owner 1 1 0"; strings.Join(got, ", ") != want {
		t.Errorf("got %s", strings.Join(got, ", "))
	}
	if document.Tests != 9 || document.Failures != 4 {
		t.Errorf("got %d tests, %d failures", document.Tests, document.Failures)
	}
	if !strings.HasPrefix(text, xml.Header) {
		t.Error("no XML declaration")
	}
}

// Whatever findings hold, it is XML that Jenkins takes, and the numbers add up.
func TestJUnitIsAlwaysValid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := anyReport(t)
		text := written(t, r.JUnit)
		document, err := readJUnit(text)
		if err != nil {
			t.Fatalf("%v:\n%s", err, text)
		}
		for _, c := range text {
			if c < ' ' && c != '\n' && c != '\t' || c == '\uFFFE' || c == '\uFFFF' {
				t.Fatalf("XML 1.0 has no %s:\n%s", strconv.QuoteRune(c), text)
			}
		}
		counts := r.Counts()
		findings, failures, skipped, warned, all := 0, 0, 0, 0, 0
		for _, s := range document.Suites {
			f, k := 0, 0
			for _, c := range s.Cases {
				all++
				if c.Name != "no findings" {
					findings++
				}
				if c.Failure != nil {
					f++
				}
				if c.Skipped != nil {
					k++
				}
				if c.Out != "" {
					warned++
				}
			}
			if s.Tests != len(s.Cases) || s.Tests == 0 || s.Failures != f || s.Skipped != k || s.Errors != 0 {
				t.Fatalf("suite %+v", s)
			}
			failures += f
			skipped += k
		}
		if failures != counts.Errors || skipped != counts.Known+counts.Waived || warned != counts.Warnings || findings != len(r.Findings) || document.Tests != all || document.Failures != failures {
			t.Fatalf("%+v does not add up in\n%s", counts, text)
		}
	})
}

// What was written is what is read back.
func TestJUnitText(t *testing.T) {
	t.Parallel()
	const message = "a <b> & \"c\" ]]> 'd'\n\te"
	r := &report.Report{Findings: []finding.Finding{{Severity: finding.Error, Message: message, File: "a", Line: 1}}}
	document, err := readJUnit(written(t, r.JUnit))
	if err != nil {
		t.Fatal(err)
	}
	c := document.Suites[0].Cases[0]
	if c.Failure == nil || c.Failure.Text != "a:1\n"+message || c.Failure.Message != strings.Join(strings.Fields(message), " ") || document.Suites[0].Name != "finding" {
		t.Errorf("got %+v", c.Failure)
	}
}
