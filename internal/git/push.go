package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/transport"
)

// RefUpdate moves one reference of the remote from Old to New. Old ZeroHash creates it, New ZeroHash deletes it.
type RefUpdate struct {
	Ref      string
	Old, New Hash
}

// RejectedError is the remote's refusal to move a reference.
type RejectedError struct {
	Ref    string
	Reason string
	Remote string
	Said   string // what the remote or its hooks printed, if anything
}

// Error implements error.
func (e *RejectedError) Error() string {
	said := ""
	if e.Said != "" && !strings.Contains(e.Reason, "checked out") { // of that Git says too much, and the hint says what to do
		said = " (" + e.Said + ")"
	}
	return fmt.Sprintf("%s refused to update %s: %s%s%s", e.Remote, e.Ref, e.Reason, said, e.hint())
}

// Lost says whether someone else moved the reference first, so that a retry on the new value makes sense.
func (e *RejectedError) Lost() bool {
	return slices.ContainsFunc(lostReasons, func(s string) bool { return strings.Contains(e.Reason, s) })
}

var lostReasons = []string{
	"non-fast-forward", "fetch first", "cannot lock ref", "failed to lock", "incorrect old value", "failed to update ref",
	"reference already exists", "stale info", "atomic transaction failed",
}

func (e *RejectedError) hint() string {
	switch {
	case e.Lost():
		return "; someone else was faster, run it again"
	case strings.Contains(e.Reason, "checked out"):
		return "; the branch is checked out in that working tree: use a bare repository as remote, or a state branch that nobody checks out (spec.state.branch)"
	default:
		return "; check branch protection, and that the token may push (permissions: contents: write, or a GitHub App)"
	}
}

// Push moves references of the remote by compare-and-swap, sending the objects made here which they need.
func (r *Repository) Push(ctx context.Context, updates ...RefUpdate) error {
	session, err := dial(ctx, r.remote, r.remote.client.NewReceivePackSession)
	if err != nil {
		return r.remote.explain("connect to", err)
	}
	defer session.Close()
	ctx, watch := watched(ctx, 2*r.remote.stall) // hooks may think in silence
	defer watch.stop()
	advertised, err := session.AdvertisedReferencesContext(ctx)
	if err != nil && !errors.Is(err, transport.ErrEmptyRemoteRepository) {
		return r.remote.explain("push to", foreign(watch.explain(err)))
	}
	request, sent, err := r.pushRequest(advertised, updates)
	if err != nil {
		return err
	}
	var said bytes.Buffer
	request.Progress = &said
	status, err := session.ReceivePack(ctx, request)
	if status != nil && status.UnpackStatus == "ok" {
		if refusal := r.refusal(status); refusal != nil {
			refusal.Said = r.remote.clean(said.String())
			return refusal
		}
	}
	if err == nil && status == nil {
		err = errors.New("it closed the connection without saying whether it took the update")
	}
	if denied(err) {
		return r.remote.explain("push to", err)
	}
	if err != nil {
		return &uncertainError{r.remote.explain("push to", watch.explain(err))}
	}
	r.objects.published(sent)
	for _, u := range updates {
		r.remote.moved(u.Ref, u.New)
	}
	return nil
}

// denied says whether a remote did not let us in, so that it is certain that nothing was written.
func denied(err error) bool {
	return errors.Is(err, transport.ErrAuthenticationRequired) || errors.Is(err, transport.ErrAuthorizationFailed) ||
		errors.Is(err, transport.ErrRepositoryNotFound)
}

// uncertainError is a failure in the midst of a push: the remote may have moved the reference or not.
type uncertainError struct{ error }

func (e *uncertainError) Unwrap() error { return e.error }

// refusal returns the reference that the remote did not move. In an atomic push one is refused and takes the others with it, so the
// others say nothing about the reason.
func (r *Repository) refusal(status *packp.ReportStatus) *RejectedError {
	var found *RejectedError
	for _, command := range status.CommandStatuses {
		if command.Status != "ok" && (found == nil || found.Reason == "atomic push failure") {
			found = &RejectedError{Ref: command.ReferenceName.String(), Reason: command.Status, Remote: r.remote.display}
		}
	}
	return found
}

func (r *Repository) pushRequest(advertised *packp.AdvRefs, updates []RefUpdate) (*packp.ReferenceUpdateRequest, []packed, error) {
	request := packp.NewReferenceUpdateRequestFromCapabilities(advertised.Capabilities)
	if len(updates) > 1 && advertised.Capabilities.Supports(capability.Atomic) {
		if err := request.Capabilities.Set(capability.Atomic); err != nil {
			return nil, nil, fmt.Errorf("ask for an atomic push: %w", err)
		}
	}
	if advertised.Capabilities.Supports(capability.Sideband64k) { // what hooks print comes this way
		if err := request.Capabilities.Set(capability.Sideband64k); err != nil {
			return nil, nil, fmt.Errorf("ask for the messages of a push: %w", err)
		}
	}
	var tips []Hash
	for _, u := range updates {
		if current := advertised.References[u.Ref]; current != u.Old {
			reason := fmt.Sprintf("incorrect old value: it is at %s, not at %s", short(current), short(u.Old))
			return nil, nil, &RejectedError{Ref: u.Ref, Remote: r.remote.display, Reason: reason}
		}
		request.Commands = append(request.Commands, &packp.Command{Name: plumbing.ReferenceName(u.Ref), Old: u.Old, New: u.New})
		if u.New != ZeroHash {
			tips = append(tips, u.New)
		}
	}
	if len(tips) == 0 {
		return request, nil, nil
	}
	objects, err := r.madeHere(tips)
	if err != nil {
		return nil, nil, err
	}
	pack, err := r.encodePack(objects, !advertised.Capabilities.Supports("no-thin"))
	if err != nil {
		return nil, nil, err
	}
	request.Packfile = io.NopCloser(pack)
	return request, objects, nil
}
