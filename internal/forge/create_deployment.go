package forge

import (
	"context"
	"fmt"
	"time"

	"github.com/google/go-github/v84/github"
)

// NewDeployment is a deployment to be recorded.
type NewDeployment struct {
	Environment, SHA       string
	Description, Payload   string
	EnvironmentURL, LogURL string // of its status; may be empty
	Production             bool
	State                  string // of its first status, such as success; empty: it gets none
}

// maxDescription is how many characters GitHub takes.
const maxDescription = 140

// sameMoment is how far apart in time two records of the same deployment are one: it covers the attempts of a call and clocks that differ.
const sameMoment = 5 * time.Minute

// CreateDeployment records a deployment and its state. Nothing is merged for it and no check is required.
func (f *Forge) CreateDeployment(ctx context.Context, n NewDeployment) (Deployment, error) {
	n.Description = shortened(n.Description, maxDescription)
	d, err := f.createDeployment(ctx, n)
	if err == nil && n.State != "" {
		err = f.setState(ctx, d.ID, n)
	}
	if err != nil {
		return Deployment{}, fmt.Errorf("record the deployment of %s to %s of %s: %w", n.SHA, n.Environment, f.repository(), err)
	}
	d.State = n.State
	return d, nil
}

func (f *Forge) createDeployment(ctx context.Context, n NewDeployment) (d Deployment, err error) {
	since, attempts := f.now().Add(-sameMoment), 0
	err = f.retry(ctx, deploymentsWrite, func() error {
		if attempts++; attempts > 1 { // the one before may have been made, and only the answer lost
			list, err := f.deployments(ctx, n.Environment, n.SHA, since)
			if err != nil {
				return err
			}
			for _, made := range list {
				if made.Description == n.Description && made.Payload == n.Payload {
					d = made
					return nil
				}
			}
		}
		made, _, err := f.client.Repositories.CreateDeployment(ctx, f.owner, f.name, &github.DeploymentRequest{
			Ref: &n.SHA, Environment: &n.Environment, Description: optional(n.Description), Payload: n.Payload, AutoMerge: github.Ptr(false),
			RequiredContexts: &[]string{}, ProductionEnvironment: &n.Production, TransientEnvironment: github.Ptr(false)})
		if err == nil {
			d = asDeployment(made)
		}
		return err
	})
	return d, err
}

func (f *Forge) setState(ctx context.Context, id int64, n NewDeployment) error {
	attempts := 0
	return f.retry(ctx, deploymentsWrite, func() error {
		if attempts++; attempts > 1 {
			if state, err := f.deploymentState(ctx, id); err != nil || state == n.State {
				return err
			}
		}
		_, _, err := f.client.Repositories.CreateDeploymentStatus(ctx, f.owner, f.name, id, &github.DeploymentStatusRequest{
			State: &n.State, Description: optional(n.Description), EnvironmentURL: optional(n.EnvironmentURL), LogURL: optional(n.LogURL),
			AutoInactive: github.Ptr(false)}) // else it would end those of other components in the same environment
		return err
	})
}

func shortened(s string, characters int) string {
	if r := []rune(s); len(r) > characters {
		return string(r[:characters-1]) + "…"
	}
	return s
}
