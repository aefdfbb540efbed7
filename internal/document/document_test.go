package document_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"
	kubernetes "sigs.k8s.io/yaml"

	"github.com/org/platform/internal/document"
	"github.com/org/platform/internal/finding"
)

func parse(t testing.TB, file, text string) []*document.Document {
	t.Helper()
	docs, err := document.Parse(file, []byte(text))
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return docs
}

// A split at exactly "\n---\n" hides documents in most of these streams.
func TestEveryDocumentOfAStreamIsSeen(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]int{ // the lines on which documents begin
		"":                          {},
		"# only a comment\n":        {},
		"---\n---\n":                {},
		"null\n":                    {},
		"a: 1":                      {1},
		"a: 1\n---\nb: 2\n":         {1, 3},
		"a: 1\n--- # next\nb: 2\n":  {1, 3},
		"a: 1\n---   \nb: 2\n":      {1, 3},
		"a: 1\n---\t\nb: 2\n":       {1, 3},
		"a: 1\r\n---\r\nb: 2\r\n":   {1, 3},
		"a: 1\n---\r\nb: 2\n":       {1, 3},
		"a: 1\n--- {b: 2}\n":        {1, 2},
		"--- !foo\na: 1\n":          {2},
		"a: 1\n...\n---\nb: 2\n":    {1, 4},
		"\n\n# c\n---\n# d\na: 1\n": {6},
		"---\n# nothing\n---\na: 1\n---\n\n---\nb: 2\n---\n": {4, 8},
		"\ufeffa: 1\n---\nb: 2\n":                            {1, 3},
		"%YAML 1.1\n---\na: 1\n...\n%YAML 1.1\n---\nb: 1\n":  {3, 7},
		"a: |\n  x\n  ---\n  y\n---\nb: 2\n":                 {1, 6},
		"a: |\n x\n---\n- c\n":                               {1, 4},
		"word\n---\n- 1\n---\n\"---\"\n":                     {1, 3, 5},
		"a: 1\n---":                                          {1},
	} {
		docs := parse(t, "a.yaml", text)
		lines := []int{}
		for i, d := range docs {
			lines = append(lines, d.Line)
			if d.Index != i || d.File != "a.yaml" {
				t.Errorf("%q: %+v", text, d)
			}
		}
		if diff := cmp.Diff(want, lines); diff != "" {
			t.Errorf("%q: -want +got\n%s", text, diff)
		}
		if n := decoded(t, text); n != len(docs) {
			t.Errorf("%q: %d documents, the decoder has %d", text, len(docs), n)
		}
	}
}

// decoded counts the documents that yaml/v3 decodes to a value.
func decoded(t testing.TB, text string) int {
	decoder := yaml.NewDecoder(strings.NewReader(text))
	for n := 0; ; {
		var value any
		switch err := decoder.Decode(&value); {
		case errors.Is(err, io.EOF):
			return n
		case err != nil:
			t.Fatalf("%q: %v", text, err)
		case value != nil:
			n++
		}
	}
}

func TestStreamsOfAnyShape(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.SampledFrom([]string{"a: 1\n", "- x\n", "# c\n", "\n", "--- # c\n", "---\n", "---  \n", "...\n",
			"'---'\n", "{a: b}\n", "null\n"}), 0, 12).Draw(t, "parts")
		end := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "end")
		text := strings.ReplaceAll(strings.Join(parts, ""), "\n", end)
		var sound int
		decoder := yaml.NewDecoder(strings.NewReader(text))
		var err error
		for {
			var value any
			if err = decoder.Decode(&value); err != nil {
				break
			}
			if value != nil {
				sound++
			}
		}
		docs, problems := document.Parse("a.yaml", []byte(text))
		if duplicate := errors.As(err, new(*yaml.TypeError)); duplicate {
			return
		}
		if (problems == nil) != errors.Is(err, io.EOF) || len(docs) != sound {
			t.Fatalf("%q: %d documents and %v, the decoder has %d and %v", text, len(docs), problems, sound, err)
		}
	})
}

