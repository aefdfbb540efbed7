package runner_test

import (
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/report"
)

func TestAnnotate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		finding finding.Finding
		want    string
	}{
		"all": {finding.Finding{Severity: finding.Error, RuleID: "K8S-1", Message: "m", Fix: "do this", File: "a/b.yaml", Line: 3, Column: 7},
			"::error col=7,file=a/b.yaml,line=3,title=K8S-1::m%0Ado this\n"},
		"title":               {finding.Finding{RuleID: "no-latest", Title: "Images are pinned", Message: "m"}, "::error title=no-latest%3A Images are pinned::m\n"},
		"warning":             {finding.Finding{Severity: finding.Warning, Message: "m"}, "::warning::m\n"},
		"severity is unknown": {finding.Finding{Message: "m"}, "::error::m\n"},
		"line is unknown":     {finding.Finding{Severity: finding.Error, Message: "m", File: "a.yaml", Column: 3}, "::error file=a.yaml::m\n"},
		"file is unknown":     {finding.Finding{Severity: finding.Error, Message: "m", Line: 3}, "::error::m\n"},
		"no message":          {finding.Finding{RuleID: "r"}, "::error title=r::r\n"},
		"nearest parent": {finding.Finding{Message: "m", File: "a", Line: 1, Confidence: finding.Parent, Environments: []string{"dev", "prod"}},
			"::error file=a,line=1::m%0AThe field is missing: this is its nearest parent.%0AIn dev, prod.\n"},
		"percent":           {finding.Finding{Message: "100%d %0A %s"}, "::error::100%25d %250A %25s\n"},
		"forged in message": {finding.Finding{Message: "m\n::error::forged\r::stop-commands::x"}, "::error::m%0A::error::forged%0A::stop-commands::x\n"},
		"forged in fix":     {finding.Finding{Message: "m", Fix: "f\n::set-output name=a::b"}, "::error::m%0Af%0A::set-output name=a::b\n"},
		"forged in properties": {finding.Finding{Message: "m", File: "a,line=9::x\n::error::y%.yaml", RuleID: "r::,s\r\n"},
			"::error file=a%2Cline=9%3A%3Ax%0A%3A%3Aerror%3A%3Ay%25.yaml,title=r%3A%3A%2Cs::m\n"},
		"forged in title": {finding.Finding{Message: "m", RuleID: "r", Title: "t\n::error::x,file=b"}, "::error title=r%3A t %3A%3Aerror%3A%3Ax%2Cfile=b::m\n"},
		"environments":    {finding.Finding{Message: "m", Environments: []string{"a\n::error::x"}}, "::error::m%0AIn a ::error::x.\n"},
		"terminal":        {finding.Finding{Message: "\x1b[31mred\x1b[0m \x1b]0;title\x07\x00\x07 \u202egnp"}, "::error::red \uFFFD\uFFFD \uFFFDgnp\n"},
		"no UTF-8":        {finding.Finding{Message: "a\xffb", File: "a\xff.yaml"}, "::error file=a\uFFFD.yaml::a\uFFFDb\n"},
		"long path":       {finding.Finding{Message: "m", File: strings.Repeat("a", 5000), Line: 3}, "::error::m\n"},
	} {
		r, out := inActions(nil)
		r.Annotate(c.finding)
		if diff := cmp.Diff(c.want, out.String()); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}

// The runner keeps 4,096 characters of a message and cuts the rest without a word. We say how much, and keep the way out.
func TestAnnotateIsBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é\n", 100<<10)
	r, out := inActions(nil)
	r.Annotate(finding.Finding{Message: long, Fix: "do this", RuleID: long, Title: long, File: "a", Line: 1, Environments: []string{long, long}})
	c := parse(t, out.String())
	if n := len(utf16.Encode([]rune(c.message))); n > 4096 {
		t.Errorf("a message of %d characters", n)
	}
	for _, want := range []string{" KB more\ndo this\nIn ", "é\né"} {
		if !strings.Contains(c.message, want) {
			t.Errorf("no %q in %q", want, c.message)
		}
	}
	if n := len(c.properties["title"]); n > 255 {
		t.Errorf("a title of %d bytes", n)
	}
	out.Reset()
	r.Notice("a\n::error::" + long)
	if c := parse(t, out.String()); c.name != "notice" || len(c.message) > 4096 {
		t.Errorf("got %q, %d bytes", c.name, len(c.message))
	}
}

