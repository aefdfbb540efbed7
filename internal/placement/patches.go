package placement

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// layer returns what one kustomization says about the field, the entry that kustomize applies last first.
func (s *search) layer(l *layer) []candidate {
	all := s.late(l)
	all = append(all, s.patches(l, "patchesJson6902")...)
	all = append(all, s.early(l)...)
	all = append(all, s.patches(l, "patches")...)
	for _, entry := range slices.Backward(items(l.root, "patchesStrategicMerge")) { // a file's name, or the patch itself
		if src := s.files.named(l, resolve(entry)); src != nil {
			all = append(all, s.apply(src, nil, entry)...)
		}
	}
	return append(all, s.generated(l)...)
}

// patches reads the entries {target, path} or {target, patch} of a field.
func (s *search) patches(l *layer, field string) []candidate {
	var all []candidate
	for _, entry := range slices.Backward(items(l.root, field)) {
		target := value(entry, "target")
		if src := s.files.patch(l, entry); src != nil && (target == nil || s.selected(target)) {
			all = append(all, s.apply(src, target, entry)...)
		}
	}
	return all
}

// patch returns the text of an entry {path} or {patch}; nil where there is none.
func (f *files) patch(l *layer, entry *yaml.Node) *source {
	if inline := resolve(value(entry, "patch")); inline != nil && inline.Kind == yaml.ScalarNode {
		return f.inline(l.source, inline)
	}
	if file, ok := join(l.dir, text(entry, "path")); ok {
		return f.read(file)
	}
	return nil
}

// named returns the file that an item names, or the text that it is.
func (f *files) named(l *layer, item *yaml.Node) *source {
	if item == nil || item.Kind != yaml.ScalarNode {
		return nil
	}
	if strings.Contains(item.Value, "\n") {
		return f.inline(l.source, item)
	}
	if file, ok := join(l.dir, item.Value); ok {
		return f.read(file)
	}
	return nil
}

// apply reads a patch: a list of JSON 6902 operations, or documents for a strategic merge.
func (s *search) apply(src *source, target, entry *yaml.Node) []candidate {
	var all []candidate
	for _, doc := range slices.Backward(src.docs) {
		switch {
		case doc.Kind == yaml.SequenceNode && target != nil:
			for _, op := range slices.Backward(doc.Content) {
				if c, ok := s.operation(src, resolve(op)); ok {
					c.entry = entry
					all = append(all, c)
				}
			}
		case doc.Kind != yaml.MappingNode:
		case target != nil, text(doc, "kind") == s.object.Kind && slices.Contains(s.names, text(doc, "metadata", "name")):
			if c := s.candidate(src, doc, s.steps); c.depth > 0 {
				c.entry, c.replaces = entry, replaces(doc, s.steps)
				all = append(all, c)
			}
		}
	}
	return all
}

// replaces says whether a strategic merge patch takes the place of an ancestor of the field.
func replaces(doc *yaml.Node, path steps) bool {
	for i := range path {
		node, depth, _ := descend(doc, path[:i])
		if depth < i {
			return false
		}
		if directive := text(node, "$patch"); directive == "replace" || directive == "delete" {
			return true
		}
	}
	return false
}

// operation reads one JSON 6902 operation, if it concerns the field or one of its ancestors.
func (s *search) operation(src *source, op *yaml.Node) (candidate, bool) {
	pointer := text(op, "path")
	depth, ok := s.covers(pointer)
	if !ok {
		return candidate{}, false
	}
	key, _ := field(op, "path")
	valueKey, value := field(op, "value")
	switch text(op, "op") {
	case "remove":
		c := candidate{source: src, place: src.place(key), depth: depth, full: s.rendered != nil && s.missing(), agrees: true}
		return c, c.full
	case "add", "replace":
		if value == nil {
			return candidate{}, false
		}
		if s.steps[depth-1].Index >= 0 && !s.means(depth-1, value) {
			return candidate{}, false
		}
		c := s.candidate(src, value, s.steps[depth:])
		if c.depth == depth { // nothing of the path is inside the value
			confidence := c.place.Confidence
			c.place = src.place(valueKey)
			c.place.Confidence = confidence
		}
		c.replaces = !c.full
		return c, true
	}
	return candidate{}, false
}

// covers says whether a JSON pointer names the field or an ancestor of it, and how many steps it has.
func (s *search) covers(pointer string) (int, bool) {
	if !strings.HasPrefix(pointer, "/") {
		return 0, false
	}
	parts := strings.Split(pointer[1:], "/")
	if len(parts) > len(s.steps) {
		return 0, false
	}
	for i, part := range parts {
		if !s.points(i, strings.NewReplacer("~1", "/", "~0", "~").Replace(part)) {
			return 0, false
		}
	}
	return len(parts), true
}

// points says whether a pointer's part is the i-th step. An index may count the rendered items or the authored ones: which
// of them the patch saw depends on layers between.
func (s *search) points(i int, part string) bool {
	want := s.steps[i]
	if want.Index < 0 {
		return part == want.Key
	}
	if part == "-" {
		return true
	}
	n, err := strconv.Atoi(part)
	return err == nil && (n == want.Index || s.indexes != nil && n == s.indexes[i])
}

// means says whether a value is the item that a step means.
func (s *search) means(i int, value *yaml.Node) bool {
	key, id := identity(s.steps[i].list, s.steps[i].item)
	return id == nil || text(value, key) == id.Value
}
