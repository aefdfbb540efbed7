package schedule

import "time"

const (
	horizonYears = 5
	never        = forever
)

// Schedule is a window that can be asked about instants. It is a value that does not change; Parse makes it.
type Schedule struct {
	Name  string
	Allow bool // changes pass only within it; otherwise none pass within it

	zone     zone
	from, to int64 // of a window that happens once

	recurs bool
	starts recurrence
	length int64 // seconds
	dense  bool  // on the wall, the windows of one day overlap or touch
}

// start is one start of a recurring window.
type start struct {
	at    int64 // when it happens
	shown wall  // what cron says: the clock shows something later at that instant where it skips this time
}

// At says whether an instant is within the window. Until is when that ends, in the time zone of the window: the end of the window, or of all that
// overlap or touch, or else the start of the next. It is zero where that is not within five years.
func (s Schedule) At(now time.Time) (open bool, until time.Time) {
	at, limit := now.Unix(), horizon(now).Unix()
	change := never
	switch {
	case s.recurs:
		open, change = s.recurring(at, limit)
	case at < s.from:
		change = s.from
	case at < s.to:
		open, change = true, s.to
	}
	if change > limit {
		return open, time.Time{}
	}
	return open, time.Unix(change, 0).In(s.zone.location)
}

func horizon(now time.Time) time.Time { return now.UTC().AddDate(horizonYears, 0, 0) }

// recurring says whether an instant is within a window, and when that changes. Of two starts the later one never ends earlier; so the latest start
// alone tells.
func (s Schedule) recurring(at, limit int64) (open bool, change int64) {
	latest, ok := s.latest(at)
	if !ok || s.end(latest) <= at {
		return false, s.next(at, limit)
	}
	end := s.end(latest)
	for end <= limit {
		if latest, ok = s.latest(end); !ok {
			break
		}
		further := s.end(s.unbroken(latest, limit))
		if further <= end {
			break
		}
		end = further
	}
	return true, end
}

// latest returns the last start at an instant or before it, unless it is too old to matter.
func (s Schedule) latest(at int64) (start, bool) {
	oldest := at - s.length - 2*reach
	if !s.starts.hourly() {
		shown, ok := s.starts.previous(s.zone.reached(at), wall(oldest-reach))
		if !ok {
			return start{}, false
		}
		return start{at: s.zone.first(shown), shown: shown}, true
	}
	span := s.zone.span(at)
	for until := wall(at + span.offset); ; until = span.end() - 1 {
		if shown, ok := s.starts.previous(until, max(span.begin(), wall(oldest-reach))); ok {
			return start{at: int64(shown) - span.offset, shown: shown}, true
		}
		if span.from < oldest {
			return start{}, false
		}
		span = s.zone.span(span.from - 1)
	}
}

// next returns the first start of a window after an instant, or never.
func (s Schedule) next(at, limit int64) int64 {
	if !s.starts.hourly() {
		for after := s.zone.reached(at); ; {
			shown, ok := s.starts.next(after, wall(limit+reach))
			if !ok {
				return never
			}
			if begin := s.zone.first(shown); s.end(start{at: begin, shown: shown}) > begin { // nothing may be left of an allow-window
				return begin
			}
			after = shown
		}
	}
	span := s.zone.span(at)
	for after := wall(at + span.offset); ; after = span.begin() - 1 {
		if shown, ok := s.starts.next(after, min(span.end()-1, wall(limit+reach))); ok {
			return int64(shown) - span.offset
		}
		if span.to > limit {
			return never
		}
		span = s.zone.span(span.to)
	}
}

// end returns when the window of a start ends.
func (s Schedule) end(begin start) int64 {
	switch {
	case s.starts.hourly():
		return begin.at + s.length
	case s.Allow:
		return s.zone.first(begin.shown + wall(s.length))
	default:
		return s.zone.last(s.zone.reached(begin.at) + wall(s.length))
	}
}

// unbroken returns a later start such that no time between the two is outside of a window. It need not be the last one: it spares asking for each
// of many.
func (s Schedule) unbroken(from start, limit int64) start {
	hourly := s.starts.hourly()
	span := s.zone.span(from.at)
	latest := wall(limit + reach)
	if hourly { // what touches on the wall touches in real time only while clocks are not turned
		latest = min(latest, span.end()-1)
	}
	shown := from.shown
	for {
		further := shown
		if s.dense {
			further = shown - mod(shown, day) + day - 60
		}
		further, _ = s.starts.previous(min(latest, further), shown)
		further, _ = s.starts.previous(min(latest, further+wall(s.length)), shown)
		if further <= shown {
			break
		}
		shown = further
	}
	switch {
	case shown <= from.shown:
		return from
	case hourly:
		return start{at: int64(shown) - span.offset, shown: shown}
	default:
		return start{at: s.zone.first(shown), shown: shown}
	}
}
