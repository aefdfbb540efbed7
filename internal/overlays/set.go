package overlays

import (
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/render"
)

// Digest is the SHA-256 of manifests.
type Digest [sha256.Size]byte

// Overlay is one component in one environment.
type Overlay struct {
	Component, Environment string

	Path   string // folder of the component
	Dir    string // folder that is rendered; "" where Err says why there is none
	Digest Digest // of the manifests; zero where Err is set
	Err    error  // why it does not render; it starts with where
}

// Set is every overlay of a tree, rendered as authored: without the images of a release. Safe for concurrent use.
type Set struct {
	engine
	tree     git.Hash
	platform platform
	table    *table
	pairs    []pair // environment by environment, of each every component
	renders  int
	stale    bool // the Set it was made from says something else
}

// pair is what is known of a component in an environment.
type pair struct {
	state  state
	again  bool // its render may come out otherwise though its lookups do not: it is never taken from the cache
	dir    string
	digest Digest
	err    error
	group
}

type state uint8

const (
	unknown  state = iota
	none           // the component is not part of the environment
	rendered       // to the manifests of the digest
	failed         // for a reason that may be gone the next time
)

// Tree returns the id of the tree.
func (s *Set) Tree() git.Hash { return s.tree }

// Environments returns the names of the environments in the order in which releases travel.
func (s *Set) Environments() []string { return slices.Clone(s.platform.environments) }

// Rendered returns how many overlays had to be rendered to make this Set.
func (s *Set) Rendered() int { return s.renders }

// All yields the overlays by environment, in the order in which releases travel, and by component.
func (s *Set) All() iter.Seq[Overlay] {
	return func(yield func(Overlay) bool) {
		for i := range s.pairs {
			if s.pairs[i].state != none && !yield(s.overlay(i)) {
				return
			}
		}
	}
}

// Len returns the number of overlays.
func (s *Set) Len() int {
	n := 0
	for range s.All() {
		n++
	}
	return n
}

// Find returns the overlay of a component in an environment, if it has one.
func (s *Set) Find(component, environment string) (Overlay, bool) {
	i, found := s.index(component, environment)
	if !found || s.pairs[i].state == none {
		return Overlay{}, false
	}
	return s.overlay(i), true
}

// Manifests returns what an overlay of the Set renders to: as it was stored, else rendered again. An overlay that does not render is an error.
func (s *Set) Manifests(ctx context.Context, component, environment string) ([]byte, error) {
	i, found := s.index(component, environment)
	if !found || s.pairs[i].state == none {
		return nil, fmt.Errorf("%s %w for %s", component, render.ErrNoOverlay, environment)
	}
	p := &s.pairs[i]
	if p.err != nil {
		return nil, p.err
	}
	if manifests, stored := s.results.get(p.digest); stored {
		return manifests, nil
	}
	o := s.render(ctx, s.order(i))
	return o.manifests, o.err
}

func (s *Set) component(i int) component { return s.platform.components[i%len(s.platform.components)] }

func (s *Set) environment(i int) string {
	return s.platform.environments[i/len(s.platform.components)]
}

func (s *Set) overlay(i int) Overlay {
	c, p := s.component(i), &s.pairs[i]
	return Overlay{Component: c.name, Environment: s.environment(i), Path: c.path, Dir: p.dir, Digest: p.digest, Err: p.err}
}

func (s *Set) index(name, environment string) (int, bool) {
	e := slices.Index(s.platform.environments, environment)
	c, found := slices.BinarySearchFunc(s.platform.components, name, func(c component, name string) int { return strings.Compare(c.name, name) })
	return e*len(s.platform.components) + c, e >= 0 && found
}
