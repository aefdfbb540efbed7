package document_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/org/platform/internal/document"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/placement/fieldpath"
)

func seeds(f *testing.F, add func(name string, data []byte)) {
	f.Helper()
	for _, pattern := range []string{"testdata/broken/*", "testdata/text/*"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatal(files, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			add(filepath.Base(file), data)
		}
	}
	add("a.yaml", []byte(manifest))
}

// Either a file is read, or it has problems with a place in it. The places of all fields are in the file.
func FuzzParse(f *testing.F) {
	seeds(f, func(name string, data []byte) { f.Add(filepath.Ext(name) == ".json", data) })
	f.Fuzz(func(t *testing.T, asJSON bool, data []byte) {
		name := "a.yaml"
		if asJSON {
			name = "a.json"
		}
		docs, err := document.Parse(name, data)
		var problems finding.Problems
		if err != nil && (!errors.As(err, &problems) || len(problems) == 0) {
			t.Fatalf("%v is no list of problems", err)
		}
		for _, p := range problems {
			check(t, data, document.Position{Line: p.Line, Column: p.Column, Confidence: p.Confidence})
		}
		places := 0
		for _, doc := range docs {
			walk(doc.Value, nil, func(path fieldpath.Path, _ any) {
				if places++; places > 500 {
					return
				}
				p := doc.Locate(path)
				if check(t, data, p); p.Confidence != finding.Exact {
					t.Fatalf("%s is at %+v", path, p)
				}
			})
		}
	})
}

func FuzzLocate(f *testing.F) {
	seeds(f, func(name string, data []byte) {
		for _, path := range []string{"", "a[0].b", "[0][1].Value[0]", "resource.aws_s3_bucket.logs[0].acl", "rule[1].match.path", "database.host"} {
			f.Add(name, data, path)
		}
	})
	f.Fuzz(func(t *testing.T, name string, data []byte, text string) {
		path, err := fieldpath.Parse(text)
		if err != nil {
			return
		}
		docs, _ := document.Parse("a.yaml", data)
		var value any = map[string]any{"a": []any{map[string]any{"b": "c"}}}
		if len(docs) > 0 {
			value = docs[0].Value
		}
		for _, doc := range append(docs, document.FromValue(name, data, value)...) {
			check(t, data, doc.Locate(path))
		}
		for _, doc := range document.FromValue(name, data, value) {
			walk(value, nil, func(path fieldpath.Path, _ any) {
				if len(data) < 1000 {
					check(t, data, doc.Locate(path))
				}
			})
		}
	})
}

// check says whether a place is one in the file: never an invented line.
func check(t *testing.T, data []byte, p document.Position) {
	t.Helper()
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	lines := bytes.SplitAfter(data, []byte("\n"))
	if (p.Confidence == finding.File) != (p.Line == 0) || p.Line < 0 || p.Line > len(lines) {
		t.Fatalf("%+v is no place in %d lines", p, len(lines))
	}
	if p.Line > 0 && (p.Column < 0 || p.Column > len(lines[p.Line-1])+1) {
		t.Fatalf("%+v is no column of %q", p, lines[p.Line-1])
	}
}
