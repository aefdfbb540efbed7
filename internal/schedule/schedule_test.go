package schedule_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/org/platform/internal/schedule"
)

const layout = "Mon 2006-01-02 15:04:05 -0700"

func parse(t testing.TB, w schedule.Window) schedule.Schedule {
	t.Helper()
	s, err := schedule.Parse(w)
	if err != nil {
		t.Fatalf("%+v: %v", w, err)
	}
	return s
}

// instant reads RFC 3339.
func instant(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func recurring(zone, cron, duration string) schedule.Window {
	d, err := time.ParseDuration(duration)
	if err != nil {
		panic(err)
	}
	return schedule.Window{Name: "w", TimeZone: zone, Cron: cron, Duration: d}
}

func allow(w schedule.Window) schedule.Window {
	w.Allow = true
	return w
}

func once(zone, from, to string) schedule.Window {
	return schedule.Window{Name: "w", TimeZone: zone, From: from, To: to}
}

// Each case is a window and the instants at which it changes, from a given one on. Offsets are written out, so that nothing is looked up twice.
func TestAt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		window  schedule.Window
		from    string
		changes string // open and closed in turn, the first is the end of the state at from
		open    bool   // at from
	}{
		{"a weekend", recurring("Europe/Berlin", "0 18 * * FRI", "62h"), "2026-01-01T12:00:00Z",
			"Fri 2026-01-02 18:00:00 +0100, Mon 2026-01-05 08:00:00 +0100, Fri 2026-01-09 18:00:00 +0100", false},
		{"a weekend in which clocks go forward", recurring("Europe/Berlin", "0 18 * * FRI", "62h"), "2026-03-27T12:00:00Z",
			"Fri 2026-03-27 18:00:00 +0100, Mon 2026-03-30 08:00:00 +0200", false},
		{"a weekend in which clocks go back", recurring("Europe/Berlin", "0 18 * * FRI", "62h"), "2026-10-23T12:00:00Z",
			"Fri 2026-10-23 18:00:00 +0200, Mon 2026-10-26 08:00:00 +0100", false},
		{"New York goes forward", recurring("America/New_York", "0 18 * * FRI", "62h"), "2026-03-06T12:00:00Z",
			"Fri 2026-03-06 18:00:00 -0500, Mon 2026-03-09 08:00:00 -0400", false},
		{"New York goes back", recurring("America/New_York", "0 18 * * FRI", "62h"), "2026-10-30T12:00:00Z",
			"Fri 2026-10-30 18:00:00 -0400, Mon 2026-11-02 08:00:00 -0500", false},
		{"office hours", allow(recurring("America/New_York", "0 9 * * MON-FRI", "8h")), "2026-03-06T20:00:00Z",
			"Fri 2026-03-06 17:00:00 -0500, Mon 2026-03-09 09:00:00 -0400, Mon 2026-03-09 17:00:00 -0400", true},
		{"a time zone without turns", recurring("Asia/Kolkata", "30 5 1 * *", "1h"), "2026-01-31T23:59:59Z",
			"Sun 2026-02-01 05:30:00 +0530, Sun 2026-02-01 06:30:00 +0530", false},
		{"no time zone", recurring("", "@daily", "30m"), "2026-01-31T23:59:59.999999999Z",
			"Sun 2026-02-01 00:00:00 +0000, Sun 2026-02-01 00:30:00 +0000", false},

		{"a start in the gap", recurring("Europe/Berlin", "30 2 * * *", "1h"), "2026-03-28T12:00:00Z",
			"Sun 2026-03-29 03:00:00 +0200, Sun 2026-03-29 04:00:00 +0200, Mon 2026-03-30 02:30:00 +0200", false},
		{"an allowed start in the gap", allow(recurring("Europe/Berlin", "30 2 * * *", "1h")), "2026-03-28T12:00:00Z",
			"Sun 2026-03-29 03:00:00 +0200, Sun 2026-03-29 03:30:00 +0200, Mon 2026-03-30 02:30:00 +0200", false},
		{"a window that is skipped", recurring("Europe/Berlin", "0 2 * * *", "1h"), "2026-03-28T12:00:00Z",
			"Sun 2026-03-29 03:00:00 +0200, Sun 2026-03-29 04:00:00 +0200", false},
		{"an allow-window that is skipped", allow(recurring("Europe/Berlin", "0 2 * * *", "1h")), "2026-03-28T12:00:00Z",
			"Mon 2026-03-30 02:00:00 +0200, Mon 2026-03-30 03:00:00 +0200", false},
		{"an end in the gap", recurring("Europe/Berlin", "0 1 * * *", "90m"), "2026-03-28T12:00:00Z",
			"Sun 2026-03-29 01:00:00 +0100, Sun 2026-03-29 03:00:00 +0200", false},
		{"several starts in the gap", recurring("Europe/Berlin", "*/20 2 * * *", "5m"), "2026-03-28T12:00:00Z",
			"Sun 2026-03-29 03:00:00 +0200, Sun 2026-03-29 03:05:00 +0200, Mon 2026-03-30 02:00:00 +0200", false},
		{"a start shown twice", recurring("Europe/Berlin", "30 2 * * *", "10m"), "2026-10-24T12:00:00Z",
			"Sun 2026-10-25 02:30:00 +0200, Sun 2026-10-25 02:40:00 +0100, Mon 2026-10-26 02:30:00 +0100", false},
		{"an allowed start shown twice", allow(recurring("Europe/Berlin", "30 2 * * *", "10m")), "2026-10-24T12:00:00Z",
			"Sun 2026-10-25 02:30:00 +0200, Sun 2026-10-25 02:40:00 +0200, Mon 2026-10-26 02:30:00 +0100", false},
		{"an end shown twice", recurring("Europe/Berlin", "0 1 * * *", "1h"), "2026-10-24T12:00:00Z",
			"Sun 2026-10-25 01:00:00 +0200, Sun 2026-10-25 02:00:00 +0100", false},
		{"an allowed end shown twice", allow(recurring("Europe/Berlin", "0 1 * * *", "1h")), "2026-10-24T12:00:00Z",
			"Sun 2026-10-25 01:00:00 +0200, Sun 2026-10-25 02:00:00 +0200", false},
		{"between the two", recurring("Europe/Berlin", "30 2 * * *", "10m"), "2026-10-25T00:50:00Z", "Sun 2026-10-25 02:40:00 +0100", true},
		{"in the second of two hours", recurring("Europe/Berlin", "30 2 * * *", "10m"), "2026-10-25T01:20:00Z", "Sun 2026-10-25 02:40:00 +0100", true},
		{"in the second of two hours, allowed", allow(recurring("Europe/Berlin", "30 2 * * *", "10m")), "2026-10-25T01:20:00Z",
			"Mon 2026-10-26 02:30:00 +0100", false},
		{"hours in spring", recurring("Europe/Berlin", "30 * * * *", "10m"), "2026-03-29T00:15:00Z",
			"Sun 2026-03-29 01:30:00 +0100, Sun 2026-03-29 01:40:00 +0100, Sun 2026-03-29 03:30:00 +0200", false},
		{"hours in autumn", recurring("Europe/Berlin", "30 * * * *", "10m"), "2026-10-25T00:15:00Z",
			"Sun 2026-10-25 02:30:00 +0200, Sun 2026-10-25 02:40:00 +0200, Sun 2026-10-25 02:30:00 +0100, Sun 2026-10-25 02:40:00 +0100", false},
		{"hours that reach over a turn", recurring("America/New_York", "30 * * * *", "45m"), "2026-03-08T06:20:00Z",
			"Sun 2026-03-08 01:30:00 -0500, Sun 2026-03-08 03:15:00 -0400, Sun 2026-03-08 03:30:00 -0400", false},

		{"half an hour forward", recurring("Australia/Lord_Howe", "15 2 * * *", "1h"), "2026-10-03T12:00:00Z",
			"Sun 2026-10-04 02:30:00 +1100, Sun 2026-10-04 03:30:00 +1100, Mon 2026-10-05 02:15:00 +1100", false},
		{"half an hour back", recurring("Australia/Lord_Howe", "45 1 * * *", "5m"), "2026-04-04T12:00:00Z",
			"Sun 2026-04-05 01:45:00 +1100, Sun 2026-04-05 01:50:00 +1030, Mon 2026-04-06 01:45:00 +1030", false},
		{"half an hour back, each hour", recurring("Australia/Lord_Howe", "45 * * * *", "5m"), "2026-04-04T14:00:00Z",
			"Sun 2026-04-05 01:45:00 +1100, Sun 2026-04-05 01:50:00 +1100, Sun 2026-04-05 01:45:00 +1030, Sun 2026-04-05 01:50:00 +1030, " +
				"Sun 2026-04-05 02:45:00 +1030", false},
		{"a day that never was", recurring("Pacific/Apia", "0 9 * * FRI", "8h"), "2011-12-29T12:00:00Z",
			"Sat 2011-12-31 00:00:00 +1400, Sat 2011-12-31 08:00:00 +1400, Fri 2012-01-06 09:00:00 +1400", false},
		{"an allowed day that never was", allow(recurring("Pacific/Apia", "0 9 * * FRI", "8h")), "2011-12-29T12:00:00Z",
			"Fri 2012-01-06 09:00:00 +1400", false},
		{"over a day that never was", recurring("Pacific/Apia", "0 9 * * THU", "48h"), "2011-12-29T12:00:00Z",
			"Thu 2011-12-29 09:00:00 -1000, Sat 2011-12-31 09:00:00 +1400", false},
		{"no midnight", recurring("America/Sao_Paulo", "0 0 * * SUN", "24h"), "2018-11-03T12:00:00Z",
			"Sun 2018-11-04 01:00:00 -0200, Mon 2018-11-05 01:00:00 -0200", false},

		{"a leap day", recurring("UTC", "0 0 29 2 *", "24h"), "2026-01-01T00:00:00Z",
			"Tue 2028-02-29 00:00:00 +0000, Wed 2028-03-01 00:00:00 +0000, Sun 2032-02-29 00:00:00 +0000", false},
		{"no leap year in 2100", recurring("UTC", "0 0 29 2 *", "24h"), "2097-01-01T00:00:00Z", "never", false},
		{"either day", recurring("UTC", "0 0 13 * FRI", "1h"), "2026-11-12T00:00:00Z",
			"Fri 2026-11-13 00:00:00 +0000, Fri 2026-11-13 01:00:00 +0000, Fri 2026-11-20 00:00:00 +0000", false},
		{"the end of short months", recurring("UTC", "0 0 31 * *", "1h"), "2026-01-31T12:00:00Z",
			"Tue 2026-03-31 00:00:00 +0000, Tue 2026-03-31 01:00:00 +0000, Sun 2026-05-31 00:00:00 +0000", false},
		{"some months", recurring("UTC", "0 0 1 JAN,JUL *", "1h"), "2026-01-31T12:00:00Z", "Wed 2026-07-01 00:00:00 +0000", false},
		{"before 1970", recurring("Europe/Berlin", "0 18 * * FRI", "62h"), "1969-12-31T12:00:00Z", "Fri 1970-01-02 18:00:00 +0100", false},

		{"windows that touch", recurring("UTC", "0 0 * * MON-WED", "24h"), "2026-01-01T12:00:00Z",
			"Mon 2026-01-05 00:00:00 +0000, Thu 2026-01-08 00:00:00 +0000", false},
		{"windows that overlap", recurring("UTC", "*/10 8-9 * * *", "15m"), "2026-01-01T12:00:00Z",
			"Fri 2026-01-02 08:00:00 +0000, Fri 2026-01-02 10:05:00 +0000", false},
		{"windows a minute apart", recurring("UTC", "0 8,9 * * *", "59m"), "2026-01-01T12:00:00Z",
			"Fri 2026-01-02 08:00:00 +0000, Fri 2026-01-02 08:59:00 +0000, Fri 2026-01-02 09:00:00 +0000", false},
		{"from the end of a month", recurring("UTC", "0 0 31 1 *", "1440h"), "2026-03-15T00:00:00Z", "Wed 2026-04-01 00:00:00 +0000", true},
		{"each minute of a day", recurring("UTC", "* * * * SAT", "1m"), "2026-01-01T12:00:00Z",
			"Sat 2026-01-03 00:00:00 +0000, Sun 2026-01-04 00:00:00 +0000", false},
		{"always", recurring("Europe/Berlin", "@daily", "24h"), "2026-01-01T12:00:00Z", "never", true},
		{"always, each hour", recurring("Europe/Berlin", "@hourly", "60m"), "2026-01-01T12:00:00Z", "never", true},
		{"each hour where an hour and a half lies between", recurring("Australia/Lord_Howe", "15 * * * *", "1h"), "2026-10-01T12:00:00Z",
			"Sun 2026-10-04 02:45:00 +1100, Sun 2026-10-04 03:15:00 +1100, Sun 2027-04-04 01:45:00 +1030, Sun 2027-04-04 02:15:00 +1030", true},
		{"each hour of a leap day", recurring("UTC", "0 * 29 2 *", "1h"), "2026-01-01T00:00:00Z",
			"Tue 2028-02-29 00:00:00 +0000, Wed 2028-03-01 00:00:00 +0000, Sun 2032-02-29 00:00:00 +0000", false},
		{"each hour of no leap day", recurring("UTC", "0 * 29 2 *", "1h"), "2097-01-01T00:00:00Z", "never", false},
		{"the longest", recurring("Europe/Berlin", "0 0 1 1 *", "8784h"), "2026-06-01T12:00:00Z", "never", true},
		{"once a year", recurring("Europe/Berlin", "@yearly", "8759h"), "2026-06-01T12:00:00Z",
			"Thu 2026-12-31 23:00:00 +0100, Fri 2027-01-01 00:00:00 +0100, Fri 2027-12-31 23:00:00 +0100", true},

		{"once", once("Europe/Berlin", "2026-12-20T00:00", "2027-01-04T06:00"), "2026-12-01T00:00:00Z",
			"Sun 2026-12-20 00:00:00 +0100, Mon 2027-01-04 06:00:00 +0100, never", false},
		{"once, with offsets", once("Europe/Berlin", "2026-12-20T00:00:30-05:00", "2027-01-04T06:00Z"), "2026-12-01T00:00:00Z",
			"Sun 2026-12-20 06:00:30 +0100, Mon 2027-01-04 07:00:00 +0100, never", false},
		{"once, from gap to overlap", once("Europe/Berlin", "2026-03-29T02:30", "2026-10-25T02:30"), "2026-03-01T00:00:00Z",
			"Sun 2026-03-29 03:00:00 +0200, Sun 2026-10-25 02:30:00 +0100, never", false},
		{"allowed once, to an overlap", allow(once("Europe/Berlin", "2026-10-25T02:10", "2026-10-25T02:30")), "2026-03-01T00:00:00Z",
			"Sun 2026-10-25 02:10:00 +0200, Sun 2026-10-25 02:30:00 +0200, never", false},
		{"once, in ten years", once("", "2036-12-20T00:00", "2037-01-04T06:00"), "2026-12-01T00:00:00Z", "never", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := parse(t, c.window)
			at, open := instant(t, c.from), c.open
			for i, want := range strings.Split(c.changes, ", ") {
				got, until := s.At(at)
				if got != open {
					t.Fatalf("change %d: at %s open is %v", i, at, got)
				}
				text := "never"
				if !until.IsZero() {
					text = until.Format(layout)
				}
				if text != want {
					t.Fatalf("change %d: at %s, open %v: got until %s, want %s", i, at, open, text, want)
				}
				at, open = until, !open
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		window      schedule.Window
		field, want string
	}{
		{schedule.Window{}, "cron", "the window never starts: add cron and duration, or from and to"},
		{recurring("", "0 0 30 2 *", "1h"), "cron", `cron "0 0 30 2 *" never happens`},
		{recurring("", "0 0 31 4,6,9,11 *", "1h"), "cron", "never happens"},
		{recurring("", "0 0 18 * * FRI", "1h"), "cron", "six fields; there are no seconds"},
		{recurring("", "0 18 * *", "1h"), "cron", "has 4 fields, not five"},
		{recurring("", "@every 1h", "1h"), "cron", "use for example */30 * * * *"},
		{recurring("", "@reboot", "1h"), "cron", "unrecognized descriptor"},
		{recurring("", "TZ=Europe/Berlin 0 18 * * FRI", "1h"), "cron", "name it in timeZone"},
		{recurring("", "TZ=Europe/Berlin", "1h"), "cron", "name it in timeZone"},
		{recurring("", "CRON_TZ=UTC @daily", "1h"), "cron", "name it in timeZone"},
		{recurring("", "60 18 * * FRI", "1h"), "cron", "end of range (60) above maximum (59)"},
		{recurring("", "0 18 * * 7", "1h"), "cron", "0-6 or SUN-SAT"},
		{recurring("", "0 18 * * FRI-MON", "1h"), "cron", "beyond end of range"},
		{recurring("", "0 18 , * FRI", "1h"), "cron", `none: ","`},
		{recurring("", "0 18 * * MON,,FRI", "1h"), "cron", `none: "MON,,FRI"`},
		{recurring("", "*-5 18 * * *", "1h"), "cron", `none: "*-5"`},
		{recurring("", "*/0 18 * * *", "1h"), "cron", "positive"},
		{recurring("", "a b c d e", "1h"), "cron", "is not understood"},
		{recurring("", "@daily", "0h"), "duration", "no duration: write a time span in whole minutes"},
		{recurring("", "@daily", "-1h"), "duration", "duration -1h0m0s is negative"},
		{recurring("", "@daily", "90s"), "duration", "duration 1m30s has seconds"},
		{recurring("", "@daily", "8784h1m"), "duration", "longer than 366 days"},
		{recurring("Europe/Belrin", "@daily", "1h"), "timeZone", `timeZone "Europe/Belrin" is no time zone: write a name of the IANA database`},
		{recurring("Local", "@daily", "1h"), "timeZone", "not the same on every machine"},
		{recurring("localtime", "@daily", "1h"), "timeZone", "not the same on every machine"},
		{recurring("right/Europe/Berlin", "@daily", "1h"), "timeZone", "not the same on every machine"},
		{recurring("../etc/localtime", "@daily", "1h"), "timeZone", "is no time zone"},
		{once("", "2026-12-20T00:00", ""), "to", "not to: add to"},
		{once("", "", "2026-12-20T00:00"), "from", "not from: add from"},
		{once("", "2026-12-20", "2026-12-21T00:00"), "from", `from "2026-12-20" is no time: write for example 2026-12-20T18:00`},
		{once("", "2026-12-20T00:00", "2026-02-29T00:00"), "to", `to "2026-02-29T00:00" is no time`},
		{once("", "2026-12-20T00:00", "2026-12-20T00:00"), "to", "is not after from"},
		{once("", "2026-12-20T00:00", "2026-12-20T00:00:00.5"), "to", "fraction"},
		{once("", "2026-12-20T00:00", "2026-12-20T01:00+02:00"), "to", "is not after from"},
		{once("Europe/Berlin", "2026-03-29T02:10", "2026-03-29T02:50"), "to", "is not after from"},
		{schedule.Window{Cron: "@daily", Duration: time.Hour, From: "2026-12-20T00:00"}, "cron", "cron, and from or to"},
		{schedule.Window{From: "2026-12-20T00:00", To: "2026-12-21T00:00", Duration: time.Hour}, "duration", "drop duration"},
	} {
		t.Run(c.want, func(t *testing.T) {
			t.Parallel()
			s, err := schedule.Parse(c.window)
			var wrong *schedule.FieldError
			if !errors.As(err, &wrong) {
				t.Fatalf("got %+v, %v", s, err)
			}
			if wrong.Field != c.field || !strings.Contains(err.Error(), c.want) || wrong.Fix == "" || wrong.Message == "" {
				t.Errorf("got %s: %v; want %s: %s", wrong.Field, err, c.field, c.want)
			}
			if s != (schedule.Schedule{}) {
				t.Errorf("got a schedule: %+v", s)
			}
		})
	}
}

func TestParseTakes(t *testing.T) {
	t.Parallel()
	for _, w := range []schedule.Window{
		recurring("", " 0\t18  * * fri ", "1h"), recurring("", "*/15 9-17 1,15 jan-mar ?", "1h"), recurring("", "@weekly", "8784h"),
		recurring("", "0 0 30 2 MON", "1h"), recurring("", "0 0 29 2 *", "1m"), recurring("", "5/20 * * * *", "1m"),
		recurring("America/Argentina/ComodRivadavia", "@midnight", "1h"), once("", "2026-12-20T00:00:01", "2026-12-20T00:00:02"),
	} {
		parse(t, w)
	}
}