// What kubectl reads is what sigs.k8s.io/yaml reads.
func TestValuesAreThoseOfKubectl(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"yes", "no", "on", "Off", "y", "N", "true", "TRUE", "tRUE", "~", "null", "Null", "''", "'yes'", "\"1\"", "1", "-1", "+1", "0",
		"-0", "0x1F", "0o17", "017", "08", "0b101", "-0x1f",
		"1_000", "_1", "1_", "1.5", "1.", ".5", "-.5", "+.5", "1e3", "1E+3", "1e-7", "1.10", "1e21", "1.0", "-0.0", "12345678901234567",
		"18446744073709551615", "18446744073709551616",
		"-9223372036854775809", "123456789012345678901234567890", "1:30", "190:20:30", "2001-01-01", "2001-12-14t21:59:43.10-05:00",
		"0.1.2", "1.2.3", "v1", "-", "- -", "=", "<<", "!!str 1", "!!int '7'",
		"!!float 1", "!!bool yes", "!!binary aGk=", "!foo bar", "!!timestamp 2001-01-01", "0x", "0b2", "0xFFFFFFFFFFFFFFFF",
		"0x1FFFFFFFFFFFFFFFF", "1e999", "00", "007", "1__0", "--1", "+-1", "..", ".", ".e1",
		"|\n  x\n  y\n", ">-\n  x\n  y\n", "[yes, 1, {a: b}]", "{1: a, true: b, 1.5: c, 0x10: d, 2.0: e}", "{1.123456789: a}",
		"&a [1, 2]", "{a: &x {b: 1}, c: *x}", "{a: &x {b: 1, c: 2}, d: {<<: *x, b: 3}}",
		"{x: &x {b: 1}, z: &z {b: 2, c: 3}, d: {<<: [*x, *z]}}", "{x: &x {a: 1}, d: {\"<<\": 1}}",
	} {
		compare(t, "a: "+text+"\n")
	}
	rapid.Check(t, func(t *rapid.T) {
		compare(t, "a: "+rapid.StringMatching(`[-+]?[0-9._xobe_+TZ:a-fyYnNtT~]{1,8}`).Draw(t, "scalar")+"\n")
	})
	rapid.Check(t, func(t *rapid.T) {
		text, err := yaml.Marshal(tree(4).Draw(t, "tree"))
		if err != nil {
			t.Fatal(err)
		}
		compare(t, string(text))
	})
}

type reporter interface {
	Helper()
	Errorf(format string, args ...any)
}

func compare(t reporter, text string) {
	t.Helper()
	want, wantErr := kubernetes.YAMLToJSON([]byte(text))
	docs, err := document.Parse("a.yaml", []byte(text))
	if wantErr != nil || err != nil {
		if (wantErr == nil) != (err == nil) {
			t.Errorf("%q: %v, kubectl: %v", text, err, wantErr)
		}
		return
	}
	if string(want) == "null" {
		if len(docs) != 0 {
			t.Errorf("%q: %d documents", text, len(docs))
		}
		return
	}
	if len(docs) != 1 {
		t.Errorf("%q: %d documents", text, len(docs))
		return
	}
	decoder := json.NewDecoder(bytes.NewReader(want))
	decoder.UseNumber()
	var theirs any
	if err := decoder.Decode(&theirs); err != nil {
		t.Errorf("%q: %v", text, err)
	}
	number := cmp.Comparer(func(a, b json.Number) bool { return sameNumber(a, b) })
	if diff := cmp.Diff(theirs, docs[0].Value, number); diff != "" {
		t.Errorf("%q: -kubectl +got\n%s", text, diff)
	}
}

// sameNumber compares exactly, except that beyond 64 bits kubectl rounds and we do not.
func sameNumber(a, b json.Number) bool {
	if x, ok := new(big.Int).SetString(a.String(), 10); ok && x.IsUint64() {
		y, ok := new(big.Int).SetString(b.String(), 10)
		return ok && x.Cmp(y) == 0
	}
	x, errX := a.Float64()
	y, errY := b.Float64()
	return errX == nil && errY == nil && x == y
}

