package forge

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
)

// authorized adds the token to requests to the API, and to no other server that one of them is redirected to. It counts what it sends.
type authorized struct {
	next                http.RoundTripper
	scheme, host, token string
	sent                *atomic.Int64
	answers             *answers
}

// RoundTrip implements http.RoundTripper.
func (a authorized) RoundTrip(request *http.Request) (*http.Response, error) {
	next := a.next
	if next == nil {
		next = http.DefaultTransport
	}
	a.sent.Add(1)
	if request.URL.Scheme != a.scheme || request.URL.Host != a.host {
		return next.RoundTrip(request)
	}
	request = request.Clone(request.Context())
	if a.token != "" {
		request.Header.Set("Authorization", "Bearer "+a.token)
	}
	if request.Method != http.MethodGet {
		return next.RoundTrip(request)
	}
	return a.answers.roundTrip(next, request)
}

// maxKept is how many bytes of answers are kept to be asked for again.
const maxKept = 64 << 20

// answers are those that the server gave a tag for. It is asked whether they still hold, which does not count against GitHub's limit of requests.
type answers struct {
	mu    sync.Mutex
	by    map[string]answer
	bytes int
}

type answer struct {
	header http.Header
	body   []byte
}

func (c *answers) roundTrip(next http.RoundTripper, request *http.Request) (*http.Response, error) {
	key := request.URL.String() + " " + request.Header.Get("Accept")
	c.mu.Lock()
	kept, known := c.by[key]
	c.mu.Unlock()
	if known {
		request.Header.Set("If-None-Match", kept.header.Get("ETag"))
	}
	response, err := next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if known && response.StatusCode == http.StatusNotModified {
		response.Body.Close()
		response.Status, response.StatusCode, response.Header = "200 OK", http.StatusOK, kept.header.Clone()
		response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(kept.body)), int64(len(kept.body))
		return response, nil
	}
	if response.StatusCode != http.StatusOK || response.Header.Get("ETag") == "" {
		return response, nil
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil {
		return nil, err
	}
	c.keep(key, answer{response.Header.Clone(), body})
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}

func (c *answers) keep(key string, a answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bytes += len(a.body) - len(c.by[key].body)
	if c.by == nil || c.bytes > maxKept {
		c.by, c.bytes = map[string]answer{}, len(a.body)
	}
	c.by[key] = a
}

// Requests returns how many HTTP requests were sent so far.
func (f *Forge) Requests() int { return int(f.sent.Load()) }
