package delivery

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/org/platform/internal/catalog"
	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// Item is one component of a deploy and the images it shall run.
type Item struct {
	Component catalog.Component
	Images    []release.Image
}

// DeployOptions say what to deploy where.
type DeployOptions struct {
	Items        []Item
	Source       *git.Commit
	Environments []string // empty: every environment without promoteFrom whose deploy is automatic
	Force        bool     // write over state that was edited by hand, or whose source commit is not in the history of Source
	DryRun       bool
}

// Deployed is the result of a deploy.
type Deployed struct {
	Releases     []DeployedRelease `json:"releases"`
	Environments []string          `json:"environments"`
	Changed      bool              `json:"changed"`
	Commit       string            `json:"commit,omitempty"`
	Branch       string            `json:"branch"`
}

// Placed returns the cells that were written.
func (d *Deployed) Placed() []state.Key {
	var keys []state.Key
	for _, r := range d.Releases {
		for _, p := range r.Results {
			if p.Result == Placed {
				keys = append(keys, state.Key{Environment: p.Environment, Component: r.Component})
			}
		}
	}
	return keys
}

// DeployedRelease is one release of a deploy.
type DeployedRelease struct {
	release.Release
	Results   []Placement       `json:"results"` // in the order of Deployed.Environments
	Manifests map[string][]byte `json:"-"`       // by environment
}

// Placement says what became of a release in one environment.
type Placement struct {
	Environment string          `json:"environment"`
	Result      PlacementResult `json:"result"`
	Running     release.ID      `json:"running,omitempty"` // what runs there instead, where the release is superseded
	Newer       string          `json:"newer,omitempty"`   // and the commit it was made from
}

// PlacementResult is what became of a release in an environment.
type PlacementResult string

// The results.
const (
	Placed     PlacementResult = "deployed"   // written (in a dry run: would be)
	Unchanged  PlacementResult = "unchanged"  // it runs already
	Superseded PlacementResult = "superseded" // a release of a newer commit runs
)

// Deploy writes releases into environments as one commit. What runs already is not written again, and where a release of a newer commit runs it
// stays; only when that leaves nothing at all is it an error, since of two workflow runs the slower one must not win.
func (d *Delivery) Deploy(ctx context.Context, o DeployOptions) (*Deployed, error) {
	environments, err := d.deployTargets(o.Environments)
	if err != nil {
		return nil, err
	}
	published, err := d.Repo.Published(ctx, o.Source.Hash)
	if err != nil {
		return nil, err
	}
	if !published {
		return nil, refusef("commit %.12s is not on %s: push it first, since promotion renders it again from there", o.Source.Hash, d.Repo.RemoteURL())
	}
	result := &Deployed{Environments: environments, Branch: d.Platform.Spec.State.Branch}
	if result.Releases, err = d.releases(ctx, o, environments); err != nil {
		return nil, err
	}
	propose := func(ctx context.Context, tip *git.Commit) (*git.Change, error) {
		return d.proposeDeploy(ctx, tip, result.Releases, o)
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

// releases makes the releases and renders them for each environment.
func (d *Delivery) releases(ctx context.Context, o DeployOptions, environments []string) ([]DeployedRelease, error) {
	var releases []DeployedRelease
	var below []string
	for _, item := range o.Items {
		below = append(below, item.Component.Path+"/deploy/**")
	}
	if err := d.Repo.Tree(o.Source.TreeHash).Prefetch(ctx, below...); err != nil {
		return nil, err
	}
	for _, item := range o.Items {
		source := release.Source{Commit: o.Source.Hash.String(), Path: item.Component.Path}
		r := DeployedRelease{Release: release.New(item.Component.Name, source, item.Images), Manifests: map[string][]byte{}}
		d.Progress("rendering %s %s", r.Component, r.ID)
		for _, env := range environments {
			manifests, err := d.Manifests(ctx, r.Release, env)
			if err != nil {
				return nil, err
			}
			r.Manifests[env] = manifests
		}
		releases = append(releases, r)
	}
	return releases, nil
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
	names = slices.Clone(names)
	slices.Sort(names)
	return slices.Compact(names), nil
}

// proposeDeploy decides for each cell against a tip of the state branch, and notes the decisions in releases.
func (d *Delivery) proposeDeploy(ctx context.Context, tip *git.Commit, releases []DeployedRelease, o DeployOptions) (*git.Change, error) {
	if err := d.prefetchCells(ctx, tip, releases); err != nil {
		return nil, err
	}
	edit := git.Edit{}
	n := note{action: actionDeploy, source: o.Source, runURL: d.RunURL, title: o.Source.Subject(), repository: d.repositoryURL()}
	var superseded []string
	for i := range releases {
		r := &releases[i]
		r.Results = nil
		written := false
		for _, env := range sortedKeys(r.Manifests) {
			p, err := d.place(ctx, tip, r.Release, env, o)
			if err != nil {
				return nil, err
			}
			r.Results = append(r.Results, p)
			switch p.Result {
			case Superseded:
				superseded = append(superseded, supersededBy(r.Release, p))
			case Placed:
				written = true
				n.in(env)
				for path, c := range d.write(d.key(r.Release, env), release.NewRecord(r.Release, "", r.Manifests[env]), r.Manifests[env]) {
					edit[path] = c
				}
			}
		}
		if written {
			n.releases = append(n.releases, r.Release)
		}
	}
	switch {
	case len(edit) > 0:
		return &git.Change{Edit: edit, Message: n.message()}, nil
	case len(superseded) > 0:
		return nil, refusef("%s", strings.Join(superseded, "\n"))
	default:
		return nil, nil
	}
}

func (d *Delivery) key(r release.Release, environment string) state.Key {
	return state.Key{Environment: environment, Component: r.Component}
}

func supersededBy(r release.Release, p Placement) string {
	return fmt.Sprintf("%s already runs %s of %s from the newer commit %.12s; to go back on purpose use: rollback %s --env %s",
		p.Environment, p.Running, r.Component, p.Newer, r.Component, p.Environment)
}
