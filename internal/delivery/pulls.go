package delivery

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/forge"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

// workflowToken is who GITHUB_TOKEN writes as. What it opens starts no workflow, so that nobody can open one loop after the other.
const workflowToken = "github-actions[bot]"

// marker finds the comment again in which promote says what it did not do, and why.
const marker = "<!-- platform:promote -->"

// listPulls reads the open pull requests once: what is done on them is noted in r.pulls.
func (r *promoting) listPulls(ctx context.Context) error {
	r.pulls = map[string]forge.PullRequest{}
	if r.Forge == nil {
		return nil
	}
	list, err := r.Forge.OpenPullRequests(ctx, r.Platform.Spec.State.Branch)
	for _, pr := range list {
		if !pr.Fork { // a fork may give its branch any name
			r.pulls[pr.Branch] = pr
		}
	}
	return err
}

// skipped says who broke the glass for a unit that waits, nil for nobody.
func (r *promoting) skipped(ctx context.Context, unit promotion.Unit) (*release.BreakGlass, error) {
	pr, open := r.pulls[unit.Branch()]
	asked := func(name string) bool { return strings.EqualFold(name, r.Platform.Spec.BreakGlass.Label) }
	if !open || unit.Action != promotion.Wait || !slices.ContainsFunc(pr.Labels, asked) {
		return nil, nil
	}
	if same, err := r.brings(ctx, pr, unit); err != nil || !same {
		return nil, err
	}
	by, err := r.breakGlass(ctx, unit.Branch())
	if err != nil || by == "" {
		return nil, err
	}
	return &release.BreakGlass{By: by}, nil
}

// brings says whether a pull request has just the releases that a unit brings. The label was put on for what it had: where that is another release, it is
// taken off, and whoever wants to skip the gates for the new one has to say so again.
func (r *promoting) brings(ctx context.Context, pr forge.PullRequest, unit promotion.Unit) (bool, error) {
	if _, err := r.Repo.FetchCommit(ctx, pr.Head); errors.Is(err, git.ErrGone) { // the list lags behind the branch
		return false, nil
	} else if err != nil {
		return false, err
	}
	commit, err := r.Repo.Commit(git.NewHash(pr.Head))
	if err != nil {
		return false, err
	}
	for _, step := range unit.Steps {
		tree := r.Repo.Tree(commit.TreeHash)
		if err := tree.Prefetch(ctx, state.Dir(r.Platform.Spec.State.Path, step.Key)+"/**"); err != nil {
			return false, err
		}
		cell, found, err := state.ReadCell(tree, r.Platform.Spec.State.Path, step.Key)
		var edited finding.Problems
		if err != nil && !errors.As(err, &edited) {
			return false, err
		}
		if err == nil && found && cell.Record.ID == step.Release.ID {
			continue
		}
		if r.options.DryRun {
			return false, nil
		}
		return false, r.Forge.RemoveLabel(ctx, pr.Number, r.Platform.Spec.BreakGlass.Label)
	}
	return true, nil
}

// syncPull makes the pull request of a branch what the plan wants.
func (r *promoting) syncPull(ctx context.Context, tip *git.Commit, s *state.State, p proposal, o Outcome) (Outcome, error) {
	described, err := r.describe(ctx, s, p)
	if err != nil {
		return o, err
	}
	if described.Notes, err = r.notes(ctx); err != nil {
		return o, err
	}
	wait := p.unit.Action == promotion.Wait && p.skipped == nil
	pr, open := r.pulls[o.Branch]
	switch {
	case o.Result == NotOurs && open:
		o.show(pr)
		return o, r.leaveAlone(ctx, pr, o)
	case o.Result == NotOurs:
		return o, nil
	case open:
		if err = r.stopMerging(ctx, &pr, !wait && p.unit.Action == promotion.Merge); err == nil {
			err = r.updatePull(ctx, &pr, described, wait)
		}
	default:
		if o, err = r.mayOpen(ctx, tip, p, o); err != nil || o.Result == Declined || o.overtaken {
			return o, err
		}
		o.Result = Proposed
		pr, err = r.openPull(ctx, described, o.Branch, wait)
	}
	if errors.Is(err, forge.ErrNoCommits) {
		return o, nil // somebody has merged it just now
	}
	if err != nil {
		return o, err
	}
	r.pulls[o.Branch] = pr
	o.show(pr)
	if wait || p.unit.Action != promotion.Merge {
		return o, nil
	}
	return r.mergePull(ctx, tip, p, described, o)
}

// mayOpen says whether a pull request may be opened: no person has declined it, and it was not merged meanwhile.
func (r *promoting) mayOpen(ctx context.Context, tip *git.Commit, p proposal, o Outcome) (Outcome, error) {
	declined, err := r.declined(ctx, o)
	if err == nil && declined {
		o.Result = Declined
		return o, nil
	}
	if err == nil {
		o.overtaken, err = r.overtaken(ctx, tip, p)
	}
	return o, err
}

func (o *Outcome) show(pr forge.PullRequest) {
	o.PullRequest, o.URL, o.Draft = pr.Number, pr.URL, pr.Draft
}

