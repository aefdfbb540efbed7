package delivery

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// RollbackOptions say what to bring back.
type RollbackOptions struct {
	Component, Environment string
	To                     string // release id or a unique beginning of it; empty: the one that ran before
	Reason, By             string
	DryRun                 bool
}

// RolledBack is the result of a rollback.
type RolledBack struct {
	From    release.ID      `json:"from,omitempty"` // what it replaces; empty where nothing else ran
	Release release.Release `json:"release"`
	Already bool            `json:"already"` // the last thing that happened here was this rollback, so nothing is done
	Changed bool            `json:"changed"`
	Commit  string          `json:"commit,omitempty"`
	Hold    string          `json:"hold,omitempty"` // file that keeps From out
}

// Rollback restores the stored files of an earlier release, byte for byte, and holds the present one so that automation does not
// bring it back.
func (d *Delivery) Rollback(ctx context.Context, o RollbackOptions) (*RolledBack, error) {
	if _, known := d.Platform.Environment(o.Environment); !known {
		return nil, &config.UnknownEnvironmentError{Name: o.Environment, Known: d.Platform.EnvironmentNames()}
	}
	var result *RolledBack
	propose := func(ctx context.Context, tip *git.Commit) (change *git.Change, err error) {
		result, change, err = d.proposeRollback(ctx, tip, o)
		return change, err
	}
	if o.DryRun {
		tip, err := d.Repo.Tip(ctx, d.Platform.Spec.State.Branch)
		if err != nil {
			return nil, err
		}
		_, err = propose(ctx, tip)
		return result, err
	}
	commit, err := d.Repo.Update(ctx, d.Platform.Spec.State.Branch, propose)
	if err != nil {
		return nil, err
	}
	if commit != nil {
		result.Changed, result.Commit = true, commit.Hash.String()
	}
	return result, nil
}

func (d *Delivery) proposeRollback(ctx context.Context, tip *git.Commit, o RollbackOptions) (*RolledBack, *git.Change, error) {
	k := state.Key{Environment: o.Environment, Component: o.Component}
	past, running, err := d.History(ctx, tip, k)
	if err != nil {
		return nil, nil, err
	}
	if len(past) == 0 {
		return nil, nil, refusef("%s does not run in %s: nothing to roll back", o.Component, o.Environment)
	}
	root := d.Platform.Spec.State.Path
	held, err := state.ReadHold(d.stateTree(tip), root, k)
	if err != nil {
		return nil, nil, err
	}
	if o.To == "" && held != nil && running != "" && !held.Holds(running) {
		// The last thing that happened was a rollback, maybe this very one in a run that was killed: once is what was asked for.
		return &RolledBack{From: held.Releases[0], Release: past[0].Record.Release, Already: true, Hold: state.HoldFile(root, k)}, nil, nil
	}
	target, err := chooseTarget(past, running, o)
	if err != nil {
		return nil, nil, err
	}
	files, restored, err := d.storedFiles(past, target)
	if err != nil {
		return nil, nil, err
	}
	result := &RolledBack{Release: restored}
	edit := git.Edit{state.Dir(root, k): {Folder: files}}
	if running != "" && running != target { // else an edit by hand, or the removal of the folder, is undone and nothing is left to hold
		result.From, result.Hold = running, state.HoldFile(root, k)
		hold := state.Hold{Releases: []release.ID{running}, Reason: o.Reason, By: o.By}.And(held).Without(target)
		edit[result.Hold] = git.Content{File: hold.Encode()}
	}
	message, err := d.rollbackMessage(ctx, result, o)
	return result, &git.Change{Edit: edit, Message: message}, err
}

func (d *Delivery) rollbackMessage(ctx context.Context, r *RolledBack, o RollbackOptions) (string, error) {
	source, err := d.sourceOf(ctx, r.Release)
	n := note{action: actionRollback, environments: []string{o.Environment}, releases: []release.Release{r.Release}, source: source,
		repository: d.repositoryURL(), runURL: d.RunURL,
		body:  oneLine(o.Reason) + "\n\nRestores the files of " + string(r.Release.ID) + " as they were stored.",
		extra: []string{"Platform-By: " + o.By}}
	if r.From != "" {
		n.title = "back from " + string(r.From)
		n.body += fmt.Sprintf(" %s is held out of %s until another\nrelease arrives or %s is deleted.", r.From, o.Environment, r.Hold)
		n.extra = append(n.extra, "Platform-Rolled-Back: "+string(r.From))
	}
	return n.message(), err
}

