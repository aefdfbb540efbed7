package placement

import "go.yaml.in/yaml/v3"

// maxAliases bounds how many aliases and merge keys one lookup follows.
const maxAliases = 50

// field returns the key and the value of a map's field, also one that a merge key (<<) brings in.
func field(node *yaml.Node, name string) (key, value *yaml.Node) {
	return fieldWithin(node, name, maxAliases)
}

func fieldWithin(node *yaml.Node, name string, budget int) (key, value *yaml.Node) {
	node = resolve(node)
	if node == nil || node.Kind != yaml.MappingNode || budget == 0 {
		return nil, nil
	}
	var merged *yaml.Node
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == name && node.Content[i].Kind == yaml.ScalarNode {
			return node.Content[i], node.Content[i+1]
		}
		if node.Content[i].Tag == "!!merge" {
			merged = resolve(node.Content[i+1])
		}
	}
	if merged != nil && merged.Kind == yaml.SequenceNode {
		for _, m := range merged.Content[:min(len(merged.Content), 8)] {
			if k, v := fieldWithin(m, name, budget/8); v != nil {
				return k, v
			}
		}
		return nil, nil
	}
	return fieldWithin(merged, name, budget-1)
}

// resolve follows aliases.
func resolve(node *yaml.Node) *yaml.Node {
	for i := 0; node != nil && node.Kind == yaml.AliasNode && i < maxAliases; i++ {
		node = node.Alias
	}
	return node
}

// text returns the scalar at a path of keys, or "".
func text(node *yaml.Node, keys ...string) string {
	for _, k := range keys {
		_, node = field(node, k)
	}
	if node = resolve(node); node != nil && node.Kind == yaml.ScalarNode && !isNull(node) {
		return node.Value
	}
	return ""
}

// value returns the value of a map's field, nil where it has none.
func value(node *yaml.Node, name string) *yaml.Node {
	_, v := field(node, name)
	return v
}

// items returns the items of the list in a field.
func items(node *yaml.Node, name string) []*yaml.Node {
	_, list := field(node, name)
	if list = resolve(list); list == nil || list.Kind != yaml.SequenceNode {
		return nil
	}
	return list.Content
}

func isNull(node *yaml.Node) bool {
	node = resolve(node)
	return node == nil || node.Tag == "!!null"
}

// same says whether two values are the same, whatever their style. It gives up on values of more than budget nodes, counted
// with what aliases stand for, and says that they differ.
func same(a, b *yaml.Node, budget *int) bool {
	a, b = resolve(a), resolve(b)
	if *budget--; *budget < 0 || a == nil || b == nil || a.Kind != b.Kind || len(a.Content) != len(b.Content) {
		return a == nil && b == nil
	}
	if a.Kind == yaml.ScalarNode {
		return a.Value == b.Value && a.ShortTag() == b.ShortTag()
	}
	for i := range a.Content {
		if !same(a.Content[i], b.Content[i], budget) {
			return false
		}
	}
	return true
}
