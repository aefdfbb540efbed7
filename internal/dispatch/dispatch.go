// Package dispatch gives the commands that move releases their Delivery, and its errors their exit code. It stands apart from workspace, so that
// build and containerize do not link kustomize.
package dispatch

import (
	"errors"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/workspace"
)

// New returns the mover of releases of a workspace.
func New(a *app.App, w *workspace.Workspace) *delivery.Delivery {
	return &delivery.Delivery{Repo: w.Repo, Platform: w.Config, Now: a.Now, RunURL: a.Runner.RunURL(), Progress: a.Progress}
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
