// Package dispatch gives the commands that move releases their Delivery, and its errors their exit code. It stands apart from workspace, so that
// build and containerize do not link kustomize.
package dispatch

import (
	"errors"
	"strings"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/workspace"
)

// New returns the mover of releases of a workspace.
func New(a *app.App, w *workspace.Workspace) (*delivery.Delivery, error) {
	f, err := Forge(a, w)
	if err != nil {
		return nil, err
	}
	d := &delivery.Delivery{Repo: w.Repo, Platform: w.Config, Now: a.Now, RunURL: a.Runner.RunURL(), Web: webURL(a, w), Progress: a.Progress, Notice: a.Notice,
		Forge: f}
	d.Needs = func(component string) ([]string, error) {
		c, err := w.Component(component)
		if err != nil {
			return nil, err
		}
		return c.DependsOn, nil
	}
	d.Owner = func(component string) string {
		c, err := w.Component(component)
		if err != nil {
			return "" // what runs may have left the catalog
		}
		return reviewer(c.Owner, w.Repo.RemoteURL())
	}
	return d, nil
}

// reviewer returns the team that a catalog calls owner: a Backstage reference such as group:default/shop is a team of the organisation that the
// repository belongs to.
func reviewer(owner, remote string) string {
	kind, name, typed := strings.Cut(owner, ":")
	if !typed {
		kind, name = "group", owner
	}
	if _, rest, namespaced := strings.Cut(name, "/"); namespaced {
		name = rest
	}
	_, repository := hosted(remote)
	organisation, _, found := strings.Cut(repository, "/")
	switch {
	case name == "":
		return ""
	case strings.EqualFold(kind, "user"):
		return name
	case !found:
		return ""
	}
	return organisation + "/" + name
}

// Explain gives the errors of deliveries their place in the exit code contract.
func Explain(err error) error {
	var unknown *config.UnknownEnvironmentError
	switch {
	case errors.As(err, &unknown):
		return &app.UsageError{Err: err}
	case errors.Is(err, delivery.ErrRefused):
		return &app.RefusedError{Err: err}
	default:
		return err
	}
}
