package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/format/gitignore"
	"github.com/go-git/go-git/v5/plumbing/format/index"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

// WorkingTree returns the tree that a commit of everything in the working folder would have: what is staged or not, and what is new, less what
// .gitignore leaves out. Its objects stay in memory; neither the index nor the clone is written. Files whose size and time are
// those in the index are taken to be what the index says, as git does.
func (r *Repository) WorkingTree(ctx context.Context) (Hash, error) {
	root := r.Root()
	if root == "" {
		return ZeroHash, errors.New("read the working tree: there is none")
	}
	s := &snapshot{repo: r, root: root, tracked: map[string]*index.Entry{}, below: map[string]bool{}, sparse: map[string]map[string]*index.Entry{}}
	if err := s.readIndex(); err != nil {
		return ZeroHash, fmt.Errorf("read the working tree: %w", err)
	}
	patterns, err := ignorePatterns(filepath.Join(root, ".git", "info", "exclude"), nil)
	if err != nil {
		return ZeroHash, fmt.Errorf("read the working tree: %w", err)
	}
	hash, err := s.folder(ctx, "", patterns)
	if err == nil && hash == ZeroHash {
		hash, err = r.writeTree(nil)
	}
	if err != nil {
		return ZeroHash, fmt.Errorf("read the working tree: %w", err)
	}
	return hash, nil
}

// snapshot makes a tree of a working folder.
type snapshot struct {
	repo    *Repository
	root    string
	written time.Time // of the index
	tracked map[string]*index.Entry
	below   map[string]bool                    // the folders that hold tracked files
	sparse  map[string]map[string]*index.Entry // by folder what a sparse checkout may leave out of it; nil for a folder
}

func (s *snapshot) readIndex() error {
	idx, err := s.repo.local.Storer.Index()
	if err != nil {
		return fmt.Errorf("read the index: %w", err)
	}
	if storage, ok := s.repo.local.Storer.(*filesystem.Storage); ok {
		if info, err := storage.Filesystem().Stat("index"); err == nil { // idx.ModTime is not set
			s.written = info.ModTime()
		}
	}
	for _, e := range idx.Entries {
		if e.Stage != 0 {
			continue // of a conflict; the file on disk counts
		}
		s.tracked[e.Name] = e
		for dir := path.Dir(e.Name); dir != "." && !s.below[dir]; dir = path.Dir(dir) {
			s.below[dir] = true
		}
		if e.SkipWorktree {
			s.leave(e)
		}
	}
	return nil
}

// leave notes that a file may not be on disk, nor the folders it is in.
func (s *snapshot) leave(e *index.Entry) {
	for name, entry := e.Name, e; name != ""; name, entry = strings.TrimSuffix(path.Dir(name), "."), nil {
		dir := strings.TrimSuffix(path.Dir(name), ".")
		if s.sparse[dir] == nil {
			s.sparse[dir] = map[string]*index.Entry{}
		}
		s.sparse[dir][path.Base(name)] = entry
	}
}

// folder writes the tree of a folder; ZeroHash where it holds nothing.
func (s *snapshot) folder(ctx context.Context, dir string, patterns []gitignore.Pattern) (Hash, error) {
	if err := ctx.Err(); err != nil {
		return ZeroHash, err
	}
	own, err := ignorePatterns(filepath.Join(s.root, filepath.FromSlash(dir), ".gitignore"), parts(dir))
	if err != nil {
		return ZeroHash, err
	}
	patterns = slices.Concat(patterns, own)
	ignored := gitignore.NewMatcher(patterns)
	list, err := os.ReadDir(filepath.Join(s.root, filepath.FromSlash(dir)))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return ZeroHash, err
	}
	var entries []object.TreeEntry
	for _, item := range list {
		name := path.Join(dir, item.Name())
		if !editable(name) {
			continue
		}
		tracked := s.tracked[name]
		if tracked == nil && !s.below[name] && ignored.Match(strings.Split(name, "/"), item.IsDir()) {
			continue
		}
		entry := object.TreeEntry{Name: item.Name()}
		if tracked != nil && tracked.Mode == filemode.Submodule {
			entry.Mode, entry.Hash = tracked.Mode, tracked.Hash
		} else if item.IsDir() {
			entry.Mode = filemode.Dir
			entry.Hash, err = s.subfolder(ctx, name, patterns)
		} else {
			entry.Mode, entry.Hash, err = s.file(name, item, tracked)
		}
		if err != nil {
			return ZeroHash, err
		}
		if entry.Hash != ZeroHash {
			entries = append(entries, entry)
		}
	}
	if entries, err = s.left(ctx, dir, entries); err != nil || len(entries) == 0 {
		return ZeroHash, err
	}
	return s.repo.writeTree(entries)
}

