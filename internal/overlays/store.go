package overlays

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/org/platform/internal/git"
)

// Options say how overlays are rendered and where results are kept.
type Options struct {
	Cache    string           // folder of this cache alone; empty: nothing is kept for the next run
	MaxBytes int64            // of results, beyond which the least recently used go; 0 is DefaultMaxBytes
	Workers  int              // renders at a time; 0 is one for each core
	Now      func() time.Time // nil is the clock
	Warn     func(error)      // told once why nothing is kept, where that is so; nil is nobody
}

// DefaultMaxBytes is how much the results of some hundred thousand overlays take.
const DefaultMaxBytes = 1 << 30

// Store renders the overlays of trees, and keeps results on disk for the next run: for the tree rendered last an index of what each overlay read
// and came to, and manifests by their digest. It can be deleted, damaged or shared at any time: what cannot be read and verified is rendered
// again, and what cannot be written is only not kept. As it is taken at its word about what an overlay came to, it must be no more
// accessible than the repository.
type Store struct {
	options Options
	warned  sync.Once
}

// NewStore returns a Store.
func NewStore(o Options) *Store {
	o.MaxBytes, o.Workers = cmp.Or(o.MaxBytes, DefaultMaxBytes), cmp.Or(o.Workers, runtime.GOMAXPROCS(0))
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Store{options: o}
}

// Render returns the overlays of a tree as Set.At would of the Set that was rendered last, be it by another process, and keeps them. A Store
// without a folder has nothing to begin with; it keeps manifests in memory, unless there is a sink that takes them.
func (s *Store) Render(ctx context.Context, repo *git.Repository, tree git.Hash, sink Sink) (*Set, error) {
	disk, kept := s.results(sink)
	last := s.load()
	last.engine = engine{repo: repo, results: kept, workers: s.options.Workers}
	set, err := last.At(ctx, tree, sink)
	if disk != nil {
		disk.evict()
	}
	if err != nil {
		return nil, err
	}
	if set.stale {
		s.save(set)
	}
	return set, nil
}

func (s *Store) results(sink Sink) (*onDisk, results) {
	switch {
	case s.options.Cache != "":
		disk := &onDisk{dir: filepath.Join(s.options.Cache, "results"), limit: s.options.MaxBytes / folders, now: s.options.Now, warn: s.warn}
		return disk, disk
	case sink == nil:
		return nil, newInMemory(s.options.MaxBytes)
	default:
		return nil, forgetful{}
	}
}

func (s *Store) warn(err error) {
	if s.options.Warn != nil {
		s.warned.Do(func() { s.options.Warn(fmt.Errorf("renders are not cached: %w", err)) })
	}
}

func (s *Store) index() string { return filepath.Join(s.options.Cache, "index") }

// load returns the Set that was kept, or an empty one.
func (s *Store) load() *Set {
	nothing := &Set{table: emptyTable()}
	if s.options.Cache == "" {
		return nothing
	}
	data, err := os.ReadFile(s.index())
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			s.warn(err)
		}
		return nothing
	}
	set, err := decode(data)
	if err != nil {
		return nothing
	}
	return set
}

func (s *Store) save(set *Set) {
	if s.options.Cache == "" {
		return
	}
	if err := replace(s.index(), encode(set)); err != nil {
		s.warn(err)
	}
}
