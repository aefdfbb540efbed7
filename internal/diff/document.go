package diff

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"go.yaml.in/yaml/v3"
)

// document is one object of a manifest.
type document struct {
	apiVersion, kind, namespace, name string
	content                           map[string]any
}

// identity is what stays the same while an object changes: a new version of its API makes it no other object.
type identity struct{ group, kind, namespace, name string }

func (d document) identity() identity {
	group, _, found := strings.Cut(d.apiVersion, "/")
	if !found {
		group = ""
	}
	return identity{group, d.kind, d.namespace, d.name}
}

// hidden stands for a value of a Secret, which can be compared but not shown. Values are replaced when they are read, so that no writer can
// show one by mistake.
type hidden [sha256.Size]byte

// documents reads all objects of a manifest. Empty documents are none; lists of objects are their items.
func documents(data []byte) ([]document, error) {
	var all []document
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for n := 1; ; n++ {
		var node yaml.Node
		err := decoder.Decode(&node)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err // it names the line
		}
		simplify(&node)
		var value any
		if err := node.Decode(&value); err != nil {
			return nil, fmt.Errorf("document %d: %w", n, err)
		}
		if value == nil {
			continue
		}
		read, err := objects(plain(value))
		if err != nil {
			return nil, fmt.Errorf("document %d: %w", n, err)
		}
		all = append(all, read...)
	}
}

func objects(value any) ([]document, error) {
	content, ok := value.(map[string]any)
	if !ok {
		return nil, errors.New("is not an object with apiVersion and kind")
	}
	d := document{apiVersion: text(content["apiVersion"]), kind: text(content["kind"]), content: content}
	if d.kind == "" {
		return nil, errors.New("has no kind")
	}
	if items, ok := content["items"].([]any); ok && strings.HasSuffix(d.kind, "List") {
		var all []document
		for i, item := range items {
			read, err := objects(item)
			if err != nil {
				return nil, fmt.Errorf("item %d: %w", i+1, err)
			}
			all = append(all, read...)
		}
		return all, nil
	}
	if metadata, ok := content["metadata"].(map[string]any); ok {
		d.namespace, d.name = text(metadata["namespace"]), text(metadata["name"])
		if prefix := text(metadata["generateName"]); d.name == "" && prefix != "" {
			d.name = prefix + "*"
		}
	}
	if d.kind == "Secret" {
		hide(content)
	}
	return []document{d}, nil
}

func text(value any) string {
	s, _ := value.(string)
	return s
}

// lastApplied is where kubectl keeps a copy of the whole object.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

func hide(secret map[string]any) {
	for _, field := range []string{"data", "stringData"} {
		switch values := secret[field].(type) {
		case nil:
		case map[string]any:
			for key, value := range values {
				values[key] = conceal(value)
			}
		default:
			secret[field] = conceal(values)
		}
	}
	metadata, _ := secret["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	if value, found := annotations[lastApplied]; found {
		annotations[lastApplied] = conceal(value)
	}
}

func conceal(value any) hidden { return sha256.Sum256(fmt.Appendf(nil, "%T %v", value, value)) }

// holdsHidden says whether a value may not be shown as a whole.
func holdsHidden(value any) bool {
	switch v := value.(type) {
	case hidden:
		return true
	case map[string]any:
		for _, below := range v {
			if holdsHidden(below) {
				return true
			}
		}
	}
	return false // a list of a Secret holds none: hide replaces whole values
}

// simplify leaves only what Kubernetes knows: dates are text there, and so is what has a tag of its own. A tag that does not fit its value
// would be an error which quotes the value, be it that of a Secret.
func simplify(node *yaml.Node) {
	if node.Kind == yaml.ScalarNode && (node.Style&yaml.TaggedStyle != 0 || node.ShortTag() == "!!timestamp") {
		node.Tag = "!!str"
	}
	for _, below := range node.Content {
		simplify(below)
	}
}

// plain returns a value made of what JSON has.
func plain(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, below := range v {
			v[key] = plain(below)
		}
	case map[any]any:
		keyed := make(map[string]any, len(v))
		for key, below := range v {
			keyed[fmt.Sprint(key)] = plain(below)
		}
		return keyed
	case []any:
		for i, below := range v {
			v[i] = plain(below)
		}
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Sprint(v)
		}
	}
	return value
}
