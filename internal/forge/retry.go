package forge

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-github/v84/github"
)

const (
	maxAttempts  = 6
	firstBackoff = time.Second
	// unsaid is how long GitHub wants a client to wait where it does not say how long.
	unsaid = time.Minute
)

// errMoved says that somebody else changed what was to be changed.
var errMoved = errors.New("it was changed meanwhile")

// retry makes attempts until one succeeds or fails for good, or the budget is spent. An attempt has to start over: one that failed may have
// done its work.
func (f *Forge) retry(ctx context.Context, attempt func() error) error {
	left := f.budget
	for n := 0; ; n++ {
		err := attempt()
		if err == nil || ctx.Err() != nil {
			return err
		}
		pause, again := f.pause(err, n)
		if !again || n+1 == maxAttempts {
			return f.explain(err)
		}
		if pause > left {
			return fmt.Errorf("%w; the server wants a pause of %s, which is longer than this run waits: run it again later", f.explain(err), pause.Round(time.Second))
		}
		left -= pause
		f.notice("%s: %v; trying again in %s", f.repository(), f.explain(err), pause.Round(time.Second))
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
	switch {
	case errors.Is(err, errMoved):
		return 0, true
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

// explainedError says what to do about an answer. It never holds the token.
type explainedError struct {
	message string
	cause   error
}

func (e *explainedError) Error() string { return e.message }
func (e *explainedError) Unwrap() error { return e.cause }

func (f *Forge) explain(err error) error {
	message := err.Error()
	var response *github.ErrorResponse
	var limited *github.RateLimitError
	if errors.As(err, &response) {
		message = fmt.Sprintf("%s (%d)", response.Message, response.Response.StatusCode)
		switch response.Response.StatusCode {
		case http.StatusUnauthorized:
			message += ": the token is not valid (any more)"
		case http.StatusForbidden:
			message += ": the token may not do this; give the job `permissions: {pull-requests: write}`. The token of a pull request from a fork is " +
				"read-only whatever the workflow says"
		case http.StatusNotFound:
			message += ": it does not exist, or the token may not see it; give the job `permissions: {pull-requests: write}`"
		}
	}
	if errors.As(err, &limited) {
		message = fmt.Sprintf("%s (%d): the limit of requests is spent until %s UTC",
			limited.Message, limited.Response.StatusCode, limited.Rate.Reset.UTC().Format(time.TimeOnly))
	}
	if f.token != "" {
		message = strings.ReplaceAll(message, f.token, "***")
	}
	return &explainedError{message, err}
}
