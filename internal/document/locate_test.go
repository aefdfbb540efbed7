package document_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"github.com/org/platform/internal/document"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/placement/fieldpath"
)

const manifest = `# comment
apiVersion: v1
metadata:
  labels: &labels
    app.kubernetes.io/name: web
    "größe": &size x
common: &common
  <<: *labels
  team: a
spec:
  <<: [*common, {extra: 1}]
  containers:
    - name: ä # comment
      ports: [{port: 80}, {port: 81}]
    -
      name: b
    - *common
  alias: *labels
  "größe": {a: 1, "ö": {b: 2}}
  10: ten
  empty:
`

func TestLocate(t *testing.T) {
	t.Parallel()
	doc := parse(t, "a.yaml", manifest)[0]
	for text, want := range map[string]string{
		"":                "2:1 parent",
		"apiVersion":      "2:1 exact",
		"apiVersion.x":    "2:1 parent",
		"metadata.labels": "4:3 exact",
		`metadata.labels["app.kubernetes.io/name"]`: "5:5 exact",
		`metadata.labels.none.deeper`:               "4:3 parent",
		"metadata.labels[0]":                        "4:3 parent",
		"none":                                      "2:1 parent",
		"spec.containers[0]":                        "13:7 exact",
		"spec.containers[0].name":                   "13:7 exact",
		"spec.containers[0].ports[1]":               "14:27 exact",
		"spec.containers[0].ports[1].port":          "14:28 exact",
		"spec.containers[0].ports[2]":               "14:7 parent",
		"spec.containers[0].image":                  "13:7 parent",
		"spec.containers[1].name":                   "16:7 exact",
		"spec.containers[2]":                        "17:7 exact",
		"spec.containers[2].team":                   "9:3 exact",
		"spec.containers[3]":                        "12:3 parent",
		"spec.containers.name":                      "12:3 parent",
		"spec.team":                                 "9:3 exact",
		`spec["app.kubernetes.io/name"]`:            "5:5 exact",
		"spec.extra":                                "11:18 exact",
		"spec.alias":                                "18:3 exact",
		`spec.alias["app.kubernetes.io/name"]`:      "5:5 exact",
		`spec["größe"].ö.b`:                         "19:28 exact",
		"spec.10":                                   "20:3 exact",
		"spec.empty":                                "21:3 exact",
		"spec.empty.x":                              "21:3 parent",
	} {
		path, err := fieldpath.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		p := doc.Locate(path)
		if got := fmt.Sprintf("%d:%d %s", p.Line, p.Column, p.Confidence); got != want {
			t.Errorf("%s is at %s, want %s", path, got, want)
		}
	}
	if p := new(document.Document).Locate(nil); p.Line != 0 || p.Confidence != finding.File {
		t.Errorf("nothing is at %+v", p)
	}
}

// The YAML scanner takes these for line breaks; git and reports do not.
func TestLinesAreThoseOfGit(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"# x\u2028y\n# \u0085\na: 1\nb: 2\n", "# x\ry\n#\na: 1\nb: 2\n", "# \u2029\n\r\na: 1\r\nb: 2\r\n"} {
		text = strings.Replace(text, "\ry", "\r#y", 1)
		text = strings.NewReplacer("\u2028", "\u2028#", "\u2029", "\u2029#", "\u0085", "\u0085#").Replace(text)
		if p := parse(t, "a.yaml", text)[0].Locate(fieldpath.Path{fieldpath.Key("b")}); p.Line != 4 || p.Column != 1 {
			t.Errorf("%q: %+v", text, p)
		}
	}
}

// tree draws a value with any keys and scalars.
func tree(depth int) *rapid.Generator[any] {
	text := rapid.OneOf(rapid.StringMatching(`[a-z]{1,5}`), rapid.SampledFrom([]string{"yes", "1", "a: b", "- x", "# no", "a\nb", "'",
		`"`, "", " ", "ö", "\t", "<<", "{", "null", "😀", "*a", "&b", "!c", "%d", "@e", "\u2028", "\u0085"}))
	scalar := rapid.OneOf(rapid.Map(text, func(s string) any { return s }), rapid.Map(rapid.Int(), func(i int) any { return i }),
		rapid.Just[any](true), rapid.Just[any](nil))
	if depth == 0 {
		return scalar
	}
	keys := text.Filter(func(s string) bool { return s != "<<" })
	return rapid.OneOf(scalar,
		rapid.Map(rapid.SliceOfN(rapid.Deferred(func() *rapid.Generator[any] { return tree(depth - 1) }), 0, 4), func(l []any) any { return l }),
		rapid.Map(rapid.MapOfN(keys, rapid.Deferred(func() *rapid.Generator[any] { return tree(depth - 1) }), 0, 4), func(m map[string]any) any { return m }))
}

