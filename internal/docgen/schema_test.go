package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/org/platform/internal/config"
)

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	file, err := os.Open(path.Join(root, "docs/platform.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	parsed, err := jsonschema.UnmarshalJSON(file)
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("platform.schema.json", parsed); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("platform.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if schema.DraftVersion != 2020 {
		t.Errorf("draft %d", schema.DraftVersion)
	}
	return schema
}

// accepted says what the schema and what config.Load thinks of a platform.yaml.
func accepted(t *testing.T, schema *jsonschema.Schema, content string) (bySchema, byLoad error) {
	t.Helper()
	var value any
	if err := yaml.Unmarshal([]byte(content), &value); err != nil {
		t.Fatal(err)
	}
	repository := fstest.MapFS{
		config.FileName:                    {Data: []byte(content)},
		"services/hello/catalog-info.yaml": {},
		"jobs/report/catalog-info.yaml":    {},
		"policy/acme/names.rego":           {},
	}
	_, byLoad = config.Load(repository, config.Options{})
	return schema.Validate(value), byLoad
}

var marked = regexp.MustCompile("(?ms)^<!-- platform\\.yaml -->\n(?:<!-- generated: [^\n]*\n)?```yaml\n(.*?)^```$")

// Every example that a reader may copy is one that works, for editors and for the commands.
func TestExamplesOfPlatformYAMLWork(t *testing.T) {
	t.Parallel()
	examples := map[string]string{"the demo": demoPlatform(t)}
	for page, content := range pages(t) {
		for i, m := range marked.FindAllStringSubmatch(content, -1) {
			examples[page+" "+strconv.Itoa(i+1)] = m[1]
		}
		if strings.Count(content, "\nkind: Platform\n") != len(marked.FindAllString(content, -1)) {
			t.Errorf("%s: mark each platform.yaml with <!-- platform.yaml --> on the line before", page)
		}
	}
	if len(examples) < 4 {
		t.Fatalf("only %d examples found", len(examples))
	}
	schema := compileSchema(t)
	for name, content := range examples {
		bySchema, byLoad := accepted(t, schema, content)
		if bySchema != nil || byLoad != nil {
			t.Errorf("%s:\nschema: %v\nload: %v", name, bySchema, byLoad)
		}
	}
}

// demoPlatform reads the platform.yaml that the demo writes from its source.
func demoPlatform(t *testing.T) string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path.Join(root, "internal/command/demo/story.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var content string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if ok && spec.Names[0].Name == "platformYAML" {
			content, err = strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		}
		return err == nil
	})
	if err != nil || content == "" {
		t.Fatalf("the demo's platform.yaml was not found: %v", err)
	}
	return strings.ReplaceAll(content, "%s", "127.0.0.1:5000/demo")
}

// What an editor marks is what the commands refuse, and the other way round, as far as the file alone can tell.
func TestSchemaAndLoadAgree(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(path.Join(root, "docs/examples/platform.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	schema := compileSchema(t)
	if bySchema, byLoad := accepted(t, schema, string(content)); bySchema != nil || byLoad != nil {
		t.Fatalf("schema: %v\nload: %v", bySchema, byLoad)
	}
	for name, change := range map[string][2]string{
		"unknown field":         {"  registry:", "  regsitry: x\n  registry:"},
		"unknown deep field":    {"soak: 30m", "soack: 30m"},
		"missing apiVersion":    {"apiVersion: platform/v1\n", ""},
		"other kind":            {"kind: Platform", "kind: Plattform"},
		"missing registry":      {"  registry: ghcr.io/acme", "  #"},
		"no components":         {"    - services/*\n    - jobs/*", "    []"},
		"components is no list": {"    - services/*\n    - jobs/*", "    services/*"},
		"nameless environment":  {"- name: dev #", "- deploy: automatic #"},
		"no such promotion":     {"promotion: manual", "promotion: never"},
		"time span":             {"soak: 30m", "soak: 30 minutes"},
		"negative time span":    {"soak: 30m", "soak: -30m"},
		"empty gate":            {"- soak: 30m", "- {}"},
		"number as a name":      {"name: acme\nspec", "name: {}\nspec"},
		"days after hours":      {"soak: 24h", "soak: 12h1d"},
		"two rules in a gate":   {"- soak: 30m", "- soak: 30m\n          policy: true"},
		"three with in":         {"in: prod-eu\n  ", "in: prod-eu\n          dependsOn: true\n  "},
		"in alone":              {"- deployment: true", "-"},
		"in of no environment":  {"- soak: 7d", "- minInterval: 7d"},
		"gate switched off":     {"dependsOn: true", "dependsOn: false"},
		"no checks":             {"checks: [integration]", "checks: []"},
		"a check twice":         {"checks: [integration]", "checks: [integration, integration]"},
		"no such fan-in":        {"fanIn: any", "fanIn: some"},
		"no such mode":          {"mode: queue", "mode: newest"},
		"wave below 0":          {"wave: 1", "wave: -1"},
		"half a wave":           {"wave: 1", "wave: 1.5"},
		"nameless set":          {"- name: billing", "-"},
		"set of one":            {"[web, api]", "[web]"},
		"set of one twice":      {"[web, api]", "[web, web]"},
		"no such order":         {"order: ordered", "order: random"},
		"nameless freeze":       {"- name: weekend", "-"},
		"freeze without end":    {"      duration: 62h", "#"},
		"freeze without to":     {"      to: 2027-01-04T06:00", "#"},
		"freeze of both kinds":  {"duration: 62h", "duration: 62h\n      from: 2026-12-20T00:00"},
		"freeze of no kind":     {"      cron: 0 18 * * FRI\n      duration: 62h", "#"},
		"no such merge":         {"mergeMethod: squash", "mergeMethod: octopus"},
		"no such deployments":   {"deployments: external", "deployments: some"},
	} {
		broken := strings.Replace(string(content), change[0], change[1], 1)
		if broken == string(content) {
			t.Errorf("%s: the example has no %q", name, change[0])
		}
		if bySchema, byLoad := accepted(t, schema, broken); bySchema == nil || byLoad == nil {
			t.Errorf("%s: both must refuse it\nschema: %v\nload: %v", name, bySchema, byLoad)
		}
	}
}
