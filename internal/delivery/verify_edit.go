package delivery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/state"
	"github.com/org/platform/internal/strictyaml"
)

// edited reports each file of a cell that is not as wanted, on its first line that differs.
func (v *verifier) edited(c *VerifiedCell, want map[string][]byte) error {
	entries, err := v.head.ReadDir(state.Dir(v.Platform.Spec.State.Path, c.Key))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if _, known := want[e.Name()]; !known {
			v.fail(c, v.problem(c.Key, e.Name(), e.Name()+" does not belong here: the folder holds exactly three generated files"))
		}
	}
	for _, name := range []string{state.ReleaseFile, state.ManifestsFile, state.KustomizationFile} {
		file := v.file(c.Key, name)
		entry, err := v.head.Entry(file)
		switch {
		case err != nil:
			return err
		case entry.Kind == git.Absent:
			v.fail(c, v.problem(c.Key, name, name+" is missing"))
			continue
		case entry.Kind != git.File:
			v.fail(c, v.problem(c.Key, name, name+" is not a regular file"))
			continue
		}
		have, err := v.head.ReadFile(file)
		if err != nil {
			return err
		}
		if bytes.Equal(have, want[name]) {
			continue
		}
		f := v.problem(c.Key, name, fmt.Sprintf("%s was edited by hand: it is not what the toolkit writes for %s", name, c.To))
		f.Line, f.Confidence = min(firstDifference(have, want[name]), lines(have)), finding.Exact
		v.fail(c, f)
	}
	if c.Reason == "" { // nothing differs, and it is no promotion: the entry of the folder itself is odd
		v.fail(c, v.problem(c.Key, state.ReleaseFile, "the folder is not as the toolkit writes it"))
	}
	return nil
}

func lines(content []byte) int {
	return max(1, bytes.Count(bytes.TrimSuffix(content, []byte("\n")), []byte("\n"))+1)
}

// unwanted reports a release that neither a promotion nor a rollback brings, and says which one is wanted and why.
func (v *verifier) unwanted(ctx context.Context, c *VerifiedCell, step promotion.Step, planned bool) error {
	env, _ := v.Platform.Environment(c.Environment)
	var message string
	switch {
	case len(env.PromoteFrom) == 0:
		message = fmt.Sprintf("%s is written by deploy, which pushes to %s: not by a pull request", c.Environment, v.Platform.Spec.State.Branch)
	case !planned:
		message = fmt.Sprintf("nothing is to be promoted to %s: %s does not run %s", c.Environment, strings.Join(env.PromoteFrom, " or "), c.Component)
	case step.Brings():
		superseded, err := v.ranUpstream(ctx, c, step)
		if err != nil {
			return err
		}
		message = fmt.Sprintf("%s is not the release to promote to %s: that is %s (%s)", c.To, c.Environment, step.Release.ID, step.Reason)
		if superseded {
			c.Kind, message = KindPromotion, message+"; this pull request is superseded"
		}
	default:
		message = fmt.Sprintf("%s is not to be promoted to %s: %s", c.To, c.Environment, step.Reason)
	}
	v.fail(c, v.at(c.Key, "id", message))
	return nil
}

// ranUpstream says whether an upstream environment ran the release before.
func (v *verifier) ranUpstream(ctx context.Context, c *VerifiedCell, step promotion.Step) (bool, error) {
	for _, upstream := range step.From {
		past, _, err := v.History(ctx, v.o.Base, state.Key{Environment: upstream, Component: c.Component})
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(past, func(p Past) bool { return p.Record.ID == c.To }) {
			return true, nil
		}
	}
	return false, nil
}

// fix returns the command that does properly what a hand edit does.
func (v *verifier) fix(k state.Key) string {
	if env, known := v.Platform.Environment(k.Environment); known && len(env.PromoteFrom) == 0 {
		return fmt.Sprintf("git revert this; platform deploy --component %s writes %s", k.Component, k.Environment)
	}
	if v.o.Branch == v.branchOf(k) {
		return fmt.Sprintf("delete %s; platform promote --component %s --to %s writes it anew", v.o.Branch, k.Component, k.Environment)
	}
	return fmt.Sprintf("git revert this; platform promote --component %s --to %[2]s and platform rollback %[1]s --env %[2]s write %[2]s",
		k.Component, k.Environment)
}

// problem returns a finding of a file of a cell as a whole.
func (v *verifier) problem(k state.Key, name, message string) finding.Finding {
	return finding.Finding{RuleID: state.RuleID, Severity: finding.Error, File: v.file(k, name), Confidence: finding.File, Message: message, Fix: v.fix(k),
		Components: []string{k.Component}, Environments: []string{k.Environment}}
}

// at returns a finding on the line of a field of a cell's release.yaml.
func (v *verifier) at(k state.Key, field, message string) finding.Finding {
	f := v.problem(k, state.ReleaseFile, message)
	data, err := fs.ReadFile(v.head, f.File)
	if err != nil {
		return f // it was read before; the finding stands without its line
	}
	doc, err := strictyaml.Single(f.File, data)
	var problems finding.Problems
	if errors.As(err, &problems) || err != nil {
		return f
	}
	place := doc.Problem(message, f.Fix, field)
	f.Line, f.Column, f.Confidence = place.Line, place.Column, place.Confidence
	return f
}
