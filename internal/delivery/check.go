package delivery

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/state"
)

// CheckOptions say which cells to check.
type CheckOptions struct {
	Commit                 *git.Commit // whose state is checked
	Base                   *git.Commit // only cells that differ from this commit's; nil: all
	Environment, Component string      // only these; empty: all
}

// Checked is the result of a check.
type Checked struct {
	Cells    int              // how many were looked at
	Problems finding.Problems // sorted by file
}

// Check proves that the stored manifests are what their releases render to: it renders each cell again from its source commit and compares, byte
// for byte. What was edited by hand is a finding on the first line that differs; so is a release that cannot be rendered any more, since
// nothing is proven of it.
func (d *Delivery) Check(ctx context.Context, o CheckOptions) (*Checked, error) {
	s, err := d.stateAt(ctx, o.Commit)
	if err != nil {
		return nil, err
	}
	keys, err := d.checkedKeys(s, o)
	if err != nil {
		return nil, err
	}
	problems := make([]finding.Problems, len(keys))
	failures := make([]error, len(keys)) // to look: they are no findings
	var next, done atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(keys)) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(keys)); i = next.Add(1) - 1 {
				problems[i], failures[i] = d.checkCell(ctx, s, d.stateTree(o.Commit), keys[i])
				d.Progress("checked %d of %d", done.Add(1), len(keys))
			}
		})
	}
	wg.Wait()
	result := &Checked{Cells: len(keys), Problems: slices.Concat(problems...)}
	finding.Sort(result.Problems)
	return result, errors.Join(failures...)
}

// checkedKeys returns the cells to check, in the order of their files.
func (d *Delivery) checkedKeys(s *state.State, o CheckOptions) ([]state.Key, error) {
	var keys []state.Key
	take := func(k state.Key) error {
		if (o.Environment != "" && o.Environment != k.Environment) || (o.Component != "" && o.Component != k.Component) {
			return nil
		}
		if o.Base != nil {
			same, err := d.sameCell(o.Base, o.Commit, k)
			if same || err != nil {
				return err
			}
		}
		keys = append(keys, k)
		return nil
	}
	for k := range s.Cells {
		if err := take(k); err != nil {
			return nil, err
		}
	}
	for k := range s.Problems {
		if err := take(k); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(keys, func(a, b state.Key) int {
		return cmp.Or(cmp.Compare(a.Environment, b.Environment), cmp.Compare(a.Component, b.Component))
	})
	return keys, nil
}

// checkCell renders one cell again.
func (d *Delivery) checkCell(ctx context.Context, s *state.State, branch fs.FS, k state.Key) (finding.Problems, error) {
	if problems := s.Problems[k]; problems != nil {
		return d.locate(ctx, branch, k, problems), nil
	}
	record := s.Cells[k].Record
	dir := state.Dir(d.Platform.Spec.State.Path, k)
	problem := finding.Finding{RuleID: state.RuleID, Severity: finding.Error}
	want, err := d.Manifests(ctx, record.Release, k.Environment)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if unreachable := new(git.RemoteError); errors.As(err, &unreachable) {
		return nil, err // nothing is known of the cell: that is no finding about it
	}
	if err != nil {
		problem.File, problem.Confidence = dir+"/"+state.ReleaseFile, finding.File
		problem.Message = fmt.Sprintf("%s cannot be rendered again, so nothing proves its manifests: %v", record.ID, err)
		problem.Fix = "deploy or promote a release that renders"
		return finding.Problems{problem}, nil
	}
	have, err := fs.ReadFile(branch, dir+"/"+state.ManifestsFile)
	if err != nil {
		return nil, fmt.Errorf("read state: %w", err)
	}
	if bytes.Equal(have, want) {
		return nil, nil
	}
	problem.File, problem.Confidence = dir+"/"+state.ManifestsFile, finding.Exact
	problem.Line = firstDifference(have, want)
	problem.Message = fmt.Sprintf("manifests.yaml is not what %s renders to, though release.yaml has its digest", record.ID)
	problem.Fix = "make the change in deploy/overlays of the component and git revert this edit; " +
		"if this toolkit renders differently since it was upgraded, deploy again"
	return finding.Problems{problem}, nil
}
