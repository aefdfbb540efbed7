package delivery

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/forge"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// deployed is the payload of a GitHub Deployment: what of an environment it is about.
type deployed struct {
	Component string     `json:"component"`
	Release   release.ID `json:"release"`
	State     string     `json:"state"` // commit of the state branch that brought it
}

// recordWindow is how far back state changes are looked at that have no GitHub Deployment yet: a run that failed or was never started is made up for by
// the next one within that time.
const recordWindow = 24 * time.Hour

// RecordDeployments makes GitHub know what was written lately: a Deployment of the source commit for each cell that got another release, of all or of
// the given cells. It costs one request for each hundred deployments of the last day, and two for each one that is missing. What runs does not
// depend on it, so that an error is for the caller to tell and not to fail for.
func (d *Delivery) RecordDeployments(ctx context.Context, keys ...state.Key) error {
	if d.Forge == nil || d.Platform.Spec.Deployments == config.DeploymentsOff {
		return nil
	}
	tip, s, err := d.readCells(ctx, keys)
	if err != nil || tip == nil {
		return err
	}
	since := d.Now().Add(-recordWindow)
	fresh, err := d.freshCells(ctx, tip, s, since)
	if err != nil || len(fresh) == 0 {
		return err
	}
	list, err := d.Forge.Deployments(ctx, "", "", since)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, one := range list {
		known[one.Environment+" "+one.Payload] = true
	}
	for _, cell := range fresh {
		if n := d.deploymentOf(cell); !known[n.Environment+" "+n.Payload] {
			if _, err := d.Forge.CreateDeployment(ctx, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// readCells reads some cells of the newest state, without what lies beside them; all where none is named.
func (d *Delivery) readCells(ctx context.Context, keys []state.Key) (*git.Commit, *state.State, error) {
	if len(keys) == 0 {
		return d.readState(ctx)
	}
	tip, err := d.Repo.Tip(ctx, d.Platform.Spec.State.Branch)
	if err != nil || tip == nil {
		return nil, nil, err
	}
	s := &state.State{Cells: map[state.Key]state.Cell{}}
	tree := d.Repo.Tree(tip.TreeHash)
	for _, k := range keys {
		if err := tree.Prefetch(ctx, state.Dir(d.Platform.Spec.State.Path, k)+"/**"); err != nil {
			return nil, nil, err
		}
		cell, found, err := state.ReadCell(tree, d.Platform.Spec.State.Path, k)
		if err != nil {
			return nil, nil, err
		}
		if found {
			s.Cells[k] = cell
		}
	}
	return tip, s, nil
}

type freshCell struct {
	state.Cell
	git.LastChange
}

// freshCells returns the cells that were changed since a time, the earliest first.
func (d *Delivery) freshCells(ctx context.Context, tip *git.Commit, s *state.State, since time.Time) ([]freshCell, error) {
	keys := make([]state.Key, 0, len(s.Cells))
	for k := range s.Cells {
		keys = append(keys, k)
	}
	changes, err := d.lastChanges(ctx, tip, keys, since)
	var fresh []freshCell
	for k, c := range changes {
		if !c.Earlier && c.When.After(since) {
			fresh = append(fresh, freshCell{s.Cells[k], c})
		}
	}
	slices.SortFunc(fresh, func(a, b freshCell) int {
		return cmp.Or(a.When.Compare(b.When), cmp.Compare(a.Environment, b.Environment), cmp.Compare(a.Component, b.Component))
	})
	return fresh, err
}

func (d *Delivery) deploymentOf(c freshCell) forge.NewDeployment {
	payload, _ := json.Marshal(deployed{c.Component, c.Record.ID, c.Hash.String()}) // strings always encode
	n := forge.NewDeployment{Environment: c.Environment, SHA: c.Record.Source.Commit, Payload: string(payload), LogURL: d.RunURL,
		Description: c.Component + " " + string(c.Record.ID), Production: slices.Contains(d.Platform.Production(), c.Environment), State: "success"}
	if d.Platform.Spec.Deployments == config.DeploymentsExternal {
		n.State = "in_progress"
	}
	return n
}

// deploymentState returns the state of the newest GitHub Deployment of a release in a cell, "" for none.
func (e *evidence) deploymentState(k state.Key, id release.ID) (string, error) {
	cell, runs := e.state.Cells[k]
	if !runs || cell.Record.ID != id {
		return "", nil
	}
	list, err := e.Forge.Deployments(e.ctx, k.Environment, cell.Record.Source.Commit, time.Time{})
	if err != nil {
		return "", err
	}
	for _, one := range list {
		var about deployed
		if json.Unmarshal([]byte(one.Payload), &about) == nil && about.Component == k.Component && about.Release == id {
			return e.Forge.DeploymentState(e.ctx, one.ID)
		}
	}
	return "", nil
}