func (s *snapshot) subfolder(ctx context.Context, name string, patterns []gitignore.Pattern) (Hash, error) {
	if _, err := os.Lstat(filepath.Join(s.root, filepath.FromSlash(name), ".git")); err == nil && !s.below[name] {
		return ZeroHash, nil // a repository of its own
	}
	return s.folder(ctx, name, patterns)
}

// left adds what a sparse checkout leaves out of a folder.
func (s *snapshot) left(ctx context.Context, dir string, entries []object.TreeEntry) ([]object.TreeEntry, error) {
	for name, e := range s.sparse[dir] {
		if slices.ContainsFunc(entries, func(have object.TreeEntry) bool { return have.Name == name }) {
			continue
		}
		entry := object.TreeEntry{Name: name, Mode: filemode.Dir}
		if e != nil {
			entry.Mode, entry.Hash = e.Mode, e.Hash
		} else {
			var err error
			if entry.Hash, err = s.folder(ctx, path.Join(dir, name), nil); err != nil {
				return nil, err
			}
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

// file returns the entry of a file: as the index has it where the file was not written since, else of what is in it now.
func (s *snapshot) file(name string, item fs.DirEntry, tracked *index.Entry) (filemode.FileMode, Hash, error) {
	info, err := item.Info()
	if errors.Is(err, fs.ErrNotExist) { // it went while we looked
		return 0, ZeroHash, nil
	}
	if err != nil {
		return 0, ZeroHash, err
	}
	mode, err := filemode.NewFromOSFileMode(info.Mode())
	if err != nil || !mode.IsFile() {
		return 0, ZeroHash, nil // a socket, a device: Git has none of them
	}
	if tracked != nil && tracked.Mode == mode && s.unchanged(info, tracked) {
		return mode, tracked.Hash, nil
	}
	full := filepath.Join(s.root, filepath.FromSlash(name))
	var content []byte
	if mode == filemode.Symlink {
		target, linkErr := os.Readlink(full)
		content, err = []byte(filepath.ToSlash(target)), linkErr
	} else {
		content, err = os.ReadFile(full)
	}
	if err != nil {
		return 0, ZeroHash, err
	}
	hash, err := s.repo.writeBlob(content)
	return mode, hash, err
}

// unchanged says whether a file is the one that the index saw. One written in the same moment as the index may have changed since.
func (s *snapshot) unchanged(info fs.FileInfo, e *index.Entry) bool {
	return !e.IntentToAdd && int64(e.Size) == info.Size() && e.ModifiedAt.Equal(info.ModTime()) && info.ModTime().Before(s.written)
}

// ignorePatterns reads a file of patterns that hold below a folder; none where there is no such file.
func ignorePatterns(file string, domain []string) ([]gitignore.Pattern, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) { // .git is a file in a linked working tree
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var patterns []gitignore.Pattern
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimRight(line, "\r\n"); line != "" && !strings.HasPrefix(line, "#") {
			patterns = append(patterns, gitignore.ParsePattern(line, domain))
		}
	}
	return patterns, nil
}

func parts(dir string) []string {
	if dir == "" {
		return nil
	}
	return strings.Split(dir, "/")
}
