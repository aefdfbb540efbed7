package report

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/org/platform/internal/finding"
)

// The part of the JUnit format that Jenkins and its like read.

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name      string       `xml:"name,attr"`
	ClassName string       `xml:"classname,attr"`
	Skipped   *junitReason `xml:"skipped"`
	Failure   *junitReason `xml:"failure"`
	Out       string       `xml:"system-out,omitempty"`
}

type junitReason struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

const junitText = 8 << 10 // bytes of a message

// JUnit writes the report as JUnit XML: a suite for each rule, a case for each of its findings. Those that fail the check are failures, known and waived
// ones are skipped, warnings pass with their text. A rule that found nothing has one case, which passes.
func (r *Report) JUnit(w io.Writer) error {
	document := junitSuites{Name: cmp.Or(line(r.Tool.Name), "platform")}
	index := map[string]int{}
	suite := func(id string) *junitSuite {
		id = cmp.Or(line(id), unnamed)
		if _, known := index[id]; !known {
			index[id] = len(document.Suites)
			document.Suites = append(document.Suites, junitSuite{Name: id})
		}
		return &document.Suites[index[id]]
	}
	for _, rule := range r.Rules {
		suite(rule.ID)
	}
	for _, f := range r.Findings {
		suite(f.RuleID).add(f)
	}
	for i := range document.Suites {
		s := &document.Suites[i]
		if len(s.Cases) == 0 {
			s.Cases = []junitCase{{Name: "no findings", ClassName: s.Name}}
		}
		s.Tests = len(s.Cases)
		document.Tests += s.Tests
		document.Failures += s.Failures
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(document); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (s *junitSuite) add(f finding.Finding) {
	title := line(strings.Join([]string{f.Place(), f.Resource, f.Path}, " "))
	c := junitCase{Name: Shorten(cmp.Or(title, Shorten(line(f.Message), 200)), 1024), ClassName: s.Name}
	short, long := Shorten(line(f.Message), 1024), strings.TrimPrefix(Plain(f.Place())+"\n", "\n")+Explain(f, junitText)
	switch kindOf(f) {
	case failing:
		s.Failures++
		c.Failure = &junitReason{short, string(finding.Error), long}
	case warning:
		c.Out = "warning: " + long
	case known:
		s.Skipped++
		c.Skipped = &junitReason{Message: "known: " + short}
	case waived:
		s.Skipped++
		why := fmt.Sprintf("waived until %s by %s: %s: ", line(f.Waiver.Expires), line(f.Waiver.Owner), line(f.Waiver.Reason))
		c.Skipped = &junitReason{Message: Shorten(why, 1024) + short}
	}
	s.Cases = append(s.Cases, c)
}
