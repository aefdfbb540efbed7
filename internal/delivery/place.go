package delivery

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

func sortedKeys(m map[string][]byte) []string { return slices.Sorted(maps.Keys(m)) }

// Prefetch makes what a deploy of some components will read of the source and of the state branch readable, both in the same round trips. The
// catalog files that may hold the components tell where their overlays are.
func (d *Delivery) Prefetch(ctx context.Context, source *git.Commit, components, catalogFiles, environments []string) error {
	tip, err := d.Repo.LastTip(ctx, d.Platform.Spec.State.Branch)
	if err != nil {
		return err
	}
	roots := []git.Hash{source.TreeHash}
	if tip != nil && tip.TreeHash != source.TreeHash {
		roots = append(roots, tip.TreeHash)
	}
	targets, err := d.deployTargets(environments)
	if err != nil {
		return err
	}
	patterns := slices.Clone(catalogFiles)
	for _, file := range catalogFiles {
		patterns = append(patterns, path.Join(path.Dir(file), "deploy/**"))
	}
	for _, component := range components {
		for _, env := range targets {
			patterns = append(patterns, d.cellPaths(state.Key{Environment: env, Component: component})...)
		}
	}
	return d.Repo.Prefetch(ctx, roots, patterns...)
}

func (d *Delivery) cellPaths(k state.Key) []string {
	return []string{state.Dir(d.Platform.Spec.State.Path, k) + "/**", state.HoldFile(d.Platform.Spec.State.Path, k)}
}

// prefetchCells makes the cells of some releases readable at a tip of the state branch, in few round trips whatever their number.
func (d *Delivery) prefetchCells(ctx context.Context, tip *git.Commit, releases []DeployedRelease) error {
	if tip == nil {
		return nil
	}
	var paths []string
	for _, r := range releases {
		for env := range r.Manifests {
			paths = append(paths, d.cellPaths(d.key(r.Release, env))...)
		}
	}
	return d.Repo.Tree(tip.TreeHash).Prefetch(ctx, paths...)
}

// place decides whether a release may be written into an environment.
func (d *Delivery) place(ctx context.Context, tip *git.Commit, r release.Release, env string, o DeployOptions) (Placement, error) {
	branch, k := d.stateTree(tip), d.key(r, env)
	p := Placement{Environment: env, Result: Placed}
	cell, runs, err := state.ReadCell(branch, d.Platform.Spec.State.Path, k)
	var problems finding.Problems
	switch {
	case errors.As(err, &problems) && o.Force:
		return p, nil
	case errors.As(err, &problems):
		return p, fmt.Errorf("%w\ngive --force to write over it", d.locate(ctx, branch, k, problems))
	case err != nil:
		return p, err
	case runs && cell.Record.ID == r.ID:
		p.Result = Unchanged
		return p, nil
	case cell.Hold.HoldsAt(r.ID, d.Now()):
		return p, refusef("%s is held out of %s: %s; lift it with: resume %s --env %s", r.ID, env, cell.Hold, k.Component, env)
	case !runs:
		return p, nil
	}
	p.Result, err = d.contend(ctx, cell, o)
	if p.Result == Superseded {
		p.Running, p.Newer = cell.Record.ID, cell.Record.Source.Commit
	}
	return p, err
}

// contend decides by history between the release that runs and one that is to replace it, so that it does not matter which of two workflow runs
// is the faster: the one whose source has the other's in its history.
func (d *Delivery) contend(ctx context.Context, cell state.Cell, o DeployOptions) (PlacementResult, error) {
	running, err := d.Repo.FetchCommit(ctx, cell.Record.Source.Commit)
	if errors.Is(err, git.ErrGone) && o.Force {
		return Placed, nil
	}
	if err != nil {
		return "", fmt.Errorf("compare with what %s runs: %w%s", cell.Environment, err, forceHint(err))
	}
	relation, err := d.Repo.Relation(ctx, o.Source.Hash, running)
	if err != nil {
		return "", fmt.Errorf("compare with what %s runs: %w", cell.Environment, err)
	}
	switch {
	case relation == git.Behind:
		return Superseded, nil
	case relation == git.Same, relation == git.Ahead, o.Force:
		return Placed, nil
	}
	return "", refusef("%s runs %s of %s from commit %.12s, which is not in the history of %.12s (another branch, or force-pushed): "+
		"what it has would be lost; merge it first, or give --force", cell.Environment, cell.Record.ID, cell.Component, running, o.Source.Hash)
}

func forceHint(err error) string {
	if errors.Is(err, git.ErrGone) {
		return "; give --force to deploy all the same"
	}
	return ""
}

// repositoryURL returns the remote's address where others can follow it.
func (d *Delivery) repositoryURL() string {
	if d.Repo.IsLocal() {
		return ""
	}
	return d.Repo.RemoteURL()
}
