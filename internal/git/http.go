package git

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
)

// httpClient returns a transport that repeats requests which a server could not answer just then.
func httpClient(sleep func(context.Context, time.Duration) error) transport.Transport {
	base := http.DefaultTransport.(*http.Transport).Clone()
	return githttp.NewClient(&http.Client{Transport: &retrying{base: base, sleep: sleep}})
}

// retrying repeats requests that only read. Whether one that writes was taken is for the reference it moves to tell: see Update.
type retrying struct {
	base  http.RoundTripper
	sleep func(context.Context, time.Duration) error
}

// readAttempts bounds how often a request is sent; with the backoff this is some ten seconds.
const readAttempts = 5

// longestRetryAfter bounds how long a server can make us wait.
const longestRetryAfter = 30 * time.Second

// RoundTrip implements http.RoundTripper.
func (t *retrying) RoundTrip(req *http.Request) (*http.Response, error) {
	for attempt := 1; ; attempt++ {
		response, err := t.base.RoundTrip(req)
		if attempt == readAttempts || !repeatable(req) || req.Context().Err() != nil || (err == nil && !overloaded(response.StatusCode)) {
			return response, err
		}
		delay := jittered(500*time.Millisecond<<(attempt-1), rand.Float64())
		if err == nil {
			delay = max(delay, retryAfter(response))
			_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<16)) // so that the connection can be used again
			_ = response.Body.Close()
		}
		if err := unwatched(req.Context(), func() error { return t.sleep(req.Context(), delay) }); err != nil {
			return nil, err
		}
		if req.GetBody != nil {
			body, err := req.GetBody()
			if err != nil {
				return nil, fmt.Errorf("repeat the request: %w", err)
			}
			req = req.Clone(req.Context())
			req.Body = body
		}
	}
}

func repeatable(req *http.Request) bool {
	return !strings.HasSuffix(req.URL.Path, "/"+transport.ReceivePackServiceName) && (req.Body == nil || req.GetBody != nil)
}

func overloaded(status int) bool {
	return slices.Contains([]int{http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout}, status)
}

// retryAfter returns how long the server asks to wait, within reason (RFC 9110, 10.2.3; the form with a date is left out).
func retryAfter(response *http.Response) time.Duration {
	seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, longestRetryAfter)
}

// jittered spreads a delay over half of it to one and a half times of it, so that those who failed together do not meet again.
func jittered(d time.Duration, random float64) time.Duration {
	return d/2 + time.Duration(random*float64(d))
}
