package main

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// sample is one measurement of one process.
type sample struct {
	wall    time.Duration
	cpu     time.Duration // of the process and its children, which other work on the machine does not stretch
	traffic traffic
	memory  int64 // largest resident set in bytes
}

// series are the samples of the same thing.
type series []sample

// Each figure of a series is the median of its own. Series have an odd number of samples.
func median[T cmp.Ordered](s series, of func(sample) T) T {
	values := make([]T, len(s))
	for i, one := range s {
		values[i] = of(one)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func (s series) wall() time.Duration {
	return median(s, func(s sample) time.Duration { return s.wall })
}
func (s series) cpu() time.Duration { return median(s, func(s sample) time.Duration { return s.cpu }) }
func (s series) up() int64          { return median(s, func(s sample) int64 { return s.traffic.up }) }
func (s series) down() int64        { return median(s, func(s sample) int64 { return s.traffic.down }) }
func (s series) requests() int64 {
	return median(s, func(s sample) int64 { return s.traffic.requests })
}
func (s series) accept() time.Duration {
	return median(s, func(s sample) time.Duration { return s.traffic.accept })
}

// own is the time without that which the host took for the push itself.
func (s series) own() time.Duration {
	return median(s, func(s sample) time.Duration { return s.wall - s.traffic.accept })
}
func (s series) memory() int64 { return median(s, func(s sample) int64 { return s.memory }) }

// What takes a minute is measured once, anything else three times, what is over soon five times.
const (
	rounds  = 5
	atLeast = 3
	soon    = 4 * time.Second
	long    = time.Minute
)

// again says whether another sample is due.
func (s series) again() bool {
	switch len(s) {
	case 0:
		return true
	case 1, 2:
		return s[0].wall < long
	default:
		return len(s) < rounds && s[0].wall < soon
	}
}

// repeat measures the same thing as often as its length asks for. once gets the number of the run, counted from 0.
func (b *bench) repeat(ctx context.Context, what string, once func(n int) (sample, error)) (series, error) {
	var s series
	for s.again() && ctx.Err() == nil {
		one, err := once(len(s))
		if err != nil {
			return nil, err
		}
		b.report(what, one)
		s = append(s, one)
	}
	return s, ctx.Err()
}

// once is repeat for what is measured a single time.
func (b *bench) once(_ context.Context, what string, once func(n int) (sample, error)) (series, error) {
	one, err := once(0)
	b.report(what, one)
	return series{one}, err
}

// report tells of one sample on the way, so that the spread can be seen.
func (b *bench) report(what string, s sample) {
	b.progress("%s: %s, %s of CPU, %s fetched, %s sent, %d requests, %s of memory", what, seconds(s.wall), seconds(s.cpu),
		bytesOf(s.traffic.down), bytesOf(s.traffic.up), s.traffic.requests, bytesOf(s.memory))
}

// ratio is how many times a is b.
func ratio[T ~int64](a, b T) float64 { return float64(a) / float64(b) }

// spread is how many times the largest is the smallest.
func spread[T ~int64](values ...T) float64 { return ratio(slices.Max(values), slices.Min(values)) }
