package delivery

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

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
