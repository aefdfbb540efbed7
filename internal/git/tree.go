package git

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// Tree is a Git tree as a read-only file system: fs.FS, fs.ReadFileFS, fs.ReadDirFS, fs.StatFS and fs.ReadLinkFS. Symlinks are
// followed where they stay inside the tree. Submodules are empty folders. Safe for use from several goroutines.
type Tree struct {
	repo *Repository
	hash Hash
}

// Tree returns the file system of a tree object.
func (r *Repository) Tree(hash Hash) *Tree { return &Tree{repo: r, hash: hash} }

// Hash returns the tree's object id.
func (t *Tree) Hash() Hash { return t.hash }

// maxLinks is how many symlinks a path may pass, as in Linux.
const maxLinks = 40

// maxTarget is how long the target of a symlink may be, as in Linux.
const maxTarget = 4096

// EntryHash returns the object id at a path, or ZeroHash where nothing is there.
func (t *Tree) EntryHash(name string) (Hash, error) {
	if !fs.ValidPath(name) {
		return ZeroHash, &fs.PathError{Op: "lookup", Path: name, Err: fs.ErrInvalid}
	}
	entry, err := t.lookup(name)
	if errors.Is(err, fs.ErrNotExist) {
		return ZeroHash, nil
	}
	return entry.Hash, err
}

// lookup finds the entry at a clean path without following symlinks.
func (t *Tree) lookup(name string) (object.TreeEntry, error) {
	entry := t.root()
	if name == "." {
		return entry, nil
	}
	for part := range strings.SplitSeq(name, "/") {
		below, err := t.below(entry, part)
		if err != nil {
			return entry, err
		}
		entry = below
	}
	return entry, nil
}

func (t *Tree) root() object.TreeEntry {
	return object.TreeEntry{Name: ".", Mode: filemode.Dir, Hash: t.hash}
}

// below returns an entry of a folder.
func (t *Tree) below(folder object.TreeEntry, name string) (object.TreeEntry, error) {
	if folder.Mode != filemode.Dir {
		return folder, fs.ErrNotExist
	}
	tree, err := t.repo.tree(folder.Hash)
	if err != nil {
		return folder, err
	}
	entry, found := tree.entry(name)
	if !found {
		return folder, fs.ErrNotExist
	}
	return entry, nil
}

// resolve finds the entry at a path, following symlinks in every part of it.
func (t *Tree) resolve(op, name string) (object.TreeEntry, error) {
	fail := func(err error) (object.TreeEntry, error) {
		return object.TreeEntry{}, &fs.PathError{Op: op, Path: name, Err: err}
	}
	if !fs.ValidPath(name) {
		return fail(fs.ErrInvalid)
	}
	done, todo := []object.TreeEntry{t.root()}, strings.Split(name, "/") // done has no symlinks in it
	for links := 0; len(todo) > 0; {
		entry, part := done[len(done)-1], todo[0]
		switch todo = todo[1:]; {
		case part == ".." && len(done) == 1:
			return fail(errors.New("a symlink leaves the repository"))
		case entry.Mode != filemode.Dir:
			return fail(fs.ErrNotExist)
		case part == "..":
			done = done[:len(done)-1]
			continue
		case part == "." || part == "":
			continue
		}
		below, err := t.below(entry, part)
		if err != nil {
			return fail(err)
		}
		if below.Mode != filemode.Symlink {
			done = append(done, below)
			continue
		}
		if links++; links > maxLinks {
			return fail(errors.New("too many symlinks"))
		}
		target, err := t.target(below)
		if err != nil {
			return fail(err)
		}
		todo = append(strings.Split(target, "/"), todo...)
	}
	return done[len(done)-1], nil
}

// target returns where a symlink points, a path relative to its folder.
func (t *Tree) target(link object.TreeEntry) (string, error) {
	content, err := t.repo.blob(link.Hash)
	switch target := string(content); {
	case err != nil:
		return "", err
	case target == "" || len(target) > maxTarget:
		return "", fs.ErrNotExist
	case path.IsAbs(target):
		return "", fmt.Errorf("symlink to %q leaves the repository", target)
	default:
		return target, nil
	}
}

