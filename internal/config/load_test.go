package config_test

import (
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/finding"
)

var update = flag.Bool("update", false, "write the golden files")

// repository is a monorepo with the given platform.yaml.
func repository(platform []byte) fstest.MapFS {
	return fstest.MapFS{
		config.FileName:                       {Data: platform},
		"services/hello/catalog-info.yaml":    {},
		"libraries/billing/catalog-info.yaml": {},
		"libraries/nothing/README.md":         {},
		"policy/ours/rule.rego":               {},
		"docs/README.md":                      {},
		".github/workflows/ci.yml":            {},
	}
}

// Every folder of testdata is a case: its platform.yaml is loaded, and want.txt is what a person sees.
func TestLoad(t *testing.T) {
	t.Parallel()
	cases, err := filepath.Glob("testdata/*/platform.yaml")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range cases {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := show(t, data)
			golden := filepath.Join(filepath.Dir(file), "want.txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// show returns the platform as JSON, or its problems, which must all have a place and a way out.
func show(t *testing.T, data []byte) string {
	t.Helper()
	p, err := config.Load(repository(data), config.Options{})
	if err == nil {
		text, err := json.MarshalIndent(p, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		return string(text) + "\n"
	}
	var problems finding.Problems
	if p != nil || !errors.As(err, &problems) {
		t.Fatalf("got %v, %v; want Problems", p, err)
	}
	for _, f := range problems {
		if f.Severity != finding.Error || f.File != config.FileName || f.Confidence == "" || (f.Line == 0) != (f.Confidence == finding.File) {
			t.Errorf("got %+v", f)
		}
	}
	return problems.Error() + "\n"
}

func TestNoPlatformFile(t *testing.T) {
	t.Parallel()
	_, err := config.Load(fstest.MapFS{}, config.Options{})
	if !errors.Is(err, config.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	_, err = config.Load(fstest.MapFS{config.FileName: {Mode: fs.ModeDir}}, config.Options{})
	if err == nil || errors.Is(err, config.ErrNotFound) {
		t.Errorf("a folder of that name: got %v", err)
	}
}

func TestNoComponentsYet(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/globs-match-nothing/platform.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := config.Load(repository(data), config.Options{NoComponentsYet: true}); err != nil {
		t.Errorf("got %v", err)
	}
}
