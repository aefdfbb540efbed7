package policycheck

import (
	"context"
	"errors"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/change"
	"github.com/org/platform/internal/check"
	"github.com/org/platform/internal/dispatch"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/render"
	"github.com/org/platform/internal/workspace"
)

// runCheck runs the check over what the flags and the event name.
func runCheck(ctx context.Context, a *app.App, o Options, e change.Event) (*check.Result, *workspace.Workspace, error) {
	go render.Warm() // what is checked is rendered several times, beside each other
	o.WorkingTree = o.Ref == ""
	w, err := workspace.Open(ctx, a, o.Options)
	if err != nil {
		return nil, nil, err
	}
	options := check.Options{Repo: w.Repo, Config: w.Config, Renders: dispatch.Renders(a, w), All: o.All, Components: o.Components,
		Environments: o.Envs, Trace: o.Trace, PlaceKnown: o.FailOn == failOnAll || o.Verbose || o.Trace != "", Now: a.Now(), Progress: a.Progress,
		Overlays: func(context.Context) ([]check.Overlay, error) { return overlaysOf(w) }}
	for _, name := range o.Envs {
		if _, err := w.Environment(name); err != nil {
			return nil, nil, err
		}
	}
	for _, name := range o.Components {
		if _, err := w.Component(name); err != nil {
			return nil, nil, err
		}
	}
	for _, s := range o.Images {
		image, err := release.ParseImage(s, "")
		if err != nil {
			return nil, nil, &app.UsageError{Err: err}
		}
		options.Images = append(options.Images, render.Image{Name: image.Name, NewName: image.NewName, Digest: image.Digest})
	}
	if options.Head, options.Base, err = trees(ctx, w, e, o); err != nil {
		return nil, nil, err
	}
	if w.Commit != nil && options.Base == git.ZeroHash {
		if err := w.PrefetchOverlays(w.Commit); err != nil {
			return nil, nil, err
		}
	}
	result, err := check.Run(ctx, options)
	return result, w, err
}

// trees returns what is checked, and what it is compared with: the zero hash for nothing.
func trees(ctx context.Context, w *workspace.Workspace, e change.Event, o Options) (head, base git.Hash, err error) {
	if w.Commit != nil {
		head = w.Commit.TreeHash
	} else {
		if head, err = w.Repo.WorkingTree(ctx); err != nil {
			return head, base, err
		}
		if w.Commit, err = w.Repo.Resolve(ctx, "HEAD"); err != nil && o.Base == "" && e.Name == "" {
			return head, base, nil // nothing is committed yet
		}
	}
	if err != nil {
		return head, base, err
	}
	commit, err := e.Base(ctx, w, o.Base)
	if errors.Is(err, change.ErrNothing) && o.Base == "" && e.PullRequest.Number == 0 { // such as a run on a schedule
		if o.Ref != "" || head == w.Commit.TreeHash {
			return head, base, nil
		}
		commit, err = w.Commit, nil // what is not committed is a change of what is
	}
	if err != nil {
		return head, base, err
	}
	if commit.Hash == w.Commit.Hash && commit.TreeHash == head { // nothing differs
		return head, base, nil
	}
	return head, commit.TreeHash, w.PrefetchOverlays(commit, w.Commit)
}

// overlaysOf lists the overlays of the files that are checked.
func overlaysOf(w *workspace.Workspace) ([]check.Overlay, error) {
	catalog, err := w.Catalog()
	if err != nil {
		return nil, err
	}
	var all []check.Overlay
	for _, environment := range w.Config.EnvironmentNames() {
		for _, component := range catalog.Components {
			dir, err := render.OverlayDir(w.Files, component.Path, environment)
			if errors.Is(err, render.ErrNoOverlay) {
				continue
			}
			if err != nil {
				return nil, err
			}
			all = append(all, check.Overlay{Component: component.Name, Environment: environment, Dir: dir})
		}
	}
	return all, nil
}
