package schedule_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/org/platform/internal/schedule"
)

// turning are zones with every kind of turn, and years in which they have some.
var turning = []struct {
	zone       string
	since, end int
}{
	{"Europe/Berlin", 1996, 2037}, {"America/New_York", 1970, 2037}, {"Australia/Lord_Howe", 1988, 2037}, {"Pacific/Apia", 2010, 2021},
	{"Asia/Kolkata", 2020, 2021}, {"UTC", 2020, 2021}, {"America/Sao_Paulo", 2000, 2019}, {"America/Havana", 2015, 2037}, {"Africa/Casablanca", 2015, 2037},
	{"Antarctica/Troll", 2006, 2037}, {"Europe/Dublin", 1996, 2037}, {"Africa/Cairo", 2005, 2037}, {"Asia/Pyongyang", 2014, 2019}, {"America/Caracas", 2006, 2017},
	{"Asia/Gaza", 2010, 2030}, {"Antarctica/Casey", 2009, 2024},
}

// field is one of the five of a cron expression: what is written, and what that means.
type field struct {
	text string
	star bool
	has  [64]bool
}

func anyField(t *rapid.T, name string, low, high int) field {
	set := func(text string, star bool, from, to, step int) field {
		f := field{text: text, star: star}
		for i := from; i <= to; i += step {
			f.has[i] = true
		}
		return f
	}
	a := rapid.OneOf(rapid.IntRange(low, high), rapid.IntRange(low, low+3)).Draw(t, name) // clocks are turned at night
	b := rapid.IntRange(a, high).Draw(t, name+" to")
	switch step := rapid.IntRange(2, 20).Draw(t, name+" step"); rapid.IntRange(0, 6).Draw(t, name+" kind") {
	case 0, 1, 2:
		return set("*", true, low, high, 1)
	case 3:
		return set(fmt.Sprint(a), false, a, a, 1)
	case 4:
		return set(fmt.Sprintf("%d-%d", a, b), false, a, b, 1)
	case 5:
		return set(fmt.Sprintf("*/%d", step), false, low, high, step)
	default:
		f := set(fmt.Sprintf("%d,%d", a, b), false, a, a, 1)
		f.has[b] = true
		return f
	}
}

// recurrence is a window that recurs, with its cron expression taken apart.
type recurrence struct {
	window                             schedule.Window
	location                           *time.Location
	minute, hour, date, month, weekday field
}

func anyRecurrence(t *rapid.T, zone string) recurrence {
	r := recurrence{
		minute: anyField(t, "minute", 0, 59), hour: anyField(t, "hour", 0, 23), date: anyField(t, "date", 1, 31),
		month: field{text: "*", star: true}, weekday: anyField(t, "weekday", 0, 6),
	}
	for i := range r.month.has {
		r.month.has[i] = true
	}
	minutes := rapid.OneOf(rapid.IntRange(1, 90), rapid.SampledFrom([]int{60, 120, 24 * 60, 48 * 60}), rapid.IntRange(1, 4*24*60)).Draw(t, "minutes")
	cron := strings.Join([]string{r.minute.text, r.hour.text, r.date.text, r.month.text, r.weekday.text}, " ")
	r.window = schedule.Window{Name: cron, TimeZone: zone, Cron: cron, Duration: time.Duration(minutes) * time.Minute, Allow: rapid.Bool().Draw(t, "allow")}
	location, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	r.location = location
	return r
}

func (r recurrence) matches(shown time.Time) bool {
	day := r.date.has[shown.Day()] && r.weekday.has[shown.Weekday()]
	if !r.date.star && !r.weekday.star {
		day = r.date.has[shown.Day()] || r.weekday.has[shown.Weekday()]
	}
	return day && r.month.has[shown.Month()] && r.hour.has[shown.Hour()] && r.minute.has[shown.Minute()]
}

// walk is the slow truth: what the clock shows in each minute, and in which minutes the window is open.
type walk struct {
	begin time.Time
	shows []time.Time // as if it were UTC
	open  []bool
}