// chooseTarget picks the release to go back to from the past of a cell, newest first.
func chooseTarget(past []Past, running release.ID, o RollbackOptions) (release.ID, error) {
	if o.To == "" && running == "" {
		return past[0].Record.ID, nil // the folder was deleted: what ran last comes back
	}
	if o.To == "" {
		oldestFirst := make([]release.ID, 0, len(past))
		for _, p := range slices.Backward(past) {
			oldestFirst = append(oldestFirst, p.Record.ID)
		}
		previous, found := release.Previous(oldestFirst)
		if !found {
			return "", refusef("%s has no earlier release in %s than %s; known: %s; name one with --to", o.Component, o.Environment, running, known(past))
		}
		return previous, nil
	}
	var matches []release.ID
	for _, p := range past {
		if id := p.Record.ID; strings.HasPrefix(string(id), o.To) && !slices.Contains(matches, id) {
			matches = append(matches, id)
		}
	}
	switch {
	case len(matches) == 0:
		return "", refusef("%s never ran release %s in %s; known: %s", o.Component, o.To, o.Environment, known(past))
	case len(matches) > 1:
		return "", refusef("release %s is ambiguous; known: %s", o.To, known(past))
	}
	return matches[0], nil
}

func known(past []Past) string {
	var ids []string
	for _, p := range past {
		if id := string(p.Record.ID); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return strings.Join(ids, ", ")
}

// Past is what a cell ran since a commit.
type Past struct {
	Record release.Record
	Commit *git.Commit
	dir    string
}

// History returns what a cell ran, newest first, and what it runs now ("" for nothing). States that the toolkit did not write are left out.
func (d *Delivery) History(ctx context.Context, tip *git.Commit, k state.Key) (past []Past, running release.ID, err error) {
	if tip == nil {
		return nil, "", nil
	}
	dir := state.Dir(d.Platform.Spec.State.Path, k)
	versions, err := d.versions(ctx, tip, dir)
	if err != nil {
		return nil, "", fmt.Errorf("history of %s: %w", dir, err)
	}
	newest := true
	for _, version := range versions {
		record, found, err := d.recordAt(version, dir)
		if err != nil {
			return nil, "", err
		}
		if found {
			past = append(past, Past{Record: record, Commit: version.Commit, dir: dir})
		}
		if newest && found {
			running = record.ID
		}
		newest = false
	}
	return past, running, nil
}

// versions returns all versions of a cell, newest first, with their records readable: in few round trips whatever their number.
func (d *Delivery) versions(ctx context.Context, tip *git.Commit, dir string) ([]git.Version, error) {
	var versions []git.Version
	var cells []git.Hash
	for version, err := range d.Repo.Versions(ctx, tip.Hash, dir) {
		if err != nil {
			return nil, err
		}
		versions = append(versions, version)
		if version.Entry != git.ZeroHash {
			cells = append(cells, version.Entry)
		}
	}
	return versions, d.Repo.Prefetch(ctx, cells, state.ReleaseFile)
}

// recordAt reads the record of a version of a cell, where there is one that the toolkit wrote.
func (d *Delivery) recordAt(version git.Version, dir string) (record release.Record, found bool, err error) {
	if version.Entry == git.ZeroHash {
		return record, false, nil
	}
	data, err := fs.ReadFile(d.Repo.Tree(version.Entry), state.ReleaseFile)
	if errors.Is(err, fs.ErrNotExist) {
		return record, false, nil
	}
	if err != nil {
		return record, false, fmt.Errorf("history of %s: %w", dir, err)
	}
	record, err = release.Decode(dir+"/"+state.ReleaseFile, data)
	return record, err == nil, nil
}

// storedFiles returns the files of a release as a cell had them last without anybody's edit.
func (d *Delivery) storedFiles(past []Past, id release.ID) (map[string][]byte, release.Release, error) {
	for _, p := range past {
		if p.Record.ID != id {
			continue
		}
		manifests, err := fs.ReadFile(d.Repo.Tree(p.Commit.TreeHash), p.dir+"/"+state.ManifestsFile)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, p.Record.Release, fmt.Errorf("stored state of %s: %w", id, err)
		}
		if err == nil && release.ContentDigest(manifests) == p.Record.Manifests {
			return state.Files(p.Record, manifests), p.Record.Release, nil
		}
	}
	return nil, release.Release{}, refusef("the stored manifests of %s were edited by hand wherever it ran; choose another release with --to", id)
}

// sourceOf returns the commit a release was made from, or nil where it is gone: a rollback must work all the same.
func (d *Delivery) sourceOf(ctx context.Context, r release.Release) (*git.Commit, error) {
	hash, err := d.Repo.FetchCommit(ctx, r.Source.Commit)
	if errors.Is(err, git.ErrGone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return d.Repo.Commit(hash)
}
