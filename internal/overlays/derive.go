package overlays

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/org/platform/internal/git"
)

// Sink takes overlays in the order of Set.All, each with its manifests, or with its Err and no manifests. An error of it ends the rendering.
type Sink func(o Overlay, manifests []byte) error

// fewOverlays are rendered one after the other: kustomize parses its schema before two renders can run at a time, which takes as long as
// one or two renders.
const fewOverlays = 3

// fewPatterns are given to one prefetch.
const fewPatterns = 16

// At returns the overlays of another tree of the same repository. Only those are rendered that read what differs, and those whose render may
// come out otherwise each time: with remote bases, or failed. Where sink is given it gets all overlays, rendered or not. Problems in
// platform.yaml or the catalog are a finding.Problems; an overlay that does not render is no error.
func (s *Set) At(ctx context.Context, tree git.Hash, sink Sink) (*Set, error) {
	d := derivation{old: s, sink: sink, now: &Set{engine: s.engine, tree: tree, platform: s.platform, table: s.table}}
	if err := d.compare(ctx); err != nil {
		return nil, err
	}
	d.plan()
	if tree == s.tree && sink == nil && !d.reloaded && len(d.todo) == 0 {
		same := *s
		same.renders, same.stale = 0, false
		return &same, nil
	}
	if err := d.prefetch(ctx); err != nil {
		return nil, err
	}
	if err := d.run(ctx); err != nil {
		return nil, err
	}
	if err := d.settle(); err != nil {
		return nil, fmt.Errorf("remember what overlays of tree %s read: %w", tree, err)
	}
	return d.now, nil
}

// derivation is a Set on its way.
type derivation struct {
	old, now *Set
	changes  []change
	reloaded bool // configuration and catalog were read again
	sink     Sink
	todo     []int // what must be rendered
}

// compare finds what changed, and reads configuration and catalog again where it can be something they say.
func (d *derivation) compare(ctx context.Context) (err error) {
	if d.now.tree != d.old.tree {
		if d.now.table, d.changes, err = d.old.table.at(ctx, d.now.repo, d.now.tree); err != nil {
			return err
		}
	}
	if d.old.tree == git.ZeroHash || d.old.platform.again || affects(d.changes, d.old.platform.lookups) {
		d.reloaded = true
		d.now.platform, err = loadPlatform(ctx, d.now.repo.Tree(d.now.tree))
	}
	return err
}

// plan takes over what is known of overlays and lists those to render.
func (d *derivation) plan() {
	now := d.now
	now.pairs = make([]pair, len(now.platform.environments)*len(now.platform.components))
	sameOptions := slices.Equal(now.platform.remoteBases, d.old.platform.remoteBases)
	for i := range now.pairs {
		j, known := i, true
		if d.reloaded {
			j, known = d.old.index(now.component(i).name, now.environment(i))
			known = known && sameOptions && d.old.component(j) == now.component(i)
		}
		if known && !affects(d.changes, d.old.pairs[j].lookups) {
			now.pairs[i] = d.old.pairs[j]
		}
		if p := &now.pairs[i]; p.again || p.state == unknown || p.state == failed {
			d.todo = append(d.todo, i)
		}
	}
}

// prefetch makes what lies beside the overlays to render readable in few round trips.
func (d *derivation) prefetch(ctx context.Context) error {
	patterns := map[string]bool{}
	for _, i := range d.todo {
		dir := d.now.component(i).path
		if len(d.todo) > fewPatterns && dir != "." { // rather too much than a pattern for each
			dir = path.Join(path.Dir(dir), "*")
		}
		patterns[path.Join(dir, "deploy/**")] = true
	}
	return d.now.repo.Tree(d.now.tree).Prefetch(ctx, slices.Sorted(maps.Keys(patterns))...)
}

// run renders what must be, and hands all to the sink.
func (d *derivation) run(ctx context.Context) error {
	turns := d.todo
	if d.sink != nil {
		turns = make([]int, len(d.now.pairs))
		for i := range turns {
			turns[i] = i
		}
	}
	workers := d.now.workers
	if len(turns) <= fewOverlays {
		workers = 1
	}
	todo := make([]bool, len(d.now.pairs))
	for _, i := range d.todo {
		todo[i] = true
	}
	return inOrder(ctx, len(turns), workers, func(turn int) outcome {
		i := turns[turn]
		if !todo[i] {
			if o, stored := d.now.recall(d.now.pairs[i]); stored {
				return o
			}
		}
		return d.now.render(ctx, d.now.order(i))
	}, func(turn int, o outcome) error {
		i := turns[turn]
		if o.fresh {
			d.now.renders++
			d.now.stale = d.now.stale || o.state != d.now.pairs[i].state
			d.now.pairs[i] = o.pair
		}
		if d.sink == nil || o.state == none {
			return nil
		}
		return d.sink(d.now.overlay(i), o.manifests)
	})
}

// settle brings what all overlays read on one table.
func (d *derivation) settle() (err error) {
	now := d.now
	groups := make([]*group, 0, len(now.pairs)+1)
	for i := range now.pairs {
		groups = append(groups, &now.pairs[i].group)
	}
	groups = append(groups, &now.platform.group)
	now.stale = now.stale || d.reloaded || now.tree != d.old.tree
	now.table, err = now.table.extend(now.repo.Tree(now.tree), groups)
	return err
}
