package dispatch

import (
	"context"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/delivery"
	"github.com/org/platform/internal/state"
)

// Record makes the forge know what was written to the state lately. What runs does not depend on it, so that a token which may not do it is told and
// fails nothing. Without cells all of the state is looked at.
func Record(ctx context.Context, a *app.App, d *delivery.Delivery, cells ...state.Key) {
	if err := d.RecordDeployments(ctx, cells...); err != nil {
		a.Notice("GitHub Deployments are not recorded: %v", err)
	}
}
