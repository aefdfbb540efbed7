package delivery

import (
	"context"
	"fmt"
	"time"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// RollbackOptions say what to bring back.
type RollbackOptions struct {
	Asked
	Component, Environment string
	To                     string    // release id or a unique beginning of it; empty: the one that ran before
	Expires                time.Time // of the hold; zero is never

	// ImageExists says whether a registry has an image; an error leaves that open. Nil: nobody asks.
	ImageExists func(ctx context.Context, reference string) (bool, error)
	// Dependents returns the components that depend on one. Nil: they are not known.
	Dependents func(component string) ([]string, error)
}

// RolledBack is the result of a rollback.
type RolledBack struct {
	From    release.ID      `json:"from,omitempty"` // what it replaces; empty where nothing else ran
	Release release.Release `json:"release"`
	Already bool            `json:"already"` // the last thing that happened here was this rollback, so nothing is done
	Landing
	Hold       string                `json:"hold,omitempty"`    // file that keeps From out
	Expires    state.Expiry          `json:"expires,omitzero"`  // when it stops to
	TakenBack  []promotion.Change    `json:"takenBack"`         // commits of the component's folder that Release lacks, newest first
	Unknown    string                `json:"unknown,omitempty"` // why TakenBack could not be told
	Dependents []promotion.Dependent `json:"dependents"`        // that run in the environment

	DependentsUnknown string `json:"dependentsUnknown,omitempty"` // why they could not be told

	replaced release.Release // of From
}

// Rollback restores the stored files of an earlier release, byte for byte, and holds the present one so that automation does not
// bring it back: on a branch to merge, or at once. Neither soak nor freezes nor any other gate keeps it from that.
func (d *Delivery) Rollback(ctx context.Context, o RollbackOptions) (*RolledBack, error) {
	if _, known := d.Platform.Environment(o.Environment); !known {
		return nil, &config.UnknownEnvironmentError{Name: o.Environment, Known: d.Platform.EnvironmentNames()}
	}
	r := &rollback{Delivery: d, options: o, key: state.Key{Environment: o.Environment, Component: o.Component}, checked: map[string]bool{}}
	landing, err := d.carryOut(ctx, o.Asked, handiwork{Key: r.key, action: actionRollback, propose: r.propose, pull: r.pull})
	if r.result != nil {
		r.result.Landing = landing
	}
	if err != nil {
		return nil, err
	}
	r.consequences(ctx)
	return r.result, nil
}

// rollback is one under way.
type rollback struct {
	*Delivery
	options RollbackOptions
	key     state.Key
	result  *RolledBack     // of what was proposed last
	tip     *git.Commit     // on which
	checked map[string]bool // images that are there
	told    bool            // result has the consequences
}

func (r *rollback) propose(ctx context.Context, tip *git.Commit) (*git.Change, error) {
	r.tip, r.told = tip, false
	past, running, err := r.History(ctx, tip, r.key)
	if err != nil {
		return nil, err
	}
	if len(past) == 0 {
		return nil, refusef("%s does not run in %s: nothing to roll back", r.key.Component, r.key.Environment)
	}
	root := r.Platform.Spec.State.Path
	held, err := state.ReadHold(r.stateTree(tip), root, r.key)
	if err != nil {
		return nil, err
	}
	if back, already := rolledBackBefore(past, running, held); already && r.options.To == "" {
		r.result = &RolledBack{From: back, Release: past[0].Record.Release, Already: true, Hold: state.HoldFile(root, r.key), Expires: held.Expires}
		return nil, nil
	}
	target, err := chooseTarget(past, running, r.options)
	if err != nil {
		return nil, err
	}
	files, restored, err := r.storedFiles(past, target)
	if err != nil {
		return nil, err
	}
	if err := r.checkImages(ctx, restored); err != nil {
		return nil, err
	}
	r.result = &RolledBack{Release: restored}
	edit := git.Edit{state.Dir(root, r.key): {Folder: files}}
	if running != "" && running != target { // else an edit by hand, or the removal of the folder, is undone and nothing is left to hold
		r.result.From, r.result.replaced, r.result.Hold = running, past[0].Record.Release, state.HoldFile(root, r.key)
		hold := r.hold(running, held).Without(target)
		r.result.Expires = hold.Expires
		edit[r.result.Hold] = git.Content{File: hold.Encode()}
	}
	message, err := r.message(ctx)
	return &git.Change{Edit: edit, Message: message}, err
}

// rolledBackBefore says whether the last thing that happened in a cell was a rollback, and from what: maybe this very one, in a run that was killed.
// Once is what was asked for.
func rolledBackBefore(past []Past, running release.ID, held *state.Hold) (release.ID, bool) {
	if running == "" {
		return "", false
	}
	for _, p := range past {
		if p.Record.ID != running {
			return p.Record.ID, held.Names(p.Record.ID) && !held.Names(running)
		}
	}
	return "", false
}

// hold returns the hold of what runs, and of what is held already.
func (r *rollback) hold(running release.ID, held *state.Hold) state.Hold {
	hold := state.Hold{Releases: []release.ID{running}, Reason: r.options.Reason, By: r.options.By}
	if !r.options.Expires.IsZero() {
		hold.Expires = state.ExpiryAt(r.options.Expires)
	}
	if !held.Lasts(r.Now()) {
		return hold
	}
	return hold.And(held)
}

// checkImages asks whether the images of a release are still there: what cannot be pulled is no way back.
func (r *rollback) checkImages(ctx context.Context, back release.Release) error {
	for _, image := range back.Images {
		reference := image.Reference()
		if r.options.ImageExists == nil || r.checked[reference] {
			continue
		}
		r.Progress("asking for %s", reference)
		found, err := r.options.ImageExists(ctx, reference)
		if err != nil {
			return fmt.Errorf("look whether image %s of %s is still there: %w; give --skip-image-check to go back without asking the registry",
				image.Name, back.ID, err)
		}
		if !found {
			return refusef("image %s of %s is gone from the registry: %s could not start; choose another release with --to, push the image again, "+
				"or give --skip-image-check if the cluster has it", reference, back.ID, back.Component)
		}
		r.checked[reference] = true
	}
	return nil
}

func (r *rollback) message(ctx context.Context) (string, error) {
	source, err := r.sourceOf(ctx, r.result.Release)
	n := note{action: actionRollback, environments: []string{r.key.Environment}, releases: []release.Release{r.result.Release}, source: source,
		repository: r.repositoryURL(), runURL: r.RunURL,
		body:  oneLine(r.options.Reason) + "\n\nRestores the files of " + string(r.result.Release.ID) + " as they were stored.",
		extra: []string{"Platform-By: " + r.options.By}}
	if from := r.result.From; from != "" {
		n.title = "back from " + string(from)
		n.body += fmt.Sprintf(" %s is held out of %s until another\nrelease arrives or it is lifted with resume.", from, r.key.Environment)
		n.extra = append(n.extra, "Platform-Rolled-Back: "+string(from))
	}
	return n.message(), err
}