// openPull opens the pull request of a branch, with its labels and reviewers.
func (r *promoting) openPull(ctx context.Context, described promotion.Proposal, branch string, draft bool) (forge.PullRequest, error) {
	pr, created, err := r.Forge.CreatePullRequest(ctx, forge.NewPullRequest{Title: described.Title(), Body: described.Body(), Branch: branch,
		Base: r.Platform.Spec.State.Branch, Draft: draft && !r.noDrafts})
	if err != nil {
		return pr, err
	}
	if created && draft && !pr.Draft {
		r.doWithoutDrafts()
	}
	return pr, r.updatePull(ctx, &pr, described, draft) // a list that lagged did not have it, or it lacks what comes after opening
}

// updatePull changes what of a pull request is not as it should be. The label comes last of what belongs to opening one, and a draft becomes ready when
// people are asked: what a killed run left out shows by that.
func (r *promoting) updatePull(ctx context.Context, pr *forge.PullRequest, described promotion.Proposal, draft bool) error {
	title, body := described.Title(), described.Body()
	if pr.Title != title || !sameText(pr.Body, body) {
		if err := r.Forge.EditPullRequest(ctx, pr.Number, title, body); err != nil {
			return err
		}
		pr.Title, pr.Body = title, body
	}
	if draft {
		if err := r.setDraft(ctx, pr, true); err != nil {
			return err
		}
	}
	missing := r.missingLabels(*pr)
	if asks := !draft || r.noDrafts; asks && (pr.Draft || len(missing) > 0) {
		if err := r.review(ctx, *pr, described.Unit); err != nil {
			return err
		}
	}
	if len(missing) > 0 {
		if err := r.Forge.AddLabels(ctx, pr.Number, missing...); err != nil {
			return err
		}
		pr.Labels = append(pr.Labels, missing...)
	}
	if draft {
		return nil
	}
	return r.setDraft(ctx, pr, false)
}

// setDraft makes a pull request a draft or ready, where the repository has drafts.
func (r *promoting) setDraft(ctx context.Context, pr *forge.PullRequest, draft bool) error {
	if pr.Draft == draft || r.noDrafts {
		return nil
	}
	err := r.Forge.SetDraft(ctx, *pr, draft)
	switch {
	case errors.Is(err, forge.ErrNoDrafts):
		r.doWithoutDrafts()
		return nil
	case err != nil:
		return err
	}
	pr.Draft = draft
	return nil
}

func (r *promoting) doWithoutDrafts() {
	r.noDrafts = true
	r.notice("this repository has no draft pull requests: only the required check promote check keeps promotions from being merged before their gates hold")
}

// sameText compares texts as GitHub keeps them.
func sameText(a, b string) bool {
	plain := func(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }
	return plain(a) == plain(b)
}

// missingLabels returns the labels that a pull request should have and has not.
func (r *promoting) missingLabels(pr forge.PullRequest) []string {
	return slices.DeleteFunc(append([]string{config.LabelPromotion}, r.Platform.Spec.PullRequests.Labels...), func(name string) bool {
		return slices.ContainsFunc(pr.Labels, func(other string) bool { return strings.EqualFold(name, other) })
	})
}

// notes says on top of a pull request what its readers would wonder about.
func (r *promoting) notes(ctx context.Context) ([]string, error) {
	if r.login == "" {
		login, err := r.Forge.Login(ctx)
		if err != nil {
			return nil, err
		}
		r.login = login
		if login == workflowToken {
			r.notice("checks of promotions do not start by themselves, since GITHUB_TOKEN opens them; give promote the token of a GitHub App " +
				"(docs/promotion.md#the-token)")
		}
	}
	if r.login == workflowToken {
		return []string{"The checks of this pull request do not start by themselves, since it was opened with GITHUB_TOKEN. Approve its workflow runs, " +
			"or give promote the token of a GitHub App."}, nil
	}
	return nil, nil
}

// leaveAlone tells the person whose commits are on a branch that promote does not touch it.
func (r *promoting) leaveAlone(ctx context.Context, pr forge.PullRequest, o Outcome) error {
	_, err := r.Forge.Sticky(ctx, pr.Number, marker, "`promote` did not make commit "+o.Commit+" of this branch, so it leaves the branch as it is, "+
		"and does not bring it up to date.\n\n`promote check` lets nothing pass but what it would write itself. "+
		"Drop the commit, or delete the branch: the next run makes it anew.")
	return err
}

// declined says whether a person has closed the pull request of exactly what the branch holds. It stays closed until there is something else to bring.
func (r *promoting) declined(ctx context.Context, o Outcome) (bool, error) {
	if o.Result != AlreadyOpen {
		return false, nil
	}
	pr, found, err := r.Forge.LastClosedPullRequest(ctx, o.Branch, r.Platform.Spec.State.Branch)
	return found && !pr.Merged && pr.Head == o.Commit, err
}

// explainClosing says on the pull request of a branch why it goes. The server closes it with the branch: was it closed before, and this run killed in
// between, it would look as if a person had done it.
func (r *promoting) explainClosing(ctx context.Context, branch, reason string) error {
	pr, open := r.pulls[branch]
	if !open || reason == merged {
		return nil
	}
	_, err := r.Forge.Sticky(ctx, pr.Number, marker, "Closed: "+reason+".")
	return err
}

func (d *Delivery) notice(format string, args ...any) {
	if d.Notice != nil {
		d.Notice(format, args...)
	}
}
