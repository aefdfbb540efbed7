package scaffold_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/scaffold"
)

// tree returns the files below dir with their content, and the folders with a slash at the end.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil || p == "." {
			return err
		}
		if e.IsDir() {
			found[p+"/"] = ""
			return nil
		}
		content, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(p)))
		found[p] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// folder makes a folder that holds files.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestWrite(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"services/other/a": "kept"})
	err := scaffold.Write(dir, scaffold.Files{
		"services/hello/a":        {Content: []byte("A")},
		"services/hello/deep/run": {Content: []byte("#!"), Executable: true},
		"top":                     {},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"services/": "", "services/other/": "", "services/other/a": "kept", "services/hello/": "",
		"services/hello/a": "A", "services/hello/deep/": "", "services/hello/deep/run": "#!", "top": ""}
	if diff := cmp.Diff(want, tree(t, dir)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for file, executable := range map[string]bool{"services/hello/a": false, "services/hello/deep/run": true} {
		info, err := os.Stat(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode()&0o100 != 0; got != executable {
			t.Errorf("%s: executable is %t", file, got)
		}
	}
}

func TestWriteRefusesExisting(t *testing.T) {
	t.Parallel()
	before := map[string]string{"a/x": "mine", "b": "mine too"}
	dir := folder(t, before)
	if err := os.Symlink("nowhere", filepath.Join(dir, "dangling")); err != nil {
		t.Fatal(err)
	}
	err := scaffold.Write(dir, scaffold.Files{"a/x": {}, "a/new": {}, "b": {}, "c/new": {}, "dangling": {}})
	var problems finding.Problems
	if !errors.As(err, &problems) {
		t.Fatalf("got %v, want finding.Problems", err)
	}
	var named []string
	for _, p := range problems {
		named = append(named, p.File)
	}
	if diff := cmp.Diff([]string{"a/x", "b", "dangling"}, named); diff != "" {
		t.Errorf("every existing file must be named, and no other:\n%s", diff)
	}
	if err := os.Remove(filepath.Join(dir, "dangling")); err != nil { // still there, or this fails
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"a/": "", "a/x": "mine", "b": "mine too"}, tree(t, dir)); diff != "" {
		t.Errorf("something was written:\n%s", diff)
	}
}

func TestWriteFailureLeavesNothing(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]scaffold.Files{
		"a parent is a file":               {"0/new": {}, "taken/new": {}},
		"a generated file is a folder too": {"0/deep/new": {}, "1": {}, "1/new": {}, "2": {}},
		"a folder that exists is kept":     {"kept/new/a": {}, "kept/z": {}, "kept/z/a": {}},
		"out of the folder":                {"0/new": {}, "../out": {}},
		"through a link":                   {"0/new": {}, "link/out": {}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			outside := t.TempDir()
			dir := folder(t, map[string]string{"taken": "mine", "kept/a": "mine"})
			if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
				t.Fatal(err)
			}
			if err := scaffold.Write(dir, files); err == nil {
				t.Error("no error")
			}
			if err := os.Remove(filepath.Join(dir, "link")); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[string]string{"taken": "mine", "kept/": "", "kept/a": "mine"}, tree(t, dir)); diff != "" {
				t.Errorf("something is left behind:\n%s", diff)
			}
			if left := tree(t, outside); len(left) > 0 {
				t.Errorf("written outside: %v", left)
			}
		})
	}
	if err := scaffold.Write(filepath.Join(t.TempDir(), "missing"), nil); err == nil {
		t.Error("a missing folder must be an error")
	}
}
