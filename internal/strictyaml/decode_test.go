package strictyaml_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/strictyaml"
)

type service struct {
	Name    string            `yaml:"name"`
	Port    int               `yaml:"port"`
	Public  bool              `yaml:"public"`
	Weight  float64           `yaml:"weight"`
	Timeout span              `yaml:"timeout"`
	Tags    []string          `yaml:"tags"`
	Labels  map[string]string `yaml:"labels"`
	Probe   *probe            `yaml:"probe"`
	Extra   any               `yaml:"extra"`
	Hidden  string            `yaml:"-"`
	base    `yaml:",inline"`
}

type base struct {
	Owner string `yaml:"owner"`
}

type probe struct {
	Path string `yaml:"path"`
}

type span time.Duration

func (s *span) UnmarshalYAML(node *yaml.Node) error {
	d, err := time.ParseDuration(node.Value)
	if err != nil {
		return fmt.Errorf("%q is not a time span", node.Value)
	}
	*s = span(d)
	return nil
}

func decode(text string) (service, error) {
	doc, err := strictyaml.Single("f.yaml", []byte(text))
	if err != nil {
		return service{}, err
	}
	var s service
	err = doc.Decode(&s)
	return s, err
}

func TestDecode(t *testing.T) {
	t.Parallel()
	got, err := decode(`
name: &name hello
port: 8080
public: true
weight: 0.5
timeout: 90s
tags: [a, *name]
labels: {tier: web, 1: one}
probe: {path: /}
extra: {anything: [goes, {here: 1}]}
owner: team-a
`)
	if err != nil {
		t.Fatal(err)
	}
	want := service{Name: "hello", Port: 8080, Public: true, Weight: 0.5, Timeout: span(90 * time.Second), Tags: []string{"a", "hello"},
		Labels: map[string]string{"tier": "web", "1": "one"}, Probe: &probe{"/"}, base: base{"team-a"},
		Extra: map[string]any{"anything": []any{"goes", map[string]any{"here": 1}}}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(service{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if empty, err := decode("name: ~\nprobe:\ntags: null\n"); err != nil || !cmp.Equal(empty, service{}, cmp.AllowUnexported(service{})) {
		t.Errorf("null must be the zero value, got %+v, %v", empty, err)
	}
}

func TestDecodeProblems(t *testing.T) {
	t.Parallel()
	const known = "known: name, port, public, weight, timeout, tags, labels, probe, extra, owner"
	for name, c := range map[string]struct{ text, want string }{
		"unknown field":        {"name: a\nprot: 1\n", `f.yaml:2:1: unknown field "prot" in the document (did you mean port, probe?)`},
		"nothing near":         {"zzzzzz: 1\n", `f.yaml:1:1: unknown field "zzzzzz" in the document (` + known + `)`},
		"wrong case":           {"Name: a\n", `f.yaml:1:1: unknown field "Name" in the document (did you mean name?)`},
		"nested":               {"probe:\n  paht: /\n", `f.yaml:2:3: unknown field "paht" in probe (did you mean path?)`},
		"inline is no field":   {"base: {}\n", `f.yaml:1:1: unknown field "base" in the document (did you mean name?)`},
		"hidden":               {"Hidden: a\n", `f.yaml:1:1: unknown field "Hidden" in the document (` + known + `)`},
		"duplicate":            {"name: a\nport: 1\nname: b\n", `f.yaml:3:1: field "name" in the document is set twice, first on line 1 (keep one)`},
		"duplicate in a map":   {"labels:\n  a: 1\n  a: 2\n", `f.yaml:3:3: field "a" in labels is set twice, first on line 2 (keep one)`},
		"not a number":         {"port: http\n", `f.yaml:1:7: port must be a whole number, not "http"`},
		"not whole":            {"port: 1.5\n", `f.yaml:1:7: port must be a whole number, not "1.5"`},
		"not a boolean":        {"public: maybe\n", `f.yaml:1:9: public must be true or false, not "maybe"`},
		"not a float":          {"weight: heavy\n", `f.yaml:1:9: weight must be a number, not "heavy"`},
		"unmarshaler":          {"timeout: 1 day\n", `f.yaml:1:10: timeout: "1 day" is not a time span`},
		"list for text":        {"name: [a]\n", `f.yaml:1:7: name must be a string, not a list`},
		"mapping for text":     {"tags:\n- a\n- b: c\n", `f.yaml:3:3: tags[1] must be a string, not a mapping`},
		"text for list":        {"tags: a\n", `f.yaml:1:7: tags must be a list, not "a"`},
		"list for mapping":     {"probe: []\n", `f.yaml:1:8: probe must be a mapping, not a list`},
		"text for map":         {"labels: a\n", `f.yaml:1:9: labels must be a mapping, not "a"`},
		"not a mapping at all": {"- name: a\n", `f.yaml:1:1: the document must be a mapping, not a list`},
		"tagged null":          {"probe: !!null {paht: /}\n", `f.yaml:1:16: unknown field "paht" in probe (did you mean path?)`},
		"null in a list":       {"tags:\n- a\n-\n- ~\n", "f.yaml:3:2: tags[1] is empty (fill it, or remove the line)\nf.yaml:4:3: tags[2] is empty (fill it, or remove the line)"},
		"merge key":            {"extra: &e {name: a}\n<<: *e\n", `f.yaml:2:1: unknown field "<<" in the document (` + known + `)`},
		"alias as key":         {"extra: &name zzz\n*name : 1\n", `f.yaml:2:1: a key in the document is not plain text (write the field's name)`},
		"tagged key":           {"!!binary name: 1\n", `f.yaml:1:1: a key in the document is not plain text (write the field's name)`},
		"list as key":          {"[name]: 1\n", `f.yaml:1:1: a key in the document is not plain text (write the field's name)`},
		"problem in an alias":  {"extra: &e {paht: /}\nprobe: *e\n", `f.yaml:1:12: unknown field "paht" in probe (did you mean path?)`},
		"several": {"nmae: a\nport: x\nprobe: {pth: /}\ntags: {}\nport: 2\n", `f.yaml:1:1: unknown field "nmae" in the document (did you mean name?)
f.yaml:2:7: port must be a whole number, not "x"
f.yaml:3:9: unknown field "pth" in probe (did you mean path?)
f.yaml:4:7: tags must be a list, not a mapping
f.yaml:5:1: field "port" in the document is set twice, first on line 2 (keep one)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := decode(c.text)
			var problems finding.Problems
			if !errors.As(err, &problems) {
				t.Fatalf("got %v, want Problems", err)
			}
			if diff := cmp.Diff(c.want, problems.Error()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			for _, p := range problems {
				if p.Severity != finding.Error || p.RuleID != strictyaml.RuleID || p.Confidence != finding.Exact {
					t.Errorf("got %+v", p)
				}
			}
		})
	}
}

func TestDecodeKnownLeavesUnknownFieldsAlone(t *testing.T) {
	t.Parallel()
	doc, err := strictyaml.Single("f.yaml", []byte("name: hello\nspec: {x: [y]}\nprobe: {path: /, more: 1}\n"))
	if err != nil {
		t.Fatal(err)
	}
	var s service
	if err := doc.DecodeKnown(&s); err != nil || s.Name != "hello" || s.Probe.Path != "/" {
		t.Errorf("got %+v, %v", s, err)
	}
	doc, err = strictyaml.Single("f.yaml", []byte("spec: 1\nname: [a]\nspec: 2\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := "f.yaml:2:7: name must be a string, not a list\nf.yaml:3:1: field \"spec\" in the document is set twice, first on line 1 (keep one)"
	if err := doc.DecodeKnown(&s); err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

// What a hostile file can make us do and say is bounded.
func TestDecodeIsBounded(t *testing.T) {
	t.Parallel()
	bomb := "extra:\n- &a0 {x: lol}\n"
	for i := 1; i <= 12; i++ {
		bomb += fmt.Sprintf("- &a%d [%s]\n", i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	many := "extra: &l [" + strings.Repeat("a, ", 1000) + "]\n"
	for name, text := range map[string]string{
		"aliases":                 bomb,
		"aliases of wrong types":  many + "tags: [" + strings.Repeat("*l, ", 1000) + "]\n",
		"one alias many times":    "extra: [&a b]\ntags: [" + strings.Repeat("*a, ", 201_000) + "]\n",
		"itself":                  "tags: &a [*a]\n",
		"itself, any":             "extra: &a [*a]\n",
		"a megabyte for a number": "port: " + strings.Repeat("x", 1<<20) + "\n",
		"a megabyte for a field":  strings.Repeat("x", 1<<20) + ": 1\n",
		"20,000 unknown fields":   "probe: {" + fields(20_000) + "}\n",
		"deep":                    strings.Repeat("[", 20_000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			_, err := decode(text)
			if err == nil {
				t.Fatal("accepted")
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
			if n := len(err.Error()); n > 100_000 {
				t.Errorf("the message has %d bytes", n)
			}
		})
	}
}

func fields(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "x%d: 1, ", i)
	}
	return b.String()
}

func TestManyProblemsEndWithASentence(t *testing.T) {
	t.Parallel()
	_, err := decode("{" + fields(60) + "}")
	var problems finding.Problems
	if !errors.As(err, &problems) || len(problems) != 51 || problems[50].Message != "more than 50 problems: the rest is not shown" {
		t.Errorf("got %v", err)
	}
}

// tree is as deep as its aliases want.
type tree struct {
	Children []tree `yaml:"children"`
}

func TestAliasBombOfTheRightTypes(t *testing.T) {
	t.Parallel()
	bomb := "children:\n- &a0 {}\n"
	for i := 1; i <= 12; i++ {
		bomb += fmt.Sprintf("- &a%d {children: [%s]}\n", i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	doc, err := strictyaml.Single("f.yaml", []byte(bomb))
	if err != nil {
		t.Fatal(err)
	}
	err = doc.Decode(&tree{})
	if err == nil || !strings.HasSuffix(err.Error(), ": the document is too large or its aliases expand too far") {
		t.Errorf("got %v", err)
	}
}
