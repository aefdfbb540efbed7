package git

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// watch ends an exchange with a remote that sends nothing for too long. A slow remote may take its time, a silent one may not.
type watch struct {
	timer  *time.Timer
	limit  time.Duration
	cancel context.CancelCauseFunc
	ctx    context.Context
}

var errStalled = errors.New("it sent nothing")

func watched(ctx context.Context, limit time.Duration) (context.Context, *watch) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watch{limit: limit, cancel: cancel, ctx: ctx}
	w.timer = time.AfterFunc(limit, func() { cancel(fmt.Errorf("%w for %s", errStalled, limit)) })
	return context.WithValue(ctx, watchKey{}, w), w
}

type watchKey struct{}

// unwatched runs what takes time on this side of an exchange, which is no silence of the remote.
func unwatched(ctx context.Context, f func() error) error {
	if w, ok := ctx.Value(watchKey{}).(*watch); ok && w.timer.Stop() {
		defer w.timer.Reset(w.limit)
	}
	return f()
}

// reader returns a reader whose every sign of life counts.
func (w *watch) reader(r io.Reader) io.Reader { return watchedReader{w, r} }

func (w *watch) stop() {
	w.timer.Stop()
	w.cancel(nil)
}

// explain tells a stalled exchange from one that was cancelled or broken.
func (w *watch) explain(err error) error {
	if cause := context.Cause(w.ctx); errors.Is(cause, errStalled) {
		return cause
	}
	return err
}

type watchedReader struct {
	watch *watch
	r     io.Reader
}

func (r watchedReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if n > 0 {
		r.watch.timer.Reset(r.watch.limit)
	}
	return n, err
}
