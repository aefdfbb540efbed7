package overlays

import (
	"context"
	"sync"
)

// inOrder does n pieces of work on some goroutines and hands over the results in order. Few results wait for their turn at any time, however
// many there are. It ends with the first error of emit, or that of ctx.
func inOrder[T any](ctx context.Context, n, workers int, work func(i int) T, emit func(i int, result T) error) error {
	ctx, cancel := context.WithCancel(ctx)
	type job struct {
		i    int
		done chan T
	}
	jobs, queue := make(chan job), make(chan job, 4*workers)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() {
		defer close(jobs)
		for i := range n {
			j := job{i, make(chan T, 1)}
			for _, to := range []chan job{queue, jobs} {
				select {
				case to <- j:
				case <-ctx.Done():
					return
				}
			}
		}
	})
	for range workers {
		wg.Go(func() {
			for j := range jobs {
				j.done <- work(j.i)
			}
		})
	}
	for i := range n {
		select {
		case j := <-queue:
			select {
			case result := <-j.done:
				if err := ctx.Err(); err != nil { // which may be in the result
					return err
				}
				if err := emit(i, result); err != nil {
					return err
				}
				continue
			case <-ctx.Done():
			}
		case <-ctx.Done():
		}
		return ctx.Err()
	}
	return nil
}
