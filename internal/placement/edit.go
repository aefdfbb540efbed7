package placement

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// edit is one change of a parsed file: a node is taken out, or a scalar is given another value.
type edit struct {
	source *source
	parent *yaml.Node // the map or list that has child; nil where child is a document
	child  *yaml.Node // an item of a list, the key of a map's field, or a document
	value  *yaml.Node // the scalar to change; nil to take child out
}

// id tells edits apart.
func (e edit) id() string { return fmt.Sprintf("%p %p", e.child, e.value) }

// apply changes the parsed nodes. The result undoes it.
func (e edit) apply() (undo func()) {
	if e.value != nil {
		old := *e.value
		e.value.Value, e.value.Style = other(&old), old.Style
		return func() { *e.value = old }
	}
	if e.parent == nil {
		docs := e.source.docs
		e.source.docs = slices.DeleteFunc(slices.Clone(docs), func(n *yaml.Node) bool { return n == e.child })
		return func() { e.source.docs = docs }
	}
	content := e.parent.Content
	if i := slices.Index(content, e.child); i >= 0 {
		width := 1
		if e.parent.Kind == yaml.MappingNode {
			width = 2
		}
		e.parent.Content = slices.Delete(slices.Clone(content), i, min(i+width, len(content)))
	}
	return func() { e.parent.Content = content }
}

// other returns another value of a scalar's type.
func other(n *yaml.Node) string {
	switch n.ShortTag() {
	case "!!bool":
		if n.Value == "true" {
			return "false"
		}
		return "true"
	case "!!int":
		if strings.Trim(n.Value, "0123456789") == "" {
			return n.Value + "1"
		}
		return "1"
	}
	return n.Value + "x"
}

// changes returns the contents of the files that edits change.
func changes(edits []edit) (map[string][]byte, error) {
	var undo []func()
	defer func() {
		for _, f := range slices.Backward(undo) {
			f()
		}
	}()
	hosts := map[*source]bool{}
	for _, e := range edits {
		undo = append(undo, e.apply())
	}
	for _, e := range edits {
		s := e.source
		for s.outer != nil {
			text, err := encode(s.docs)
			if err != nil {
				return nil, err
			}
			outer, old := s.outer, s.outer.Value
			outer.Value = string(text)
			undo = append(undo, func() { outer.Value = old })
			s = s.host
		}
		hosts[s] = true
	}
	files := make(map[string][]byte, len(hosts))
	for s := range hosts {
		data, err := encode(s.docs)
		if err != nil {
			return nil, fmt.Errorf("edit %s: %w", s.file, err)
		}
		files[s.file] = data
	}
	return files, nil
}

// encode writes documents. Aliases stay aliases, so the text is never larger than what was parsed.
func encode(docs []*yaml.Node) ([]byte, error) {
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	for _, doc := range docs {
		if err := encoder.Encode(doc); err != nil {
			return nil, fmt.Errorf("encode YAML: %w", err)
		}
	}
	if err := encoder.Close(); err != nil {
		return nil, fmt.Errorf("encode YAML: %w", err)
	}
	return b.Bytes(), nil
}
