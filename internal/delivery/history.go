package delivery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/state"
)

// Episode is what a cell ran for a time.
type Episode struct {
	Move
	Until   time.Time `json:"until,omitzero"`    // when something else came; zero: it still is so
	Subject string    `json:"subject,omitempty"` // of the source commit, where that is there
}

// Ran returns how long the episode lasted, or has lasted by now.
func (e Episode) Ran(now time.Time) time.Duration {
	if e.Until.IsZero() {
		return now.Sub(e.When)
	}
	return e.Until.Sub(e.When)
}

// Episodes returns what a cell ran, newest first, as Git has it: at most a number of episodes, 0 for all.
func (d *Delivery) Episodes(ctx context.Context, k state.Key, limit int) ([]Episode, error) {
	if _, known := d.Platform.Environment(k.Environment); !known {
		return nil, &config.UnknownEnvironmentError{Name: k.Environment, Known: d.Platform.EnvironmentNames()}
	}
	tip, err := d.Repo.Tip(ctx, d.Platform.Spec.State.Branch)
	if err != nil || tip == nil {
		return []Episode{}, err
	}
	versions, err := d.recentVersions(ctx, tip, k, limit)
	if err != nil {
		return nil, fmt.Errorf("history of %s in %s: %w", k.Component, k.Environment, err)
	}
	episodes := make([]Episode, 0, len(versions))
	for i, v := range versions {
		if v.Entry == git.ZeroHash && i == len(versions)-1 || i == limit && limit > 0 {
			break // before its first version there was nothing; the last one of more is read for what comes after it alone
		}
		older := git.Version{}
		if i+1 < len(versions) {
			older = versions[i+1]
		}
		m, err := d.moveBetween(ctx, k, older, v)
		if err != nil {
			return nil, fmt.Errorf("history of %s in %s: %w", k.Component, k.Environment, err)
		}
		e := Episode{Move: m, Subject: d.sourceSubject(ctx, v, m)}
		if i > 0 {
			e.Until = episodes[i-1].When
		}
		episodes = append(episodes, e)
	}
	return episodes, nil
}

// recentVersions returns one version more than asked for, with their files and the holds beside them readable.
func (d *Delivery) recentVersions(ctx context.Context, tip *git.Commit, k state.Key, limit int) ([]git.Version, error) {
	dir := state.Dir(d.Platform.Spec.State.Path, k)
	var versions []git.Version
	var cells, commits []git.Hash
	for v, err := range d.Repo.Versions(ctx, tip.Hash, dir) {
		if err != nil {
			return nil, err
		}
		versions = append(versions, v)
		commits = append(commits, v.Commit.TreeHash)
		if v.Entry != git.ZeroHash {
			cells = append(cells, v.Entry)
		}
		if limit > 0 && len(versions) > limit {
			break
		}
	}
	if err := d.Repo.Prefetch(ctx, cells, "*"); err != nil {
		return nil, err
	}
	return versions, d.Repo.Prefetch(ctx, commits, state.HoldFile(d.Platform.Spec.State.Path, k))
}

func (d *Delivery) moveBetween(ctx context.Context, k state.Key, older, newer git.Version) (Move, error) {
	before, err := d.versionAt(older.Entry, k.Component)
	if err != nil {
		return Move{}, err
	}
	after, err := d.versionAt(newer.Entry, k.Component)
	if err != nil {
		return Move{}, err
	}
	hold, err := state.ReadHold(d.Repo.Tree(newer.Commit.TreeHash), d.Platform.Spec.State.Path, k)
	if problems := (finding.Problems)(nil); err != nil && !errors.As(err, &problems) {
		return Move{}, err
	}
	p, err := d.passageOf(newer.Commit, newer.When)
	if err != nil {
		return Move{}, err
	}
	return move(k, before, after, hold, p), ctx.Err()
}

// sourceSubject returns the subject of the commit a release was made from: as the state commit quotes it, else as that commit has it, if it is to
// be had.
func (d *Delivery) sourceSubject(ctx context.Context, v git.Version, m Move) string {
	if m.Source == "" {
		return ""
	}
	commits := []*git.Commit{v.Commit}
	if p, err := d.passageOf(v.Commit, v.When); err == nil && p.made != nil {
		commits = append(commits, p.made)
	}
	for _, c := range commits {
		if c.Trailer("Argocd-reference-commit-sha") == m.Source {
			return c.Trailer("Argocd-reference-commit-subject")
		}
	}
	hash, err := d.Repo.FetchCommit(ctx, m.Source)
	if err != nil {
		return "" // gone, perhaps; the history is the same without it
	}
	commit, err := d.Repo.Commit(hash)
	if err != nil {
		return ""
	}
	return commit.Subject()
}
