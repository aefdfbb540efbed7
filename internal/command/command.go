// Package command lists the commands of the CLI. Each has a package of its own below this one.
package command

import (
	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/command/audit"
	"github.com/org/platform/internal/command/build"
	"github.com/org/platform/internal/command/containerize"
	"github.com/org/platform/internal/command/demo"
	"github.com/org/platform/internal/command/deploy"
	"github.com/org/platform/internal/command/diff"
	"github.com/org/platform/internal/command/history"
	"github.com/org/platform/internal/command/hold"
	"github.com/org/platform/internal/command/newcomponent"
	"github.com/org/platform/internal/command/policycheck"
	"github.com/org/platform/internal/command/promote"
	"github.com/org/platform/internal/command/render"
	"github.com/org/platform/internal/command/resume"
	"github.com/org/platform/internal/command/rollback"
	"github.com/org/platform/internal/command/status"
)

// All returns every command, in the order of a change's way to production.
func All() []app.NewCmd {
	return []app.NewCmd{
		newcomponent.New, build.New, containerize.New, render.New, diff.New, policycheck.New, deploy.New, promote.New, rollback.New, hold.New,
		resume.New, status.New, history.New, audit.New, demo.New,
	}
}
