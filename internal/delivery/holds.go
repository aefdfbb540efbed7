package delivery

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// More values of the Platform-Action trailer, of commits which change a hold alone.
const (
	actionHold   = "hold"
	actionResume = "resume"
)

// HoldOptions say what to keep out of where.
type HoldOptions struct {
	Asked
	Component, Environment string
	Release                string    // id or a unique beginning of one that ran or runs somewhere; empty: everything
	Expires                time.Time // zero is never
}

// Held is the result of a hold, or of lifting one.
type Held struct {
	state.Key
	Hold *state.Hold `json:"hold,omitempty"` // as it is now, or was; nil: nobody can read what was lifted
	Landing
}

// Hold keeps a release, or all of them, out of an environment until it is lifted or expires. What is held there already stays held.
func (d *Delivery) Hold(ctx context.Context, o HoldOptions) (*Held, error) {
	k := state.Key{Environment: o.Environment, Component: o.Component}
	result := &Held{Key: k}
	propose := func(ctx context.Context, tip *git.Commit) (*git.Change, error) {
		id, err := d.heldRelease(ctx, tip, k, o.Release)
		if err != nil {
			return nil, err
		}
		before, err := state.ReadHold(d.stateTree(tip), d.Platform.Spec.State.Path, k)
		if err != nil {
			return nil, err
		}
		hold := state.Hold{Releases: []release.ID{id}, Reason: o.Reason, By: o.By}
		if !o.Expires.IsZero() {
			hold.Expires = state.ExpiryAt(o.Expires)
		}
		if before.Lasts(d.Now()) {
			hold = hold.And(before)
		}
		result.Hold = &hold
		return &git.Change{Edit: git.Edit{state.HoldFile(d.Platform.Spec.State.Path, k): {File: hold.Encode()}},
			Message: d.holdMessage(actionHold, k, o.Asked, hold.String())}, nil
	}
	return d.changeHold(ctx, o.Asked, actionHold, result, propose)
}

// ResumeOptions say where to lift a hold.
type ResumeOptions struct {
	Asked
	Component, Environment string
}

// Resume lifts the hold of a cell. One that cannot be read is lifted too.
func (d *Delivery) Resume(ctx context.Context, o ResumeOptions) (*Held, error) {
	k := state.Key{Environment: o.Environment, Component: o.Component}
	result := &Held{Key: k}
	file := state.HoldFile(d.Platform.Spec.State.Path, k)
	propose := func(_ context.Context, tip *git.Commit) (*git.Change, error) {
		if tip == nil {
			return nil, refusef("nothing is held out of %s for %s", k.Environment, k.Component)
		}
		there, err := d.Repo.Tree(tip.TreeHash).EntryHash(file)
		if err != nil {
			return nil, err
		}
		if there == git.ZeroHash {
			return nil, refusef("nothing is held out of %s for %s: there is no %s on %s", k.Environment, k.Component, file, d.Platform.Spec.State.Branch)
		}
		was := "what nobody can read"
		if result.Hold, err = state.ReadHold(d.stateTree(tip), d.Platform.Spec.State.Path, k); err == nil {
			was = result.Hold.String()
		}
		return &git.Change{Edit: git.Edit{file: {}}, Message: d.holdMessage(actionResume, k, o.Asked, "Was "+was)}, nil
	}
	return d.changeHold(ctx, o.Asked, actionResume, result, propose)
}

func (d *Delivery) changeHold(ctx context.Context, o Asked, action string, result *Held,
	propose func(context.Context, *git.Commit) (*git.Change, error)) (*Held, error) {
	if _, known := d.Platform.Environment(result.Environment); !known {
		return nil, &config.UnknownEnvironmentError{Name: result.Environment, Known: d.Platform.EnvironmentNames()}
	}
	pull := func(context.Context) (title, body string) {
		p := promotion.HoldChange{Key: result.Key, Hold: result.Hold, Lifts: action == actionResume, Reason: o.Reason, By: o.By, RunURL: d.RunURL}
		return p.Title(), p.Body()
	}
	landing, err := d.carryOut(ctx, o, handiwork{Key: result.Key, action: action, propose: propose, pull: pull})
	result.Landing = landing
	return result, err
}

// holdMessage writes the message of a commit that changes a hold alone.
func (d *Delivery) holdMessage(action string, k state.Key, o Asked, what string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s(%s): %s\n\n%s\n\n%s\n\n", action, k.Environment, k.Component, oneLine(o.Reason), oneLine(what))
	for _, trailer := range [][2]string{{"Platform-Action", action}, {"Platform-Environment", k.Environment}, {"Platform-Component", k.Component},
		{"Platform-Run", d.RunURL}, {"Platform-By", o.By}} {
		if value := oneLine(trailer[1]); value != "" {
			fmt.Fprintf(&b, "%s: %s\n", trailer[0], value)
		}
	}
	return b.String()
}

// heldRelease returns the release that the beginning of an id means: one that runs somewhere, or ran in the cell.
func (d *Delivery) heldRelease(ctx context.Context, tip *git.Commit, k state.Key, beginning string) (release.ID, error) {
	if beginning == "" {
		return state.Everything, nil
	}
	past, _, err := d.History(ctx, tip, k)
	if err != nil {
		return "", err
	}
	s, err := d.stateAt(ctx, tip)
	if err != nil {
		return "", err
	}
	var ids []release.ID
	for _, p := range past {
		ids = append(ids, p.Record.ID)
	}
	for _, env := range d.Platform.EnvironmentNames() {
		if cell, runs := s.Cells[state.Key{Environment: env, Component: k.Component}]; runs {
			ids = append(ids, cell.Record.ID)
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	matches := slices.DeleteFunc(slices.Clone(ids), func(id release.ID) bool { return !strings.HasPrefix(string(id), beginning) })
	switch len(matches) {
	case 1:
		return matches[0], nil
	case 0:
		return "", refusef("no environment runs or ran release %s of %s; known: %s", beginning, k.Component, joined(ids))
	default:
		return "", refusef("release %s is ambiguous: %s", beginning, joined(matches))
	}
}

func joined(ids []release.ID) string {
	var names []string
	for _, id := range ids {
		names = append(names, string(id))
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
