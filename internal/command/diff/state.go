package diff

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/org/platform/internal/diff"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/state"
)

// stateInputs returns the cells whose manifests are not the same, where both commits hold the state. On a branch of its own it is none of the
// change's business.
func stateInputs(ctx context.Context, s *sides) ([]diff.Input, error) {
	before, err := s.base.files.EntryHash(s.statePath)
	if err != nil {
		return nil, fmt.Errorf("read state: %w", err)
	}
	after, err := s.head.files.EntryHash(s.statePath)
	if err != nil {
		return nil, fmt.Errorf("read state: %w", err)
	}
	if before == after || before == git.ZeroHash || after == git.ZeroHash {
		return nil, nil
	}
	var changed []state.Key
	for _, env := range s.environments {
		keys, err := s.changedCells(ctx, env)
		if err != nil {
			return nil, fmt.Errorf("read state of %s: %w", env, err)
		}
		changed = append(changed, keys...)
	}
	var files []string
	for _, k := range changed {
		files = append(files, path.Join(state.Dir(s.statePath, k), state.ManifestsFile))
	}
	var contents [2][][]byte
	for i, side := range []side{s.base, s.head} {
		if contents[i], err = readAll(ctx, side.files, files); err != nil {
			return nil, fmt.Errorf("read state: %w", err)
		}
	}
	var inputs []diff.Input
	for i, k := range changed {
		inputs = append(inputs, diff.Input{Source: diff.State, Component: k.Component, Environment: k.Environment, Path: files[i],
			Before: contents[0][i], After: contents[1][i], Files: []string{files[i]}})
	}
	return inputs, nil
}

// changedCells returns the cells of an environment whose folder is not the same on both sides.
func (s *sides) changedCells(ctx context.Context, environment string) ([]state.Key, error) {
	dir := path.Join(s.statePath, environment)
	hashes := map[string][2]git.Hash{}
	for i, side := range []side{s.base, s.head} {
		if err := side.files.Prefetch(ctx, path.Join(dir, "*")); err != nil {
			return nil, err
		}
		entries, err := fs.ReadDir(side.files, dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, e := range entries {
			if !e.IsDir() || !s.chosen(e.Name()) {
				continue
			}
			hash, err := side.files.EntryHash(path.Join(dir, e.Name()))
			if err != nil {
				return nil, err
			}
			both := hashes[e.Name()]
			both[i] = hash
			hashes[e.Name()] = both
		}
	}
	var keys []state.Key
	for name, both := range hashes {
		if both[0] != both[1] {
			keys = append(keys, state.Key{Environment: environment, Component: name})
		}
	}
	slices.SortFunc(keys, func(a, b state.Key) int { return strings.Compare(a.Component, b.Component) })
	return keys, nil
}

// readAll reads files, nil where there is none.
func readAll(ctx context.Context, tree *git.Tree, files []string) ([][]byte, error) {
	if err := tree.Prefetch(ctx, files...); err != nil {
		return nil, err
	}
	contents := make([][]byte, len(files))
	for i, file := range files {
		content, err := fs.ReadFile(tree, file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		contents[i] = content
	}
	return contents, nil
}
