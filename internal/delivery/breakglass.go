package delivery

import (
	"context"
	"slices"
	"strings"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/state"
)

// BreakGlass returns who asked for the gates of a cell's promotion to be skipped and may, as the forge has it; "" is nobody.
func (d *Delivery) BreakGlass(ctx context.Context, k state.Key) (by string, err error) {
	return d.breakGlass(ctx, d.branchOf(k))
}

// branchOf returns the name of the branch that proposes promotions of a cell, alone or with its atomic set.
func (d *Delivery) branchOf(k state.Key) string {
	if set, found := d.Platform.SetOf(k.Component); found && set.Order != config.OrderOrdered {
		k.Component = set.Name
	}
	return promotion.Branch(k)
}

// breakGlass returns the login of who put the label of platform.yaml on the open pull request of a branch, where it is of a member of one of
// the teams that may.
func (d *Delivery) breakGlass(ctx context.Context, branch string) (by string, err error) {
	allowed := d.Platform.Spec.BreakGlass
	if d.Forge == nil || allowed.Label == "" || len(allowed.Teams) == 0 {
		return "", nil
	}
	pr, found, err := d.Forge.FindPullRequest(ctx, branch, d.Platform.Spec.State.Branch)
	if err != nil || !found {
		return "", err
	}
	on := slices.ContainsFunc(pr.Labels, func(label string) bool { return strings.EqualFold(label, allowed.Label) })
	if !on { // spares most promotions the other questions
		return "", nil
	}
	by, labelled, err := d.Forge.LabelledBy(ctx, pr.Number, allowed.Label)
	if err != nil || !labelled {
		return "", err
	}
	for _, name := range allowed.Teams {
		org, team, _ := strings.Cut(name, "/")
		member, err := d.Forge.InTeam(ctx, org, team, by)
		if err != nil {
			return "", err
		}
		if member {
			return by, nil
		}
	}
	return "", nil
}
