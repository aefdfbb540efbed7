package testkit

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Tool builds the main package pkg from the module internal/tools/<name> and returns the program's path, <repository>/bin/tools/<name>.
// The versions of that module are pinned apart from the product's. A program already up to date is not linked again.
func Tool(t testing.TB, name, pkg string) string {
	t.Helper()
	root := repository(t)
	program := filepath.Join(root, "bin", "tools", name)
	if err := os.MkdirAll(filepath.Dir(program), 0o755); err != nil {
		t.Fatalf("build %s: %v", name, err)
	}
	unlock := lock(t, program+".lock")
	defer unlock()
	build := exec.Command("go", "build", "-C", filepath.Join(root, "internal", "tools", name), "-o", program, pkg)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build %s from internal/tools/%s: %v\n%s", pkg, name, err, out)
	}
	return program
}

// repository returns the folder of the product's go.mod, which has the tool modules below it.
func repository(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		_, err := os.Stat(filepath.Join(dir, "internal", "tools"))
		if _, modErr := os.Stat(filepath.Join(dir, "go.mod")); err == nil && modErr == nil {
			return dir
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	t.Fatal("no go.mod with internal/tools beside it above the test's folder")
	return ""
}
