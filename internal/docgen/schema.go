package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/org/platform/internal/config"
)

type schemaNode = jsonschema.Schema

// platformSchema returns the JSON Schema (draft 2020-12) of platform.yaml. The rules that need the repository, such as globs that match and
// environments that exist, are checked by config.Load only.
func platformSchema() *schemaNode {
	reflector := jsonschema.Reflector{
		Anonymous:      true, // no $id: a fork serves the schema from its own address
		DoNotReference: true, // nothing repeats, and editors show the place of a field better this way
		Mapper: func(t reflect.Type) *schemaNode {
			if t == reflect.TypeFor[config.Duration]() {
				return &schemaNode{Type: "string", Pattern: `^([0-9]+d|([0-9]+d)?([0-9]+(\.[0-9]*)?(ns|us|µs|ms|s|m|h))+)$`}
			}
			return nil
		},
	}
	schema := reflector.Reflect(&config.Platform{})
	schema.Title = "platform.yaml"
	schema.Description = "One monorepo's configuration: where components are, where their images go, through which environments they travel."
	oneRule(propertyOf(schema, "spec", "environments").Items.Properties.Value("gates").Items)
	freeze := propertyOf(schema, "spec", "freezes").Items
	freeze.OneOf = []*schemaNode{with([]string{"cron", "duration"}, "from", "to"), with([]string{"from", "to"}, "cron", "duration")}
	return schema
}

// oneRule says that a gate has one field, and in beside those that look at an environment.
func oneRule(gate *schemaNode) {
	looks := &schemaNode{}
	for pair := gate.Properties.Oldest(); pair != nil; pair = pair.Next() {
		if pair.Key == "in" {
			continue
		}
		gate.OneOf = append(gate.OneOf, with([]string{pair.Key}))
		if slices.Contains([]string{"soak", "checks", "deployment"}, pair.Key) {
			looks.AnyOf = append(looks.AnyOf, with([]string{pair.Key}))
		}
		if pair.Value.Type == "boolean" {
			pair.Value.Enum = []any{true} // false would be a gate that holds always
		}
	}
	gate.DependentSchemas = map[string]*schemaNode{"in": looks}
}

// with describes objects that have some fields, and none of others.
func with(fields []string, without ...string) *schemaNode {
	s := &schemaNode{Required: fields}
	for _, name := range without {
		if s.Properties == nil {
			s.Properties = jsonschema.NewProperties()
		}
		s.Properties.Set(name, jsonschema.FalseSchema)
	}
	return s
}

func propertyOf(s *schemaNode, names ...string) *schemaNode {
	for _, name := range names {
		s = s.Properties.Value(name)
	}
	return s
}

func encodeSchema(s *schemaNode) ([]byte, error) {
	content, err := json.MarshalIndent(s, "", "  ")
	for escaped, plain := range map[string]string{`\u003c`: "<", `\u003e`: ">", `\u0026`: "&"} { // the library always escapes them
		content = bytes.ReplaceAll(content, []byte(escaped), []byte(plain))
	}
	return append(content, '\n'), err
}

// reference returns the fields of platform.yaml as a table, in the order of the Go types.
func reference(s *schemaNode) string {
	var b strings.Builder
	b.WriteString("| field | value | default | meaning |\n| --- | --- | --- | --- |\n")
	writeFields(&b, s, "")
	return b.String()
}

func writeFields(b *strings.Builder, s *schemaNode, prefix string) {
	required := map[string]bool{}
	for _, name := range s.Required {
		required[name] = true
	}
	for pair := s.Properties.Oldest(); pair != nil; pair = pair.Next() {
		field, name := pair.Value, prefix+pair.Key
		if field.Description != "" || len(field.Enum) > 0 {
			standard := ""
			switch {
			case required[pair.Key]:
				standard = "**required**"
			case field.Default != nil:
				standard = fmt.Sprintf("`%v`", field.Default)
			}
			fmt.Fprintf(b, "| `%s` | %s | %s | %s%s |\n", name, valueOf(field), standard, prose.Replace(field.Description), example(field))
		}
		switch {
		case field.Properties != nil && field.Properties.Len() > 0:
			writeFields(b, field, name+".")
		case field.Items != nil && field.Items.Properties != nil:
			writeFields(b, field.Items, name+"[].")
		}
	}
}

func example(s *schemaNode) string {
	if len(s.Examples) == 0 {
		return ""
	}
	return fmt.Sprintf(" For example `%v`.", s.Examples[0])
}

func valueOf(s *schemaNode) string {
	var options []string
	for _, v := range s.Enum {
		options = append(options, fmt.Sprintf("`%v`", v))
	}
	switch {
	case len(options) > 0:
		return strings.Join(options, " or ")
	case s.Pattern != "":
		return "time span"
	case s.Type == "array" && s.Items.Type == "object":
		return "list"
	case s.Type == "array":
		return "list of " + s.Items.Type + "s"
	default:
		return s.Type
	}
}
