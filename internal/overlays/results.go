package overlays

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// results keeps manifests by their digest. It may forget any of them at any time. Safe for concurrent use.
type results interface {
	get(Digest) (manifests []byte, stored bool)
	put(Digest, []byte)
}

// forgetful keeps nothing.
type forgetful struct{}

func (forgetful) get(Digest) ([]byte, bool) { return nil, false }
func (forgetful) put(Digest, []byte)        {}

// inMemory keeps manifests until they have a number of bytes.
type inMemory struct {
	mu        sync.Mutex
	manifests map[Digest][]byte
	left      int64
}

func newInMemory(limit int64) *inMemory {
	return &inMemory{manifests: map[Digest][]byte{}, left: limit}
}

func (m *inMemory) get(d Digest) ([]byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	manifests, stored := m.manifests[d]
	return manifests, stored
}

func (m *inMemory) put(d Digest, manifests []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, stored := m.manifests[d]; stored || m.left < int64(len(manifests)) {
		return
	}
	m.left -= int64(len(manifests))
	m.manifests[d] = manifests
}

// onDisk keeps manifests in files that are named after their digest. What is read counts only where it has this digest, so that a file that was
// cut off or damaged is not believed. Writing is by rename, so that processes can share a folder.
type onDisk struct {
	dir   string
	limit int64 // bytes of one of the 256 folders
	now   func() time.Time
	warn  func(error)

	mu      sync.Mutex
	written map[string]bool // the folders that were written to since evict
}

const (
	folders   = 256
	block     = 4096      // what the smallest file takes
	usedAgain = time.Hour // how old the mark of the last use may get, and what a process left half written
	temporary = "new-"    // starts the name of a file while it is written
)

func (r *onDisk) file(d Digest) string {
	id := hex.EncodeToString(d[:])
	return filepath.Join(r.dir, id[:2], id[2:])
}

func (r *onDisk) get(d Digest) ([]byte, bool) {
	name := r.file(d)
	file, err := os.Open(name)
	if err != nil {
		return nil, false
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || info.Size() > r.limit {
		return nil, false
	}
	manifests := make([]byte, info.Size())
	if n, _ := file.ReadAt(manifests, 0); n < len(manifests) || Digest(sha256.Sum256(manifests)) != d {
		_ = os.Remove(name) // a sound one takes its place when it has been rendered again
		return nil, false
	}
	if now := r.now(); now.Sub(info.ModTime()) > usedAgain {
		_ = os.Chtimes(name, now, now)
	}
	return manifests, true
}

func (r *onDisk) put(d Digest, manifests []byte) {
	name := r.file(d)
	if info, err := os.Lstat(name); int64(len(manifests)) > r.limit || err == nil && info.Size() == int64(len(manifests)) {
		return
	}
	if err := replace(name, manifests); err != nil {
		r.warn(err)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.written == nil {
		r.written = map[string]bool{}
	}
	r.written[filepath.Dir(name)] = true
}

// replace writes a file so that it is seen whole or not at all.
func replace(name string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(name), temporary)
	if err != nil {
		return err
	}
	_, err = temp.Write(content)
	if closed := temp.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(temp.Name(), name)
	}
	if err != nil {
		_ = os.Remove(temp.Name())
	}
	return err
}

// evict brings the folders that were written to down to three quarters of their limit once they are over it, the least recently used files first.
func (r *onDisk) evict() {
	r.mu.Lock()
	written := r.written
	r.written = nil
	r.mu.Unlock()
	for dir := range written {
		r.evictFrom(dir)
	}
}

func (r *onDisk) evictFrom(dir string) {
	files, total := r.sweep(dir)
	if total <= r.limit {
		return
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, f := range files {
		if total <= r.limit*3/4 {
			return
		}
		if os.Remove(filepath.Join(dir, f.Name())) == nil {
			total -= size(f)
		}
	}
}

// sweep removes what a killed process left half written in a folder, and returns the other files.
func (r *onDisk) sweep(dir string) (files []fs.FileInfo, total int64) {
	entries, _ := os.ReadDir(dir) // what cannot be read cannot be evicted either
	for _, e := range entries {
		info, err := e.Info()
		switch {
		case err != nil:
		case strings.HasPrefix(e.Name(), temporary):
			if r.now().Sub(info.ModTime()) > usedAgain {
				_ = os.Remove(filepath.Join(dir, e.Name()))
			}
		default:
			files, total = append(files, info), total+size(info)
		}
	}
	return files, total
}

// size returns what a file takes on disk.
func size(info fs.FileInfo) int64 { return (info.Size() + block - 1) / block * block }
