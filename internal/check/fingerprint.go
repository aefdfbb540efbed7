package check

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/org/platform/internal/placement/fieldpath"
)

// stable returns a path in which the items of lists are named by what they are, so that it is the same after others were added before them.
func stable(path string, document any) string {
	steps, err := fieldpath.Parse(path)
	if err != nil {
		return path
	}
	var b strings.Builder
	for _, step := range steps {
		var next any
		name := step.Key
		switch value := document.(type) {
		case map[string]any:
			next = value[step.Key]
		case []any:
			if step.Index >= 0 && step.Index < len(value) {
				next = value[step.Index]
				name = "[" + itemName(next, step.Index) + "]"
			}
		}
		if step.Index >= 0 && !strings.HasPrefix(name, "[") {
			name = fieldpath.Path{step}.String()
		}
		b.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name))
		document = next
	}
	return b.String()
}

// itemKeys are the fields that name an item of a list, the first of them that is there.
var itemKeys = []string{"name", "id", "key", "uses", "mountPath", "containerPort", "port", "host", "ip"}

func itemName(item any, index int) string {
	switch item := item.(type) {
	case map[string]any:
		for _, key := range itemKeys {
			if name, ok := item[key]; ok {
				if text := scalar(name); text != "" {
					return key + "=" + text
				}
			}
		}
	case []any:
	default:
		if text := scalar(item); text != "" {
			return text
		}
	}
	if content, err := json.Marshal(item); err == nil && item != nil { // nothing names it but all that it is
		return "#" + fingerprint(string(content))
	}
	return fieldpath.Path{fieldpath.Index(index)}.String()
}

// content returns what tells whether a finding that is there on both sides is the same: a field that was wrong may have become worse.
func content(message, path string, document any) string {
	steps, _ := fieldpath.Parse(path) // what is no path is the document
	for _, step := range steps {
		switch value := document.(type) {
		case map[string]any:
			document = value[step.Key]
		case []any:
			document = nil
			if step.Index >= 0 && step.Index < len(value) {
				document = value[step.Index]
			}
		default:
			document = nil
		}
	}
	if len(steps) == 0 {
		document = nil // the message has to do: any change of the object would else be one of the finding
	}
	text, _ := json.Marshal(document) // it was JSON
	return fingerprint(message, string(text))
}

// fingerprint returns what tells a finding from others, and is the same after lines moved.
func fingerprint(parts ...string) string {
	h := sha256.New()
	for _, part := range parts {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:10])
}

// fingerprint returns that of a violation in a render.
func (v *violation) fingerprint(o Overlay, objects []identity) string {
	id := identity{}
	if v.object >= 0 && v.object < len(objects) {
		id = objects[v.object]
	}
	parts := []string{v.RuleID, o.Component, id.kind, id.namespace, id.name, v.stable}
	if v.stable == "" { // nothing else tells two of them apart
		parts = append(parts, v.Message)
	}
	return fingerprint(parts...)
}

// fingerprints counts those of all violations, each with its content.
func (e *evaluated) fingerprints(o Overlay) map[string]int {
	counts := map[string]int{}
	for _, v := range e.violations {
		counts[v.fingerprint(o, e.objects)+v.content]++
	}
	return counts
}

// scalar returns the text of a value that is neither a map nor a list.
func scalar(value any) string {
	switch value := value.(type) {
	case map[string]any, []any, nil:
		return ""
	default:
		return fmt.Sprint(value)
	}
}
