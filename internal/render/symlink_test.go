package render

import (
	"io/fs"
	"path"
	"strings"
	"testing"
	"testing/fstest"
)

// FuzzCleanPath looks for a path or a symlink target that leads kustomize out of the repository.
func FuzzCleanPath(f *testing.F) {
	for _, seed := range [][2]string{
		{"o/link", "../p"}, {"o/link/../../..", ".."}, {"../@repository/o", "/"}, {"/etc/passwd", "/etc"}, {"o//./link/x", "../../.."},
		{"o/link/link/link", "../o"}, {"o\x00", "\\..\\.."}, {"..", "...."}, {"o/file/..", "file"}, {"", ""}, {"\xff", "\xff"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, name, target string) {
		root := fstest.MapFS{
			"o/file": {Data: []byte("inside")}, "p/file": {Data: []byte("inside")},
			"o/link": {Data: []byte(target), Mode: fs.ModeSymlink},
		}
		tr := newTree(t.Context(), Request{Root: root, Dir: "o"}, nil)
		if physical, mode, err := tr.resolve(name); err == nil {
			info, err := fs.Lstat(root, physical)
			if !fs.ValidPath(physical) || err != nil || info.Mode().Type() != mode.Type() || mode.Type() == fs.ModeSymlink {
				t.Errorf("resolve(%q) with target %q = %q, %v: %v", name, target, physical, mode, err)
			}
		}
		for _, p := range []string{name, path.Join(mount, name), mount + "/" + name} {
			dir, file, err := tr.CleanedAbs(p)
			if err != nil {
				continue
			}
			if d := dir.String(); d != mount && !strings.HasPrefix(d, mount+"/") || path.Clean(d) != d || strings.Contains(file, "/") {
				t.Errorf("CleanedAbs(%q) with target %q = %q, %q", p, target, dir, file)
			}
			if data, err := tr.ReadFile(dir.Join(file)); err == nil && string(data) != "inside" {
				t.Errorf("ReadFile(%q) with target %q = %q", p, target, data)
			}
		}
	})
}

func TestTreeIsReadOnly(t *testing.T) {
	t.Parallel()
	tr := newTree(t.Context(), Request{Root: fstest.MapFS{"o/file": {}}, Dir: "o"}, nil)
	_, createErr := tr.Create(mount + "/o/new")
	for _, err := range []error{createErr, tr.Mkdir(mount + "/n"), tr.MkdirAll(mount + "/n"), tr.WriteFile(mount+"/o/file", nil),
		tr.RemoveAll(mount + "/o"), tr.RemoveAll(t.TempDir())} {
		if err == nil {
			t.Error("a write must be an error")
		}
	}
	if !tr.Exists(mount+"/o/file") || tr.Exists(mount+"/o/absent") || !tr.IsDir(mount+"/o") || tr.IsDir(mount+"/o/file") {
		t.Error("the tree does not show its files")
	}
}
