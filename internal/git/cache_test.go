package git

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
)

func blobObject(content []byte) plumbing.EncodedObject {
	obj := &plumbing.MemoryObject{}
	obj.SetType(plumbing.BlobObject)
	_, _ = obj.Write(content)
	return obj
}

// looseFile is a cache file as it should be, or not.
func looseFile(header string, content []byte) []byte {
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	_, _ = w.Write(append([]byte(header+"\x00"), content...))
	_ = w.Close()
	return packed.Bytes()
}

func quietCache(t testing.TB) *cache {
	return openCache(t.TempDir(), func(format string, args ...any) { t.Errorf(format, args...) })
}

func read(t testing.TB, obj plumbing.EncodedObject) string {
	t.Helper()
	r, err := obj.Reader()
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return obj.Type().String() + " " + string(content)
}

// TestDamagedCacheFile cuts a file off at every byte and changes every byte, and puts other things in its place: what comes back is the object or
// nothing, and it can be cached anew.
func TestDamagedCacheFile(t *testing.T) {
	t.Parallel()
	c := quietCache(t)
	content := []byte("what was fetched\n")
	obj := blobObject(content)
	h := obj.Hash()
	name := c.file(h)
	c.put(h, obj)
	sound, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	bad := map[string][]byte{
		"empty":     nil,
		"not zlib":  []byte("blob 17\x00what was fetched\n"),
		"other":     looseFile("blob 5", []byte("other")),
		"tree":      looseFile("tree 17", content),
		"delta":     looseFile("ref-delta 17", content),
		"longer":    looseFile("blob 17", append(content, 'x')),
		"size lies": looseFile("blob 18", content),
		"no size":   looseFile("blob", content),
		"bomb":      looseFile("blob 17", make([]byte, 8<<20)),
		"big bomb":  looseFile("blob 8388608", make([]byte, 8<<20)),
	}
	for i := range sound {
		bad[fmt.Sprint("cut at ", i)] = sound[:i]
		for _, flip := range []byte{1, 0x80, 0xff} {
			damaged := bytes.Clone(sound)
			damaged[i] ^= flip
			bad[fmt.Sprint("byte ", i, " changed by ", flip)] = damaged
		}
	}
	for what, damaged := range bad {
		if err := os.WriteFile(name, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := c.get(h); got != nil && read(t, got) != "blob "+string(content) {
			t.Fatalf("%s: it reads %q", what, read(t, got))
		}
		c.put(h, obj)
		if got := c.get(h); got == nil || read(t, got) != "blob "+string(content) {
			t.Fatalf("%s: it was not repaired", what)
		}
	}
}

// TestOddCacheFile has something in the place of a file that is none: nothing is believed, and nobody waits.
func TestOddCacheFile(t *testing.T) {
	t.Parallel()
	for what, make := range map[string]func(string) error{
		"folder":      func(name string) error { return os.Mkdir(name, 0o700) },
		"full folder": func(name string) error { return os.MkdirAll(filepath.Join(name, "sub"), 0o700) },
		"pipe":        func(name string) error { return syscall.Mkfifo(name, 0o600) },
		"loop":        func(name string) error { return os.Symlink(filepath.Base(name), name) },
		"zeros":       func(name string) error { return os.Symlink("/dev/zero", name) },
	} {
		c := quietCache(t)
		obj := blobObject([]byte(what))
		name := c.file(obj.Hash())
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := make(name); err != nil {
			t.Fatal(err)
		}
		if got := c.get(obj.Hash()); got != nil {
			t.Errorf("%s: it reads %q", what, read(t, got))
		}
		c.put(obj.Hash(), obj)
		if got := c.get(obj.Hash()); (got != nil) != (what != "full folder") {
			t.Errorf("%s: it was made room for: %v", what, got != nil)
		}
	}
}

// inFolder returns different contents of a length whose objects are all cached in one folder.
func inFolder(n, length int) (objects []plumbing.EncodedObject) {
	content := make([]byte, length)
	for i := uint64(0); len(objects) < n; i++ {
		binary.BigEndian.PutUint64(content, i)
		for k := 8; k < length; k++ { // what does not get shorter
			content[k] = byte((i*2654435761 + uint64(k)*uint64(k)*40503) >> (k % 23))
		}
		if plumbing.ComputeHash(plumbing.BlobObject, content)[0] == 0xab {
			objects = append(objects, blobObject(bytes.Clone(content)))
		}
	}
	return objects
}

func folderSize(t testing.TB, dir string) (total int64) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		total += info.Size()
	}
	return total
}

