package schedule

import (
	"fmt"
	"math/bits"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

const (
	allHours   = 1<<24 - 1
	starBit    = 1 << 63 // of robfig/cron: the field was a star
	dayMinutes = 24 * 60
	cronFix    = "write minute, hour, day of month, month and day of week (0-6 or SUN-SAT), for example 0 18 * * FRI"
)

// recurrence is a cron expression: sets of bits, and nothing about time zones.
type recurrence struct {
	minute, hour, date, month, weekday uint64
	either                             bool // date and weekday are both given, and one of them is enough
}

// parseCron reads a cron expression of five fields, or one such as @daily.
func parseCron(expression string) (recurrence, *FieldError) {
	refuse := func(why, fix string) (recurrence, *FieldError) {
		return recurrence{}, &FieldError{Field: "cron", Message: fmt.Sprintf("cron %q %s", expression, why), Fix: fix}
	}
	text := strings.TrimSpace(expression)
	fields := strings.Fields(text)
	switch descriptor := strings.HasPrefix(text, "@"); {
	case strings.Contains(text, "TZ="): // robfig/cron panics on some
		return refuse("has a time zone", "name it in timeZone")
	case strings.HasPrefix(text, "@every"):
		return refuse("has no fixed starts: it would count from when a program began", "use for example */30 * * * *")
	case !descriptor && len(fields) == 6:
		return refuse("has six fields; there are no seconds", cronFix)
	case !descriptor && len(fields) != 5:
		return refuse(fmt.Sprintf("has %d fields, not five", len(fields)), cronFix)
	}
	for _, field := range fields { // robfig/cron drops what is empty, and what follows a star
		if strings.Contains(","+field+",", ",,") || strings.Contains(field, "*-") || strings.Contains(field, "?-") {
			return refuse(fmt.Sprintf("has a list or range that is none: %q", field), cronFix)
		}
	}
	parsed, err := cron.ParseStandard(text)
	if err != nil {
		return refuse("is not understood: "+err.Error(), cronFix)
	}
	spec, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return refuse("is not understood", cronFix)
	}
	r := recurrence{
		minute: spec.Minute &^ starBit, hour: spec.Hour &^ starBit, date: spec.Dom &^ starBit, month: spec.Month &^ starBit, weekday: spec.Dow &^ starBit,
		either: spec.Dom&starBit == 0 && spec.Dow&starBit == 0,
	}
	leapYear := wall(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Unix()) // what does not happen in a leap year never does
	if _, ok := r.next(leapYear-1, leapYear+366*day); !ok {
		return refuse("never happens: no such month has such a day", "mend the day of month or the month")
	}
	return r, nil
}

// hourly says whether the hour does not matter.
func (r recurrence) hourly() bool { return r.hour == allHours }

// widest returns the most seconds between two starts of one day.
func (r recurrence) widest() int64 {
	most, last := int64(0), r.nextMinute(0)
	for m := last; m >= 0; m = r.nextMinute(m + 1) {
		most, last = max(most, m-last), m
	}
	return 60 * most
}

// next returns the first start after a time and up to a limit.
func (r recurrence) next(after, limit wall) (wall, bool) {
	number, minute := split(after + 60 - mod(after, 60)) // the next whole minute
	for wall(number*day) <= limit {
		date := civil(number)
		if r.month>>date.Month()&1 == 0 {
			number, minute = days(date.Year(), date.Month()+1, 1), 0
			continue
		}
		if r.on(date) {
			if m := r.nextMinute(minute); m >= 0 {
				w := wall(number*day + m*60)
				return w, w <= limit
			}
		}
		number, minute = number+1, 0
	}
	return 0, false
}

// previous returns the last start up to a time and not before a limit.
func (r recurrence) previous(until, limit wall) (wall, bool) {
	number, minute := split(until)
	for wall(number*day+day) > limit {
		date := civil(number)
		if r.month>>date.Month()&1 == 0 {
			number, minute = days(date.Year(), date.Month(), 0), dayMinutes-1
			continue
		}
		if r.on(date) {
			if m := r.previousMinute(minute); m >= 0 {
				w := wall(number*day + m*60)
				return w, w >= limit
			}
		}
		number, minute = number-1, dayMinutes-1
	}
	return 0, false
}

// on says whether a day of a month that matches has starts.
func (r recurrence) on(date time.Time) bool {
	dated, weekly := r.date>>date.Day()&1 == 1, r.weekday>>date.Weekday()&1 == 1
	if r.either {
		return dated || weekly
	}
	return dated && weekly
}

// nextMinute returns the first start of a day that has any, at a minute of it or later, or -1.
func (r recurrence) nextMinute(from int64) int64 {
	hour := from / 60
	if from >= dayMinutes {
		return -1
	}
	if rest := r.minute >> (from % 60); r.hour>>hour&1 == 1 && rest != 0 {
		return from + int64(bits.TrailingZeros64(rest))
	}
	hours := r.hour >> (hour + 1)
	if hours == 0 {
		return -1
	}
	return (hour+1+int64(bits.TrailingZeros64(hours)))*60 + int64(bits.TrailingZeros64(r.minute))
}

// previousMinute returns the last start of a day that has any, at a minute of it or earlier, or -1.
func (r recurrence) previousMinute(until int64) int64 {
	hour := until / 60
	if begun := r.minute & (1<<(until%60+1) - 1); r.hour>>hour&1 == 1 && begun != 0 {
		return hour*60 + int64(bits.Len64(begun)) - 1
	}
	hours := r.hour & (1<<hour - 1)
	if hours == 0 {
		return -1
	}
	return int64(bits.Len64(hours)-1)*60 + int64(bits.Len64(r.minute)) - 1
}

// split returns the number of the day since 1970 and the minute of that day.
func split(w wall) (number, minute int64) {
	second := mod(w, day)
	return int64(w-second) / day, int64(second) / 60
}

func mod(w, by wall) wall { return (w%by + by) % by }

func civil(number int64) time.Time { return time.Unix(number*day, 0).UTC() }

func days(year int, month time.Month, date int) int64 {
	return time.Date(year, month, date, 0, 0, 0, 0, time.UTC).Unix() / day
}
