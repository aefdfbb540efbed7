package git

import (
	"bytes"
	"cmp"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
)

// cache keeps fetched objects on disk for the next run, each in a file of its own in Git's loose format
// (https://git-scm.com/book/en/v2/Git-Internals-Git-Objects). What is read back counts only where it has the hash it is filed under, so that
// no file which was cut off, damaged or forged is believed. Writing is by rename, so that processes can share a folder. A nil cache is empty.
type cache struct {
	dir     string
	limit   int64      // bytes of one of the 256 folders; the least recently used go first
	written [256]int64 // bytes that went into each since its size was looked at; only objects writes, which does one thing at a time
	failed  sync.Once
	notice  func(format string, args ...any)
}

const (
	cacheLimit = 256 << 20 // bytes of the whole cache
	cacheable  = 1 << 20   // bytes of the largest object that is kept
	usedAgain  = time.Hour // how old the mark of the last use may get
)

func openCache(dir string, notice func(string, ...any)) *cache {
	if dir == "" {
		return nil
	}
	return &cache{dir: filepath.Join(dir, "objects"), limit: cacheLimit / 256, notice: notice}
}

func (c *cache) file(h Hash) string {
	id := h.String()
	return filepath.Join(c.dir, id[:2], id[2:])
}

// get returns an object, or nil. What cannot be read or is not what it should be makes room for what will be fetched.
func (c *cache) get(h Hash) plumbing.EncodedObject {
	if c == nil {
		return nil
	}
	name := c.file(h)
	info, err := os.Lstat(name)
	if err != nil {
		return nil
	}
	t, content, err := readLoose(name, info)
	if err != nil || plumbing.ComputeHash(t, content) != h {
		_ = os.Remove(name)
		return nil
	}
	if now := time.Now(); now.Sub(info.ModTime()) > usedAgain {
		_ = os.Chtimes(name, now, now)
	}
	obj := &plumbing.MemoryObject{}
	obj.SetType(t)
	_, _ = obj.Write(content) // to memory
	return obj
}

func readLoose(name string, info fs.FileInfo) (plumbing.ObjectType, []byte, error) {
	if !info.Mode().IsRegular() { // opening a pipe would wait for a writer
		return 0, nil, errors.New("not a file")
	}
	file, err := os.Open(name)
	if err != nil {
		return 0, nil, err
	}
	defer file.Close()
	return decodeLoose(file)
}

// decodeLoose reads "type size NUL content", deflated.
func decodeLoose(r io.Reader) (plumbing.ObjectType, []byte, error) {
	inflated, err := zlib.NewReader(r)
	if err != nil {
		return 0, nil, err
	}
	defer inflated.Close()
	const longestHeader = 32
	data, err := io.ReadAll(io.LimitReader(inflated, cacheable+longestHeader))
	if err != nil {
		return 0, nil, err
	}
	header, content, found := bytes.Cut(data, []byte{0})
	name, size, spaced := bytes.Cut(header, []byte{' '})
	if !found || !spaced || string(size) != strconv.Itoa(len(content)) {
		return 0, nil, errors.New("not a loose object")
	}
	t, err := plumbing.ParseObjectType(string(name))
	return t, content, err
}

// put keeps an object. A cache that cannot be written costs time, not correctness, so it is said once and no error.
func (c *cache) put(h Hash, obj plumbing.EncodedObject) {
	if c == nil || obj.Size() > cacheable {
		return
	}
	file := c.file(h)
	if _, err := os.Lstat(file); err == nil {
		return
	}
	if err := c.write(file, obj); err != nil {
		c.failed.Do(func() { c.notice("objects are not cached: %v", err) })
		return
	}
	c.written[h[0]] += obj.Size()
	if h[len(h)-1]%16 == 0 || c.written[h[0]] > c.limit/8 { // looking every time would make a fetch of n objects cost n²
		c.written[h[0]] = 0
		c.evict(filepath.Dir(file))
	}
}

func (c *cache) write(name string, obj plumbing.EncodedObject) (err error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(name), "new-")
	if err != nil {
		return err
	}
	defer func() {
		if err = cmp.Or(err, temp.Close()); err == nil {
			err = os.Rename(temp.Name(), name)
		}
		if err != nil {
			_ = os.Remove(temp.Name())
		}
	}()
	content, err := obj.Reader()
	if err != nil {
		return err
	}
	defer content.Close()
	deflated := zlib.NewWriter(temp)
	if _, err := fmt.Fprintf(deflated, "%s %d\x00", obj.Type(), obj.Size()); err != nil {
		return err
	}
	if _, err := io.Copy(deflated, content); err != nil {
		return err
	}
	return deflated.Close()
}

// evict brings a folder down to three quarters of its limit once it is over, and takes away what a killed process left half written.
func (c *cache) evict(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	var files []fs.FileInfo
	total := int64(0)
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			files = append(files, info)
			total += info.Size()
		}
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	over := total > c.limit
	for _, info := range files {
		abandoned := len(info.Name()) != 38 && time.Since(info.ModTime()) > usedAgain
		if abandoned || (over && total > c.limit*3/4) {
			if os.Remove(filepath.Join(dir, info.Name())) == nil {
				total -= info.Size()
			}
		}
	}
}
