package git

import (
	"errors"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/storer"
	"github.com/go-git/go-git/v5/storage/memory"
)

// objects is an object store of two layers: the clone, which is only read, and memory, which takes what is fetched or made here.
// go-git's stores are not made for use from several goroutines, so every access is serialized.
type objects struct {
	mu     sync.Mutex
	local  storer.EncodedObjectStorer
	memory *memory.Storage
	made   map[Hash]bool // the objects in memory which were not fetched
}

func newObjects(local storer.EncodedObjectStorer) *objects {
	return &objects{local: local, memory: memory.NewStorage(), made: map[Hash]bool{}}
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

// isNew says whether an object was made in this process.
func (o *objects) isNew(h Hash) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.made[h]
}

// EncodedObject returns an object from memory, else from the clone.
func (o *objects) EncodedObject(t plumbing.ObjectType, h Hash) (plumbing.EncodedObject, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	obj, err := o.memory.EncodedObject(t, h)
	if errors.Is(err, plumbing.ErrObjectNotFound) {
		return o.local.EncodedObject(t, h)
	}
	return obj, err
}

// IterEncodedObjects implements storer.EncodedObjectStorer; nothing here lists objects.
func (o *objects) IterEncodedObjects(plumbing.ObjectType) (storer.EncodedObjectIter, error) {
	return nil, errors.New("objects cannot be listed")
}

// HasEncodedObject says whether either layer has an object.
func (o *objects) HasEncodedObject(h Hash) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.memory.HasEncodedObject(h) == nil {
		return nil
	}
	return o.local.HasEncodedObject(h)
}

// EncodedObjectSize returns the plaintext size of an object.
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

// absorb takes over the objects of a pack that arrived whole. One that broke off leaves nothing behind which could pass for the
// whole history of a commit.
func (o *objects) absorb(pack *memory.Storage) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for h, obj := range pack.Objects {
		if o.memory.HasEncodedObject(h) != nil {
			_, _ = o.memory.SetEncodedObject(obj) // fails on unknown types alone, which no pack store takes in
		}
	}
}

// locally runs a function that reads the clone other than through here.
func (o *objects) locally(read func() error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return read()
}
