package delivery

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/state"
)

// delta is what a change does, by what its paths are.
type delta struct {
	cells  []state.Key // whose folder differs, in the order of their files
	holds  []state.Key // whose hold file differs
	strays []string    // that do not belong into the state
	others []string    // outside of the state
}

// compare finds out what differs. It says whether any of the state does.
func (v *verifier) compare(ctx context.Context) (bool, error) {
	root := v.Platform.Spec.State.Path
	before, err := v.base.Entry(root)
	if err != nil {
		return false, err
	}
	after, err := v.head.Entry(root)
	if err != nil {
		return false, err
	}
	if err := v.moved(ctx); err != nil {
		return false, err
	}
	if before == after {
		return len(v.result.Problems) > 0, nil
	}
	changes, err := v.Repo.Changes(ctx, v.o.Base.TreeHash, v.o.Head.TreeHash)
	if err != nil {
		return false, err
	}
	for _, c := range changes {
		v.delta.add(v.Platform, c)
	}
	sortKeys(v.delta.cells)
	v.delta.cells = slices.Compact(v.delta.cells)
	return true, nil
}

func sortKeys(keys []state.Key) {
	slices.SortFunc(keys, func(a, b state.Key) int {
		return cmp.Or(cmp.Compare(a.Environment, b.Environment), cmp.Compare(a.Component, b.Component))
	})
}

// moved reports a change of where the state is, and a configuration where only state belongs.
func (v *verifier) moved(ctx context.Context) error {
	if v.o.Catalog == nil {
		problems, err := v.Moved(ctx, v.o.Base, v.o.Head)
		v.report(problems...)
		return err
	}
	before, err := v.base.Entry(config.FileName)
	if err != nil {
		return err
	}
	after, err := v.head.Entry(config.FileName)
	if err != nil || before == after || after.Kind == git.Absent {
		return err
	}
	v.report(finding.Finding{RuleID: state.RuleID, Severity: finding.Error, File: config.FileName, Confidence: finding.File,
		Message: fmt.Sprintf("%s does not belong on the branch %s, which holds state alone", config.FileName, v.Platform.Spec.State.Branch),
		Fix:     "change it on the default branch: that one counts"})
	return nil
}

// Moved returns what is wrong where a change moves the state to a path or a branch that has state already, which nobody would have verified.
func (d *Delivery) Moved(ctx context.Context, base, head *git.Commit) ([]finding.Finding, error) {
	tree := d.Repo.Tree(head.TreeHash)
	before, err := d.Repo.Tree(base.TreeHash).Entry(config.FileName)
	if err != nil {
		return nil, err
	}
	after, err := tree.Entry(config.FileName)
	if err != nil || before == after || after.Kind == git.Absent {
		return nil, err
	}
	platform, err := config.Load(tree, config.Options{NoComponentsYet: true})
	var problems finding.Problems
	if errors.As(err, &problems) {
		return nil, nil // nothing works with it, and other checks say why
	}
	if err != nil {
		return nil, err
	}
	was, is := d.Platform.Spec.State, platform.Spec.State
	f := finding.Finding{RuleID: state.RuleID, Severity: finding.Error, File: config.FileName, Confidence: finding.File}
	if was.Branch != is.Branch {
		tip, err := d.Repo.Tip(ctx, is.Branch)
		if err != nil || tip == nil {
			return nil, err
		}
		tree = d.Repo.Tree(tip.TreeHash)
		f.Message = fmt.Sprintf("state.branch moves from %s to %s, which has %s already: nothing proves it", was.Branch, is.Branch, is.Path)
		f.Fix = "take a branch that is not there yet, and deploy and promote to it after the merge"
	} else {
		f.Message = fmt.Sprintf("state.path moves from %s to %s, which has files already: nothing proves them", was.Path, is.Path)
		f.Fix = "take a path that is not there yet, and deploy and promote to it after the merge"
	}
	there, err := tree.Entry(is.Path)
	if err != nil || was == is || there.Kind == git.Absent {
		return nil, err
	}
	return []finding.Finding{f}, nil
}

