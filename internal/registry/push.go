package registry

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Push makes the image and pushes it: layers first, then manifests by digest, and the tags only when all of it is there. What the
// registry has already is not sent again. The context bounds the whole time, retries included.
func Push(ctx context.Context, opts Options) (*Image, error) {
	whole, image, err := assemble(ctx, opts)
	if err != nil {
		return nil, err
	}
	repo, err := name.NewRepository(image.Repository)
	if err != nil {
		return nil, fmt.Errorf("image repository %q: %w", image.Repository, err)
	}
	auth := opts.Auth.only(repo.Registry)
	options, err := auth.options(ctx, repo.Registry)
	if err != nil {
		return nil, fmt.Errorf("push to %s: %w", repo, err)
	}
	puts := &manifestPuts{next: remote.DefaultTransport}
	pusher, err := remote.NewPusher(append(options, remote.WithTransport(puts))...)
	if err != nil {
		return nil, fmt.Errorf("push to %s: %w", repo, err)
	}
	if err := pusher.Push(ctx, repo.Digest(image.Digest), whole); err != nil {
		return nil, explain("push to "+repo.Name(), repo.Registry, auth, err)
	}
	image.Pushed = puts.count.Load() > 0
	for _, tag := range opts.Tags {
		if err := pusher.Push(ctx, repo.Tag(tag), whole); err != nil {
			return nil, explain("tag "+repo.Name()+" as "+tag, repo.Registry, auth, err)
		}
	}
	return image, nil
}

// manifestPuts counts the manifests a registry accepted. Asking it beforehand would not do: registries refuse to tell about
// repositories that do not exist yet.
type manifestPuts struct {
	next  http.RoundTripper
	count atomic.Int64
}

// RoundTrip implements http.RoundTripper.
func (m *manifestPuts) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := m.next.RoundTrip(req)
	if err == nil && req.Method == http.MethodPut && strings.Contains(req.URL.Path, "/manifests/") && resp.StatusCode < 300 {
		m.count.Add(1)
	}
	return resp, err
}
