package placement

import (
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/org/platform/internal/placement/fieldpath"
)

// step is one step of a path, with what is needed to find a list's item again where it has another index.
type step struct {
	fieldpath.Step
	list string     // the key of the list that is indexed
	item *yaml.Node // the rendered item; nil where unknown
}

type steps []step

// align notes for every index of a path which item of the resource it means.
func align(path fieldpath.Path, resource *yaml.Node) steps {
	all := make(steps, len(path))
	node := resource
	for i, p := range path {
		s := step{Step: p}
		if i > 0 {
			s.list = path[i-1].Key
		}
		if node != nil {
			if n, err := strconv.Atoi(p.Key); err == nil && n >= 0 && resolve(node).Kind == yaml.SequenceNode {
				s.Step = fieldpath.Index(n) // a dotted index
			}
			_, node = child(node, s)
			if s.Index >= 0 {
				s.item = node
			}
		}
		all[i] = s
	}
	return all
}

// positions returns the index of each step in another resource: -1 for keys and for items it does not have.
func (all steps) positions(resource *yaml.Node) []int {
	indexes := make([]int, len(all))
	node := resource
	for i, s := range all {
		indexes[i] = -1
		if s.Index >= 0 {
			indexes[i] = position(resolve(node), s)
		}
		_, node = child(node, s)
	}
	return indexes
}

// descend follows the steps as far as they exist. It returns the last value, how many steps exist, and the node whose place
// shows the last of them: the key of a field, the item of a list.
func descend(node *yaml.Node, path steps) (value *yaml.Node, depth int, shown *yaml.Node) {
	value, shown = node, node
	for _, s := range path {
		key, next := child(value, s)
		if next == nil {
			return resolve(value), depth, shown
		}
		value, shown = next, key
		depth++
	}
	return resolve(value), depth, shown
}

// child returns the node of one step, and the node which shows its place.
func child(node *yaml.Node, s step) (shown, value *yaml.Node) {
	node = resolve(node)
	if s.Index < 0 {
		return field(node, s.Key)
	}
	if i := position(node, s); i >= 0 {
		return node.Content[i], node.Content[i]
	}
	return nil, nil
}

// position returns the index of the item that a step means: the one with the same identity, else the one with the same
// index; -1 where there is none.
func position(list *yaml.Node, s step) int {
	if list == nil || list.Kind != yaml.SequenceNode {
		return -1
	}
	key, id := identity(s.list, s.item)
	if id == nil {
		if s.Index < len(list.Content) {
			return s.Index
		}
		return -1
	}
	for i, item := range list.Content {
		if _, v := field(resolve(item), key); v != nil && resolve(v).Value == id.Value {
			return i
		}
	}
	return -1
}

// identity returns the merge key of a list's item, as Kubernetes declares it for the list; nil for items without.
func identity(list string, item *yaml.Node) (string, *yaml.Node) {
	keys := []string{"name"}
	switch list {
	case "ports":
		keys = []string{"containerPort", "port", "name"}
	case "volumeMounts":
		keys = []string{"mountPath"}
	case "volumeDevices":
		keys = []string{"devicePath"}
	case "hostAliases":
		keys = []string{"ip"}
	case "envFrom", "tolerations", "rules", "args", "command":
		return "", nil // lists without merge key are replaced as a whole
	}
	if item == nil {
		return "", nil
	}
	for _, key := range keys {
		if _, v := field(resolve(item), key); v != nil && resolve(v).Kind == yaml.ScalarNode {
			return key, resolve(v)
		}
	}
	return "", nil
}