// Open implements fs.FS.
func (t *Tree) Open(name string) (fs.File, error) {
	entry, err := t.resolve("open", name)
	if err != nil {
		return nil, err
	}
	info := t.info(path.Base(name), entry)
	if info.IsDir() {
		entries, err := t.ReadDir(name)
		if err != nil {
			return nil, err
		}
		return &dir{info: info, entries: entries}, nil
	}
	content, err := t.content(name, entry)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return &file{info: info, Reader: strings.NewReader(string(content))}, nil
}

// ReadFile implements fs.ReadFileFS.
func (t *Tree) ReadFile(name string) ([]byte, error) {
	entry, err := t.resolve("read", name)
	if err != nil {
		return nil, err
	}
	if !entry.Mode.IsFile() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("is a directory")}
	}
	content, err := t.content(name, entry)
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: err}
	}
	return content, nil
}

// content returns the content of a file. One that has to be fetched brings the files beside it along: who reads one of a kustomization's
// folder soon reads the others.
func (t *Tree) content(name string, entry object.TreeEntry) ([]byte, error) {
	if len(t.repo.objects.lacking([]Hash{entry.Hash})) > 0 {
		beside, err := t.beside(path.Dir(name))
		if err != nil {
			return nil, err
		}
		if err := t.repo.load(t.repo.ctx, wants{blobs: append(beside, entry.Hash)}); err != nil {
			return nil, err
		}
	}
	return t.repo.blob(entry.Hash)
}

// maxBeside bounds how many files of a folder are fetched unasked.
const maxBeside = 64

func (t *Tree) beside(dir string) ([]Hash, error) {
	folder, err := t.lookup(dir)
	if err != nil || folder.Mode != filemode.Dir {
		return nil, nil // behind a symlink; the file alone will do
	}
	tree, err := t.repo.tree(folder.Hash)
	if err != nil {
		return nil, err
	}
	var files []Hash
	for _, e := range tree.entries {
		if e.Mode.IsFile() {
			files = append(files, e.Hash)
		}
	}
	if len(files) > maxBeside {
		return nil, nil
	}
	return files, nil
}

// ReadDir implements fs.ReadDirFS. Entries whose names are no file names are left out, as is all but the first of a name.
func (t *Tree) ReadDir(name string) ([]fs.DirEntry, error) {
	entry, err := t.resolve("readdir", name)
	if err != nil {
		return nil, err
	}
	switch entry.Mode {
	case filemode.Submodule:
		return nil, nil
	case filemode.Dir:
	default:
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errors.New("not a directory")}
	}
	tree, err := t.repo.tree(entry.Hash)
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	var list []fs.DirEntry
	for _, e := range tree.entries {
		if e.Name == "." || !fs.ValidPath(e.Name) || strings.Contains(e.Name, "/") {
			continue
		}
		list = append(list, dirEntry{t, e})
	}
	slices.SortStableFunc(list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return slices.CompactFunc(list, func(a, b fs.DirEntry) bool { return a.Name() == b.Name() }), nil
}

// Stat implements fs.StatFS.
func (t *Tree) Stat(name string) (fs.FileInfo, error) {
	entry, err := t.resolve("stat", name)
	if err != nil {
		return nil, err
	}
	return t.info(path.Base(name), entry), nil
}

// Lstat implements fs.ReadLinkFS.
func (t *Tree) Lstat(name string) (fs.FileInfo, error) {
	entry, err := t.lstat("lstat", name)
	if err != nil {
		return nil, err
	}
	return t.info(path.Base(name), entry), nil
}

// ReadLink implements fs.ReadLinkFS.
func (t *Tree) ReadLink(name string) (string, error) {
	entry, err := t.lstat("readlink", name)
	if err != nil {
		return "", err
	}
	if entry.Mode != filemode.Symlink {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
	}
	target, err := t.repo.blob(entry.Hash)
	return string(target), err
}

func (t *Tree) lstat(op, name string) (object.TreeEntry, error) {
	if !fs.ValidPath(name) {
		return object.TreeEntry{}, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	entry, err := t.lookup(name)
	if err != nil {
		err = &fs.PathError{Op: op, Path: name, Err: err}
	}
	return entry, err
}