// command is a workflow command as the runner reads it.
type command struct {
	name       string
	properties map[string]string
	message    string
}

// parse reads what was written as the Actions runner does (ActionCommand.TryParseV2), and fails where it is not exactly one command on one line.
func parse(t *testing.T, written string) command {
	t.Helper()
	lines := strings.FieldsFunc(written, func(r rune) bool { return r == '\n' || r == '\r' })
	if len(lines) != 1 || written != lines[0]+"\n" {
		t.Fatalf("%q is not one line", written)
	}
	rest, found := strings.CutPrefix(strings.TrimLeftFunc(lines[0], unicode.IsSpace), "::")
	head, data, ended := strings.Cut(rest, "::")
	if !found || !ended {
		t.Fatalf("%q is no command", written)
	}
	name, list, _ := strings.Cut(head, " ")
	c := command{name: name, properties: map[string]string{}, message: strings.NewReplacer("%0D", "\r", "%0A", "\n", "%25", "%").Replace(data)}
	for _, property := range strings.Split(strings.TrimSpace(list), ",") {
		if key, value, both := strings.Cut(property, "="); both {
			c.properties[key] = strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%").Replace(value)
		}
	}
	return c
}

func FuzzAnnotation(f *testing.F) {
	f.Add("m", "fix", "a.yaml", "rule", "title", "dev", 3, 7, false)
	f.Add("m\n::error file=x::forged", "%0A::stop-commands::t", "a,line=1::b\r\n.yaml", "r::e", "a=b,c", "p\nq", 1, 0, true)
	f.Add("\x00\x1b[2J\u2028::set-output name=a::b", "\x85::x", " a ", " :: ", "%25", "", -1, -1, false)
	f.Add(strings.Repeat("\n::error::x", 10<<10), strings.Repeat("%", 10<<10), strings.Repeat("ü", 3000), "##[error]", "\xff", "::", 1<<40, 2, true)
	f.Fuzz(func(t *testing.T, message, fix, file, rule, title, env string, line, column int, warning bool) {
		want := finding.Finding{Severity: finding.Error, Message: message, Fix: fix, File: file, Line: line, Column: column, RuleID: rule, Title: title, Environments: []string{env}}
		if warning {
			want.Severity = finding.Warning
		}
		r, out := inActions(nil)
		r.Annotate(want)
		got := parse(t, out.String())
		if got.name != string(want.Severity) {
			t.Errorf("command %q", got.name)
		}
		if text := report.Explain(want, 4096); got.message != text || len(text) > 4096 || !utf8.ValidString(text) {
			t.Errorf("message %q, want %q", got.message, text)
		}
		short := report.Plain(message)
		if len(fix) < 1000 && len(env) < 1000 && len(short) < 1000 && !strings.HasPrefix(got.message, short) {
			t.Errorf("message %q, want %q…", got.message, short)
		}
		properties := map[string]string{}
		if file != "" && len(file) <= 4096 {
			properties["file"] = report.Plain(file)
			if line > 0 {
				properties["line"] = strconv.Itoa(line)
				if column > 0 {
					properties["col"] = strconv.Itoa(column)
				}
			}
		}
		if heading := report.Heading(want, 255); heading != "" {
			properties["title"] = heading
		} else if _, last := properties["line"]; !last && properties["file"] != "" {
			properties["file"] = strings.TrimRightFunc(properties["file"], unicode.IsSpace) // the runner trims the end of the list
			got.properties["file"] = strings.TrimRightFunc(got.properties["file"], unicode.IsSpace)
		}
		if diff := cmp.Diff(properties, got.properties); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}
