package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/org/platform/internal/finding"
)

// RuleID is the rule of every problem this package reports.
const RuleID = "yaml"

// Document is one parsed YAML document with the places of its fields.
type Document struct {
	File string // as shown in problems
	Root *yaml.Node
}

// Documents parses every document of a file. Empty documents are left out. The error is a finding.Problems.
func Documents(file string, data []byte) ([]*Document, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var docs []*Document
	for {
		var root yaml.Node
		err := decoder.Decode(&root)
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return nil, syntaxProblem(file, err)
		}
		if len(root.Content) == 1 && root.Content[0].Tag != "!!null" {
			docs = append(docs, &Document{File: file, Root: root.Content[0]})
		}
	}
}

// Single parses a file that must hold exactly one document.
func Single(file string, data []byte) (*Document, error) {
	docs, err := Documents(file, data)
	if err != nil {
		return nil, err
	}
	if len(docs) == 0 {
		return nil, finding.Problems{{RuleID: RuleID, Severity: finding.Error, File: file, Confidence: finding.File, Message: "the file is empty"}}
	}
	if len(docs) > 1 {
		message := fmt.Sprintf("the file holds %d YAML documents, of which only one is allowed", len(docs))
		return nil, finding.Problems{docs[1].at(docs[1].Root, message, "remove the line --- and what follows")}
	}
	return docs[0], nil
}

// Lookup returns the node at a path of map keys (string) and sequence indexes (int), and how many steps of the path exist.
func (d *Document) Lookup(path ...any) (*yaml.Node, int) {
	node := d.Root
	for i, step := range path {
		next := child(node, step)
		if next == nil {
			return node, i
		}
		node = next
	}
	return node, len(path)
}

// Problem returns a finding at the given path, or at its deepest ancestor that exists.
func (d *Document) Problem(message, fix string, path ...any) finding.Finding {
	node, steps := d.Lookup(path...)
	f := d.at(node, message, fix)
	if steps < len(path) {
		f.Confidence = finding.Parent
	}
	return f
}

func (d *Document) at(node *yaml.Node, message, fix string) finding.Finding {
	return finding.Finding{RuleID: RuleID, Severity: finding.Error, File: d.File, Line: node.Line, Column: node.Column,
		Message: shorten(message), Fix: shorten(fix), Confidence: finding.Exact}
}

// shorten keeps a value of a megabyte out of messages, which quote what they found.
func shorten(s string) string {
	const most = 500 // bytes
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most/2]+" … "+s[len(s)-most/2:], "")
}

func child(node *yaml.Node, step any) *yaml.Node {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	switch step := step.(type) {
	case string:
		if node.Kind != yaml.MappingNode {
			return nil
		}
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				return node.Content[i+1]
			}
		}
	case int:
		if node.Kind == yaml.SequenceNode && step >= 0 && step < len(node.Content) {
			return node.Content[step]
		}
	}
	return nil
}
