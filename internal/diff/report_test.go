package diff_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/org/platform/internal/diff"
)

// inputs reads SOURCE/ENVIRONMENT/COMPONENT/{before,after}.{yaml,err} and files. A * as the component stands for twelve of them.
func inputs(files map[string]string) []diff.Input {
	places := map[string]*diff.Input{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		parts := strings.Split(path.Dir(name), "/")
		if len(parts) != 3 {
			continue
		}
		components := []string{parts[2]}
		if parts[2] == "*" {
			components = strings.Fields("cart checkout search orders stock mail users price tax login audit report")
		}
		for _, c := range components {
			key := path.Join(parts[0], parts[1], c)
			if places[key] == nil {
				places[key] = &diff.Input{Source: diff.Source(parts[0]), Environment: parts[1], Component: c, Path: "services/" + c + "/deploy/overlays/" + parts[1]}
			}
			in, text := places[key], strings.ReplaceAll(files[name], "*", c)
			switch path.Base(name) {
			case "before.yaml":
				in.Before = []byte(text)
			case "after.yaml":
				in.After = []byte(text)
			case "before.err":
				in.BeforeErr = errors.New(strings.TrimSpace(text))
			case "after.err":
				in.AfterErr = errors.New(strings.TrimSpace(text))
			case "files":
				in.Files = strings.Fields(text)
			}
		}
	}
	var list []diff.Input
	for _, key := range slices.Sorted(maps.Keys(places)) {
		list = append(list, *places[key])
	}
	return list
}

var options = diff.Options{Environments: []string{"dev", "staging", "prod"}, Base: "1111111", Head: "2222222"}

// Each archive holds what components come to before and after a change, and the report of it in every format.
func TestReport(t *testing.T) {
	t.Parallel()
	archives(t, "report", func(t *testing.T, files map[string]string) map[string]string {
		report := diff.New(inputs(files), options)
		var out strings.Builder
		report.Terminal(&out, plain)
		var encoded bytes.Buffer
		encoder := json.NewEncoder(&encoded)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(report); err != nil {
			t.Fatal(err)
		}
		markdown := report.Markdown(diff.MarkdownOptions{Limit: diff.CommentLimit})
		for format, text := range map[string]string{"terminal": out.String(), "Markdown": strings.NewReplacer("*", "", "`", "").Replace(markdown)} {
			if first, _, _ := strings.Cut(text, "\n"); first != report.Blast {
				t.Errorf("the first line of the %s is %q, want %q", format, first, report.Blast)
			}
		}
		made := map[string]string{"terminal": out.String(), "markdown": markdown}
		if _, wanted := files["json"]; wanted {
			made["json"] = encoded.String()
		}
		return made
	})
}

func TestColors(t *testing.T) {
	t.Parallel()
	tag := func(name string) func(string) string {
		return func(s string) string { return "<" + name + ">" + s + "</" + name + ">" }
	}
	before := "kind: ConfigMap\nmetadata: {name: a}\ndata: {x: 1, y: 1, t: \"a\\nb\\n\"}\n---\nkind: A\nmetadata: {name: gone}\n"
	after := "kind: ConfigMap\nmetadata: {name: a}\ndata: {x: 2, z: 1, t: \"a\\nc\\n\"}\n---\nkind: B\nmetadata: {name: new}\n"
	report := diff.New([]diff.Input{{Component: "hello", Environment: "prod", Before: []byte(before), After: []byte(after)}}, options)
	var out strings.Builder
	report.Terminal(&out, diff.Colors{Added: tag("a"), Removed: tag("r"), Changed: tag("c"), Bold: tag("b"), Dim: tag("d")})
	for _, want := range []string{
		"<b>This reaches prod of hello.</b>\n", "<b>prod</b>  hello  <d>(overlay)</d>", "<r>- A/gone</r>", "<c>~ ConfigMap/a</c>", "<a>+ B/new</a>",
		"<r>1</r> → <a>2</a>", "<r>- 1</r>", "<a>+ 1</a>", "<r>- b</r>", "<a>+ c</a>", "<d>  a</d>", "<d>\nfrom 1111111 to 2222222</d>",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in\n%s", want, &out)
		}
	}
}

