package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/org/platform/internal/catalog"
	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// cell judges one cell.
func (v *verifier) cell(ctx context.Context, k state.Key) (VerifiedCell, error) {
	c := VerifiedCell{Key: k, From: v.before.Cells[k].Record.ID, Kind: KindEdit}
	entry, err := v.head.Entry(state.Dir(v.Platform.Spec.State.Path, k))
	if err != nil {
		return c, err
	}
	if entry.Kind == git.Absent {
		return c, v.removal(ctx, &c)
	}
	if entry.Kind != git.Folder {
		c.Reason = "is no folder" // which is a stray file's finding
		return c, nil
	}
	record, problems, err := v.record(k)
	if err != nil {
		return c, err
	}
	if problems != nil {
		for i := range problems {
			problems[i].RuleID, problems[i].Fix = state.RuleID, v.fix(k)
		}
		v.fail(&c, problems...)
		return c, nil
	}
	c.To = record.ID
	return c, v.release(ctx, &c, record)
}

// release judges a cell by the release that it has after the change.
func (v *verifier) release(ctx context.Context, c *VerifiedCell, record release.Record) error {
	var want map[string][]byte // nil where nothing says what should stand there
	step, planned := v.step(c.Key)
	if planned && step.Brings() && step.Release.ID == record.ID {
		promotes, files, err := v.promotion(ctx, c, step, record)
		if promotes || err != nil {
			return err
		}
		want = files
	}
	rolls, files, err := v.rollback(ctx, c, record)
	if rolls || err != nil {
		return err
	}
	if want == nil {
		want = files
	}
	if want == nil && c.From == c.To {
		if want, err = v.stored(c.Key); err != nil {
			return err
		}
	}
	if want != nil {
		return v.edited(c, want)
	}
	return v.unwanted(ctx, c, step, planned)
}

// stored returns the files of a cell at Base.
func (v *verifier) stored(k state.Key) (map[string][]byte, error) {
	manifests, err := v.base.ReadFile(v.file(k, state.ManifestsFile))
	return state.Files(v.before.Cells[k].Record, manifests), err
}

// promotion judges a cell that has the release which the plan brings. done is false where its files are not those of the promotion, but want.
func (v *verifier) promotion(ctx context.Context, c *VerifiedCell, step promotion.Step, record release.Record) (done bool, want map[string][]byte, err error) {
	manifests, err := v.Manifests(ctx, step.Release.Release, c.Environment)
	if why, err := notRendered(ctx, err); why != nil || err != nil {
		if err == nil {
			c.Kind, c.Gates = KindPromotion, step.Gates
			f := v.at(c.Key, "id", fmt.Sprintf("%s cannot be rendered, so nothing proves its manifests: %v", step.Release.ID, why))
			f.Fix = "deploy a release that renders"
			v.fail(c, f)
		}
		return true, nil, err
	}
	wanted := recordOf(step, manifests, record.BreakGlass)
	edit := v.write(c.Key, wanted, manifests)
	after, err := v.Repo.Apply(v.o.Base.TreeHash, edit)
	if err != nil {
		return false, nil, err
	}
	same, sameHold, err := v.compareCell(v.Repo.Tree(after), c.Key)
	if err != nil || !same {
		return false, state.Files(wanted, manifests), err
	}
	c.Kind, c.OK, c.Gates, c.Reason = KindPromotion, true, step.Gates, step.Reason
	if !sameHold && !v.o.Group { // in a queue the hold may be another pull request's
		f := finding.Finding{RuleID: state.RuleID, Severity: finding.Error, File: state.HoldFile(v.Platform.Spec.State.Path, c.Key), Confidence: finding.File,
			Message: "the hold is not as the promotion leaves it", Fix: v.fix(c.Key)}
		v.fail(c, f)
	}
	if err := v.heldInQueue(c, record); err != nil {
		return true, nil, err
	}
	severity, err := v.skipped(ctx, c, record)
	if err != nil {
		return true, nil, err
	}
	v.waiting(c, step, severity)
	return true, nil, nil
}

// heldInQueue reports a promotion that is merged together with a hold which forbids it: the hold wins.
func (v *verifier) heldInQueue(c *VerifiedCell, record release.Record) error {
	if !v.o.Group {
		return nil
	}
	hold, err := v.holdAfter(c.Key)
	if err == nil && hold.HoldsAt(record.ID, v.Now()) {
		f := v.at(c.Key, "id", fmt.Sprintf("%s is to be held out of %s by another change in the queue: %s", record.ID, c.Environment, hold))
		f.RuleID, f.Fix = RuleGate, "take one of the two out of the queue"
		v.fail(c, f)
	}
	return err
}

