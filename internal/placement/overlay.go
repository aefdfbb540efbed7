package placement

import (
	"bytes"
	"io/fs"
	"path"
	"time"
)

// overlaid is a tree in which some files have other contents.
type overlaid struct {
	fs.FS
	files map[string][]byte
}

func (o overlaid) Open(name string) (fs.File, error) {
	if data, ok := o.files[name]; ok {
		return &changed{Reader: bytes.NewReader(data), info: changedInfo{path.Base(name), int64(len(data))}}, nil
	}
	return o.FS.Open(name)
}

// ReadFile implements [fs.ReadFileFS].
func (o overlaid) ReadFile(name string) ([]byte, error) {
	if data, ok := o.files[name]; ok {
		return bytes.Clone(data), nil
	}
	return fs.ReadFile(o.FS, name)
}

// Stat implements [fs.StatFS].
func (o overlaid) Stat(name string) (fs.FileInfo, error) {
	if data, ok := o.files[name]; ok {
		return changedInfo{path.Base(name), int64(len(data))}, nil
	}
	return fs.Stat(o.FS, name)
}

// ReadDir implements [fs.ReadDirFS].
func (o overlaid) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(o.FS, name) }

// Lstat implements [fs.ReadLinkFS].
func (o overlaid) Lstat(name string) (fs.FileInfo, error) {
	if data, ok := o.files[name]; ok {
		return changedInfo{path.Base(name), int64(len(data))}, nil
	}
	return fs.Lstat(o.FS, name)
}

// ReadLink implements [fs.ReadLinkFS].
func (o overlaid) ReadLink(name string) (string, error) {
	if _, ok := o.files[name]; ok {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
	}
	return fs.ReadLink(o.FS, name)
}

type changed struct {
	*bytes.Reader
	info changedInfo
}

func (c *changed) Stat() (fs.FileInfo, error) { return c.info, nil }
func (c *changed) Close() error               { return nil }

type changedInfo struct {
	name string
	size int64
}

func (i changedInfo) Name() string       { return i.name }
func (i changedInfo) Size() int64        { return i.size }
func (i changedInfo) Mode() fs.FileMode  { return 0o644 }
func (i changedInfo) ModTime() time.Time { return time.Time{} }
func (i changedInfo) IsDir() bool        { return false }
func (i changedInfo) Sys() any           { return nil }
