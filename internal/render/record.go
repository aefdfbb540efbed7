package render

import (
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"time"
)

// Kind says what lies at a path.
type Kind uint8

// What a path can be found to be.
const (
	Absent Kind = iota
	Folder
	File
	Symlink
)

// Lookup is a question about a path and its answer.
type Lookup struct {
	Path string // physical: the folders on the way to it were looked up too, and none of them is a symlink
	Kind Kind
	Read bool // so was the content: of a file its bytes, of a symlink its target, of a folder the names and types in it
}

// Recorder is a file system that passes questions on to another one and remembers them. Whatever reads through a Recorder, and nothing else,
// comes to the same result wherever all Lookups have the same answers. That holds since it tells nothing but what Lookups say: sizes, times
// and permissions are left out. Not for concurrent use.
type Recorder struct {
	resolver
	err error
}

// Record returns a Recorder of what is asked of root.
func Record(root fs.FS) *Recorder { return &Recorder{resolver: newResolver(root)} }

// Lookups returns what was asked, by path, each once.
func (r *Recorder) Lookups() []Lookup {
	lookups := make([]Lookup, 0, len(r.modes)+1)
	add := func(name string, mode fs.FileMode) {
		_, read := r.reads[name]
		kind := File
		switch mode.Type() {
		case fs.ModeDir:
			kind = Folder
		case fs.ModeSymlink:
			kind = Symlink
		}
		lookups = append(lookups, Lookup{name, kind, read})
	}
	if _, listed := r.reads["."]; listed {
		add(".", fs.ModeDir)
	}
	for _, name := range slices.Sorted(maps.Keys(r.modes)) {
		switch s := r.modes[name]; {
		case s.err == nil:
			add(name, s.mode)
		case errors.Is(s.err, fs.ErrNotExist):
			lookups = append(lookups, Lookup{Path: name})
		}
	}
	return lookups
}

// Err returns the first question that had no answer, other than that nothing is there. Then Lookups are not all that a result rests on.
func (r *Recorder) Err() error { return r.err }

func (r *Recorder) note(err error) error {
	if r.err == nil && err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.err = err
	}
	return err
}

// ask looks up a path, following symlinks, and says that its content is looked at.
func (r *Recorder) ask(name string, read bool) {
	physical, _, err := r.resolve(name)
	if r.note(err) == nil && read {
		r.reads[physical] = struct{}{}
	}
}

// askEntry looks up a path without following it where it is a symlink itself.
func (r *Recorder) askEntry(name string, read bool) {
	if name == "." {
		return
	}
	dir, mode, err := r.resolve(path.Dir(name))
	if r.note(err) != nil || !mode.IsDir() {
		return
	}
	physical := path.Join(dir, path.Base(name))
	if s := r.lstat(physical); r.note(s.err) == nil && read {
		r.reads[physical] = struct{}{}
	}
}

// Open implements fs.FS.
func (r *Recorder) Open(name string) (fs.File, error) {
	r.ask(name, true)
	file, err := r.root.Open(name)
	return file, r.note(err)
}

// ReadFile implements fs.ReadFileFS.
func (r *Recorder) ReadFile(name string) ([]byte, error) {
	r.ask(name, true)
	data, err := fs.ReadFile(r.root, name)
	return data, r.note(err)
}

// ReadDir implements fs.ReadDirFS.
func (r *Recorder) ReadDir(name string) ([]fs.DirEntry, error) {
	r.ask(name, true)
	entries, err := fs.ReadDir(r.root, name)
	list := make([]fs.DirEntry, len(entries))
	for i, e := range entries {
		list[i] = fs.FileInfoToDirEntry(entryInfo{e.Name(), e.Type()})
	}
	return list, r.note(err)
}

// Stat implements fs.StatFS.
func (r *Recorder) Stat(name string) (fs.FileInfo, error) {
	r.ask(name, false)
	return r.info(fs.Stat(r.root, name))
}

// Lstat implements fs.ReadLinkFS.
func (r *Recorder) Lstat(name string) (fs.FileInfo, error) {
	r.askEntry(name, false)
	return r.info(fs.Lstat(r.root, name))
}

// ReadLink implements fs.ReadLinkFS.
func (r *Recorder) ReadLink(name string) (string, error) {
	r.askEntry(name, true)
	target, err := fs.ReadLink(r.root, name)
	return target, r.note(err)
}

func (r *Recorder) info(info fs.FileInfo, err error) (fs.FileInfo, error) {
	if err != nil {
		return nil, r.note(err)
	}
	return entryInfo{info.Name(), info.Mode().Type()}, nil
}

// entryInfo is of a file or folder what Lookups say of it.
type entryInfo struct {
	name string
	mode fs.FileMode
}

func (i entryInfo) Name() string       { return i.name }
func (i entryInfo) Size() int64        { return 0 }
func (i entryInfo) Mode() fs.FileMode  { return i.mode }
func (i entryInfo) ModTime() time.Time { return time.Time{} }
func (i entryInfo) IsDir() bool        { return i.mode.IsDir() }
func (i entryInfo) Sys() any           { return nil }