// add takes in one path that differs.
func (d *delta) add(p *config.Platform, c git.PathChange) {
	rel, inside := strings.CutPrefix(c.Path, p.Spec.State.Path+"/")
	if !inside {
		d.addOutside(p.Spec.State.Path, c)
		return
	}
	parts := strings.Split(rel, "/")
	if _, known := p.Environment(parts[0]); !known || len(parts) == 1 || !fs.ValidPath(c.Path) {
		d.addStray(c)
		return
	}
	k := state.Key{Environment: parts[0], Component: parts[1]}
	if len(parts) > 2 || c.Before.Kind == git.Folder || c.After.Kind == git.Folder {
		d.cells = append(d.cells, k)
	}
	if len(parts) == 2 {
		d.addBeside(k, c)
	}
}

func (d *delta) addOutside(root string, c git.PathChange) {
	above := c.Path == root || strings.HasPrefix(root, c.Path+"/")
	switch {
	case above: // what is below a folder is listed too
		d.addStray(c)
	case !isFolder(c.Before) || !isFolder(c.After):
		d.others = append(d.others, c.Path)
	}
}

// addBeside takes in what lies where the folders of cells do.
func (d *delta) addBeside(k state.Key, c git.PathChange) {
	component, holds := strings.CutSuffix(k.Component, holdSuffix)
	switch {
	case !isFolder(c.After) && (!holds || c.After.Kind != git.File):
		d.addStray(c)
	case holds && (!isFolder(c.Before) || !isFolder(c.After)):
		d.holds = append(d.holds, state.Key{Environment: k.Environment, Component: component})
	}
}

// addStray takes in what does not belong there. What is taken away is no longer in the way.
func (d *delta) addStray(c git.PathChange) {
	if !isFolder(c.After) {
		d.strays = append(d.strays, c.Path)
	}
}

// holdSuffix is how the names of hold files end.
var holdSuffix = strings.TrimPrefix(state.HoldFile("", state.Key{Environment: "e", Component: "c"}), "e/c")

// holds reports the hold files that do not say what they hold.
func (v *verifier) holds() error {
	v.result.Holds = v.delta.holds
	for _, k := range v.delta.holds {
		_, err := state.ReadHold(v.head, v.Platform.Spec.State.Path, k)
		var problems finding.Problems
		switch {
		case errors.As(err, &problems):
			for i := range problems {
				problems[i].RuleID = state.RuleID
			}
			v.report(problems...)
		case err != nil:
			return err
		}
	}
	return nil
}

// strays reports what does not belong into the state.
func (v *verifier) strays() {
	for _, file := range v.delta.strays {
		f := finding.Finding{RuleID: state.RuleID, Severity: finding.Error, File: file, Confidence: finding.File,
			Message: fmt.Sprintf("%s does not belong into the state, which holds ENVIRONMENT/COMPONENT/ and ENVIRONMENT/COMPONENT%s", file, holdSuffix),
			Fix:     "put it elsewhere"}
		rel, _ := strings.CutPrefix(file, v.Platform.Spec.State.Path+"/")
		if env, _, below := strings.Cut(rel, "/"); below {
			if _, known := v.Platform.Environment(env); !known {
				f.Message = fmt.Sprintf("%s is not an environment of %s as it is before this change", env, config.FileName)
				f.Fix = "merge the environment first; its state is then deployed or promoted"
			}
		}
		v.report(f)
	}
}

// maxOthers bounds the findings about what is beside a promotion.
const maxOthers = 10

// alone reports what a promotion brings beside itself: who reviews a promotion would not look for it.
func (v *verifier) alone() {
	promotes := slices.ContainsFunc(v.result.Cells, func(c VerifiedCell) bool { return c.Kind == KindPromotion })
	if !promotes || v.o.Group {
		return
	}
	others := slices.Clone(v.delta.others)
	for _, k := range v.delta.holds {
		if !slices.Contains(v.delta.cells, k) {
			others = append(others, state.HoldFile(v.Platform.Spec.State.Path, k))
		}
	}
	for i, file := range others {
		f := finding.Finding{RuleID: RuleAlone, Severity: finding.Error, File: file, Confidence: finding.File,
			Message: "a promotion changes nothing else", Fix: "move it to a pull request of its own"}
		if i == maxOthers {
			f.Message += fmt.Sprintf("; %d more files are changed", len(others)-maxOthers)
		}
		v.report(f)
		if i == maxOthers {
			break
		}
	}
}