// Where we differ from kubectl on purpose.
func TestValuesThatAreOurOwn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, text, want string }{
		{".github/workflows/ci.yml", "on: {push: {}}\nenv: {a: yes, b: true, c: off}\n", `{"env":{"a":"yes","b":true,"c":"off"},"on":{"push":{}}}`},
		{"actions/x/action.yml", "a: on\n", `{"a":"on"}`},
		{"my-action.yml", "a: on\n", `{"a":true}`},
		{"workflow.yaml", "on: push\nyes: no\ntrue: n\n", `{"on":"push","true":false,"yes":false}`},
		{"a.yaml", "a: 123456789012345678901234567890\n", `{"a":123456789012345678901234567890}`},
		{"a.yaml", "a: !!binary /w==\n", `{"a":"/w=="}`},                             // not text: JSON has no type for it
		{"a.yaml", "x: &x {b: 1}\ny: {b: 2, <<: *x}\n", `{"x":{"b":1},"y":{"b":2}}`}, // whichever comes first, as in YAML's specification
		{"a.json", "{\"a\": 1.0, \"b\": 1E3, \"<<\": {\"c\": \"\\ud83d\\ude00\\/\"}, \"yes\": \"no\",\t\"n\": 12345678901234567890123}",
			`{"\u003c\u003c":{"c":"😀/"},"a":1.0,"b":1E3,"n":12345678901234567890123,"yes":"no"}`},
	} {
		got, err := json.Marshal(parse(t, c.file, c.text)[0].Value)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %s became %s, %v; want %s", c.file, c.text, got, err, c.want)
		}
	}
}

func TestAliasesExpandUnderALimit(t *testing.T) {
	t.Parallel()
	var bomb strings.Builder
	bomb.WriteString("sound: 1\n---\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := range 12 {
		fmt.Fprintf(&bomb, "a%d: &a%d [%s*a%d]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d, ", i), 9), i)
	}
	docs, err := document.Parse("a.yaml", []byte(bomb.String()+"---\nalso: sound\n"))
	var problems finding.Problems
	if !errors.As(err, &problems) || len(problems) != 1 || len(docs) != 2 {
		t.Fatalf("%d documents, %v", len(docs), err)
	}
	if p := problems[0]; !strings.Contains(p.Message, "aliases expand to more than ") || p.Line < 4 || p.Line > 7 || p.Confidence != finding.Exact {
		t.Errorf("%#v", p)
	}
	if p := problem(t, "a.yaml", []byte("x: 1\na: &a\n  b: {c: [*a]}\n")); p.Line != 3 || p.Column != 11 ||
		!strings.Contains(p.Message, "is part of what it stands for") {
		t.Errorf("%#v", p)
	}
	merges := "a: &a {x: 1}\n" + strings.Repeat("---\na: &a {x: 1}\nb: {<<: *a}\nc: [*a, *a, *a]\n", 1000)
	if docs := parse(t, "a.yaml", merges); len(docs) != 1001 {
		t.Errorf("%d documents with a few aliases each", len(docs))
	}
}

func TestDepth(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"a.yaml", "a.json"} {
		deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
		if docs := parse(t, file, deep(1000)); len(docs) != 1 {
			t.Errorf("%d documents", len(docs))
		}
		for _, n := range []int{1001, 9000, 20_000} {
			if f := problem(t, file, []byte(deep(n))); f.Line > 1 || f.Fix == "" {
				t.Errorf("%d levels in %s: %#v", n, file, f)
			}
		}
	}
}

func TestSoundDocumentsComeWithProblems(t *testing.T) {
	t.Parallel()
	docs, err := document.Parse("a.yaml", []byte("a: 1\n---\nb: 1\nb: 2\n---\nc: 1\n---\nd: [\n"))
	var problems finding.Problems
	if !errors.As(err, &problems) || len(problems) != 2 || problems[0].Line != 4 || problems[1].Line != 8 {
		t.Errorf("%v", err)
	}
	if len(docs) != 2 || docs[0].Index != 0 || docs[1].Index != 2 || docs[1].Line != 6 {
		t.Errorf("%+v", docs)
	}
	many := problemsOf(t, strings.Repeat("a: 1\n", 1000))
	if len(many) != 50 {
		t.Errorf("%d problems of one file", len(many))
	}
}

func problemsOf(t *testing.T, text string) finding.Problems {
	t.Helper()
	_, err := document.Parse("a.yaml", []byte(text))
	var problems finding.Problems
	if !errors.As(err, &problems) {
		t.Fatal(err)
	}
	return problems
}