// walk calls visit with the path of every field and item of a value.
func walk(value any, path fieldpath.Path, visit func(path fieldpath.Path, value any)) {
	switch value := value.(type) {
	case map[string]any:
		for key, child := range value {
			p := append(path[:len(path):len(path)], fieldpath.Key(key))
			visit(p, child)
			walk(child, p, visit)
		}
	case []any:
		for i, child := range value {
			p := append(path[:len(path):len(path)], fieldpath.Index(i))
			visit(p, child)
			walk(child, p, visit)
		}
	}
}

// The text at the place of every path is read back: it must be that key, or that item.
func TestLocateIsExactForEveryPath(t *testing.T) {
	t.Parallel()
	encoders := map[string]func(any) ([]byte, error){
		"a.yaml": yaml.Marshal,
		"b.json": func(v any) ([]byte, error) { return json.MarshalIndent(v, "", "\t") },
		"c.json": json.Marshal,
		"d.yaml": json.Marshal,
		"e.yaml": func(v any) ([]byte, error) {
			b, err := yaml.Marshal(v)
			return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")), err
		},
		"f.yaml": func(v any) ([]byte, error) {
			b, err := yaml.Marshal(map[string]any{"ö": 1})
			c, err2 := yaml.Marshal(v)
			return append(append(b, "--- # ö\n"...), c...), firstError(err, err2)
		},
	}
	rapid.Check(t, func(t *rapid.T) {
		value := map[string]any{"root": tree(4).Draw(t, "tree")}
		for file, encode := range encoders {
			text, err := encode(value)
			if err != nil {
				t.Fatal(err)
			}
			docs, err := document.Parse(file, text)
			if err != nil {
				if file == "d.yaml" || file == "e.yaml" {
					continue // not all JSON is YAML, and not every text survives CRLF
				}
				t.Fatalf("%s: %q: %v", file, text, err)
			}
			doc := docs[len(docs)-1]
			walk(doc.Value, nil, func(path fieldpath.Path, value any) { checkPlace(t, file, text, doc, path, value) })
		}
	})
}

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

func checkPlace(t *rapid.T, file string, text []byte, doc *document.Document, path fieldpath.Path, value any) {
	p := doc.Locate(path)
	lines := strings.SplitAfter(string(text), "\n")
	if p.Confidence != finding.Exact || p.Line < 1 || p.Line > len(lines) || p.Column < 1 || p.Column > len(lines[p.Line-1])+1 {
		t.Fatalf("%s: %q: %s is at %+v", file, text, path, p)
	}
	rest := lines[p.Line-1][p.Column-1:]
	step := path[len(path)-1]
	want := step.Key
	if step.Index >= 0 {
		scalar, is := value.(string)
		if !is || strings.ContainsAny(scalar, "\n\u2028\u0085\u2029") {
			return // its first line is not all of it
		}
		want = scalar
	}
	if !begins(rest, want) {
		t.Fatalf("%s: %q: %s is at %+v, where the text is %q", file, text, path, p, rest)
	}
}

// begins says whether a line begins with a scalar in any of its spellings.
func begins(rest, scalar string) bool {
	var s string
	if strings.HasPrefix(rest, `"`) {
		if json.NewDecoder(strings.NewReader(rest)).Decode(&s) == nil && s == scalar {
			return true
		}
		return yaml.Unmarshal([]byte(rest[:endOfQuote(rest)]), &s) == nil && s == scalar
	}
	return strings.HasPrefix(rest, scalar) || strings.HasPrefix(rest, "'"+strings.ReplaceAll(scalar, "'", "''")+"'") ||
		strings.HasPrefix(rest, strconv.Quote(scalar)) || strings.ContainsAny(scalar, "\n") && strings.ContainsAny(rest[:1], "|>?")
}

func endOfQuote(rest string) int {
	for i := 1; i < len(rest); i++ {
		switch rest[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(rest)
}
