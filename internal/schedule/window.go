package schedule

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// MaxDuration is the longest a recurring window may last.
const MaxDuration = 366 * 24 * time.Hour

const (
	instantFix  = "write for example 2026-12-20T18:00, or 2026-12-20T18:00:00+01:00"
	durationFix = "write a time span in whole minutes, for example 90m or 62h"
	zoneFix     = "write a name of the IANA database, for example Europe/Berlin, or UTC"
)

// Window is a freeze or an allow-window as people write it: Cron and Duration, or From and To.
type Window struct {
	Name     string
	TimeZone string        // IANA name; UTC if empty
	Cron     string        // the starts: five fields, or @daily and the like
	Duration time.Duration // whole minutes, at most MaxDuration
	From, To string        // 2026-12-20T18:00 in the time zone, or RFC 3339 with an offset; To is exclusive
	Allow    bool          // changes pass only within it
}

// FieldError says which field of a window is wrong.
type FieldError struct {
	Field   string // cron, timeZone, duration, from or to
	Message string
	Fix     string // what to write instead
}

// Error implements error.
func (e *FieldError) Error() string { return e.Message + ": " + e.Fix }

// Parse checks a window. Its error is a *FieldError.
func Parse(w Window) (Schedule, error) {
	s := Schedule{Name: w.Name, Allow: w.Allow}
	var wrong *FieldError
	if s.zone, wrong = parseZone(w.TimeZone); wrong != nil {
		return Schedule{}, wrong
	}
	once := w.From != "" || w.To != ""
	switch {
	case once && w.Cron != "":
		wrong = &FieldError{"cron", "the window has cron, and from or to", "keep cron and duration for one that recurs, from and to for one that does not"}
	case once:
		wrong = s.parseOnce(w)
	case w.Cron == "":
		wrong = &FieldError{"cron", "the window never starts", "add cron and duration, or from and to"}
	default:
		wrong = s.parseRecurring(w)
	}
	if wrong != nil {
		return Schedule{}, wrong
	}
	return s, nil
}

func parseZone(name string) (zone, *FieldError) {
	if name == "" {
		return zone{time.UTC}, nil
	}
	refuse := func(why string) (zone, *FieldError) {
		return zone{}, &FieldError{"timeZone", fmt.Sprintf("timeZone %q %s", name, why), zoneFix}
	}
	if name == "Local" || name == "localtime" || strings.HasPrefix(name, "posix/") || strings.HasPrefix(name, "right/") {
		return refuse("is not the same on every machine")
	}
	location, err := time.LoadLocation(name)
	if err != nil {
		return refuse("is no time zone")
	}
	return zone{location}, nil
}

func (s *Schedule) parseRecurring(w Window) *FieldError {
	refuse := func(why string) *FieldError {
		return &FieldError{"duration", fmt.Sprintf("duration %s %s", w.Duration, why), durationFix}
	}
	switch {
	case w.Duration == 0:
		return &FieldError{"duration", "the window has no duration", durationFix}
	case w.Duration < 0:
		return refuse("is negative")
	case w.Duration%time.Minute != 0:
		return refuse("has seconds")
	case w.Duration > MaxDuration:
		return refuse("is longer than 366 days")
	}
	starts, wrong := parseCron(w.Cron)
	if wrong != nil {
		return wrong
	}
	s.recurs, s.starts, s.length = true, starts, int64(w.Duration/time.Second)
	s.dense = starts.widest() <= s.length
	return nil
}

func (s *Schedule) parseOnce(w Window) *FieldError {
	switch {
	case w.From == "":
		return &FieldError{"from", "the window has to, but not from", "add from: " + instantFix}
	case w.To == "":
		return &FieldError{"to", "the window has from, but not to", "add to: " + instantFix}
	case w.Duration != 0:
		return &FieldError{"duration", "the window has a duration, and from and to", "drop duration; it belongs to cron"}
	}
	ends := s.zone.last
	if w.Allow {
		ends = s.zone.first
	}
	var err error
	if s.from, err = parseInstant(w.From, s.zone.first); err != nil {
		return &FieldError{"from", fmt.Sprintf("from %q %v", w.From, err), instantFix}
	}
	if s.to, err = parseInstant(w.To, ends); err != nil {
		return &FieldError{"to", fmt.Sprintf("to %q %v", w.To, err), instantFix}
	}
	if s.from >= s.to {
		return &FieldError{"to", fmt.Sprintf("to %q is not after from %q", w.To, w.From), "let the window end after it has begun"}
	}
	return nil
}

// parseInstant reads a time; resolve finds the instant of one without an offset.
func parseInstant(text string, resolve func(wall) int64) (int64, error) {
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil {
			return resolve(wall(t.Unix())), wholeSecond(t)
		}
		if t, err := time.Parse(layout+"Z07:00", text); err == nil {
			return t.Unix(), wholeSecond(t)
		}
	}
	return 0, errors.New("is no time")
}

func wholeSecond(t time.Time) error {
	if t.Nanosecond() != 0 {
		return errors.New("has a fraction of a second")
	}
	return nil
}
