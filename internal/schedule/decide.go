package schedule

import (
	"fmt"
	"time"
)

// maxSteps bounds the search for an instant that all schedules allow: windows which contradict each other may have none.
const maxSteps = 1000

// Decision says whether a change may happen.
type Decision struct {
	Open   bool
	Name   string    // of the window that closes: of freezes the one that lasts longest, else the allow-window that opens first; "" if open
	Reason string    // as a sentence without a full stop; "" if open
	Until  time.Time // the first instant at which all allow it, in the zone of that window; zero if open, or if there is none within five years
}

// Decide says whether a change may happen now under all schedules that apply: no freeze holds, and where there are allow-windows, one is open.
func Decide(schedules []Schedule, now time.Time) Decision {
	first := ask(schedules, now)
	if first.open {
		return Decision{Open: true}
	}
	d := Decision{Name: first.by.Name, Reason: first.reason()}
	if until, ok := first.opening(schedules, now); ok {
		d.Until = until.In(first.by.zone.location)
	}
	return d
}

// NextOpen returns the first instant, not before t, at which Decide is open. It is false where there is none within five years, or where windows
// that contradict each other a thousand times leave it unknown.
func NextOpen(schedules []Schedule, t time.Time) (time.Time, bool) {
	return ask(schedules, t).opening(schedules, t)
}

// answer is what all schedules say of one instant.
type answer struct {
	open  bool
	by    Schedule  // closes it
	until time.Time // when that one opens; zero where it does not
	retry time.Time // nothing is open before; zero where nothing will be
}

func ask(schedules []Schedule, at time.Time) answer {
	var freeze, allow answer
	frozen, limited, allowed := false, false, false
	for _, s := range schedules {
		within, until := s.At(at)
		a := answer{by: s, until: until, retry: until}
		switch {
		case !s.Allow && within:
			if !frozen || sooner(freeze.until, until) {
				freeze = a
			}
			frozen = true
		case s.Allow && within:
			allowed = true
		case s.Allow:
			if !limited || sooner(until, allow.until) {
				allow = a
			}
			limited = true
		}
	}
	limited = limited && !allowed
	switch {
	case frozen && limited && sooner(freeze.until, allow.until):
		freeze.retry = allow.until
		return freeze
	case frozen:
		return freeze
	case limited:
		return allow
	default:
		return answer{open: true}
	}
}

// opening goes on from what schedules said of an instant to the first at which all allow it.
func (a answer) opening(schedules []Schedule, at time.Time) (time.Time, bool) {
	limit, place := horizon(at), at.Location()
	for range maxSteps {
		if a.open {
			return at, true
		}
		if a.retry.IsZero() || a.retry.After(limit) {
			break
		}
		at = a.retry.In(place)
		a = ask(schedules, at)
	}
	return time.Time{}, false
}

// sooner compares instants of which zero is the last.
func sooner(a, b time.Time) bool { return !a.IsZero() && (b.IsZero() || a.Before(b)) }

func (a answer) reason() string {
	const layout = "Mon 2006-01-02 15:04 MST"
	switch {
	case a.by.Allow && a.until.IsZero():
		return fmt.Sprintf("outside %s, which does not open within five years", a.by.Name)
	case a.by.Allow:
		return fmt.Sprintf("outside %s, which opens %s", a.by.Name, a.until.Format(layout))
	case a.until.IsZero():
		return fmt.Sprintf("frozen by %s for five years or longer", a.by.Name)
	default:
		return fmt.Sprintf("frozen by %s until %s", a.by.Name, a.until.Format(layout))
	}
}
