package document_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/org/platform/internal/document"
	"github.com/org/platform/internal/finding"
)

// Every file below testdata/broken says with the word HERE on which line a person would point, or in the name of the file: at-3-….
func TestBrokenFilesAreProblemsOnTheirLine(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/broken/*")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var line, docs int
		if _, err := fmt.Sscanf(filepath.Base(file), "at-%d-after-%d-", &line, &docs); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		before, err := document.Parse(file, data)
		var problems finding.Problems
		if !errors.As(err, &problems) || len(problems) != 1 {
			t.Errorf("%s: %v, want one problem", file, err)
			continue
		}
		p := problems[0]
		t.Logf("%s", p)
		if p.Line != line || p.RuleID != "parse" || p.Confidence != finding.Exact || p.Severity != finding.Error || p.File != file || p.Fix == "" {
			t.Errorf("%s:%d: %#v", file, line, p)
		}
		if len(before) != docs {
			t.Errorf("%s: %d documents came before it, want %d", file, len(before), docs)
		}
		for _, word := range []string{"yaml:", "did not find", "map[", "interface", "invalid character"} {
			if strings.Contains(p.Message, word) {
				t.Errorf("%s: %q is no word for a person: %s", file, word, p.Message)
			}
		}
	}
}

func problem(t *testing.T, file string, data []byte) finding.Finding {
	t.Helper()
	_, err := document.Parse(file, data)
	var problems finding.Problems
	if !errors.As(err, &problems) {
		t.Fatalf("got %v, want problems", err)
	}
	return problems[0]
}

func TestEncodingAndSize(t *testing.T) {
	t.Parallel()
	large := append([]byte("a: b\n"), bytes.Repeat([]byte("#\n"), document.MaxSize/2)...)
	if f := problem(t, "a.yaml", large); !strings.Contains(f.Message, "at most 16 MiB") || f.Line != 0 || f.Confidence != finding.File {
		t.Errorf("%#v", f)
	}
	for _, name := range []string{"a.yaml", "a.json"} {
		if f := problem(t, name, []byte("\xff\xfe{\x00}\x00")); !strings.Contains(f.Message, "UTF-16") || f.Line != 1 {
			t.Errorf("%#v", f)
		}
		if f := problem(t, name, []byte("{\"a\":\n  \"\xc3\x28\"}")); !strings.Contains(f.Message, "0xc3 is not valid UTF-8") || f.Line != 2 || f.Column != 4 {
			t.Errorf("%#v", f)
		}
		docs, err := document.Parse(name, []byte("\xef\xbb\xbf{\"a\": 1}"))
		if err != nil || len(docs) != 1 {
			t.Errorf("with a byte order mark: %v, %v", docs, err)
		}
	}
}