func newWalk(r recurrence, begin time.Time, minutes int) walk {
	w := walk{begin: begin, shows: make([]time.Time, minutes), open: make([]bool, minutes)}
	for i := range w.shows {
		at := begin.Add(time.Duration(i) * time.Minute)
		_, offset := at.In(r.location).Zone()
		w.shows[i] = at.UTC().Add(time.Duration(offset) * time.Second)
	}
	hourly := true
	for _, has := range r.hour.has[:24] {
		hourly = hourly && has
	}
	reached := w.shows[0] // the latest time that the clock has shown
	for i, shown := range w.shows[1:] {
		i++
		if hourly {
			if r.matches(shown) {
				w.mark(i, i+int(r.window.Duration/time.Minute))
			}
			continue
		}
		for reached.Before(shown) { // more than one minute where the clock skips some
			reached = reached.Add(time.Minute)
			if r.matches(reached) {
				w.mark(i, w.end(i, reached, r.window))
			}
		}
	}
	return w
}

func (w walk) mark(from, to int) {
	for i := from; i < min(to, len(w.open)); i++ {
		w.open[i] = true
	}
}

// end finds the minute in which the window of a start ends, by looking at the clock.
func (w walk) end(start int, said time.Time, window schedule.Window) int {
	if window.Allow {
		for i := start; i < len(w.shows); i++ {
			if !w.shows[i].Before(said.Add(window.Duration)) {
				return i
			}
		}
		return len(w.shows)
	}
	want := w.shows[start].Add(window.Duration)
	end := start
	for i := start; i < len(w.shows) && w.shows[i].Before(want.Add(30*time.Hour)); i++ {
		if w.shows[i].Before(want) {
			end = i + 1
		} else if w.shows[i].Equal(want) {
			end = i
		}
	}
	return end
}

const (
	leadMinutes = 9 * 24 * 60 // longer than any window here, twice
	walkMinutes = 16 * 24 * 60
)

// anyStretch draws a zone and where a walk begins in it: often such that clocks are turned on the way.
func anyStretch(t *rapid.T) (zone string, begin time.Time) {
	z := rapid.SampledFrom(turning).Draw(t, "zone")
	location, err := time.LoadLocation(z.zone)
	if err != nil {
		t.Fatal(err)
	}
	year := rapid.IntRange(z.since, z.end).Draw(t, "year")
	begin = time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 364).Draw(t, "day"))
	if _, turn := begin.In(location).ZoneBounds(); !turn.IsZero() && rapid.IntRange(0, 4).Draw(t, "turn") > 0 {
		begin = turn.UTC().Truncate(24*time.Hour).AddDate(0, 0, -10-rapid.IntRange(0, 3).Draw(t, "before"))
	}
	return z.zone, begin
}

func TestAtIsWhatAWalkFinds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zone, begin := anyStretch(t)
		r := anyRecurrence(t, zone)
		s, err := schedule.Parse(r.window)
		if err != nil {
			t.Skip(err)
		}
		truth := newWalk(r, begin, walkMinutes)
		last := walkMinutes - 3*24*60 // the ends of windows may be beyond what was walked
		for i := leadMinutes; i < last; {
			change := i
			for change < len(truth.open) && truth.open[change] == truth.open[i] {
				change++
			}
			for _, at := range []int{i, (i + change) / 2, change - 1} {
				compare(t, s, truth, at, change)
			}
			i = change
		}
	})
}

func compare(t *rapid.T, s schedule.Schedule, truth walk, at, change int) {
	now := truth.begin.Add(time.Duration(at)*time.Minute + 59*time.Second)
	open, until := s.At(now)
	if open != truth.open[at] {
		t.Fatalf("at %s (the clock shows %s) open is %v", now, truth.shows[at].Format(time.DateTime), open)
	}
	if want := truth.begin.Add(time.Duration(change) * time.Minute); change < len(truth.open) && !until.Equal(want) {
		t.Fatalf("at %s, open %v: got until %s, want %s", now, open, until.UTC(), want)
	}
	if end := truth.begin.Add(time.Duration(len(truth.open)-2*24*60) * time.Minute); change == len(truth.open) && !until.IsZero() && until.Before(end) {
		t.Fatalf("at %s, open %v: got until %s, before the end of the walk at %s", now, open, until.UTC(), end)
	}
}