// holdAfter returns the hold of a cell after the change; nil is none, or one that cannot be read, which is reported with the hold files.
func (v *verifier) holdAfter(k state.Key) (*state.Hold, error) {
	hold, err := state.ReadHold(v.head, v.Platform.Spec.State.Path, k)
	var problems finding.Problems
	if errors.As(err, &problems) {
		return nil, nil
	}
	return hold, err
}

// compareCell says whether a cell's folder and its hold are in a tree as they are after the change.
func (v *verifier) compareCell(tree *git.Tree, k state.Key) (folder, hold bool, err error) {
	same := func(path string) (bool, error) {
		want, err := tree.Entry(path)
		if err != nil {
			return false, err
		}
		have, err := v.head.Entry(path)
		return want == have, err
	}
	if folder, err = same(state.Dir(v.Platform.Spec.State.Path, k)); err != nil {
		return false, false, err
	}
	hold, err = same(state.HoldFile(v.Platform.Spec.State.Path, k))
	return folder, hold, err
}

// notRendered tells what is wrong with a release from what kept us from finding out.
func notRendered(ctx context.Context, err error) (why, failure error) {
	unreachable := new(git.RemoteError)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.As(err, &unreachable):
		return nil, err
	default:
		return err, nil
	}
}

// skipped returns the severity of gates that wait: where the record says that somebody skipped them, it must be who the forge says.
func (v *verifier) skipped(ctx context.Context, c *VerifiedCell, record release.Record) (finding.Severity, error) {
	if record.BreakGlass == nil {
		return finding.Error, nil
	}
	by := ""
	if v.o.BreakGlass != nil {
		var err error
		if by, err = v.o.BreakGlass(ctx, c.Key); err != nil {
			return finding.Error, err
		}
	}
	if by != "" && strings.EqualFold(by, record.BreakGlass.By) {
		c.BreakGlass = by
		return finding.Warning, nil
	}
	f := v.at(c.Key, "breakGlass", fmt.Sprintf("nothing proves that %s may skip the gates", record.BreakGlass.By))
	f.RuleID, f.Fix = RuleBreakGlass, "no team may: platform.yaml has no breakGlass.teams"
	if teams := v.Platform.Spec.BreakGlass.Teams; len(teams) > 0 {
		f.Fix = fmt.Sprintf("a member of %s puts the label %s on the pull request", strings.Join(teams, " or "), v.Platform.Spec.BreakGlass.Label)
	}
	v.fail(c, f)
	return finding.Error, nil
}

const waitFix = "wait: promote updates this pull request when it holds"

// waiting reports the gates of a promotion that do not hold.
func (v *verifier) waiting(c *VerifiedCell, step promotion.Step, severity finding.Severity) {
	var problems []finding.Finding
	report := func(p promotion.Verdict) {
		message := string(p.Gate) + " does not hold: " + strings.TrimPrefix(p.Reason, string(p.Gate)+": ")
		if !p.Until.IsZero() {
			message += "; merge after " + p.Until.UTC().Format("2006-01-02 15:04 MST")
		}
		f := v.at(c.Key, "id", message)
		f.RuleID, f.Severity, f.Fix = RuleGate, severity, waitFix
		if severity == finding.Warning {
			f.Fix = "skipped by " + c.BreakGlass
		}
		problems = append(problems, f)
	}
	for _, verdict := range step.Gates {
		if !verdict.Holds {
			report(verdict)
		}
	}
	if len(problems) == 0 && step.Action == promotion.Wait {
		report(promotion.Verdict{Gate: "a gate", Reason: step.Reason, Until: step.Until})
	}
	if severity == finding.Warning && len(problems) > 0 {
		c.Reason = fmt.Sprintf("gates skipped by %s", c.BreakGlass)
	}
	v.fail(c, problems...)
}

