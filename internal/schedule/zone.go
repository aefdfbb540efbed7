package schedule

import "time"

// wall is what a clock on the wall shows, as the Unix time that it would be in UTC.
type wall int64

const (
	forever = int64(1) << 60 // in seconds; far enough from the ends of int64 that an offset can be added
	day     = 24 * 60 * 60
	reach   = 26 * 60 * 60 // no clock ever differed from UTC by more
)

// zone turns instants (Unix time) into what the clocks of a place show, and back.
type zone struct{ location *time.Location }

// span is a time during which clocks are not turned.
type span struct {
	from, to int64 // to is exclusive
	offset   int64 // what clocks are ahead of UTC
}

// begin is what clocks show at the first instant of the span, end what they would show at the one after its last.
func (s span) begin() wall { return wall(s.from + s.offset) }
func (s span) end() wall   { return wall(s.to + s.offset) }

func (z zone) span(at int64) span {
	t := time.Unix(at, 0).In(z.location)
	_, offset := t.Zone()
	from, to := t.ZoneBounds()
	s := span{from: -forever, to: forever, offset: int64(offset)}
	if !from.IsZero() {
		s.from = from.Unix()
	}
	if !to.IsZero() {
		s.to = to.Unix()
	}
	return s
}

// first returns the first instant at which the clock shows w or later.
func (z zone) first(w wall) int64 {
	s := z.span(int64(w) - reach)
	for s.end() <= w {
		s = z.span(s.to)
	}
	return max(s.from, int64(w)-s.offset)
}

// last returns the last instant at which the clock shows w, or the end of the gap in which it does not.
func (z zone) last(w wall) int64 {
	s := z.span(int64(w) + reach)
	for s.begin() > w {
		s = z.span(s.from - 1)
	}
	return min(s.to, int64(w)-s.offset)
}

// reached returns the latest time that the clock has shown up to an instant: first(w) <= at means w <= reached(at), for whole seconds.
func (z zone) reached(at int64) wall {
	s := z.span(at)
	latest := wall(at + s.offset)
	for s.from > at-2*reach {
		s = z.span(s.from - 1)
		latest = max(latest, s.end()-1)
	}
	return latest
}
