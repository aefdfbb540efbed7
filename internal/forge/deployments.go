package forge

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/go-github/v84/github"
)

// Deployment is a record that a commit went to an environment.
type Deployment struct {
	ID                         int64
	Environment, SHA, Ref      string
	Task, Description, Payload string // a payload that is no text is given as JSON
	Created                    time.Time
	State                      string // of its newest status; empty where nobody asked
}

// Deployments returns the deployments since a time, the newest first, without their states. An empty environment or commit stands for all.
func (f *Forge) Deployments(ctx context.Context, environment, sha string, since time.Time) ([]Deployment, error) {
	var list []Deployment
	err := f.retry(ctx, deploymentsRead, func() (err error) {
		list, err = f.deployments(ctx, environment, sha, since)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list deployments of %s: %w", f.repository(), err)
	}
	return list, nil
}

func (f *Forge) deployments(ctx context.Context, environment, sha string, since time.Time) ([]Deployment, error) {
	var list []Deployment
	err := pages(func(page github.ListOptions) (*github.Response, bool, error) {
		part, response, err := f.client.Repositories.ListDeployments(ctx, f.owner, f.name,
			&github.DeploymentsListOptions{Environment: environment, SHA: sha, ListOptions: page})
		older := false
		for _, d := range part {
			if d.GetCreatedAt().Before(since) {
				older = true
				continue
			}
			list = append(list, asDeployment(d))
		}
		return response, older, err
	})
	slices.SortStableFunc(list, func(a, b Deployment) int { return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(b.ID, a.ID)) })
	return slices.CompactFunc(list, func(a, b Deployment) bool { return a.ID == b.ID }), err
}

func asDeployment(d *github.Deployment) Deployment {
	payload := string(d.Payload)
	var text string
	if json.Unmarshal(d.Payload, &text) == nil {
		payload = text
	}
	return Deployment{ID: d.GetID(), Environment: d.GetEnvironment(), SHA: d.GetSHA(), Ref: d.GetRef(), Task: d.GetTask(), Description: d.GetDescription(),
		Payload: payload, Created: d.GetCreatedAt().UTC()}
}

// DeploymentState returns the state of a deployment's newest status, such as success; empty for none.
func (f *Forge) DeploymentState(ctx context.Context, id int64) (state string, err error) {
	err = f.retry(ctx, deploymentsRead, func() (err error) {
		state, err = f.deploymentState(ctx, id)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("read the state of deployment %d of %s: %w", id, f.repository(), err)
	}
	return state, nil
}

func (f *Forge) deploymentState(ctx context.Context, id int64) (string, error) {
	statuses, _, err := f.client.Repositories.ListDeploymentStatuses(ctx, f.owner, f.name, id, &github.ListOptions{PerPage: 100}) // the newest first
	if err != nil || len(statuses) == 0 {
		return "", err
	}
	newest := slices.MaxFunc(statuses, func(a, b *github.DeploymentStatus) int { return cmp.Compare(a.GetID(), b.GetID()) })
	return newest.GetState(), nil
}
