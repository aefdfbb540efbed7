package document

import (
	"bytes"
	"errors"
	"io"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/placement/fieldpath"
)

// MaxSize is the most bytes a file may have. Manifests of a whole environment are smaller by far.
const MaxSize = 16 << 20

// Document is one document of a file.
type Document struct {
	File  string
	Index int // among those of the file that are not empty, from 0
	Line  int // of its first key or item, 1-based; 0 for a document of another format that has no text
	Value any // as decoded JSON: map[string]any, []any, string, json.Number, bool, nil. Not to be changed.

	source  *source
	root    *yaml.Node // nil for other formats
	outline *outline   // nil for YAML and JSON
}

// Position is a place in the file of a document.
type Position struct {
	Line       int                // 1-based; 0 with confidence finding.File
	Column     int                // 1-based, in bytes; 0 where unknown
	Confidence finding.Confidence // finding.Exact: the field itself; finding.Parent: the best place near it
}

// Parse decodes every document of a file: those of a .json, .jsonl or .ndjson file as JSON, all others as YAML. Documents that are
// empty or null are left out, as kubectl does. The error is a finding.Problems. With it come the documents that are sound.
//
// Values are what kubectl sees (YAML 1.1: an unquoted yes is true), with three exceptions. A key that is a word such as on, yes or n stays as
// written: GitHub reads workflows as YAML 1.2, and no Kubernetes field has such a name. Values of files for GitHub (below .github, and
// action.yml) are read as GitHub does, where only true and false are boolean. Whole numbers of any size stay exact.
func Parse(file string, data []byte) ([]*Document, error) {
	src := newSource(file, data)
	if problems := src.unusable(data); problems != nil {
		return nil, problems
	}
	var roots []*yaml.Node
	var problems finding.Problems
	if src.json {
		roots, problems = jsonRoots(src)
	} else {
		roots, problems = yamlRoots(src)
	}
	c := newConverter(src, forGitHub(file))
	var docs []*Document
	for i, root := range roots {
		if value, sound := c.document(root); sound {
			start := src.place(first(root))
			docs = append(docs, &Document{File: file, Index: i, Line: start.Line, Value: value, source: src, root: root})
		}
	}
	return docs, append(c.problems, problems...).ErrorOrNil()
}

// FromValue returns the document of a file in another format, which somebody else decoded to value. Locate finds its lines by searching the text.
func FromValue(file string, data []byte, value any) []*Document {
	src := newSource(file, data)
	d := &Document{File: file, Value: value, source: src, outline: newOutline(src)}
	if len(bytes.TrimSpace(src.data)) > 0 {
		d.Line = 1
	}
	return []*Document{d}
}

// Locate returns where the field at a path is: the key of a map's field, the first character of a list's item. Fields that come
// from an alias or a merge key are where they are authored. A field that is missing is at its deepest ancestor that exists, and the
// empty path at the document's first key, both with confidence finding.Parent. A line is never invented.
func (d *Document) Locate(path fieldpath.Path) Position {
	if d.outline != nil {
		return d.outline.locate(d.Value, path)
	}
	if d.root == nil {
		return Position{Confidence: finding.File}
	}
	node, at := d.root, first(d.root)
	for _, step := range path {
		next, place := child(node, step, 0)
		if next == nil {
			return d.source.at(at, finding.Parent)
		}
		node, at = next, place
	}
	if len(path) == 0 {
		return d.source.at(at, finding.Parent)
	}
	return d.source.at(at, finding.Exact)
}

// yamlRoots decodes the documents up to the first that cannot be read. Null documents are left out.
func yamlRoots(src *source) ([]*yaml.Node, finding.Problems) {
	decoder := yaml.NewDecoder(bytes.NewReader(src.data))
	var roots []*yaml.Node
	for {
		var node yaml.Node
		err := decoder.Decode(&node)
		switch {
		case errors.Is(err, io.EOF):
			return roots, nil
		case err != nil:
			return roots, yamlProblem(src, err)
		case len(node.Content) == 1 && !isNull(node.Content[0]):
			roots = append(roots, node.Content[0])
		}
	}
}

func isNull(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && node.Tag == "!!null"
}

// first returns the node at which a document begins for a reader: that of its first key or item.
func first(root *yaml.Node) *yaml.Node {
	if len(root.Content) > 0 {
		return root.Content[0]
	}
	return root
}

func isJSON(file string) bool {
	switch strings.ToLower(path.Ext(file)) {
	case ".json", ".jsonl", ".ndjson":
		return true
	}
	return false
}

func forGitHub(file string) bool {
	slashed := "/" + file
	return strings.Contains(slashed, "/.github/") || strings.HasSuffix(slashed, "/action.yml") || strings.HasSuffix(slashed, "/action.yaml")
}