// The state does not change before until, and changes then; over years and with windows of any length.
func TestAtIsConstantUntil(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zone, begin := anyStretch(t)
		r := anyRecurrence(t, zone)
		r.window.Cron = strings.Replace(r.window.Cron, r.month.text+" "+r.weekday.text, anyField(t, "month", 1, 12).text+" "+r.weekday.text, 1)
		r.window.Duration += time.Duration(rapid.IntRange(0, 360).Draw(t, "days")) * 24 * time.Hour
		s, err := schedule.Parse(r.window)
		if err != nil {
			t.Skip(err)
		}
		now := begin.Add(time.Duration(rapid.Int64Range(0, int64(30*24*time.Hour)).Draw(t, "now")))
		open, until := s.At(now)
		if until.IsZero() {
			until = now.AddDate(4, 0, 0)
		} else if after, _ := s.At(until); after == open {
			t.Fatalf("nothing changes at %s, open %v", until, open)
		}
		if !until.After(now) {
			t.Fatalf("until %s is not after %s", until, now)
		}
		for range 20 {
			at := now.Add(time.Duration(rapid.Int64Range(0, int64(until.Sub(now))-1).Draw(t, "after")))
			if got, same := s.At(at); got != open || !same.Equal(until) && !same.IsZero() && same.Before(until) {
				t.Fatalf("at %s: got %v until %s; at %s: %v until %s", now, open, until, at, got, same)
			}
		}
		if got, _ := s.At(until.Add(-1)); got != open {
			t.Fatalf("open is %v before %s", got, until)
		}
	})
}

func TestDecideIsWhatAWalkFinds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var schedules []schedule.Schedule
		zone, begin := anyStretch(t)
		for range rapid.IntRange(0, 4).Draw(t, "schedules") {
			if rapid.Bool().Draw(t, "another zone") {
				zone = rapid.SampledFrom(turning).Draw(t, "zone").zone
			}
			s, err := schedule.Parse(anyRecurrence(t, zone).window)
			if err == nil {
				schedules = append(schedules, s)
			}
		}
		now := begin.Add(time.Duration(rapid.Int64Range(0, int64(30*24*time.Hour)).Draw(t, "now")))
		d := schedule.Decide(schedules, now)
		if want := may(schedules, now); d.Open != want || d.Open != (d.Name == "") || d.Open != (d.Reason == "") {
			t.Fatalf("got %+v, want open %v", d, want)
		}
		next, ok := schedule.NextOpen(schedules, now)
		if d.Open {
			if !ok || !next.Equal(now) || !d.Until.IsZero() {
				t.Fatalf("it is open: %+v, %s %v", d, next, ok)
			}
			return
		}
		if !next.Equal(d.Until) || ok == d.Until.IsZero() {
			t.Fatalf("NextOpen and Decide differ: %s %v, %s", next, ok, d.Until)
		}
		checkUntil(t, schedules, now, d.Until)
	})
}

// may is Decide, by its definition.
func may(schedules []schedule.Schedule, at time.Time) bool {
	limited, allowed := false, false
	for _, s := range schedules {
		open, _ := s.At(at)
		if !s.Allow && open {
			return false
		}
		limited, allowed = limited || s.Allow, allowed || s.Allow && open
	}
	return !limited || allowed
}

func checkUntil(t *rapid.T, schedules []schedule.Schedule, now, until time.Time) {
	end := now.Add(12 * time.Hour)
	if !until.IsZero() {
		if !may(schedules, until) || may(schedules, until.Add(-time.Second)) || may(schedules, until.Add(-1)) {
			t.Fatalf("from %s: %s is not where it opens", now, until)
		}
		end = earlier(until, end)
	}
	for at := now.Truncate(time.Minute).Add(time.Minute); at.Before(end); at = at.Add(time.Minute) {
		if may(schedules, at) {
			t.Fatalf("from %s: it opens at %s, before %s", now, at, until)
		}
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
