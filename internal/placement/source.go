package placement

import (
	"bytes"
	"io/fs"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/org/platform/internal/finding"
)

// maxFile bounds what is parsed, in bytes: no authored file is larger, and YAML takes many times its size in memory.
const maxFile = 4 << 20

// files reads and parses the repository's files once each.
type files struct {
	root   fs.FS
	parsed map[string]*source
	texts  map[*yaml.Node]*source // by the field that holds the text
	walks  map[string][]*layer    // by folder and origin
}

func newFiles(root fs.FS) *files {
	return &files{root: root, parsed: map[string]*source{}, texts: map[*yaml.Node]*source{}, walks: map[string][]*layer{}}
}

// source is parsed text in a file, either the whole file or a text inside one of its fields.
type source struct {
	file  string
	lines []string     // of the file
	docs  []*yaml.Node // the roots
	host  *source      // where outer is
	outer *yaml.Node   // the field that holds the text; nil for a whole file
	text  []string     // the lines of that field
}

// read returns a file's documents; none where it is missing, too large or broken.
func (f *files) read(file string) *source {
	if known, ok := f.parsed[file]; ok {
		return known
	}
	s := &source{file: file}
	f.parsed[file] = s
	if !fs.ValidPath(file) {
		return s
	}
	info, err := fs.Stat(f.root, file)
	if err != nil || info.IsDir() || info.Size() > maxFile {
		return s
	}
	data, err := fs.ReadFile(f.root, file)
	if err != nil {
		return s
	}
	s.docs, s.lines = parse(data), strings.Split(string(data), "\n")
	return s
}

// inline returns the documents in a text field of a file.
func (f *files) inline(host *source, field *yaml.Node) *source {
	if known, ok := f.texts[field]; ok {
		return known
	}
	docs := parse([]byte(field.Value))
	s := &source{file: host.file, lines: host.lines, docs: docs, host: host, outer: field, text: strings.Split(field.Value, "\n")}
	f.texts[field] = s
	return s
}

// place returns where a node is in the file. A node inside a text field has its own line only where the text is written
// line by line, which is checked against the file; otherwise the place is the field's.
func (s *source) place(n *yaml.Node) Place {
	if s.outer == nil {
		return Place{File: s.file, Line: n.Line, Column: n.Column, Confidence: finding.Exact}
	}
	line := s.outer.Line + n.Line
	if s.outer.Style&yaml.LiteralStyle != 0 && n.Line >= 1 && n.Line <= len(s.text) && line <= len(s.lines) {
		written, text := strings.TrimRight(s.lines[line-1], "\r"), strings.TrimRight(s.text[n.Line-1], "\r")
		if indent, ok := strings.CutSuffix(written, text); ok {
			return Place{File: s.file, Line: line, Column: len(indent) + n.Column, Confidence: finding.Exact}
		}
	}
	p := Place{File: s.file, Line: s.outer.Line, Column: s.outer.Column, Confidence: finding.Exact}
	if len(s.text) > 1 {
		p.Confidence = finding.Parent
	}
	return p
}

// parse returns the roots of the documents up to the first that does not parse.
func parse(data []byte) []*yaml.Node {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var docs []*yaml.Node
	for {
		var doc yaml.Node
		if decoder.Decode(&doc) != nil {
			return docs
		}
		if len(doc.Content) == 1 {
			docs = append(docs, doc.Content[0])
		}
	}
}

// join resolves a path that a kustomization in dir names; false where it leaves the root or is no local path.
func join(dir, name string) (string, bool) {
	if name == "" || path.IsAbs(name) || strings.Contains(name, "://") {
		return "", false
	}
	joined := path.Join(dir, name)
	return joined, fs.ValidPath(joined)
}
