package check

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
)

// each calls work for the numbers from 0 to n on several goroutines, and returns the first errors. After an error it starts no more.
func each(ctx context.Context, atATime, n int, work func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(workers(atATime), n) {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(n) && ctx.Err() == nil; i = next.Add(1) - 1 {
				if err := work(ctx, int(i)); err != nil {
					cancel(err)
				}
			}
		})
	}
	group.Wait()
	if err := context.Cause(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return ctx.Err()
}

// workers is how many pieces of work are done at a time: as many as asked for, else one for each core.
func workers(asked int) int {
	if asked == 0 {
		return runtime.GOMAXPROCS(0)
	}
	return asked
}
