package forge

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/google/go-github/v84/github"
)

const (
	maxAttempts  = 6
	firstBackoff = time.Second
	// unsaid is how long GitHub wants a client to wait where it does not say how long.
	unsaid = time.Minute
)

var (
	// errMoved says that somebody else changed what was to be changed.
	errMoved = errors.New("it was changed meanwhile")
	// errBusy says that the server could not do it just now.
	errBusy = errors.New("the server is busy")
	// ErrOutage says that the server does not do its work, or wants to be left alone for longer than a run waits: other calls would end so too.
	ErrOutage = errors.New("the server is not available")
)

// outage is an error that is ErrOutage and does not say so.
type outage struct{ error }

func (o outage) Unwrap() error        { return o.error }
func (o outage) Is(target error) bool { return target == ErrOutage }

// retry makes attempts until one succeeds or fails for good, or the budget is spent. An attempt has to start over: one that failed may have
// done its work. The error says which access the token may lack.
func (f *Forge) retry(ctx context.Context, needs access, attempt func() error) error {
	left := f.budget
	for n := 0; ; n++ {
		err := attempt()
		if err == nil || ctx.Err() != nil {
			return err
		}
		pause, again := f.pause(err, n)
		switch {
		case !again, n+1 == maxAttempts && (errors.Is(err, errMoved) || errors.Is(err, errBusy)):
			return f.explain(err, needs)
		case n+1 == maxAttempts:
			return outage{f.explain(err, needs)}
		case pause > left:
			return outage{fmt.Errorf("%w; the server wants a pause of %s, which is longer than this run waits: run it again later",
				f.explain(err, needs), pause.Round(time.Second))}
		}
		left -= pause
		f.notice("%s: %v; trying again in %s", f.repository(), f.explain(err, needs), pause.Round(time.Second))
		if err := f.sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// pause says how long to wait after an error, and whether it makes sense to try again.
func (f *Forge) pause(err error, n int) (pause time.Duration, again bool) {
	backoff := firstBackoff << n
	var limited *github.RateLimitError
	var abused *github.AbuseRateLimitError
	var response *github.ErrorResponse
	var graphql *graphqlError
	switch {
	case errors.Is(err, errMoved):
		return 0, true
	case errors.Is(err, errBusy):
		return backoff, true
	case errors.Is(err, ErrNotMergeable):
		return 0, false
	case errors.As(err, &graphql):
		return graphql.pause(f.now(), backoff)
	case errors.As(err, &limited):
		return max(limited.Rate.Reset.Sub(f.now()), backoff), true
	case errors.As(err, &abused):
		return retryAfter(abused.Response, unsaid), true
	case !errors.As(err, &response): // no answer, or none that can be read
		return backoff, true
	}
	switch status := response.Response.StatusCode; {
	case status >= http.StatusInternalServerError:
		return retryAfter(response.Response, backoff), true
	case status == http.StatusTooManyRequests:
		return retryAfter(response.Response, unsaid), true
	case status == http.StatusForbidden && response.Response.Header.Get("Retry-After") != "":
		return retryAfter(response.Response, unsaid), true
	}
	return 0, false
}

// retryAfter returns how long a response asks to wait, or the given time where it does not say.
func retryAfter(r *http.Response, otherwise time.Duration) time.Duration {
	if seconds, err := strconv.Atoi(r.Header.Get("Retry-After")); err == nil && seconds >= 0 {
		return time.Duration(seconds) * time.Second
	}
	return otherwise
}
