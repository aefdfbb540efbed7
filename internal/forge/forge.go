package forge

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/go-github/v84/github"
)

// Options say where a repository is and who asks.
type Options struct {
	APIURL     string // of the REST API, as in $GITHUB_API_URL; empty: github.com's
	Token      string
	Repository string // owner/name

	HTTP   *http.Client                                        // nil is one with a timeout
	Sleep  func(ctx context.Context, wait time.Duration) error // waits between attempts; nil waits for real
	Now    func() time.Time                                    // nil is the clock
	Budget time.Duration                                       // how long to wait in all for a server that is busy; zero is two minutes
	Notice func(format string, args ...any)                    // told of every wait; nil is nobody
}

// Forge is a repository on a GitHub server.
type Forge struct {
	client      *github.Client
	graphql     string
	owner, name string
	token       string
	sleep       func(context.Context, time.Duration) error
	now         func() time.Time
	budget      time.Duration
	notice      func(string, ...any)
	sent        atomic.Int64

	mu sync.Mutex
	me viewer // empty until it is known
}

const (
	defaultAPI     = "https://api.github.com"
	defaultBudget  = 2 * time.Minute
	requestTimeout = 30 * time.Second
)

// New returns a repository. It asks nothing of the server yet.
func New(o Options) (*Forge, error) {
	api, err := url.Parse(strings.TrimSuffix(cmp.Or(o.APIURL, defaultAPI), "/") + "/")
	if err != nil || api.Host == "" || api.User != nil {
		return nil, fmt.Errorf("%q is not the address of a GitHub API, such as %s", o.APIURL, defaultAPI)
	}
	owner, name, found := strings.Cut(o.Repository, "/")
	if !found || owner == "" || name == "" || strings.ContainsAny(name, "/?#") {
		return nil, fmt.Errorf("repository %q is not OWNER/NAME", o.Repository)
	}
	client := http.Client{Timeout: requestTimeout}
	if o.HTTP != nil {
		client = *o.HTTP
	}
	f := &Forge{owner: owner, name: name, token: o.Token, sleep: o.Sleep, now: o.Now, budget: cmp.Or(o.Budget, defaultBudget), notice: o.Notice}
	client.Transport = authorized{client.Transport, api.Scheme, api.Host, o.Token, &f.sent, &answers{}}
	f.client = github.NewClient(&client)
	f.client.BaseURL, f.client.UserAgent = api, "platform"
	f.client.DisableRateLimitCheck = true // it would count by its own clock, and refuse what we have waited for
	f.graphql = graphqlURL(api)
	if f.sleep == nil {
		f.sleep = wait
	}
	if f.now == nil {
		f.now = time.Now
	}
	if f.notice == nil {
		f.notice = func(string, ...any) {}
	}
	return f, nil
}

// graphqlURL returns the other API of a server: beside v3 on a server of one's own, below the root on github.com.
func graphqlURL(api *url.URL) string {
	if own, found := strings.CutSuffix(api.String(), "/v3/"); found {
		return own + "/graphql"
	}
	return api.String() + "graphql"
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
