package overlays

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/org/platform/internal/git"
)

// Reach is how far a change of a file goes.
type Reach struct {
	Path     string
	Overlays []Overlay // that read it, or looked for it where it was not; by environment in the order in which releases travel, and by component
}

// Reached returns the files that differ from one Set to another and that overlays of either read, by path. A change of a base reaches more
// overlays than whoever made it may know.
func Reached(ctx context.Context, base, head *Set) ([]Reach, error) {
	changes, err := head.repo.Changes(ctx, base.tree, head.tree)
	if err != nil {
		return nil, fmt.Errorf("find out what was changed: %w", err)
	}
	order := environments(base, head)
	byPath := map[string][]Overlay{}
	for _, s := range []*Set{head, base} { // head first: of an overlay in both, what it is now
		for name, overlays := range s.readers(changes) {
			byPath[name] = append(byPath[name], overlays...)
		}
	}
	var reached []Reach
	for _, c := range changes {
		overlays := byPath[c.Path]
		if len(overlays) == 0 {
			continue
		}
		slices.SortStableFunc(overlays, func(a, b Overlay) int {
			return cmp.Or(slices.Index(order, a.Environment)-slices.Index(order, b.Environment), strings.Compare(a.Component, b.Component))
		})
		overlays = slices.CompactFunc(overlays, func(a, b Overlay) bool { return a.Environment == b.Environment && a.Component == b.Component })
		reached = append(reached, Reach{c.Path, overlays})
	}
	return reached, nil
}

// readers returns the overlays to which the changes of files matter, by path.
func (s *Set) readers(changes []git.PathChange) map[string][]Overlay {
	paths, matters := map[int]string{}, make([]change, len(s.table.paths))
	for _, c := range changes {
		i, asked := s.table.find(c.Path)
		if !asked || isFolder(c.Before) && isFolder(c.After) { // the files in it say more
			continue
		}
		paths[i], matters[i] = c.Path, contentChanged
		if answer(c.Before.Kind) != answer(c.After.Kind) {
			matters[i] |= answerChanged
		}
	}
	readers := map[string][]Overlay{}
	for i := range s.pairs {
		if s.pairs[i].state == none {
			continue
		}
		for _, l := range s.pairs[i].lookups {
			if matters[l.index()].affects(l) {
				name := paths[l.index()]
				readers[name] = append(readers[name], s.overlay(i))
			}
		}
	}
	return readers
}

// isFolder says that at most a folder is there.
func isFolder(e git.Entry) bool { return e.Kind == git.Folder || e.Kind == git.Absent }
