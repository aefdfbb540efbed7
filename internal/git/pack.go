package git

import (
	"bytes"
	"compress/zlib"
	"crypto"
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/hash"
)

// packed is an object to send, and one like it which the remote has; ZeroHash where there is none.
type packed struct{ hash, base Hash }

// madeHere returns the objects behind commits which were made in this process. All others came from the remote. The base of each is what its
// commit's first parent has in the same place.
func (r *Repository) madeHere(tips []Hash) ([]packed, error) {
	m := made{repo: r, seen: map[Hash]bool{}}
	for todo := slices.Clone(tips); len(todo) > 0; todo = todo[1:] {
		if !m.add(todo[0], ZeroHash) {
			continue
		}
		c, err := r.Commit(todo[0])
		if err != nil {
			return nil, err
		}
		base := ZeroHash
		if len(c.Parents) > 0 {
			parent, err := r.Commit(c.Parents[0])
			if err != nil {
				return nil, err
			}
			base = parent.TreeHash
		}
		if err := m.tree(c.TreeHash, base); err != nil {
			return nil, err
		}
		todo = append(todo, c.Parents...)
	}
	return m.objects, nil
}

type made struct {
	repo    *Repository
	seen    map[Hash]bool
	objects []packed
}

// add takes an object in, where it was made here and is not in yet. A base which would have to be fetched is none, nor is one that was made here
// too: two could be the base of each other.
func (m *made) add(h, base Hash) bool {
	if m.seen[h] || !m.repo.objects.isNew(h) {
		return false
	}
	m.seen[h] = true
	if base != ZeroHash && (m.repo.objects.isNew(base) || len(m.repo.objects.lacking([]Hash{base})) > 0) {
		base = ZeroHash
	}
	m.objects = append(m.objects, packed{h, base})
	return true
}

func (m *made) tree(h, base Hash) error {
	if !m.add(h, base) {
		return nil
	}
	now, err := m.repo.tree(h)
	if err != nil {
		return err
	}
	was := &tree{}
	if m.objects[len(m.objects)-1].base != ZeroHash {
		if was, err = m.repo.tree(base); err != nil {
			return err
		}
	}
	for _, e := range now.entries {
		before, _ := was.entry(e.Name)
		switch {
		case e.Mode != filemode.Dir:
			m.add(e.Hash, before.Hash)
		case before.Mode != filemode.Dir:
			err = m.tree(e.Hash, ZeroHash)
		default:
			err = m.tree(e.Hash, before.Hash)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// encodePack writes objects as a pack, each as the difference to its base where thin allows it and it is shorter: of a folder with a thousand
// components a deploy changes one line. https://git-scm.com/docs/pack-format
func (r *Repository) encodePack(objects []packed, thin bool) (io.Reader, error) {
	var pack bytes.Buffer
	sum := hash.New(crypto.SHA1)
	w := io.MultiWriter(&pack, sum)
	header := append([]byte("PACK\x00\x00\x00\x02"), binary.BigEndian.AppendUint32(nil, uint32(len(objects)))...) //nolint:gosec // never that many
	if _, err := w.Write(header); err != nil {
		return nil, err
	}
	for _, o := range objects {
		if !thin {
			o.base = ZeroHash
		}
		if err := r.encodeObject(w, o); err != nil {
			return nil, fmt.Errorf("pack object %s: %w", o.hash, err)
		}
	}
	_, err := pack.Write(sum.Sum(nil))
	return &pack, err
}

func (r *Repository) encodeObject(w io.Writer, o packed) error {
	t, content, err := r.raw(o.hash)
	if err != nil {
		return err
	}
	head := objectHead(t, len(content))
	if o.base != ZeroHash {
		baseType, base, err := r.raw(o.base)
		if err != nil {
			return err
		}
		if delta := packfile.DiffDelta(base, content); baseType == t && len(delta) < len(content) {
			head, content = append(objectHead(plumbing.REFDeltaObject, len(delta)), o.base[:]...), delta
		}
	}
	if _, err := w.Write(head); err != nil {
		return err
	}
	deflated := zlib.NewWriter(w)
	if _, err := deflated.Write(content); err != nil {
		return err
	}
	return deflated.Close()
}

// objectHead is the type and the size of an object: four bits of the size with the type, then seven a byte.
func objectHead(t plumbing.ObjectType, size int) []byte {
	b, rest := byte(t)<<4|byte(size&0x0f), size>>4 //nolint:gosec // types are small numbers
	var head []byte
	for ; rest > 0; rest >>= 7 {
		head = append(head, b|0x80)
		b = byte(rest & 0x7f)
	}
	return append(head, b)
}

// raw returns the type and the content of an object that is here.
func (r *Repository) raw(h Hash) (plumbing.ObjectType, []byte, error) {
	obj, err := r.objects.EncodedObject(plumbing.AnyObject, h)
	if err != nil {
		return 0, nil, err
	}
	reader, err := obj.Reader()
	if err != nil {
		return 0, nil, err
	}
	defer reader.Close()
	content, err := io.ReadAll(reader)
	return obj.Type(), content, err
}
