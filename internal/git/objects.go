package git

import (
	"errors"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/storer"
	"github.com/go-git/go-git/v5/storage/memory"
)

// objects is an object store of three layers: memory, which takes what is fetched or made here; the clone, which is only read; and the
// cache of earlier runs. go-git's stores are not made for use from several goroutines, so every access is serialized.
type objects struct {
	mu     sync.Mutex
	memory *memory.Storage
	local  storer.EncodedObjectStorer
	cache  *cache
	made   map[Hash]bool // the objects in memory which the remote is not known to have
}

func newObjects(local storer.EncodedObjectStorer, cache *cache) *objects {
	return &objects{memory: memory.NewStorage(), local: local, cache: cache, made: map[Hash]bool{}}
}

// NewEncodedObject implements storer.EncodedObjectStorer.
func (o *objects) NewEncodedObject() plumbing.EncodedObject { return &plumbing.MemoryObject{} }

// SetEncodedObject keeps an object in memory.
func (o *objects) SetEncodedObject(obj plumbing.EncodedObject) (Hash, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.made[obj.Hash()] = true
	return o.memory.SetEncodedObject(obj)
}

// isNew says whether an object was made in this process and not pushed yet.
func (o *objects) isNew(h Hash) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.made[h]
}

// published notes that the remote has objects which were made here.
func (o *objects) published(sent []packed) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range sent {
		delete(o.made, p.hash)
	}
}

// EncodedObject returns an object from the first layer that has it.
func (o *objects) EncodedObject(t plumbing.ObjectType, h Hash) (plumbing.EncodedObject, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	obj, err := o.memory.EncodedObject(t, h)
	if errors.Is(err, plumbing.ErrObjectNotFound) {
		obj, err = o.local.EncodedObject(t, h)
	}
	if errors.Is(err, plumbing.ErrObjectNotFound) && o.remember(h) {
		obj, err = o.memory.EncodedObject(t, h)
	}
	return obj, err
}

// remember takes an object of the cache into memory.
func (o *objects) remember(h Hash) bool {
	obj := o.cache.get(h)
	if obj == nil {
		return false
	}
	_, err := o.memory.SetEncodedObject(obj)
	return err == nil
}

// IterEncodedObjects implements storer.EncodedObjectStorer; nothing here lists objects.
func (o *objects) IterEncodedObjects(plumbing.ObjectType) (storer.EncodedObjectIter, error) {
	return nil, errors.New("objects cannot be listed")
}

// HasEncodedObject says whether a layer has an object. One of the cache is read at once: only then is it known to be sound.
func (o *objects) HasEncodedObject(h Hash) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.memory.HasEncodedObject(h) == nil || o.local.HasEncodedObject(h) == nil || o.remember(h) {
		return nil
	}
	return plumbing.ErrObjectNotFound
}

// EncodedObjectSize returns the plaintext size of an object in memory or in the clone.
func (o *objects) EncodedObjectSize(h Hash) (int64, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if size, err := o.memory.EncodedObjectSize(h); err == nil {
		return size, nil
	}
	return o.local.EncodedObjectSize(h)
}

// AddAlternate implements storer.EncodedObjectStorer.
func (o *objects) AddAlternate(string) error { return errors.New("alternates are not supported") }

// worthKeeping is how many objects of one pack are cached at most: writing thousands of files takes longer than fetching one pack again.
const worthKeeping = 512

// absorb takes over the objects of a pack that arrived whole.
func (o *objects) absorb(pack *memory.Storage, keep bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	keep = keep && len(pack.Objects) <= worthKeeping
	for h, obj := range pack.Objects {
		if o.memory.HasEncodedObject(h) != nil {
			_, _ = o.memory.SetEncodedObject(obj) // fails on unknown types alone, which no pack store takes in
		}
		if keep {
			o.cache.put(h, obj)
		}
	}
}

// lacking returns those objects, each once, which no layer has.
func (o *objects) lacking(hashes []Hash) []Hash {
	var lacking []Hash
	seen := map[Hash]bool{}
	for _, h := range hashes {
		if h != ZeroHash && !seen[h] && o.HasEncodedObject(h) != nil {
			lacking = append(lacking, h)
		}
		seen[h] = true
	}
	return lacking
}

// locally runs a function that reads the clone other than through here.
func (o *objects) locally(read func() error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return read()
}
