package architecture

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

const (
	root   = "../.."
	module = "github.com/org/platform/"
)

// pkg is what `go list` tells of a package.
type pkg struct {
	ImportPath   string
	Name         string
	Dir          string
	GoFiles      []string
	TestGoFiles  []string
	XTestGoFiles []string
	Imports      []string
	Deps         []string // of the package itself, all the way down
	Error        *struct{ Err string }
}

// short is the path within the module: internal/git.
func (p pkg) short() string { return strings.TrimPrefix(p.ImportPath, module) }

var list = sync.OnceValues(func() ([]pkg, error) {
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Name,Dir,GoFiles,TestGoFiles,XTestGoFiles,Imports,Deps,Error", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return nil, errors.New(string(exit.Stderr))
		}
		return nil, err
	}
	var all []pkg
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
})

// packages returns every package of the product.
func packages(t *testing.T) []pkg {
	t.Helper()
	all, err := list()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for _, p := range all {
		if p.Error != nil {
			t.Fatalf("%s: %s", p.ImportPath, p.Error.Err)
		}
	}
	return all
}

// below returns the packages in a folder of the module.
func below(t *testing.T, folder string) []pkg {
	t.Helper()
	var found []pkg
	for _, p := range packages(t) {
		if strings.HasPrefix(p.short(), folder+"/") {
			found = append(found, p)
		}
	}
	if len(found) == 0 {
		t.Fatalf("no package in %s", folder)
	}
	return found
}

// within says whether an import path is the given package or lies below it.
func within(path, parent string) bool { return path == parent || strings.HasPrefix(path, parent+"/") }
