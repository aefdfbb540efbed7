package git

import (
	"context"
	"time"
)

// skewed is how many commits in a row may have clocks that are behind without being taken for old.
const skewed = 64

// line goes along the first parents of a commit. That is the way a branch itself went, whatever the branches merged into it went through.
type line struct {
	repo  *Repository
	ahead []dated // the commit at hand and some of those before it, newest first
}

// dated is a commit with the latest date of it and of what it merged.
type dated struct {
	*Commit
	when time.Time
}

func (r *Repository) lineFrom(commit *Commit) *line {
	return &line{r, []dated{{commit, commit.Committer.When}}}
}

// when returns when the commit at hand came: by its own clock, but no earlier than what it came on top of. Else a single commit whose clock is
// behind, or whose author says so, made old what is new. Dates in the future count for nothing but their own commit.
func (l *line) when(ctx context.Context) (time.Time, error) {
	for len(l.ahead) <= skewed {
		last := &l.ahead[len(l.ahead)-1]
		if len(last.Parents) == 0 {
			break
		}
		if err := ctx.Err(); err != nil {
			return time.Time{}, err
		}
		if err := l.extend(ctx, last); err != nil {
			return time.Time{}, err
		}
	}
	now, when := l.repo.now(), l.ahead[0].Committer.When
	for _, c := range l.ahead {
		if c.when.After(when) && !c.when.After(now) {
			when = c.when
		}
	}
	return when, nil
}

// extend looks one commit further.
func (l *line) extend(ctx context.Context, last *dated) error {
	if err := l.repo.deepen(ctx, last.Commit); err != nil {
		return err
	}
	var first *Commit
	for i, hash := range last.Parents {
		parent, err := l.repo.Commit(hash)
		if err != nil {
			return err
		}
		if i == 0 {
			first = parent
		} else if when := parent.Committer.When; when.After(last.when) && !when.After(l.repo.now()) {
			last.when = when
		}
	}
	l.ahead = append(l.ahead, dated{first, first.Committer.When})
	return nil
}

// older says whether the commit at hand came before a time. History is only looked into where its own clock says so.
func (l *line) older(ctx context.Context, than time.Time) (bool, error) {
	if !l.ahead[0].Committer.When.Before(than) {
		return false, nil
	}
	when, err := l.when(ctx)
	return when.Before(than), err
}

// next goes to the first parent, with some paths readable in it, and returns it: nil where history begins.
func (l *line) next(ctx context.Context, paths ...string) (*Commit, error) {
	if err := ctx.Err(); err != nil || len(l.ahead[0].Parents) == 0 {
		return nil, err
	}
	if len(l.ahead) == 1 {
		if err := l.extend(ctx, &l.ahead[0]); err != nil {
			return nil, err
		}
	}
	l.ahead = l.ahead[1:]
	return l.ahead[0].Commit, l.repo.window(ctx, l.ahead[0].Commit, paths...)
}
