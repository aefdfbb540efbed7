package strictyaml

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/suggest"
)

// maxNodes bounds the nodes visited while checking a document, so that nested aliases cannot keep us busy.
const maxNodes = 200_000

// maxProblems bounds what is reported of one document: nobody reads more, and an alias can repeat a problem without end.
const maxProblems = 50

// Decode decodes the document into the struct that into points to. Field names are the yaml tags. Every unknown field, duplicate
// key and value of the wrong type is reported, not only the first. The error is a finding.Problems.
func (d *Document) Decode(into any) error {
	return d.decode(into, checker{doc: d})
}

// DecodeKnown is Decode for formats which others extend: unknown fields are left alone.
func (d *Document) DecodeKnown(into any) error {
	return d.decode(into, checker{doc: d, lenient: true})
}

func (d *Document) decode(into any, c checker) error {
	c.check(d.Root, reflect.TypeOf(into).Elem(), "")
	if len(c.problems) > 0 {
		return c.problems
	}
	if err := d.Root.Decode(into); err != nil {
		return d.decodeProblem(err)
	}
	return nil
}

// decodeProblem keeps problems found by UnmarshalYAML methods and reports anything else on the document.
func (d *Document) decodeProblem(err error) error {
	var typeErr *yaml.TypeError
	if errors.As(err, &typeErr) {
		return syntaxProblem(d.File, errors.New("yaml: "+strings.Join(typeErr.Errors, "; ")))
	}
	return syntaxProblem(d.File, err)
}

type checker struct {
	doc      *Document
	lenient  bool // unknown fields are left alone
	problems finding.Problems
	visited  int
}

func (c *checker) report(node *yaml.Node, message, fix string) {
	if len(c.problems) == maxProblems {
		message, fix = fmt.Sprintf("more than %d problems: the rest is not shown", maxProblems), ""
	}
	if !c.full() {
		c.problems = append(c.problems, c.doc.at(node, message, fix))
	}
}

func (c *checker) full() bool { return len(c.problems) > maxProblems || c.visited > maxNodes }

var unmarshaler = reflect.TypeFor[yaml.Unmarshaler]()

func (c *checker) check(node *yaml.Node, t reflect.Type, path string) {
	if c.visited == maxNodes {
		c.report(node, "the document is too large or its aliases expand too far", "")
	}
	if c.visited++; c.full() {
		return
	}
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() == reflect.Interface || isNull(node) {
		return
	}
	if reflect.PointerTo(t).Implements(unmarshaler) {
		c.checkScalar(node, t, path)
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		c.checkStruct(node, t, path)
	case reflect.Map:
		c.checkMap(node, t, path)
	case reflect.Slice:
		c.checkSlice(node, t, path)
	default:
		c.checkScalar(node, t, path)
	}
}

func isNull(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.Tag == "!!null" }

func (c *checker) checkStruct(node *yaml.Node, t reflect.Type, path string) {
	if !c.wantKind(node, yaml.MappingNode, "a mapping", path) {
		return
	}
	fields := fieldTypes(t)
	c.eachKey(node, path, func(key, value *yaml.Node) {
		field, known := fields[key.Value]
		if !known && c.lenient {
			return
		}
		if !known {
			c.report(key, fmt.Sprintf("unknown field %q in %s", key.Value, orDocument(path)), suggest.Hint(key.Value, names(t)))
			return
		}
		c.check(value, field, join(path, key.Value))
	})
}

func (c *checker) checkMap(node *yaml.Node, t reflect.Type, path string) {
	if !c.wantKind(node, yaml.MappingNode, "a mapping", path) {
		return
	}
	c.eachKey(node, path, func(key, value *yaml.Node) { c.check(value, t.Elem(), join(path, key.Value)) })
}

func (c *checker) checkSlice(node *yaml.Node, t reflect.Type, path string) {
	if !c.wantKind(node, yaml.SequenceNode, "a list", path) {
		return
	}
	for i, item := range node.Content {
		if isNull(item) { // the decoder would leave it out, and the others would change places
			c.report(item, fmt.Sprintf("%s[%d] is empty", orDocument(path), i), "fill it, or remove the line")
			continue
		}
		c.check(item, t.Elem(), fmt.Sprintf("%s[%d]", path, i))
	}
}

func (c *checker) checkScalar(node *yaml.Node, t reflect.Type, path string) {
	if kindName(t) == wholeNumber && !reflect.PointerTo(t).Implements(unmarshaler) && node.Tag != "!!int" { // the decoder would cut 1.5 to 1
		c.report(node, fmt.Sprintf("%s must be %s, not %s", orDocument(path), wholeNumber, describe(node)), "")
		return
	}
	if err := node.Decode(reflect.New(t).Interface()); err != nil {
		var typeErr *yaml.TypeError
		if !errors.As(err, &typeErr) { // the message of an UnmarshalYAML method is written for people
			c.report(node, fmt.Sprintf("%s: %v", orDocument(path), err), "")
			return
		}
		c.report(node, fmt.Sprintf("%s must be %s, not %s", orDocument(path), kindName(t), describe(node)), "")
	}
}

func (c *checker) wantKind(node *yaml.Node, kind yaml.Kind, want, path string) bool {
	if node.Kind == kind {
		return true
	}
	c.report(node, fmt.Sprintf("%s must be %s, not %s", orDocument(path), want, describe(node)), "")
	return false
}

func (c *checker) eachKey(node *yaml.Node, path string, visit func(key, value *yaml.Node)) {
	seen := map[string]int{}
	for i := 0; i+1 < len(node.Content) && !c.full(); i += 2 {
		key := node.Content[i]
		// An alias, a tag or a collection as a key means something else to the decoder than what it looks like.
		if key.Kind != yaml.ScalarNode || key.Style&yaml.TaggedStyle != 0 {
			c.report(key, fmt.Sprintf("a key in %s is not plain text", orDocument(path)), "write the field's name")
			continue
		}
		if line, twice := seen[key.Value]; twice {
			c.report(key, fmt.Sprintf("field %q in %s is set twice, first on line %d", key.Value, orDocument(path), line), "keep one")
			continue
		}
		seen[key.Value] = key.Line
		visit(key, node.Content[i+1])
	}
}

func fieldTypes(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case options == "inline":
			for n, ft := range fieldTypes(f.Type) {
				fields[n] = ft
			}
		case name != "" && name != "-":
			fields[name] = f.Type
		}
	}
	return fields
}

// names returns the yaml field names in the order of the Go type, which is the order of the documentation.
func names(t reflect.Type) []string {
	var ns []string
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if options == "inline" {
			ns = append(ns, names(f.Type)...)
		} else if name != "" && name != "-" {
			ns = append(ns, name)
		}
	}
	return ns
}

const wholeNumber = "a whole number"

func kindName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64, reflect.Uint, reflect.Uint64:
		return wholeNumber
	case reflect.Float64:
		return "a number"
	default:
		return "a " + t.Kind().String()
	}
}

func describe(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	default:
		return fmt.Sprintf("%q", node.Value)
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func orDocument(path string) string {
	if path == "" {
		return "the document"
	}
	return path
}
