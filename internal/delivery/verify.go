package delivery

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// The rules of a verification beside state.RuleID, which is that of edits by hand.
const (
	RuleGate       = "promotion-gate"        // a gate of the promotion does not hold
	RuleSet        = "promotion-set"         // a part of an atomic set
	RuleAlone      = "promotion-alone"       // something else in the same pull request
	RuleBreakGlass = "promotion-break-glass" // gates skipped by nobody who may
)

// VerifyOptions say what to verify.
type VerifyOptions struct {
	Base, Head *git.Commit // the tip of the state branch that the change goes on, and what it becomes
	Branch     string      // of the pull request, where known; for messages only
	Group      bool        // Head holds several pull requests, as in a merge queue: what is beside a promotion may be another one's
	// Catalog holds platform.yaml and the catalog after the change; nil is Head.
	Catalog fs.FS
	// BreakGlass says who skipped the gates of a cell's promotion, as the forge has it; nil or "" is nobody.
	BreakGlass func(ctx context.Context, k state.Key) (by string, err error)
}

// Kind says what a change does to a cell.
type Kind string

// The kinds.
const (
	KindPromotion Kind = "promotion"
	KindRollback  Kind = "rollback"
	KindRemoval   Kind = "removal"
	KindEdit      Kind = "hand edit"
)

// VerifiedCell is a cell that a change touches.
type VerifiedCell struct {
	state.Key
	From       release.ID          `json:"from,omitempty"` // empty: it ran nothing, or nothing that can be trusted
	To         release.ID          `json:"to,omitempty"`   // empty: it runs nothing, or nothing that can be read
	Kind       Kind                `json:"kind"`
	Gates      []promotion.Verdict `json:"gates,omitempty"`
	BreakGlass string              `json:"breakGlass,omitempty"` // who skipped the gates, verified
	OK         bool                `json:"ok"`
	Reason     string              `json:"reason"` // one line, for people
}

// Verified is the result of a verification.
type Verified struct {
	Cells    []VerifiedCell   // in the order of their files
	Holds    []state.Key      // whose hold files differ
	Problems finding.Problems // the worst first, then by file
}

// verifier verifies one change.
type verifier struct {
	*Delivery
	o          VerifyOptions
	base, head *git.Tree
	delta      delta
	before     *state.State
	steps      []promotion.Step // what is wanted at Base
	result     *Verified
}

// Verify proves that a change touches the state in no way but those of the toolkit: each cell that differs is, byte for byte, what the plan at Base
// promotes, a release brought back with the hold of a rollback, or gone with its component; and no commit of the change does on its way what is taken
// back in the end. It asks Git alone, and takes the gates from the receiver's Platform, which must be that of Base. What it cannot learn is an error,
// never a finding.
func (d *Delivery) Verify(ctx context.Context, o VerifyOptions) (*Verified, error) {
	v := &verifier{Delivery: d, o: o, base: d.Repo.Tree(o.Base.TreeHash), head: d.Repo.Tree(o.Head.TreeHash), result: &Verified{}}
	if err := v.between(ctx); err != nil {
		return nil, err
	}
	touched, err := v.compare(ctx)
	if err != nil || !touched {
		return v.result, err
	}
	if err := v.read(ctx); err != nil {
		return nil, err
	}
	for _, k := range v.delta.cells {
		d.Progress("verifying %s in %s", k.Component, k.Environment)
		cell, err := v.cell(ctx, k)
		if err != nil {
			return nil, fmt.Errorf("verify %s in %s: %w", k.Component, k.Environment, err)
		}
		v.result.Cells = append(v.result.Cells, cell)
	}
	v.sets()
	if err := v.holds(); err != nil {
		return nil, err
	}
	v.strays()
	v.alone()
	finding.Sort(v.result.Problems)
	return v.result, nil
}

// read reads the state at Base, what is planned for it, and the cells after the change.
func (v *verifier) read(ctx context.Context) error {
	var err error
	if v.before, err = v.stateAt(ctx, v.o.Base); err != nil {
		return err
	}
	var paths []string
	for _, k := range append(slices.Clone(v.delta.cells), v.delta.holds...) {
		paths = append(paths, v.cellPaths(k)...)
	}
	if len(paths) == 0 {
		return nil
	}
	if err := v.head.Prefetch(ctx, paths...); err != nil || len(v.delta.cells) == 0 {
		return err
	}
	asked, err := v.asked()
	if err == nil {
		v.steps, err = v.planFor(ctx, v.o.Base, v.before, asked)
	}
	return err
}