// TestCacheIsBounded writes far more than fits.
func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	for _, length := range []int{100, 500, 3000} {
		c := quietCache(t)
		c.limit = 8000
		most := int64(0)
		for i, obj := range inFolder(60_000/length, length) {
			if c.put(obj.Hash(), obj); i%8 == 0 || length > 500 {
				most = max(most, folderSize(t, filepath.Join(c.dir, "ab")))
			}
		}
		if most > c.limit+c.limit/8+2*int64(length) {
			t.Errorf("files of %d bytes took up %d, the limit is %d", length, most, c.limit)
		}
		if most < c.limit/2 {
			t.Errorf("files of %d bytes took up %d at most: the test proves nothing", length, most)
		}
	}
}

// TestCacheForgetsTheLeastRecentlyUsed has files of different ages, of which some are used again.
func TestCacheForgetsTheLeastRecentlyUsed(t *testing.T) {
	t.Parallel()
	c := quietCache(t)
	objects := inFolder(60, 1000)
	for i, obj := range objects {
		c.put(obj.Hash(), obj)
		age(t, c.file(obj.Hash()), time.Duration(100-i)*24*time.Hour)
	}
	dir := filepath.Dir(c.file(objects[0].Hash()))
	for name, old := range map[string]time.Duration{"new-1": 0, "new-2": 3 * usedAgain} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
		age(t, filepath.Join(dir, name), old)
	}
	for _, i := range []int{0, 7} {
		if c.get(objects[i].Hash()) == nil {
			t.Fatal("it is not there")
		}
	}
	c.limit = 40_000
	c.evict(dir)
	for i, obj := range objects {
		_, err := os.Stat(c.file(obj.Hash()))
		if kept, want := err == nil, i == 0 || i == 7 || i >= 34; kept != want && (i < 28 || i > 36) { // the rest is a matter of headers
			t.Errorf("%d is kept: %v", i, kept)
		}
	}
	for name, want := range map[string]bool{"new-1": true, "new-2": false} {
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != want {
			t.Errorf("%s is kept: %v", name, err == nil)
		}
	}
	if size := folderSize(t, dir); size > c.limit*3/4 || size < c.limit/2 {
		t.Errorf("%d bytes are left of %d", size, c.limit)
	}
}

func age(t testing.TB, name string, by time.Duration) {
	t.Helper()
	then := time.Now().Add(-by)
	if err := os.Chtimes(name, then, then); err != nil {
		t.Fatal(err)
	}
}

// TestCacheSize keeps what is small, to the byte.
func TestCacheSize(t *testing.T) {
	t.Parallel()
	c := quietCache(t)
	c.limit = 1 << 40
	for size, want := range map[int]bool{0: true, 1: true, cacheable: true, cacheable + 1: false} {
		obj := blobObject(bytes.Repeat([]byte("x"), size))
		c.put(obj.Hash(), obj)
		if got := c.get(obj.Hash()); (got != nil) != want {
			t.Errorf("%d bytes are kept: %v", size, got != nil)
		} else if want && read(t, got) != "blob "+strings.Repeat("x", size) {
			t.Errorf("%d bytes read otherwise", size)
		}
	}
	large := bytes.Repeat([]byte("x"), 2*cacheable) // somebody else's; reading it back takes more memory than a cache may
	name := c.file(plumbing.ComputeHash(plumbing.BlobObject, large))
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, looseFile(fmt.Sprint("blob ", len(large)), large), 0o600)); err != nil {
		t.Fatal(err)
	}
	if c.get(plumbing.ComputeHash(plumbing.BlobObject, large)) != nil {
		t.Error("an object is read that is larger than any that is kept")
	}
	var off *cache
	off.put(plumbing.ZeroHash, nil)
	if off.get(plumbing.ZeroHash) != nil {
		t.Error("no cache has something")
	}
}
