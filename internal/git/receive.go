package git

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/storage/memory"
)

// request fetches a pack and takes its objects in, all or none.
func (r *Repository) request(ctx context.Context, q request) error {
	if len(q.wants) == 0 {
		return nil
	}
	for attempt := 1; ; attempt++ {
		err := r.exchange(ctx, q)
		if attempt == readAttempts || !hungUp(err) || ctx.Err() != nil {
			return err
		}
	}
}

// hungUp says whether a remote stopped listening before it was told all. Programs do that when they refuse what they have heard so far, and the
// reason is lost with the connection: whoever asks again most likely hears it.
func hungUp(err error) bool {
	if err == nil {
		return false
	}
	for _, writing := range []string{": sending upload-req message: ", ": sending haves message: ", ": sending done message: ", ": closing input: "} {
		if strings.Contains(err.Error(), writing) {
			return true
		}
	}
	return false
}

func (r *Repository) exchange(ctx context.Context, q request) error {
	session, done, err := r.remote.session(ctx)
	if err != nil {
		return err
	}
	defer done()
	upload := packp.NewUploadPackRequestFromCapabilities(r.remote.capabilities())
	upload.Wants, upload.Haves, upload.Filter = q.wants, q.haves, q.filter
	if upload.IsEmpty() {
		return nil
	}
	if q.filter != "" {
		err = upload.Capabilities.Set(capability.Filter)
	}
	if q.depth > 0 {
		upload.Depth = packp.DepthCommits(q.depth)
		err = errors.Join(err, upload.Capabilities.Set(capability.Shallow))
	}
	if err != nil {
		return fmt.Errorf("ask %s for objects: %w", r.remote.display, err)
	}
	ctx, watch := watched(ctx, r.remote.stall)
	defer watch.stop()
	response, err := session.UploadPack(ctx, upload)
	if err == nil {
		err = r.receive(upload.Capabilities, response, q.keep, watch)
	}
	if err == nil {
		return nil
	}
	if errors.Is(err, transport.ErrEmptyUploadPackRequest) {
		err = errors.New("it closed the connection without an answer")
	}
	if refused := refusal(err); refused != nil {
		return refused
	}
	return r.remote.explain("fetch from", watch.explain(err))
}

// receive keeps the objects of a pack, all or none: one that broke off leaves nothing behind.
func (r *Repository) receive(agreed *capability.List, response io.ReadCloser, keep bool, watch *watch) error {
	defer response.Close()
	pack := memory.NewStorage()
	if err := packfile.UpdateObjectStorage(pack, demultiplex(agreed, watch.reader(response))); err != nil {
		return fmt.Errorf("the pack of objects is broken: %w", err)
	}
	r.objects.absorb(pack, keep)
	return nil
}

// demultiplex takes the pack out of the side band, where one was agreed on.
func demultiplex(agreed *capability.List, response io.Reader) io.Reader {
	switch {
	case agreed.Supports(capability.Sideband64k):
		return sideband.NewDemuxer(sideband.Sideband64k, response)
	case agreed.Supports(capability.Sideband):
		return sideband.NewDemuxer(sideband.Sideband, response)
	default:
		return response
	}
}
