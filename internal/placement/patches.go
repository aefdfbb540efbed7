package placement

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/org/platform/internal/placement/fieldpath"
)

// layer returns what one kustomization says about the field, the entry that kustomize applies last first.
func (s *search) layer(l *layer) []candidate {
	all := s.fields(l)
	for _, entry := range slices.Backward(items(l.root, "patchesJson6902")) {
		all = append(all, s.patch(l, entry)...)
	}
	for _, entry := range slices.Backward(items(l.root, "patches")) {
		all = append(all, s.patch(l, entry)...)
	}
	for _, entry := range slices.Backward(items(l.root, "patchesStrategicMerge")) { // a file's name, or the patch itself
		entry = resolve(entry)
		if strings.Contains(entry.Value, "\n") {
			all = append(all, s.apply(l.source.inline(entry), nil)...)
		} else if file, ok := join(l.dir, entry.Value); ok {
			all = append(all, s.apply(s.files.read(file), nil)...)
		}
	}
	return all
}

// patch reads an entry {target, path} or {target, patch}.
func (s *search) patch(l *layer, entry *yaml.Node) []candidate {
	_, target := field(entry, "target")
	if target != nil && !s.selected(target) {
		return nil
	}
	if _, inline := field(entry, "patch"); resolve(inline) != nil && resolve(inline).Kind == yaml.ScalarNode {
		return s.apply(l.source.inline(resolve(inline)), target)
	}
	if file, ok := join(l.dir, text(entry, "path")); ok {
		return s.apply(s.files.read(file), target)
	}
	return nil
}

// apply reads a patch: a list of JSON 6902 operations, or documents for a strategic merge.
func (s *search) apply(src *source, target *yaml.Node) []candidate {
	var all []candidate
	for _, doc := range slices.Backward(src.docs) {
		switch {
		case doc.Kind == yaml.SequenceNode && target != nil:
			for _, op := range slices.Backward(doc.Content) {
				if c, ok := s.operation(src, resolve(op)); ok {
					all = append(all, c)
				}
			}
		case doc.Kind != yaml.MappingNode:
		case target != nil, text(doc, "kind") == s.target.Kind && slices.Contains(s.names, text(doc, "metadata", "name")):
			if c := s.candidate(src, doc, s.steps); c.depth > 0 {
				c.replaces = replaces(doc, s.steps)
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
		c := candidate{place: src.place(key), depth: depth, full: s.rendered != nil && s.missing(), agrees: true}
		return c, c.full
	case "add", "replace":
		if value == nil {
			return candidate{}, false
		}
		if s.steps[depth-1].Index >= 0 && !s.same(depth-1, value) {
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
		if !s.means(i, strings.NewReplacer("~1", "/", "~0", "~").Replace(part)) {
			return 0, false
		}
	}
	return len(parts), true
}

// means says whether a pointer's part is the i-th step. An index may count the rendered items or the authored ones: which
// of them the patch saw depends on layers between.
func (s *search) means(i int, part string) bool {
	want := s.steps[i]
	if want.Index < 0 {
		return part == want.Key
	}
	if part == "-" {
		return true
	}
	n, err := strconv.Atoi(part)
	return err == nil && (n == want.Index || s.authored != nil && n == s.authored[i])
}

// same says whether a value is the item that a step means.
func (s *search) same(i int, value *yaml.Node) bool {
	key, id := identity(s.steps[i].list, s.steps[i].item)
	return id == nil || text(value, key) == id.Value
}

// selected says whether a patch's target selects the resource. A selector we cannot read selects nothing, so that no
// finding is placed on a patch that has nothing to do with it.
func (s *search) selected(target *yaml.Node) bool {
	return matches(text(target, "kind"), s.target.Kind) && matches(text(target, "name"), s.names...) &&
		s.labelled(text(target, "labelSelector"), "labels") && s.labelled(text(target, "annotationSelector"), "annotations")
}

// matches says whether kustomize's anchored expression matches one of the values; the empty one matches all.
func matches(expression string, values ...string) bool {
	if expression == "" {
		return true
	}
	compiled, err := regexp.Compile(`^(?:` + expression + `)$`)
	return err == nil && slices.ContainsFunc(values, compiled.MatchString)
}

// labelled evaluates a selector of equalities over the rendered resource.
func (s *search) labelled(selector, where string) bool {
	if selector == "" {
		return true
	}
	if s.rendered == nil || strings.ContainsAny(selector, "()") {
		return false
	}
	for term := range strings.SplitSeq(selector, ",") {
		key, want, equality := strings.Cut(term, "=")
		negated := strings.HasSuffix(key, "!") || strings.HasPrefix(key, "!")
		key = strings.TrimSpace(strings.Trim(key, "! "))
		path := fieldpath.Path{fieldpath.Key("metadata"), fieldpath.Key(where), fieldpath.Key(key)}
		value, depth, _ := descend(s.rendered, align(path, nil))
		holds := depth == 3
		if equality {
			holds = holds && value.Value == strings.TrimSpace(strings.TrimPrefix(want, "="))
		}
		if holds == negated {
			return false
		}
	}
	return true
}
