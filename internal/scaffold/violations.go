package scaffold

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"go.yaml.in/yaml/v3"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/suggest"
)

// RuleID is the rule of every problem with a parameter's value.
const RuleID = "golden-path-parameter"

// complete returns the values with the defaults filled in, as plain YAML values, or every problem as finding.Problems.
func (g *GoldenPath) complete(values map[string]any) (map[string]any, error) {
	data, err := yaml.Marshal(values) // there and back: callers may pass []string or int32, schema and templates want one kind of each
	if err != nil {
		return nil, fmt.Errorf("read parameters: %w", err)
	}
	all := map[string]any{}
	if err := yaml.Unmarshal(data, &all); err != nil {
		return nil, fmt.Errorf("read parameters: %w", err)
	}
	for _, p := range g.Parameters {
		if _, set := all[p.Name]; !set && p.Default != nil {
			all[p.Name] = p.Default
		}
	}
	var problems finding.Problems
	for _, v := range violations(g.schema, all) {
		problems = append(problems, g.problem(v))
	}
	return all, problems.ErrorOrNil()
}

func (g *GoldenPath) problem(v violation) finding.Finding {
	f := finding.Finding{RuleID: RuleID, Severity: finding.Error}
	names := make([]string, len(g.Parameters))
	description := ""
	for i, p := range g.Parameters {
		names[i] = p.Name
		if p.Name == v.parameter {
			description = p.Description
		}
	}
	switch {
	case v.unknown:
		f.Message = fmt.Sprintf("golden path %s has no parameter %q", g.Name, v.parameter)
		f.Fix = suggest.Hint(v.parameter, names)
		return f
	case v.missing:
		f.Message = fmt.Sprintf("parameter %s is missing", v.parameter)
	default:
		f.Message = fmt.Sprintf("parameter %s is %s: %s", v.parameter, v.value, v.rule)
	}
	f.Fix = fmt.Sprintf("--set %s=value", v.parameter)
	if description != "" {
		f.Fix += ": " + description
	}
	return f
}

// violation is one rule that one parameter breaks.
type violation struct {
	parameter string
	value     string // as JSON
	rule      string
	missing   bool
	unknown   bool
}

// violations returns every violation, sorted by parameter: the validator's own order is that of a Go map.
func violations(schema *jsonschema.Schema, values map[string]any) []violation {
	err := schema.Validate(values)
	if err == nil {
		return nil
	}
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return []violation{{parameter: "values", rule: err.Error()}}
	}
	vs := collect(invalid, values, message.NewPrinter(language.English))
	slices.SortFunc(vs, func(a, b violation) int { return strings.Compare(a.parameter+a.rule, b.parameter+b.rule) })
	return slices.Compact(vs) // a built-in parameter and its narrowing may say the same
}

func collect(e *jsonschema.ValidationError, values map[string]any, printer *message.Printer) []violation {
	var vs []violation
	if len(e.Causes) > 0 {
		for _, cause := range e.Causes {
			vs = append(vs, collect(cause, values, printer)...)
		}
		return vs
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			vs = append(vs, violation{parameter: name, missing: true})
		}
		return vs
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			vs = append(vs, violation{parameter: name, unknown: true})
		}
		return vs
	}
	if len(e.InstanceLocation) == 0 {
		return []violation{{parameter: "values", rule: e.ErrorKind.LocalizedString(printer)}}
	}
	return []violation{{
		parameter: e.InstanceLocation[0],
		value:     show(values, e.InstanceLocation),
		rule:      rule(e.ErrorKind, printer),
	}}
}

// rule says what a value must be. The validator's own words repeat the value and name JSON Schema keywords.
func rule(k jsonschema.ErrorKind, printer *message.Printer) string {
	switch k := k.(type) {
	case *kind.Type:
		return "must be of type " + strings.Join(k.Want, " or ")
	case *kind.Pattern:
		return "must match " + k.Want
	case *kind.Minimum:
		want, _ := k.Want.Float64()
		return fmt.Sprintf("must be at least %v", want)
	case *kind.Maximum:
		want, _ := k.Want.Float64()
		return fmt.Sprintf("must be at most %s", strconv.FormatFloat(want, 'f', -1, 64))
	case *kind.MaxLength:
		return fmt.Sprintf("must be at most %d characters long", k.Want)
	default:
		return k.LocalizedString(printer)
	}
}

func show(values map[string]any, location []string) string {
	var value any = values
	for _, step := range location {
		switch v := value.(type) {
		case map[string]any:
			value = v[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(v) {
				return "unreadable"
			}
			value = v[i]
		}
	}
	out, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(out)
}