// asked returns the releases that the change brings to pinned environments: bringing them is how a person asks for them.
func (v *verifier) asked() (map[state.Key]release.ID, error) {
	asked := map[state.Key]release.ID{}
	for _, k := range v.delta.cells {
		if env, _ := v.Platform.Environment(k.Environment); env.Mode != config.ModePinned {
			continue
		}
		record, problems, err := v.record(k)
		if err != nil {
			return nil, err
		}
		if problems == nil {
			asked[k] = record.ID
		}
	}
	return asked, nil
}

// record reads the release.yaml of a cell after the change; problems says what is wrong with it.
func (v *verifier) record(k state.Key) (record release.Record, problems finding.Problems, err error) {
	file := v.file(k, state.ReleaseFile)
	entry, err := v.head.Entry(file)
	if err != nil {
		return record, nil, err
	}
	if entry.Kind != git.File {
		return record, finding.Problems{v.problem(k, state.ReleaseFile, "release.yaml is no file")}, nil
	}
	data, err := v.head.ReadFile(file)
	if err != nil {
		return record, nil, err
	}
	record, err = release.Decode(file, data)
	if errors.As(err, &problems) {
		return record, problems, nil
	}
	if err == nil && record.Component != k.Component {
		p := v.at(k, "component", fmt.Sprintf("release.yaml is of %q, not of %q", record.Component, k.Component))
		return record, finding.Problems{p}, nil
	}
	return record, nil, err
}

func (v *verifier) file(k state.Key, name string) string {
	return state.Dir(v.Platform.Spec.State.Path, k) + "/" + name
}

func (v *verifier) report(problems ...finding.Finding) {
	v.result.Problems = append(v.result.Problems, problems...)
}

// step returns what the plan at Base wants of a cell.
func (v *verifier) step(k state.Key) (promotion.Step, bool) {
	i := slices.IndexFunc(v.steps, func(s promotion.Step) bool { return s.Key == k })
	if i < 0 {
		return promotion.Step{}, false
	}
	return v.steps[i], true
}

// sets reports promotions of a part of an atomic set.
func (v *verifier) sets() {
	for _, u := range promotion.Units(v.Platform, v.steps) {
		var changed, missing []promotion.Step
		waits := false
		for _, s := range u.Steps {
			if i := v.promoted(s.Key); i >= 0 {
				changed = append(changed, s)
			} else {
				missing = append(missing, s)
			}
			waits = waits || s.Action == promotion.Wait
		}
		if !u.Atomic || len(changed) == 0 {
			continue
		}
		cell := &v.result.Cells[v.promoted(changed[0].Key)]
		switch {
		case len(missing) > 0:
			var names []string
			for _, s := range missing {
				names = append(names, fmt.Sprintf("%s (%s)", s.Component, s.Release.ID))
			}
			f := v.at(cell.Key, "id", fmt.Sprintf("%s is promoted in one with the set %s; missing: %s", cell.Component, u.Name, strings.Join(names, ", ")))
			f.RuleID, f.Fix = RuleSet, "merge "+u.Branch()+", which has them all: platform promote writes it"
			v.fail(cell, f)
		case u.Action == promotion.Wait && !waits: // for one that has nothing to bring itself
			f := v.at(cell.Key, "id", fmt.Sprintf("the set %s waits for %s", u.Name, u.Reason))
			f.RuleID, f.Fix = RuleSet, waitFix
			v.fail(cell, f)
		}
	}
}

// promoted returns the index of a cell that the change promotes, or -1.
func (v *verifier) promoted(k state.Key) int {
	return slices.IndexFunc(v.result.Cells, func(c VerifiedCell) bool { return c.Key == k && c.Kind == KindPromotion })
}

// fail reports what is wrong with a cell.
func (v *verifier) fail(c *VerifiedCell, problems ...finding.Finding) {
	for _, f := range problems {
		if f.Severity == finding.Error && (c.OK || c.Reason == "") {
			c.OK, c.Reason = false, f.Message
		}
	}
	v.report(problems...)
}
