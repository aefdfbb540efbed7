package delivery

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/forge"
	"github.com/org/platform/internal/promotion"
)

// review asks people, when there is something to decide. Who may not be asked is told and does not stop a promotion.
func (r *promoting) review(ctx context.Context, pr forge.PullRequest, unit promotion.Unit) error {
	env, _ := r.Platform.Environment(unit.Environment)
	var users, teams []string
	for _, who := range env.Reviewers {
		names := []string{who}
		if who == config.ReviewerOwner {
			names = r.owners(unit)
		}
		for _, name := range names {
			if _, team, isTeam := strings.Cut(name, "/"); isTeam {
				teams = append(teams, team)
			} else {
				users = append(users, name)
			}
		}
	}
	if len(users)+len(teams) == 0 {
		return nil
	}
	err := r.Forge.RequestReviewers(ctx, pr.Number, unique(users), unique(teams))
	if errors.Is(err, forge.ErrNotReviewer) {
		r.notice("%v", err)
		return nil
	}
	return err
}

// owners returns the owners of a unit's components as the forge calls them.
func (r *promoting) owners(unit promotion.Unit) []string {
	var owners []string
	for _, step := range unit.Steps {
		if r.Owner == nil {
			continue
		}
		if owner := r.Owner(step.Component); owner != "" {
			owners = append(owners, owner)
		}
	}
	return owners
}

func unique(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return slices.Compact(names)
}
