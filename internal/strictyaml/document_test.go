package strictyaml_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/strictyaml"
)

func TestDocuments(t *testing.T) {
	t.Parallel()
	docs, err := strictyaml.Documents("f.yaml", []byte("# nothing here\n---\nname: a\n--- # a comment\r\n\r\n---   \nname: b\n---\nnull\n...\n"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range docs {
		var s service
		if err := d.Decode(&s); err != nil {
			t.Fatal(err)
		}
		got = append(got, s.Name)
	}
	if diff := cmp.Diff([]string{"a", "b"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if f := docs[1].Problem("broken", "", "name"); f.Place() != "f.yaml:7:7" {
		t.Errorf("a place in the second document is %s, want f.yaml:7:7", f.Place())
	}
}

func TestSyntaxProblems(t *testing.T) {
	t.Parallel()
	const (
		colon = "mapping values are not allowed in this context (check the indentation; quote a value that contains a colon followed by a space)"
		token = "found character that cannot start any token (indent with spaces, not tabs; quote a value that starts with @, ` or %)"
		rest  = " (check indentation, brackets and colons from this line on)"
	)
	for _, c := range []struct{ text, want string }{
		{"a: b: c\n", "f.yaml:1: not valid YAML: " + colon},
		{"x: 1\n y: 2\n", "f.yaml:2: not valid YAML: " + colon},
		{"x: 1\n---\na: b: c\n", "f.yaml:3: not valid YAML: " + colon},
		{"x: 1\ny:\n\t- a\n", "f.yaml:3: not valid YAML: " + token},
		{"x: 1\nb: @a\n", "f.yaml:2: not valid YAML: " + token},
		{"x: 1\ny: [a\nz: 1\n", "f.yaml:2: not valid YAML: did not find expected ',' or ']'" + rest},
		{"x: {a: 1\ny: 2\nz: 3\n", "f.yaml:2: not valid YAML: did not find expected ',' or '}'" + rest},
		{"x: 1\ny:\n - a\n b: c\n", "f.yaml:3: not valid YAML: did not find expected '-' indicator" + rest},
		{"x: 1\nfoo\nbar: 1\n", "f.yaml:2: not valid YAML: could not find expected ':'" + rest},
		{"x: 1\ny: \"abc\nz: 1\n", "f.yaml:2: not valid YAML: found unexpected end of stream (close the quote)"},
		{"%YAML 3.0\n---\na: 1\n", "f.yaml:1: not valid YAML: found incompatible YAML document"},
		{"x: 1\nb: *nope\n", "f.yaml: not valid YAML: unknown anchor 'nope' referenced"},
		{"x: 1\ny: \x01\n", "f.yaml: not valid YAML: control characters are not allowed"},
		{"x: 1\ny: \xff\n", "f.yaml: not valid YAML: invalid leading UTF-8 octet"},
	} {
		_, err := strictyaml.Documents("f.yaml", []byte(c.text))
		if err == nil || err.Error() != c.want {
			t.Errorf("%q\n got %v\nwant %s", c.text, err, c.want)
		}
	}
}

func TestSingle(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                   "f.yaml: the file is empty",
		"# only a comment\n": "f.yaml: the file is empty",
		"a: 1\n---\nb: 2\n":  "f.yaml:3:1: the file holds 2 YAML documents, of which only one is allowed (remove the line --- and what follows)",
	} {
		if _, err := strictyaml.Single("f.yaml", []byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q\n got %v\nwant %s", text, err, want)
		}
	}
}

func TestProblemPlace(t *testing.T) {
	t.Parallel()
	doc, err := strictyaml.Single("f.yaml", []byte("a:\n  list:\n  - x\n  - {b: 1}\nref: &r\n  c: 1\nuse: *r\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path       []any
		place      string
		confidence finding.Confidence
	}{
		{nil, "f.yaml:1:1", finding.Exact},
		{[]any{"a", "list", 0}, "f.yaml:3:5", finding.Exact},
		{[]any{"a", "list", 1, "b"}, "f.yaml:4:9", finding.Exact},
		{[]any{"a", "list", 1, "missing"}, "f.yaml:4:5", finding.Parent},
		{[]any{"a", "list", 2}, "f.yaml:3:3", finding.Parent},
		{[]any{"a", "list", "not an index"}, "f.yaml:3:3", finding.Parent},
		{[]any{"missing", "deeper"}, "f.yaml:1:1", finding.Parent},
		{[]any{"a", 0}, "f.yaml:2:3", finding.Parent},
		{[]any{"use", "c"}, "f.yaml:6:6", finding.Exact},
	} {
		f := doc.Problem("message", "fix", c.path...)
		if f.Place() != c.place || f.Confidence != c.confidence {
			t.Errorf("%v: got %s (%s), want %s (%s)", c.path, f.Place(), f.Confidence, c.place, c.confidence)
		}
	}
}