func TestBlast(t *testing.T) {
	t.Parallel()
	change := func(component, environment string, files ...string) diff.Input {
		return diff.Input{Component: component, Environment: environment, Files: files, After: []byte("kind: A\n")}
	}
	broken := func(component, environment string) diff.Input {
		return diff.Input{Component: component, Environment: environment, AfterErr: errors.New("x")}
	}
	state := change("hello", "prod")
	state.Source = diff.State
	var many []diff.Input
	for _, env := range []string{"dev", "prod", "staging"} {
		for _, c := range []string{"a", "b", "c", "d"} {
			if env != "staging" || c == "a" {
				many = append(many, change(c, env, "base/b.yaml", "only/"+c, "base/a.yaml"))
			}
		}
	}
	for name, c := range map[string]struct {
		inputs []diff.Input
		want   string
	}{
		"nothing":       {nil, "No rendered output changes."},
		"the same":      {[]diff.Input{{Component: "a", Environment: "dev", Before: []byte("kind: A"), After: []byte("kind: A")}}, "No rendered output changes."},
		"one":           {[]diff.Input{change("hello", "dev", "f")}, "This reaches dev of hello."},
		"all of one":    {[]diff.Input{change("hello", "dev", "f"), change("hello", "prod", "f"), change("hello", "staging", "f")}, "This reaches prod, staging and dev of hello."},
		"few":           {[]diff.Input{change("a", "dev"), change("b", "dev"), change("b", "prod"), change("a", "prod")}, "This reaches prod and dev of a and b."},
		"many":          {many, "This reaches prod of 4 components, staging of a, dev of 4: base/a.yaml and another changed file are read by all of them."},
		"two of few":    {[]diff.Input{change("a", "dev", "f", "f"), change("b", "dev", "f"), change("b", "prod", "f")}, "This reaches prod of b, dev of 2 components: f is read by all of them."},
		"no one reason": {[]diff.Input{change("a", "dev", "f"), change("b", "dev", "g")}, "This reaches dev of a and b."},
		"broken":        {[]diff.Input{broken("a", "prod"), change("a", "dev")}, "This breaks the render of prod of a. This reaches dev of a."},
		"state is no reason": {[]diff.Input{change("a", "dev", "f"), change("b", "dev", "f"), state},
			"This changes what runs in prod of hello. This reaches dev of a and b: f is read by all of them."},
		"state":         {[]diff.Input{change("a", "dev"), state}, "This changes what runs in prod of hello. This reaches dev of a."},
		"unknown place": {[]diff.Input{change("a", "zoo"), change("a", "attic"), change("a", "dev")}, "This reaches dev, attic and zoo of a."},
		"control":       {[]diff.Input{change("a\n\x1b[1m", "dev")}, `This reaches dev of a\n\x1b[1m.`},
		"still broken": {[]diff.Input{{Component: "a", Environment: "dev", BeforeErr: errors.New("x"), AfterErr: errors.New("y")}},
			"No rendered output changes."},
	} {
		if got := diff.New(c.inputs, options).Blast; got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
	}
}

// The same change is one group only where it is the same for all, in the same environments.
func TestFoldIsExact(t *testing.T) {
	t.Parallel()
	input := func(component, environment, old, fresh string) diff.Input {
		text := "kind: ConfigMap\nmetadata: {name: " + component + ", namespace: " + environment + "}\ndata: {x: '"
		return diff.Input{Component: component, Environment: environment, Before: []byte(text + old + "'}"), After: []byte(text + fresh + "'}")}
	}
	report := diff.New([]diff.Input{
		input("a", "dev", "1", "a.dev:2"), input("a", "prod", "1", "a.prod:2"),
		input("b", "dev", "1", "b.dev:2"), input("b", "prod", "1", "b.prod:2"),
		input("c", "dev", "1", "c.dev:2"), // not in prod
		input("d", "prod", "1", "c.prod:2"),
		input("e", "prod", "1", "xe.prod:2"), input("f", "prod", "1", "xf.prod:2"), // longer words than the names
	}, options)
	var out strings.Builder
	report.Terminal(&out, plain)
	chance := diff.New([]diff.Input{
		input("a", "dev", "1", "prod"), input("a", "prod", "1", "prod"),
		input("b", "prod", "1", "prod"), input("b", "staging", "1", "prod"), input("b", "dev", "1", "dev"),
	}, options)
	chance.Terminal(&out, plain)
	for _, want := range []string{
		"prod, dev  a  (overlay)\n  ~ ConfigMap/ENVIRONMENT/a\n      data.x  \"1\" → prod\n", // the same text, though it is a name
		"prod, staging  b  (overlay)\n  ~ ConfigMap/ENVIRONMENT/b\n      data.x  \"1\" → prod\n",
		"dev  b  (overlay)\n  ~ ConfigMap/dev/b\n      data.x  \"1\" → dev\n",
		"prod, dev  same change in 2 components: a and b  (overlay)\n  ~ ConfigMap/ENVIRONMENT/COMPONENT\n      data.x  \"1\" → COMPONENT.ENVIRONMENT:2\n",
		"dev  c  (overlay)\n  ~ ConfigMap/dev/c\n      data.x  \"1\" → c.dev:2\n",
		"prod  d  (overlay)\n  ~ ConfigMap/prod/d\n      data.x  \"1\" → c.prod:2\n",
		"prod  e  (overlay)\n", "prod  f  (overlay)\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no\n%s in\n%s", want, &out)
		}
	}
}

// Groups come in the order of what is lost, where it is lost, and whether it runs code.
func TestOrderOfGroups(t *testing.T) {
	t.Parallel()
	var inputs []diff.Input
	for _, c := range []struct{ component, environment, before, after string }{
		{"a-config", "prod", "kind: ConfigMap\ndata: {a: 1}", "kind: ConfigMap\ndata: {a: 2}"},
		{"b-workload", "prod", "kind: Deployment\nspec: {a: 1}", "kind: Deployment\nspec: {a: 3}"},
		{"c-workload", "dev", "kind: Deployment\nspec: {a: 1}", "kind: Deployment\nspec: {a: 4}"},
		{"d-removal", "dev", "kind: ConfigMap", ""},
	} {
		inputs = append(inputs, diff.Input{Component: c.component, Environment: c.environment, Before: []byte(c.before), After: []byte(c.after)})
	}
	var out strings.Builder
	diff.New(inputs, options).Terminal(&out, plain)
	at := 0
	for _, next := range []string{"dev  d-removal", "prod  b-workload", "prod  a-config", "dev  c-workload"} {
		i := strings.Index(out.String()[at:], next)
		if i < 0 {
			t.Fatalf("%s is not where it belongs in\n%s", next, &out)
		}
		at += i
	}
}
