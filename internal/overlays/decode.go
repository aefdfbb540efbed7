package overlays

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/org/platform/internal/git"
)

// maxPath is how long a path may be, as in Linux.
const maxPath = 4096

var errIndex = errors.New("the index is damaged")

// decode reads an index. It never takes a damaged one for a sound one.
func decode(data []byte) (s *Set, err error) {
	if !strings.HasPrefix(string(data[:min(len(data), len(header))]), header) {
		return nil, errors.New("the index is of another version")
	}
	body := len(data) - sha256.Size
	if body < len(header) || Digest(sha256.Sum256(data[:body])) != Digest(data[body:]) {
		return nil, errIndex
	}
	r := &reader{data: data[len(header):body], text: string(data[len(header):body])}
	defer func() {
		if recovered := recover(); recovered != nil {
			if recovered != errIndex { //nolint:errorlint // it is the very value that the reader panics with
				panic(recovered)
			}
			s, err = nil, errIndex
		}
	}()
	s = &Set{}
	copy(s.tree[:], r.bytes(len(s.tree)))
	s.platform.environments, s.platform.remoteBases, s.platform.again = r.strings(), r.strings(), r.flag()
	s.platform.components = make([]component, r.count(2))
	for i := range s.platform.components {
		s.platform.components[i] = component{r.string(), r.string()}
	}
	if s.table, err = r.table(); err != nil {
		return nil, fmt.Errorf("%w: %w", errIndex, err)
	}
	s.platform.lookups = r.lookups(len(s.table.paths))
	s.pairs = make([]pair, len(s.platform.environments)*len(s.platform.components))
	for i := range s.pairs {
		p := &s.pairs[i]
		p.state, p.again, p.dir = state(r.bytes(1)[0]), r.flag(), r.string()
		if p.state == rendered {
			p.digest = Digest(r.bytes(len(p.digest)))
		}
		p.lookups = r.lookups(len(s.table.paths))
	}
	if r.at < len(r.data) {
		return nil, errIndex
	}
	return s, nil
}

// reader takes an index apart. It panics with errIndex where there is too little of it.
type reader struct {
	data []byte
	text string // the same
	at   int    // how much of it was read
	slab []lookup
}

func (r *reader) bytes(n int) []byte {
	if n > len(r.data)-r.at {
		panic(errIndex)
	}
	r.at += n
	return r.data[r.at-n : r.at]
}

func (r *reader) number() int {
	n, size := binary.Uvarint(r.data[r.at:])
	if size <= 0 || n > 1<<31 {
		panic(errIndex)
	}
	r.at += size
	return int(n)
}

// count reads the number of things that take at least so many bytes each, so that no number makes us ask for more memory than the index has.
func (r *reader) count(each int) int {
	n := r.number()
	if n*each > len(r.data)-r.at {
		panic(errIndex)
	}
	return n
}

func (r *reader) flag() bool { return r.bytes(1)[0] != 0 }

func (r *reader) string() string {
	n := r.count(1)
	r.at += n
	return r.text[r.at-n : r.at]
}

func (r *reader) strings() []string {
	list := make([]string, r.count(1))
	for i := range list {
		list[i] = r.string()
	}
	return list
}

// table reads paths into one string that all of them share.
func (r *reader) table() (*table, error) {
	n := r.count(3)
	kinds, ids, ends := make([]git.Kind, n), make([]git.Hash, n), make([]int, n)
	total := r.number()
	if total > n*maxPath {
		return nil, errors.New("the paths are longer than they can be")
	}
	text := make([]byte, 0, total)
	start := 0
	for i := range n {
		same, rest := r.number(), r.string()
		if same > len(text)-start || len(text)+same+len(rest) > cap(text) {
			return nil, errors.New("a path is longer than it can be")
		}
		text = append(append(text, text[start:start+same]...), rest...)
		start = len(text) - same - len(rest)
		ends[i] = len(text)
		if kinds[i] = git.Kind(r.bytes(1)[0]); kinds[i] != git.Absent {
			copy(ids[i][:], r.bytes(len(ids[i])))
		}
	}
	shared, paths := string(text), make([]string, n)
	start = 0
	for i, end := range ends {
		paths[i], start = shared[start:end], end
	}
	t, err := newTable(paths)
	if err != nil {
		return nil, err
	}
	t.kinds, t.ids = kinds, ids
	return t, nil
}

// lookups reads lookups of a table with so many paths.
func (r *reader) lookups(paths int) []lookup {
	n := r.count(1)
	if cap(r.slab)-len(r.slab) < n {
		r.slab = make([]lookup, 0, max(n, 1<<14))
	}
	start, before := len(r.slab), 0
	for range n {
		before += r.number()
		if before>>1 >= paths {
			panic(errIndex)
		}
		r.slab = append(r.slab, lookup(before))
	}
	return r.slab[start:len(r.slab):len(r.slab)]
}
