package schedule_test

import (
	"strings"
	"testing"
	"time"

	"github.com/org/platform/internal/schedule"
)

func named(name string, w schedule.Window) schedule.Window {
	w.Name = name
	return w
}

func TestDecide(t *testing.T) {
	t.Parallel()
	weekend := named("weekend", recurring("Europe/Berlin", "0 18 * * FRI", "62h"))
	yearEnd := named("year-end", once("Europe/Berlin", "2026-12-20T00:00", "2027-01-04T06:00"))
	office := named("office-hours", allow(recurring("America/New_York", "0 9 * * MON-FRI", "8h")))
	london := named("london", allow(recurring("Europe/London", "0 9 * * MON-FRI", "8h")))
	closed := named("closed", recurring("", "@daily", "24h"))
	past := named("past", allow(once("", "2020-01-01T00:00", "2020-01-02T00:00")))
	for _, c := range []struct {
		name                string
		windows             []schedule.Window
		now                 string
		by, reason, opening string // by "" is open
	}{
		{"nothing", nil, "2026-01-03T12:00:00Z", "", "", ""},
		{"no freeze holds", []schedule.Window{weekend, yearEnd}, "2026-01-02T16:59:59Z", "", "", ""},
		{"a freeze", []schedule.Window{weekend}, "2026-01-02T17:00:00Z", "weekend", "frozen by weekend until Mon 2026-01-05 08:00 CET", "2026-01-05T07:00:00Z"},
		{"the end of a freeze", []schedule.Window{weekend}, "2026-01-05T07:00:00Z", "", "", ""},
		{"a freeze in another", []schedule.Window{weekend, yearEnd}, "2026-12-26T12:00:00Z",
			"year-end", "frozen by year-end until Mon 2027-01-04 06:00 CET", "2027-01-04T07:00:00Z"},
		{"one freeze after the other", []schedule.Window{yearEnd, weekend}, "2027-01-01T18:00:00Z",
			"weekend", "frozen by weekend until Mon 2027-01-04 08:00 CET", "2027-01-04T07:00:00Z"},
		{"within hours", []schedule.Window{office}, "2026-01-05T14:00:00Z", "", "", ""},
		{"outside hours", []schedule.Window{office}, "2026-01-03T14:00:00Z",
			"office-hours", "outside office-hours, which opens Mon 2026-01-05 09:00 EST", "2026-01-05T14:00:00Z"},
		{"within the hours of one", []schedule.Window{office, london}, "2026-01-05T10:00:00Z", "", "", ""},
		{"outside the hours of two", []schedule.Window{office, london}, "2026-01-03T14:00:00Z",
			"london", "outside london, which opens Mon 2026-01-05 09:00 GMT", "2026-01-05T09:00:00Z"},
		{"frozen in the hours", []schedule.Window{weekend, office}, "2026-01-02T17:30:00Z",
			"weekend", "frozen by weekend until Mon 2026-01-05 08:00 CET", "2026-01-05T14:00:00Z"},
		{"allowed is not thawed", []schedule.Window{closed, office}, "2026-01-05T14:00:00Z", "closed", "frozen by closed for five years or longer", ""},
		{"allowed no more", []schedule.Window{past}, "2026-01-05T14:00:00Z", "past", "outside past, which does not open within five years", ""},
		{"allowed no more, and a freeze", []schedule.Window{past, weekend}, "2026-01-03T14:00:00Z",
			"weekend", "frozen by weekend until Mon 2026-01-05 08:00 CET", ""},
		{"one of two no more", []schedule.Window{past, london}, "2026-01-03T14:00:00Z",
			"london", "outside london, which opens Mon 2026-01-05 09:00 GMT", "2026-01-05T09:00:00Z"},
		{"contradicting", []schedule.Window{office, named("never", recurring("America/New_York", "0 9 * * MON-FRI", "8h"))}, "2026-01-05T14:00:00Z",
			"never", "frozen by never until Mon 2026-01-05 17:00 EST", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var schedules []schedule.Schedule
			for _, w := range c.windows {
				schedules = append(schedules, parse(t, w))
			}
			got := schedule.Decide(schedules, instant(t, c.now))
			if got.Open != (c.by == "") || got.Name != c.by || got.Reason != c.reason {
				t.Errorf("got %+v", got)
			}
			opening := ""
			if !got.Until.IsZero() {
				opening = got.Until.UTC().Format(time.RFC3339)
			}
			if opening != c.opening {
				t.Errorf("got until %q, want %q", opening, c.opening)
			}
		})
	}
}

func TestNextOpenKeepsTheZoneAskedIn(t *testing.T) {
	t.Parallel()
	tokyo := time.FixedZone("JST", 9*60*60)
	weekend := parse(t, recurring("Europe/Berlin", "0 18 * * FRI", "62h"))
	got, ok := schedule.NextOpen([]schedule.Schedule{weekend}, time.Date(2026, 1, 4, 0, 0, 0, 0, tokyo))
	if !ok || got.Format(time.RFC3339) != "2026-01-05T16:00:00+09:00" {
		t.Errorf("got %s, %v", got, ok)
	}
	decided := schedule.Decide([]schedule.Schedule{weekend}, time.Date(2026, 1, 4, 0, 0, 0, 0, tokyo))
	if got := decided.Until.Format(time.RFC3339); got != "2026-01-05T08:00:00+01:00" {
		t.Errorf("got %s", got)
	}
}

// What people write by mistake must not cost seconds.
func BenchmarkDecide(b *testing.B) {
	now := instant(b, "2026-01-03T14:00:00Z")
	office := allow(recurring("America/New_York", "0 9 * * MON-FRI", "8h"))
	for name, windows := range map[string][]schedule.Window{
		"open":     {recurring("Europe/Berlin", "0 18 * * FRI", "20h"), once("Europe/Berlin", "2026-12-20T00:00", "2027-01-04T06:00")},
		"typical":  {recurring("Europe/Berlin", "0 18 * * FRI", "62h"), once("Europe/Berlin", "2026-12-20T00:00", "2027-01-04T06:00"), office},
		"leap day": {allow(recurring("Europe/Berlin", "0 0 29 2 *", "24h"))},
		"minutes":  {recurring("Europe/Berlin", "* 0-22 * * *", "1m")},
		"always":   {recurring("Europe/Berlin", "@daily", "24h")},
		"hourly":   {recurring("Europe/Berlin", "* * * * *", "1m")},
		"months":   {recurring("Europe/Berlin", "* 0-23/2 * 1-11 *", "3h")},
		"contradicting hours": {
			allow(recurring("Europe/Berlin", "*/30 * * * *", "10m")), recurring("Europe/Berlin", "*/30 * * * *", "10m"),
		},
	} {
		var schedules []schedule.Schedule
		for _, w := range windows {
			schedules = append(schedules, parse(b, w))
		}
		b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
			for b.Loop() {
				schedule.Decide(schedules, now)
			}
		})
	}
}
