package git

import (
	"errors"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// dirEntry looks up a file's size only when it is asked for.
type dirEntry struct {
	tree  *Tree
	entry object.TreeEntry
}

func (e dirEntry) Name() string               { return e.entry.Name }
func (e dirEntry) IsDir() bool                { return e.Type().IsDir() }
func (e dirEntry) Type() fs.FileMode          { return mode(e.entry.Mode).Type() }
func (e dirEntry) Info() (fs.FileInfo, error) { return e.tree.info(e.entry.Name, e.entry), nil }
func (e dirEntry) String() string             { return fs.FormatDirEntry(e) }

// info tells of an entry what the tree says. The size of a file is looked up when it is asked for: most who ask about a file want to know
// whether it is there, and the content would have to be fetched.
func (t *Tree) info(name string, e object.TreeEntry) fs.FileInfo {
	return fileInfo{name: name, mode: mode(e.Mode), size: func() int64 {
		if content, err := t.repo.blob(e.Hash); err == nil {
			return int64(len(content))
		}
		return 0 // fs.FileInfo has no error; who then reads the file gets it
	}}
}

func mode(m filemode.FileMode) fs.FileMode {
	switch m {
	case filemode.Dir, filemode.Submodule:
		return fs.ModeDir | 0o755
	case filemode.Symlink:
		return fs.ModeSymlink | 0o777
	case filemode.Executable:
		return 0o755
	default:
		return 0o644
	}
}

type fileInfo struct {
	name string
	mode fs.FileMode
	size func() int64
}

func (i fileInfo) Name() string { return i.name }

func (i fileInfo) Mode() fs.FileMode  { return i.mode }
func (i fileInfo) ModTime() time.Time { return time.Time{} }
func (i fileInfo) IsDir() bool        { return i.mode.IsDir() }
func (i fileInfo) Sys() any           { return nil }

func (i fileInfo) Size() int64 {
	if i.IsDir() {
		return 0
	}
	return i.size()
}

type file struct {
	info fs.FileInfo
	*strings.Reader
}

func (f *file) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *file) Close() error               { return nil }

type dir struct {
	info    fs.FileInfo
	entries []fs.DirEntry
}

func (d *dir) Stat() (fs.FileInfo, error) { return d.info, nil }
func (d *dir) Close() error               { return nil }
func (d *dir) Read([]byte) (int, error)   { return 0, errors.New("is a directory") }

// ReadDir implements fs.ReadDirFile.
func (d *dir) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 {
		list := d.entries
		d.entries = nil
		return list, nil
	}
	if len(d.entries) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(d.entries))
	list := d.entries[:n]
	d.entries = d.entries[n:]
	return list, nil
}
