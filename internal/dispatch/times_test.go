package dispatch_test

import (
	"errors"
	"testing"
	"time"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/dispatch"
)

func TestTimes(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for s, want := range map[string]time.Duration{"90m": 90 * time.Minute, "7d": 7 * 24 * time.Hour, "2w": 14 * 24 * time.Hour, "2026-05-01T13:00:00Z": time.Hour,
		"2026-05-01T15:00:00+02:00": time.Hour} {
		if got, err := dispatch.Until("expires", s, now); err != nil || !got.Equal(now.Add(want)) {
			t.Errorf("until %s: %v, %v", s, got, err)
		}
	}
	if got, err := dispatch.Until("expires", "", now); err != nil || !got.IsZero() {
		t.Errorf("until nothing: %v, %v", got, err)
	}
	for s, want := range map[string]time.Duration{"36h": 36 * time.Hour, "30d": 30 * 24 * time.Hour, "2026-04-30": 36 * time.Hour} {
		if got, err := dispatch.Since("since", s, now); err != nil || !got.Equal(now.Add(-want)) {
			t.Errorf("since %s: %v, %v", s, got, err)
		}
	}
	usage := new(app.UsageError)
	for _, s := range []string{"-1h", "0s", "d", "-1d", "999999d", "soon", "2026-05-01T11:59:59Z", "2026-05-02", "1.5d"} {
		if got, err := dispatch.Until("expires", s, now); !errors.As(err, &usage) {
			t.Errorf("until %s: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "-1h", "soon", "2026-13-01", "40000d"} {
		if got, err := dispatch.Since("since", s, now); !errors.As(err, &usage) {
			t.Errorf("since %s: %v, %v", s, got, err)
		}
	}
}