// rollback judges a cell that has a release which it ran before. done is false where its files are not those of a rollback, but stored; nil where it
// never ran.
func (v *verifier) rollback(ctx context.Context, c *VerifiedCell, record release.Record) (done bool, stored map[string][]byte, err error) {
	past, running, err := v.History(ctx, v.o.Base, c.Key)
	if err != nil {
		return false, nil, err
	}
	if !slices.ContainsFunc(past, func(p Past) bool { return p.Record.ID == record.ID }) {
		return false, nil, nil
	}
	stored, _, err = v.storedFiles(past, record.ID)
	if errors.Is(err, ErrRefused) { // edited by hand wherever it ran
		return false, nil, nil
	}
	if err != nil {
		return false, nil, err
	}
	after, err := v.Repo.Apply(v.o.Base.TreeHash, git.Edit{state.Dir(v.Platform.Spec.State.Path, c.Key): {Folder: stored}})
	if err != nil {
		return false, nil, err
	}
	if same, _, err := v.compareCell(v.Repo.Tree(after), c.Key); err != nil || !same {
		return false, stored, err
	}
	c.Kind, c.OK, c.Reason = KindRollback, true, "brings back the stored files of "+string(record.ID)
	if running == "" || running == record.ID {
		return true, nil, nil // what somebody edited or took away is put right: there is nothing to hold
	}
	return true, nil, v.holdsBack(c, record.ID, running)
}

// holdsBack reports a rollback that leaves out a release which must be held: the one that it replaces, and those that were held before.
func (v *verifier) holdsBack(c *VerifiedCell, target, running release.ID) error {
	before, err := state.ReadHold(v.base, v.Platform.Spec.State.Path, c.Key)
	var problems finding.Problems
	if err != nil && !errors.As(err, &problems) {
		return err
	}
	after, err := v.holdAfter(c.Key)
	if err != nil {
		return err
	}
	if before.HoldsAt(target, v.Now()) {
		c.Reason += ", which was held: " + before.String()
	}
	if !before.Lasts(v.Now()) {
		before = nil
	}
	for _, id := range (state.Hold{Releases: []release.ID{running}}).And(before).Without(target).Releases {
		if after.HoldsAt(id, v.Now()) {
			continue
		}
		f := v.at(c.Key, "id", fmt.Sprintf("nothing holds %s out of %s: automation would bring it back over this rollback", id, c.Environment))
		if id != running {
			what := strings.Replace(string(id), string(state.Everything), "everything", 1)
			f.Message = fmt.Sprintf("%s was held out of %s, and is no more after this rollback", what, c.Environment)
		}
		f.Fix = fmt.Sprintf("platform rollback %s --env %s --to %s", c.Component, c.Environment, target)
		v.fail(c, f)
	}
	return nil
}

// removal judges a cell that is gone: it may go with its component or its environment.
func (v *verifier) removal(ctx context.Context, c *VerifiedCell) error {
	gone, why, problems, err := v.decommissioned(ctx, c.Key)
	if err != nil {
		return err
	}
	if gone {
		c.Kind, c.OK, c.Reason = KindRemoval, true, why
		return nil
	}
	v.report(problems...)
	f := v.problem(c.Key, state.ReleaseFile, fmt.Sprintf("%s is taken out of %s by hand though it is in the catalog", c.Component, c.Environment))
	f.Fix = fmt.Sprintf("remove its %s in the same pull request, or go back with platform rollback %s --env %s", config.CatalogFile, c.Component, c.Environment)
	v.fail(c, f)
	return nil
}

// decommissioned says whether neither the catalog nor platform.yaml after the change want a cell.
func (v *verifier) decommissioned(ctx context.Context, k state.Key) (gone bool, why string, problems finding.Problems, err error) {
	files := v.o.Catalog
	if files == nil {
		files = v.head
	}
	fetch := func(patterns ...string) error {
		if tree, ok := files.(*git.Tree); ok {
			return tree.Prefetch(ctx, patterns...)
		}
		return nil
	}
	if err := fetch(config.FileName); err != nil {
		return false, "", nil, err
	}
	platform, err := config.Load(files, config.Options{NoComponentsYet: true})
	if err == nil {
		if _, known := platform.Environment(k.Environment); !known {
			return true, "there is no environment " + k.Environment + " any more", nil, nil
		}
		var globs []string
		for _, glob := range platform.Spec.Components {
			globs = append(globs, glob+"/"+config.CatalogFile)
		}
		if err := fetch(globs...); err != nil {
			return false, "", nil, err
		}
		var all *catalog.Catalog
		if all, err = catalog.Load(files, platform.Spec.Components); err == nil {
			known := slices.ContainsFunc(all.Components, func(c catalog.Component) bool { return c.Name == k.Component })
			return !known, k.Component + " is in the catalog no more", nil, nil
		}
	}
	if errors.As(err, &problems) {
		return false, "", problems, nil
	}
	return false, "", nil, err
}
