package delivery

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/org/platform/internal/catalog"
	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// DeployOptions say what to deploy where.
type DeployOptions struct {
	Component    catalog.Component
	Source       *git.Commit
	Images       []release.Image
	Environments []string // empty: every environment without promoteFrom whose deploy is automatic
	Force        bool     // write over state that was edited by hand, or whose source commit is gone
	DryRun       bool
}

// Deployed is the result of a deploy.
type Deployed struct {
	Release      release.Release   `json:"release"`
	Environments []string          `json:"environments"`
	Changed      bool              `json:"changed"`
	Commit       string            `json:"commit,omitempty"`
	Branch       string            `json:"branch"`
	Manifests    map[string]string `json:"-"` // by environment, for a dry run
}

// Deploy writes a release into environments as one commit. Deploying what already runs writes nothing.
func (d *Delivery) Deploy(ctx context.Context, o DeployOptions) (*Deployed, error) {
	environments, err := d.deployTargets(o.Environments)
	if err != nil {
		return nil, err
	}
	r := release.New(o.Component.Name, release.Source{Commit: o.Source.Hash.String(), Path: o.Component.Path}, o.Images)
	published, err := d.Repo.Published(ctx, o.Source.Hash)
	if err != nil {
		return nil, err
	}
	if !published {
		return nil, refusef("commit %.12s is not on %s: push it first, since promotion renders it again from there", o.Source.Hash, d.Repo.RemoteURL())
	}
	manifests := map[string][]byte{}
	result := &Deployed{Release: r, Environments: environments, Branch: d.Platform.Spec.State.Branch, Manifests: map[string]string{}}
	for _, env := range environments {
		if manifests[env], err = d.Manifests(ctx, r, env); err != nil {
			return nil, err
		}
		result.Manifests[env] = string(manifests[env])
	}
	propose := func(ctx context.Context, tip *git.Commit) (*git.Change, error) {
		return d.proposeDeploy(ctx, tip, r, o, manifests)
	}
	if o.DryRun {
		tip, err := d.Repo.Tip(ctx, d.Platform.Spec.State.Branch)
		if err != nil {
			return nil, err
		}
		change, err := propose(ctx, tip)
		result.Changed = change != nil
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

// deployTargets returns the environments a deploy may write to.
func (d *Delivery) deployTargets(names []string) ([]string, error) {
	if len(names) == 0 {
		for _, e := range d.Platform.Roots() {
			if e.Deploy == config.DeployAutomatic {
				names = append(names, e.Name)
			}
		}
		if len(names) == 0 {
			return nil, refusef("no environment has deploy: automatic; name one with --env")
		}
		return names, nil
	}
	for _, name := range names {
		env, known := d.Platform.Environment(name)
		if !known {
			return nil, &config.UnknownEnvironmentError{Name: name, Known: d.Platform.EnvironmentNames()}
		}
		if len(env.PromoteFrom) > 0 {
			return nil, refusef("%s receives releases by promotion from %s, not by deploy; run promote", name, strings.Join(env.PromoteFrom, ", "))
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

func (d *Delivery) proposeDeploy(ctx context.Context, tip *git.Commit, r release.Release, o DeployOptions, manifests map[string][]byte) (*git.Change, error) {
	branch := d.stateTree(tip)
	edit := git.Edit{}
	var changed []string
	for _, env := range slices.Sorted(maps.Keys(manifests)) {
		content := manifests[env]
		k := state.Key{Environment: env, Component: r.Component}
		cell, runs, err := state.ReadCell(branch, d.Platform.Spec.State.Path, k)
		var problems finding.Problems
		switch {
		case errors.As(err, &problems) && o.Force:
		case errors.As(err, &problems):
			return nil, fmt.Errorf("%w\ngive --force to write over it", d.locate(ctx, branch, k, problems))
		case err != nil:
			return nil, err
		case runs && cell.Record.ID == r.ID:
			continue
		case cell.Hold.Holds(r.ID):
			return nil, refusef("%s is held out of %s: %s; deploy another release, or delete %s", r.ID, env, cell.Hold,
				state.HoldFile(d.Platform.Spec.State.Path, k))
		case runs:
			if err := d.mayReplace(ctx, cell, r, o.Source); err != nil && !(o.Force && errors.Is(err, git.ErrGone)) {
				return nil, err
			}
		}
		for path, c := range d.write(k, release.NewRecord(r, "", content), content) {
			edit[path] = c
		}
		changed = append(changed, env)
	}
	if len(changed) == 0 {
		return nil, nil
	}
	n := note{action: actionDeploy, environments: changed, release: r, title: o.Source.Subject(), source: o.Source, runURL: d.RunURL}
	return &git.Change{Edit: edit, Message: n.message()}, nil
}

// mayReplace keeps an older source from overwriting a newer one: of two workflow runs the slower one must not win.
func (d *Delivery) mayReplace(ctx context.Context, cell state.Cell, r release.Release, source *git.Commit) error {
	running, err := d.Repo.FetchCommit(ctx, cell.Record.Source.Commit)
	if err != nil {
		return fmt.Errorf("compare with what %s runs: %w; give --force to deploy all the same", cell.Environment, err)
	}
	older, err := d.Repo.IsAncestor(ctx, source.Hash, running)
	if err != nil {
		return fmt.Errorf("compare with what %s runs: %w", cell.Environment, err)
	}
	if older && running != source.Hash {
		return refusef("%s already runs %s from the newer commit %.12s; to go back on purpose use: rollback %s --env %s",
			cell.Environment, cell.Record.ID, running, r.Component, cell.Environment)
	}
	return nil
}
