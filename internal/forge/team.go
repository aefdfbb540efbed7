package forge

import (
	"context"
	"fmt"
	"net/url"
)

// InTeam tells whether a user is an active member of a team, by its slug. It is false only where the team is there and the user is not in it.
func (f *Forge) InTeam(ctx context.Context, org, team, user string) (bool, error) {
	member := false
	err := f.retry(ctx, membersRead, func() error {
		if _, _, err := f.client.Teams.GetTeamBySlug(ctx, url.PathEscape(org), url.PathEscape(team)); err != nil {
			return err
		}
		membership, _, err := f.client.Teams.GetTeamMembershipBySlug(ctx, url.PathEscape(org), url.PathEscape(team), url.PathEscape(user))
		if isMissing(err) {
			return nil
		}
		member = err == nil && membership.GetState() == "active"
		return err
	})
	if err != nil {
		return false, fmt.Errorf("ask whether %s is in the team %s/%s: %w", user, org, team, err)
	}
	return member, nil
}
