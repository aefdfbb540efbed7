package document

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/placement/fieldpath"
)

const (
	maxDepth    = 1_000     // of maps and lists in each other
	maxExpanded = 1_000_000 // nodes that the aliases of a file may stand for
	maxGrowth   = 100       // times the nodes of a document its aliases may stand for
	maxProblems = 50        // of one file: who has more needs the first ones
)

// converter turns nodes into values.
type converter struct {
	source   *source
	github   bool
	problems finding.Problems

	depth    int
	anchors  []*yaml.Node // being expanded, outermost first
	expanded int          // nodes that aliases stood for, in the whole file
	limit    int          // of expanded, for this document
	stopped  bool         // going on with this document makes no sense
}

func newConverter(src *source, github bool) *converter {
	return &converter{source: src, github: github}
}

// document returns the value of a document, and whether it is sound.
func (c *converter) document(root *yaml.Node) (any, bool) {
	before := len(c.problems)
	c.depth, c.anchors, c.stopped = 0, nil, before >= maxProblems
	c.limit = min(c.expanded+maxGrowth*count(root), maxExpanded)
	value := c.value(root)
	return value, len(c.problems) == before && !c.stopped
}

func count(node *yaml.Node) int {
	n := 1
	for _, child := range node.Content {
		n += count(child)
	}
	return n
}

func (c *converter) value(node *yaml.Node) any {
	if len(c.anchors) > 0 {
		if c.expanded++; c.expanded > c.limit {
			c.stop(c.anchors[0], fmt.Sprintf("aliases expand to more than %d values", c.limit), "write fewer aliases of aliases")
		}
	}
	if c.depth >= maxDepth {
		c.stop(node, fmt.Sprintf("maps and lists are more than %d levels deep", maxDepth), "make it flatter")
	}
	if c.stopped {
		return nil
	}
	c.depth++
	defer func() { c.depth-- }()
	switch node.Kind {
	case yaml.AliasNode:
		return c.alias(node)
	case yaml.SequenceNode:
		list := make([]any, 0, len(node.Content))
		for _, item := range node.Content {
			list = append(list, c.value(item))
		}
		return list
	case yaml.MappingNode:
		return c.mapping(node)
	default:
		value, err := scalar(node, c.github)
		if err != nil {
			c.report(node, err.Error(), "quote the value if it is meant as text")
		}
		return value
	}
}

func (c *converter) alias(node *yaml.Node) any {
	if slices.Contains(c.anchors, node.Alias) {
		c.stop(node, fmt.Sprintf("the alias %s is part of what it stands for", excerpt("*"+node.Value)), "remove it")
		return nil
	}
	c.anchors = append(c.anchors, node.Alias)
	defer func() { c.anchors = c.anchors[:len(c.anchors)-1] }()
	return c.value(node.Alias)
}

func (c *converter) mapping(node *yaml.Node) any {
	fields := make(map[string]any, len(node.Content)/2)
	var merged *yaml.Node
	for i := 0; i+1 < len(node.Content) && !c.stopped; i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if isMerge(key) && merged == nil {
			merged = value
			continue
		}
		name, err := keyName(key)
		if err != nil {
			c.report(key, err.Error(), "quote it if it is meant as text")
			continue
		}
		if _, twice := fields[name]; twice || isMerge(key) {
			c.report(key, fmt.Sprintf("the key %s is there twice", excerpt(name)), "remove one of the two")
			continue
		}
		fields[name] = c.value(value)
	}
	if merged != nil {
		c.merge(fields, merged)
	}
	return fields
}

// merge adds the fields of << that the map has not itself. Of several maps the first wins.
func (c *converter) merge(fields map[string]any, from *yaml.Node) {
	for _, one := range mergeSources(from) {
		parts, ok := c.value(one).(map[string]any)
		if !ok && !c.stopped {
			c.report(one, "<< takes a map or a list of maps", "remove it, or name an anchor of a map")
		}
		for name, value := range parts {
			if _, own := fields[name]; !own {
				fields[name] = value
			}
		}
	}
}

func isMerge(key *yaml.Node) bool {
	return key.Kind == yaml.ScalarNode && key.Value == "<<" && key.Tag == "!!merge"
}

// mergeSources returns the maps that a value of << names.
func mergeSources(value *yaml.Node) []*yaml.Node {
	if value.Kind == yaml.SequenceNode {
		return value.Content
	}
	return []*yaml.Node{value}
}

// child returns the node that a step leads to, and the node that shows its place: the key or the item. Both are nil where it is missing.
func child(node *yaml.Node, step fieldpath.Step, depth int) (next, place *yaml.Node) {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	switch {
	case depth > maxDepth:
	case node.Kind == yaml.SequenceNode && step.Index >= 0 && step.Index < len(node.Content):
		return node.Content[step.Index], node.Content[step.Index]
	case node.Kind == yaml.MappingNode && step.Index < 0:
		return field(node, step, depth)
	}
	return nil, nil
}

func field(node *yaml.Node, step fieldpath.Step, depth int) (next, place *yaml.Node) {
	var merged *yaml.Node
	for i := 0; i+1 < len(node.Content); i += 2 {
		if isMerge(node.Content[i]) {
			merged = node.Content[i+1]
		} else if name, err := keyName(node.Content[i]); err == nil && name == step.Key {
			return node.Content[i+1], node.Content[i]
		}
	}
	if merged == nil {
		return nil, nil
	}
	for _, one := range mergeSources(merged) {
		if next, place = child(one, step, depth+1); next != nil {
			return next, place
		}
	}
	return nil, nil
}
