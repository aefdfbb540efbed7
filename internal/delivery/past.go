package delivery

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

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
