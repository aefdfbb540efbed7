package delivery

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/state"
)

// AuditOptions narrow an audit.
type AuditOptions struct {
	Since                  time.Time
	Environment, Component string // empty: all
}

// Audit returns who moved what where since a time, newest first. It compares the trees along the first-parent line of the state branch, so that it
// does not matter whether something was pushed, merged, squashed or rebased, nor what its message says.
func (d *Delivery) Audit(ctx context.Context, o AuditOptions) ([]Move, error) {
	tip, err := d.Repo.Tip(ctx, d.Platform.Spec.State.Branch)
	if err != nil || tip == nil {
		return []Move{}, err
	}
	a := &audit{Delivery: d, options: o, versions: map[versionKey]version{}}
	var changed []change
	for step, err := range d.Repo.Steps(ctx, tip.Hash, d.Platform.Spec.State.Path, o.Since) {
		if err != nil {
			return nil, err
		}
		changed = append(changed, a.changes(step)...)
	}
	if err := a.prefetch(ctx, changed); err != nil {
		return nil, err
	}
	moves := make([]Move, 0, len(changed))
	for _, c := range changed {
		m, err := a.move(ctx, c)
		if err != nil {
			return nil, err
		}
		moves = append(moves, m)
	}
	return moves, nil
}

// audit is one under way.
type audit struct {
	*Delivery
	options  AuditOptions
	versions map[versionKey]version // what came with one change was there before another
}

type versionKey struct {
	entry     git.Hash
	component string
}

// change is a commit and what it did to one cell and its hold.
type change struct {
	state.Key
	commit     *git.Commit
	when       time.Time
	cell, hold *git.PathChange // nil where it is the same
}

// holdFileSuffix is how the names of hold files end.
var holdFileSuffix = strings.TrimPrefix(state.HoldFile("", state.Key{Environment: "e", Component: "c"}), "e/c")

// changes returns what a commit did, by cell.
func (a *audit) changes(step git.Step) []change {
	var all []change
	at := map[state.Key]int{}
	for _, c := range step.Changes {
		env, name := path.Base(path.Dir(c.Path)), path.Base(c.Path)
		component, isHold := strings.CutSuffix(name, holdFileSuffix)
		isCell := c.Before.Kind == git.Folder || c.After.Kind == git.Folder
		k := state.Key{Environment: env, Component: component}
		if !isHold && !isCell || a.options.Environment != "" && a.options.Environment != env || a.options.Component != "" && a.options.Component != component {
			continue
		}
		i, known := at[k]
		if !known {
			i, at[k] = len(all), len(all)
			all = append(all, change{Key: k, commit: step.Commit, when: step.When})
		}
		if isHold {
			all[i].hold = &c
		} else {
			all[i].cell = &c
		}
	}
	return all
}

// cellChunk is how many versions of cells are fetched at once, where they have to be.
const cellChunk = 2000

// prefetch makes the versions of cells readable in few round trips, and the commits that were merged.
func (a *audit) prefetch(ctx context.Context, changed []change) error {
	if a.Repo.Complete() {
		return nil
	}
	var cells []git.Hash
	for _, c := range changed {
		if c.cell != nil {
			cells = append(cells, folderOf(c.cell.Before), folderOf(c.cell.After))
		}
	}
	cells = slices.DeleteFunc(cells, func(h git.Hash) bool { return h == git.ZeroHash })
	for chunk := range slices.Chunk(cells, cellChunk) {
		a.Progress("fetching %d releases", len(chunk))
		if err := a.Repo.Prefetch(ctx, chunk, "*"); err != nil {
			return err
		}
	}
	return nil
}

func folderOf(e git.Entry) git.Hash {
	if e.Kind != git.Folder {
		return git.ZeroHash
	}
	return e.Hash
}

func (a *audit) move(ctx context.Context, c change) (Move, error) {
	if err := ctx.Err(); err != nil {
		return Move{}, err
	}
	p, err := a.passageOf(c.commit, c.when)
	if err != nil {
		return Move{}, err
	}
	hold, err := a.hold(c)
	if err != nil {
		return Move{}, err
	}
	if c.cell == nil {
		return heldMove(c, hold, p), nil
	}
	before, err := a.version(folderOf(c.cell.Before), c.Component)
	if err != nil {
		return Move{}, err
	}
	after, err := a.version(folderOf(c.cell.After), c.Component)
	if err != nil {
		return Move{}, err
	}
	if c.hold != nil && c.hold.After.Kind == git.Absent {
		hold = nil // it was lifted by what came
	}
	return move(c.Key, before, after, hold, p), nil
}

// heldMove tells what happened to a hold alone.
func heldMove(c change, hold *state.Hold, p passage) Move {
	m := Move{Key: c.Key, Action: actionHold, Hold: hold}
	if c.hold.After.Kind == git.Absent {
		m.Action = actionResume
	}
	p.tell(&m)
	return m
}

// hold returns the hold that came or, where none did, the one that went; nil where there is none or nobody can read it.
func (a *audit) hold(c change) (*state.Hold, error) {
	if c.hold == nil {
		return nil, nil
	}
	entry := c.hold.After
	if entry.Kind == git.Absent {
		entry = c.hold.Before
	}
	if entry.Kind != git.File && entry.Kind != git.Executable {
		return nil, nil
	}
	data, err := a.Repo.Blob(entry.Hash)
	if err != nil {
		return nil, err
	}
	hold, err := state.DecodeHold(c.hold.Path, data)
	var problems finding.Problems
	if errors.As(err, &problems) {
		return nil, nil
	}
	return hold, err
}

func (a *audit) version(entry git.Hash, component string) (version, error) {
	key := versionKey{entry, component}
	if known, found := a.versions[key]; found {
		return known, nil
	}
	v, err := a.versionAt(entry, component)
	a.versions[key] = v
	return v, err
}
