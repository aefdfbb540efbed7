package scaffold

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/strictyaml"
)

//go:embed builtin.yaml
var builtin []byte

// Parameter is one value a golden path asks for, described by a part of JSON Schema. The part is closed: a misspelt keyword is an
// error, not a rule that never applies. A parameter without default is required.
type Parameter struct {
	Name        string     `yaml:"-"`
	BuiltIn     bool       `yaml:"-"`
	Type        string     `yaml:"type"`
	Title       string     `yaml:"title"`
	Description string     `yaml:"description"`
	Default     any        `yaml:"default"`
	Examples    []any      `yaml:"examples"`
	Enum        []any      `yaml:"enum"`
	Pattern     string     `yaml:"pattern"`
	MinLength   int        `yaml:"minLength"`
	MaxLength   int        `yaml:"maxLength"`
	Minimum     float64    `yaml:"minimum"`
	Maximum     float64    `yaml:"maximum"`
	Items       *Parameter `yaml:"items"`
	MinItems    int        `yaml:"minItems"`
	MaxItems    int        `yaml:"maxItems"`
	UniqueItems bool       `yaml:"uniqueItems"`
}

// schemas is the schema of an object of parameters.
type schemas struct {
	Type       string               `yaml:"type"`
	Required   []string             `yaml:"required"`
	Properties map[string]Parameter `yaml:"properties"`
}

// parameters merges what a golden path declares in spec.parameters with the built-in parameters and compiles one schema of both.
func parameters(doc *strictyaml.Document, own schemas) ([]Parameter, *jsonschema.Schema, error) {
	base, err := strictyaml.Single("builtin.yaml", builtin)
	if err != nil {
		return nil, nil, err
	}
	var common schemas
	if err := base.Decode(&common); err != nil {
		return nil, nil, err
	}
	if err := own.check(doc, common); err != nil {
		return nil, nil, err
	}
	names, rules, err := properties(base)
	if err != nil {
		return nil, nil, err
	}
	ownNames, ownRules, err := properties(doc, "spec", "parameters")
	if err != nil {
		return nil, nil, err
	}
	var params []Parameter
	for _, name := range names {
		p := common.Properties[name]
		p.Name, p.BuiltIn = name, true
		if narrowed, ok := own.Properties[name]; ok {
			p.narrow(narrowed)
			rules[name] = map[string]any{"allOf": []any{rules[name], ownRules[name]}}
		}
		params = append(params, p)
	}
	for _, name := range ownNames {
		if _, ok := common.Properties[name]; !ok {
			p := own.Properties[name]
			p.Name = name
			params = append(params, p)
			rules[name] = ownRules[name]
		}
	}
	schema, err := compile(params, rules)
	if err != nil {
		return nil, nil, finding.Problems{doc.Problem(err.Error(), "", "spec", "parameters")}
	}
	return params, schema, checkDefaults(doc, params, schema)
}

// properties returns the names of an object schema's properties in the order of the document, and their schemas.
func properties(doc *strictyaml.Document, at ...any) ([]string, map[string]any, error) {
	rules := map[string]any{}
	node, found := doc.Lookup(append(at, "properties")...)
	if found != len(at)+1 {
		return nil, rules, nil
	}
	var names []string
	for i := 0; i+1 < len(node.Content); i += 2 {
		names = append(names, node.Content[i].Value)
	}
	if err := node.Decode(&rules); err != nil {
		return nil, nil, fmt.Errorf("parse parameters: %w", err)
	}
	return names, rules, nil
}

func (s schemas) check(doc *strictyaml.Document, common schemas) error {
	var problems finding.Problems
	report := func(message, fix string, at ...any) {
		problems = append(problems, doc.Problem(message, fix, append([]any{"spec", "parameters"}, at...)...))
	}
	if s.Type != "" && s.Type != "object" {
		report(fmt.Sprintf("spec.parameters.type is %q", s.Type), "type: object", "type")
	}
	for i, name := range s.Required {
		if _, ok := s.Properties[name]; !ok {
			report(fmt.Sprintf("required parameter %q is not declared", name), "add it to properties", "required", i)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		_, narrows := common.Properties[name]
		switch {
		case name == environmentKey:
			report("parameter environment hides the environment of files that are generated once per environment", "rename it",
				"properties", name)
		case !narrows && s.Properties[name].Default == nil && !slices.Contains(s.Required, name):
			report(fmt.Sprintf("parameter %s has no default and is not required", name),
				`add a default, "" if need be, or add it to required`, "properties", name)
		}
	}
	return problems.ErrorOrNil()
}

// narrow takes over what people see and what applies unless they say otherwise; the rules are combined by the schema.
func (p *Parameter) narrow(by Parameter) {
	if by.Description != "" {
		p.Description = by.Description
	}
	if by.Default != nil {
		p.Default = by.Default
	}
	if by.Enum != nil {
		p.Enum = by.Enum
	}
}

func compile(params []Parameter, rules map[string]any) (*jsonschema.Schema, error) {
	required := []any{}
	for _, p := range params {
		if p.Default == nil {
			required = append(required, p.Name)
		}
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("parameters.json", map[string]any{
		"type": "object", "additionalProperties": false, "required": required, "properties": rules,
	}); err != nil {
		return nil, fmt.Errorf("parse parameters: %w", err)
	}
	schema, err := c.Compile("parameters.json")
	if err != nil {
		return nil, fmt.Errorf("not a JSON Schema: %w", err)
	}
	return schema, nil
}

// checkDefaults makes a default that breaks its own rule the author's problem and not the user's.
func checkDefaults(doc *strictyaml.Document, params []Parameter, schema *jsonschema.Schema) error {
	var problems finding.Problems
	for _, p := range params {
		if p.Default == nil {
			continue
		}
		for _, v := range violations(schema, map[string]any{p.Name: p.Default}) {
			if v.parameter == p.Name && !v.missing {
				problems = append(problems, doc.Problem(fmt.Sprintf("default of parameter %s is %s: %s", p.Name, v.value, v.rule),
					"", "spec", "parameters", "properties", p.Name, "default"))
			}
		}
	}
	return problems.ErrorOrNil()
}

// Value reads the text of "--set name=text" as the parameter's type: a list is separated by commas. Text that does not fit, and that
// of unknown parameters, stays as it is: Generate says what is wrong with it.
func (g *GoldenPath) Value(name, text string) any {
	i := slices.IndexFunc(g.Parameters, func(p Parameter) bool { return p.Name == name })
	if i < 0 {
		return text
	}
	switch g.Parameters[i].Type {
	case "array":
		list := []any{}
		for _, item := range strings.Split(text, ",") {
			list = append(list, strings.TrimSpace(item))
		}
		return list
	case "integer", "number", "boolean":
		var value any
		if err := yaml.Unmarshal([]byte(text), &value); err != nil || value == nil {
			return text
		}
		return value
	default:
		return text
	}
}
