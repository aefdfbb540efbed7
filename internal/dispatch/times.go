package dispatch

import (
	"strconv"
	"strings"
	"time"

	"github.com/org/platform/internal/app"
)

// Until reads the end of something that begins now: a span such as 90m, 24h or 7d, or a time as RFC 3339 has it. Empty is the zero time.
func Until(flag, s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	until, err := time.Parse(time.RFC3339, s)
	if span, ok := span(s); ok {
		until, err = now.Add(span), nil
	}
	switch {
	case err != nil:
		return until, app.Usagef("--%s %q is no span such as 90m, 24h or 7d, and no time such as 2026-12-24T18:00:00Z", flag, s)
	case !until.After(now):
		return until, app.Usagef("--%s %q is over already: it is %s", flag, s, now.UTC().Format(time.RFC3339))
	}
	return until, nil
}

// Since reads the beginning of something that ends now: a span such as 24h, 30d or 4w, a day, or a time as RFC 3339 has it.
func Since(flag, s string, now time.Time) (time.Time, error) {
	if span, ok := span(s); ok {
		return now.Add(-span), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if since, err := time.Parse(layout, s); err == nil {
			return since, nil
		}
	}
	return time.Time{}, app.Usagef("--%s %q is no span such as 24h, 30d or 4w, no day such as 2026-12-24 and no time such as 2026-12-24T18:00:00Z", flag, s)
}

// maxSpan is a century: what is longer is a slip, and would not fit.
const maxSpan = 100 * 365 * 24 * time.Hour

// span reads a span of time: as Go has it, or in days or weeks.
func span(s string) (time.Duration, bool) {
	for unit, length := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		if number, found := strings.CutSuffix(s, unit); found {
			n, err := strconv.ParseUint(number, 10, 16)
			return time.Duration(n) * length, err == nil && time.Duration(n)*length <= maxSpan
		}
	}
	d, err := time.ParseDuration(s)
	return d, err == nil && d >= 0 && d <= maxSpan
}
