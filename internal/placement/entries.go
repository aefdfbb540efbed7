package placement

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// entry is what can be taken out of a kustomization on its own.
type entry struct {
	layer  *layer
	field  string     // of the kustomization
	name   string     // for the trace, such as patches[1] of overlay/kustomization.yaml
	node   *yaml.Node // identifies it: the item of a list, the key of a map's field
	source *source    // that has node
	drop   edit
	opaque bool // the layers do not tell which fields it sets
}

// entries returns the entries of all kustomizations below an overlay, what kustomize applies last first.
func (f *files) entries(dir string) []*entry {
	var all []*entry
	for _, l := range f.walk(dir, "") {
		e := lister{files: f, layer: l}
		e.list("vars", true)
		e.list("transformers", true)
		e.replacements()
		e.list("images", false)
		e.list("replicas", false)
		e.list("patchesJson6902", false)
		e.fields(l.root, "commonAnnotations")
		for _, item := range slices.Backward(items(l.root, "labels")) {
			e.fields(item, "pairs")
		}
		e.fields(l.root, "commonLabels")
		for _, name := range []string{"nameSuffix", "namePrefix", "namespace"} {
			if key, _ := field(l.root, name); key != nil {
				e.add(name, name, l.source, resolve(l.root), key, false)
			}
		}
		e.list("patches", false)
		e.list("patchesStrategicMerge", false)
		e.list("configurations", true)
		options := value(l.root, "generatorOptions")
		e.fields(options, "labels")
		e.fields(options, "annotations")
		e.list("configMapGenerator", false)
		e.list("secretGenerator", false)
		all = append(all, e.all...)
	}
	return all
}

type lister struct {
	files *files
	layer *layer
	all   []*entry
}

func (e *lister) add(field, name string, src *source, parent, child *yaml.Node, opaque bool) {
	e.all = append(e.all, &entry{layer: e.layer, field: field, name: name + " of " + src.file, node: child, source: src,
		drop: edit{source: src, parent: parent, child: child}, opaque: opaque})
}

// list adds the items of a list, the last first.
func (e *lister) list(name string, opaque bool) {
	list := resolve(value(e.layer.root, name))
	for i, item := range slices.Backward(items(e.layer.root, name)) {
		e.add(name, fmt.Sprintf("%s[%d]", name, i), e.layer.source, list, item, opaque)
	}
}

// fields adds the fields of a map. Those that a merge key brings in belong to their anchor and are not added.
func (e *lister) fields(node *yaml.Node, name string) {
	fields := resolve(value(node, name))
	if fields == nil || fields.Kind != yaml.MappingNode {
		return
	}
	for i := len(fields.Content) - 2; i >= 0; i -= 2 {
		key := fields.Content[i]
		e.add(name, name+"."+key.Value, e.layer.source, fields, key, false)
	}
}

// replacements adds the replacements, also those of the files that the kustomization names.
func (e *lister) replacements() {
	const field = "replacements"
	list := resolve(value(e.layer.root, field))
	for i, item := range slices.Backward(items(e.layer.root, field)) {
		name := fmt.Sprintf("%s[%d]", field, i)
		file, ok := join(e.layer.dir, text(item, "path"))
		if !ok {
			e.add(field, name, e.layer.source, list, item, true)
			continue
		}
		src := e.files.read(file)
		for _, doc := range slices.Backward(src.docs) {
			if doc.Kind != yaml.SequenceNode { // without its only document the file would not render
				e.add(field, name, src, nil, doc, true)
				e.all[len(e.all)-1].drop = edit{source: e.layer.source, parent: list, child: item}
				continue
			}
			for j, inner := range slices.Backward(doc.Content) {
				e.add(field, fmt.Sprintf("%s[%d]", field, j), src, doc, inner, true)
			}
		}
	}
}

// units returns the parts of an entry's own files which can be taken out one by one: its documents, the operations of a
// JSON 6902 patch, and the fields of a strategic merge patch or a transformer.
func (f *files) units(e *entry) []edit {
	var src *source
	switch e.field {
	case "patches", "patchesJson6902":
		src = f.patch(e.layer, e.node)
	case "patchesStrategicMerge", "transformers":
		src = f.named(e.layer, resolve(e.node))
	}
	if src == nil {
		return nil
	}
	var all []edit
	for _, doc := range slices.Backward(src.docs) {
		if patch := resolve(value(doc, "patch")); e.field == "transformers" && strings.Contains(text(doc, "patch"), "\n") {
			inner := f.inline(src, patch)
			for _, doc := range slices.Backward(inner.docs) {
				all = parts(all, inner, doc)
			}
			continue
		}
		all = parts(all, src, doc)
	}
	return all
}

func parts(all []edit, src *source, doc *yaml.Node) []edit {
	if doc.Kind != yaml.SequenceNode {
		return leaves(all, src, doc, 0)
	}
	for _, op := range slices.Backward(doc.Content) {
		all = append(all, edit{source: src, parent: doc, child: op})
	}
	return all
}

// maxUnits bounds how many parts of an entry are told apart.
const maxUnits = 40

// leaves adds the scalar fields and items of a document, without those that say what it is about.
func leaves(all []edit, src *source, node *yaml.Node, depth int) []edit {
	if depth > maxDepth || len(all) > maxUnits {
		return all
	}
	width := 1
	if node.Kind == yaml.MappingNode {
		width = 2
	}
	for i := 0; i+width <= len(node.Content); i += width {
		child, v := node.Content[i], node.Content[i+width-1]
		switch {
		case depth <= 1 && slices.Contains([]string{"apiVersion", "kind", "name"}, child.Value) && width == 2:
		case v.Kind == yaml.MappingNode, v.Kind == yaml.SequenceNode:
			all = leaves(all, src, v, depth+1)
		case child.Value != "name":
			all = append(all, edit{source: src, parent: node, child: child})
		}
	}
	return all
}
