package overlays

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/render"
)

// The index is a Set on disk, less the manifests: a line that names its format and what renders, then numbers and strings, then the SHA-256
// of all that. Paths are written as what they have in common with the one before and the rest.
const indexFormat = "overlays 1\n"

// header starts the index. One that starts otherwise was written by a program that may render otherwise.
const header = indexFormat + render.Version + "\n"

// encode returns the index of a Set.
func encode(s *Set) []byte {
	const pathSize, pairSize = 48, 128 // about what they take
	w := &writer{data: make([]byte, 0, len(s.table.paths)*pathSize+len(s.pairs)*pairSize)}
	w.data = append(w.data, header...)
	w.bytes(s.tree[:])
	w.strings(s.platform.environments)
	w.strings(s.platform.remoteBases)
	w.flag(s.platform.again)
	w.count(len(s.platform.components))
	for _, c := range s.platform.components {
		w.string(c.name)
		w.string(c.path)
	}
	w.table(s.table)
	w.lookups(s.platform.lookups)
	for i := range s.pairs {
		p := &s.pairs[i]
		w.bytes([]byte{byte(p.state)})
		w.flag(p.again)
		w.string(p.dir)
		if p.state == rendered {
			w.bytes(p.digest[:])
		}
		w.lookups(p.lookups)
	}
	sum := sha256.Sum256(w.data)
	return append(w.data, sum[:]...)
}

type writer struct{ data []byte }

func (w *writer) bytes(b []byte) { w.data = append(w.data, b...) }
func (w *writer) count(n int)    { w.data = binary.AppendUvarint(w.data, uint64(n)) } //nolint:gosec // lengths and indices are not negative

func (w *writer) flag(b bool) {
	if b {
		w.bytes([]byte{1})
	} else {
		w.bytes([]byte{0})
	}
}

func (w *writer) string(s string) {
	w.count(len(s))
	w.data = append(w.data, s...)
}

func (w *writer) strings(list []string) {
	w.count(len(list))
	for _, s := range list {
		w.string(s)
	}
}

func (w *writer) table(t *table) {
	w.count(len(t.paths))
	total := 0
	for _, name := range t.paths {
		total += len(name)
	}
	w.count(total)
	before := ""
	for i, name := range t.paths {
		same := 0
		for same < min(len(before), len(name)) && before[same] == name[same] {
			same++
		}
		w.count(same)
		w.string(name[same:])
		w.bytes([]byte{byte(t.kinds[i])})
		if t.kinds[i] != git.Absent {
			w.bytes(t.ids[i][:])
		}
		before = name
	}
}

func (w *writer) lookups(list []lookup) {
	w.count(len(list))
	before := lookup(0)
	for _, l := range list { // sorted
		w.count(int(l - before))
		before = l
	}
}
