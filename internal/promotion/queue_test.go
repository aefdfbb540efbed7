package promotion_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/state"
)

const numbers = "123456789abc"

// short writes a step with numbers for release ids: "propose 2 from qa [3 4]: reason".
func short(s promotion.Step) string {
	line := string(s.Action)
	if s.Release.ID != "" {
		line += " " + string(s.Release.ID) + " from " + s.Source
	}
	if len(s.Behind) > 0 {
		ids := make([]string, len(s.Behind))
		for i, id := range s.Behind {
			ids[i] = string(id)
		}
		line += " [" + strings.Join(ids, " ") + "]"
	}
	line += ": " + s.Reason
	for _, n := range numbers {
		line = strings.ReplaceAll(line, id("hello", string(n)), string(n))
	}
	return line
}

// holds is a state in which releases are held: "qa=2,3" holds releases 2 and 3 out of qa.
func holds(s *state.State, cells string, expires ...time.Duration) *state.State {
	s.Holds = map[state.Key]*state.Hold{}
	for cell := range strings.FieldsSeq(cells) {
		where, what, _ := strings.Cut(cell, "=")
		h := &state.Hold{Reason: "5xx", By: "ann"}
		for _, d := range expires {
			h.Expires = state.Expiry{Time: now.Add(d)}
		}
		for number := range strings.SplitSeq(what, ",") {
			if number == "*" {
				h.Releases = append(h.Releases, state.Everything)
				continue
			}
			h.Releases = append(h.Releases, record("hello", number).ID)
		}
		if c, runs := s.Cells[key(where)]; runs {
			c.Hold = h
			s.Cells[key(where)] = c
		} else {
			s.Holds[key(where)] = h
		}
	}
	return s
}

func TestQueue(t *testing.T) {
	t.Parallel()
	line := platform(env("dev", ""), env("qa", "dev"), env("prod", "qa", mode("queue")))
	soaks := platform(env("dev", ""), env("qa", "dev"), env("prod", "qa", mode("queue"), soak(time.Hour)))
	all := platform(env("qa", ""), env("perf", ""), env("prod", "qa+perf", mode("queue")))
	anyOf := platform(env("qa", ""), env("perf", ""), env("prod", "qa+perf", mode("queue"), fanInAny))
	three := platform(env("qa", ""), env("perf", ""), env("eu", ""), env("prod", "qa+perf+eu", mode("queue"), fanInAny))
	waves := platform(env("qa", ""), env("eu", "qa"), env("prod", "qa", mode("queue"), wave(1)))
	elsewhere := platform(env("dev", ""), env("qa", "dev"), env("prod", "qa", mode("queue"), gate(config.Gate{Soak: config.Duration(time.Hour), In: "dev"})))
	broken := func(k state.Key) ([]promotion.Run, error) { return nil, errors.New("no\nnetwork") }
	for name, c := range map[string]struct {
		platform *config.Platform
		state    *state.State
		ran      func(state.Key) ([]promotion.Run, error)
		want     string
	}{
		"the oldest first":        {line, running("qa=4 prod=1"), history("qa=1:9h,2:8h,3:7h,4:1h"), "propose 2 from qa [3 4]: qa ran it from 2026-05-04 04:00 UTC to 2026-05-04 05:00 UTC"},
		"the last":                {line, running("qa=4 prod=3"), history("qa=1:9h,2:8h,3:7h,4:1h"), "propose 4 from qa: qa runs it"},
		"none left":               {line, running("qa=4 prod=4"), nil, "up-to-date: runs what qa runs"},
		"the first is the newest": {line, running("qa=3"), history("qa=1:9h,2:8h,3:7h"), "propose 3 from qa: qa runs it"},
		"no history":              {line, running("qa=3 prod=1"), nil, "wait: history is not known"},
		"history fails":           {line, running("qa=3 prod=1"), broken, "wait: no network"},
		"upstream is broken":      {line, running("qa=! prod=1"), history("qa=1:9h,2:8h"), "blocked: environments/qa/hello: was edited by hand"},

		"rolled back upstream":               {line, holds(running("qa=2 prod=1"), "qa=3"), history("qa=1:9h,2:8h,3:7h,2:1h"), "propose 2 from qa: qa runs it"},
		"rolled back upstream, and on":       {line, running("qa=4 prod=1"), history("qa=1:9h,2:8h,3:7h,2:6h,4:1h"), "propose 2 from qa [4]: qa ran it from 2026-05-04 06:00 UTC to 2026-05-04 11:00 UTC"},
		"rolled back upstream past this":     {line, holds(running("qa=1 prod=2"), "qa=2"), history("qa=1:9h,2:8h,1:1h"), "held 1 from qa: qa was rolled back from 2, which still runs here: roll back prod too, or wait for another release"},
		"rolled back past this, without":     {line, running("qa=1 prod=2"), history("qa=1:9h,2:8h,1:1h"), "up-to-date: nothing that can be brought came to qa after 2"},
		"rolled back past this, and on":      {line, running("qa=4 prod=2"), history("qa=1:9h,2:8h,1:5h,4:1h"), "propose 4 from qa: qa runs it"},
		"rolled back and brought again":      {line, running("qa=3 prod=1"), history("qa=1:9h,2:8h,3:7h,2:6h,3:1h"), "propose 2 from qa [3]: qa ran it from 2026-05-04 06:00 UTC to 2026-05-04 11:00 UTC"},
		"an older source that is new to it":  {line, running("qa=1 prod=2"), history("qa=2:9h,1:1h"), "up-to-date: nothing that can be brought came to qa after 2"},
		"held upstream though it never left": {line, holds(running("qa=3 prod=1"), "qa=2"), history("qa=1:9h,2:8h,3:7h"), "propose 3 from qa: qa runs it"},

		"held here":                       {line, holds(running("qa=3 prod=1"), "prod=2"), history("qa=1:9h,2:8h,3:7h"), "propose 3 from qa: qa runs it"},
		"held here, the last":             {line, holds(running("qa=3 prod=1"), "prod=3"), history("qa=1:9h,2:8h,3:7h"), "held 3 from qa: 3 held: 5xx (ann)"},
		"everything is held here":         {line, holds(running("qa=3 prod=1"), "prod=*"), history("qa=1:9h,2:8h,3:7h"), "held 3 from qa: everything held: 5xx (ann)"},
		"no longer held here":             {line, holds(running("qa=3 prod=1"), "prod=2", -time.Minute), history("qa=1:9h,2:8h,3:7h"), "propose 2 from qa [3]: qa ran it from 2026-05-04 04:00 UTC to 2026-05-04 05:00 UTC"},
		"rolled back here from 3 to 1":    {line, holds(running("qa=4 prod=1"), "prod=3"), history("qa=1:9h,2:8h,3:7h,4:1h"), "propose 4 from qa: qa runs it"},
		"what runs here upstream had not": {line, running("qa=5 prod=2"), history("qa=1:9h,3:8h,5:1h"), "propose 3 from qa [5]: qa ran it from 2026-05-04 04:00 UTC to 2026-05-04 11:00 UTC"},
		"what runs here is newer":         {line, running("qa=5 prod=6"), history("qa=1:9h,3:8h,5:1h"), "up-to-date: nothing that can be brought came to qa after 6"},
		"what runs here is no relation":   {line, running("qa=5 prod=a"), history("qa=1:9h,3:8h,5:1h"), "propose 5 from qa: qa runs it"},

		"too short to soak":           {soaks, running("qa=4 prod=1"), history("qa=1:9h,2:4h,3:210m,4:150m"), "propose 3 from qa [4]: qa ran it from 2026-05-04 08:30 UTC to 2026-05-04 09:30 UTC"},
		"too short, but it still may": {soaks, running("qa=4 prod=1"), history("qa=1:9h,2:40m,3:30m,4:10m"), "wait 4 from qa: soak: qa has run it for 10m of 1h"},
		"soaks elsewhere":             {elsewhere, running("dev=4 qa=3 prod=1"), history("dev=1:10h,2:9h,3:510m,4:10m qa=1:9h,2:8h,3:7h"), "propose 3 from qa: qa runs it"},
		"never was elsewhere":         {elsewhere, running("dev=4 qa=3 prod=1"), history("dev=1:10h,3:9h,4:10m qa=1:9h,2:8h,3:7h"), "propose 3 from qa: qa runs it"},

		"of all, those that all ran":         {all, running("qa=4 perf=4 prod=1"), history("qa=1:9h,2:8h,3:7h,4:6h perf=1:9h,3:5h,4:4h"), "propose 3 from qa [4]: qa ran it from 2026-05-04 05:00 UTC to 2026-05-04 06:00 UTC, perf ran it from 2026-05-04 07:00 UTC to 2026-05-04 08:00 UTC"},
		"of all, one lags":                   {all, running("qa=3 perf=1 prod=1"), history("qa=1:9h,2:8h,3:7h perf=1:9h"), "wait 2 from qa [3]: perf has not run it yet"},
		"of all, one went back":              {all, holds(running("qa=3 perf=1 prod=1"), "perf=2"), history("qa=1:9h,2:8h,3:7h perf=1:9h,2:8h,1:7h"), "wait 3 from qa: perf has not run it yet"},
		"of all, one lags behind this":       {all, running("qa=2 perf=1 prod=2"), history("qa=1:9h,2:8h perf=1:9h"), "up-to-date: runs what qa runs"},
		"of all, one went back, and is free": {all, running("qa=3 perf=1 prod=1"), history("qa=1:9h,2:8h,3:7h perf=1:9h,2:8h,1:7h"), "wait 2 from qa [3]: perf has not run it yet"},
		"of all, one runs nothing":           {all, running("qa=3 prod=1"), history("qa=1:9h,2:8h,3:7h"), "wait: perf does not run it yet"},
		"of any, in the order of arrival":    {anyOf, running("qa=4 perf=3 prod=1"), history("qa=1:9h,2:8h,4:2h perf=1:9h,3:5h"), "propose 2 from qa [3 4]: qa ran it from 2026-05-04 04:00 UTC to 2026-05-04 10:00 UTC"},
		"of any, what one never ran":         {anyOf, running("qa=4 perf=3 prod=2"), history("qa=1:9h,2:8h,4:2h perf=1:9h,3:5h"), "propose 3 from perf [4]: perf runs it"},
		"of any, one never ran this":         {three, running("qa=2 perf=2 eu=4 prod=2"), history("qa=1:9h,2:8h perf=1:9h,2:3h eu=1:9h,4:5h"), "propose 4 from eu: eu runs it"},
		"of any, both ran them":              {anyOf, running("qa=3 perf=3 prod=1"), history("qa=1:9h,2:8h,3:7h perf=1:9h,2:6h,3:5h"), "propose 2 from qa [3]: qa ran it from 2026-05-04 04:00 UTC to 2026-05-04 05:00 UTC"},
		"of any, before what is held":        {anyOf, holds(running("qa=3 perf=2 prod=1"), "prod=3"), history("qa=1:9h,2:8h,3:7h perf=1:9h,2:6h"), "held 3 from qa: 3 held: 5xx (ann)"},
		"of any, what came before this":      {anyOf, running("qa=2 perf=a prod=2"), history("qa=1:9h,2:4h perf=a:8h"), "up-to-date: nothing that can be brought came to qa and perf after 2"},
		"clocks went back":                   {line, running("qa=3 prod=1"), history("qa=1:9h,2:5h,3:8h"), "propose 2 from qa [3]: qa ran it from 2026-05-04 07:00 UTC to 2026-05-04 04:00 UTC"},
		"of any, one is slow":                {anyOf, running("qa=3 perf=2 prod=2"), history("qa=1:9h,2:8h,3:7h perf=1:5h,2:4h"), "propose 3 from qa: qa runs it"},
		"of any, each what the other ran":    {anyOf, running("qa=3 perf=2 prod=3"), history("qa=1:9h,2:8h,3:7h perf=1:5h,2:4h"), "up-to-date: nothing that can be brought came to qa and perf after 3"},
		"of any, one went back":              {anyOf, holds(running("qa=1 perf=2 prod=1"), "qa=2"), history("qa=1:9h,2:8h,1:7h perf=1:9h,2:4h"), "propose 2 from perf: perf runs it"},
		"of any, both run what runs here":    {anyOf, running("qa=3 perf=3 prod=3"), nil, "up-to-date: runs what qa and perf run"},
		"of any, one is broken":              {anyOf, running("qa=! perf=2 prod=1"), history("perf=1:9h,2:8h"), "propose 2 from perf: perf runs it"},
		"a wave that has not run it yet":     {waves, running("qa=3 eu=1 prod=1"), history("qa=1:9h,2:8h,3:7h eu=1:8h"), "wait 2 from qa [3]: wave: eu comes first and has not run it"},
		"a wave that is further on":          {waves, running("qa=3 eu=3 prod=1"), history("qa=1:9h,2:8h,3:7h eu=1:8h,2:4h,3:1h"), "propose 2 from qa [3]: qa ran it from 2026-05-04 04:00 UTC to 2026-05-04 05:00 UTC"},
		"a wave that passed it by":           {waves, running("qa=3 eu=3 prod=1"), history("qa=1:9h,2:8h,3:7h eu=1:8h,3:1h"), "propose 3 from qa: qa runs it"},
		"a wave that went back from it":      {waves, holds(running("qa=3 eu=1 prod=1"), "eu=2"), history("qa=1:9h,2:8h,3:7h eu=1:8h,2:4h,1:1h"), "wait 3 from qa: wave: eu comes first and has not run it"},
		"a wave that may run it again":       {waves, running("qa=3 eu=1 prod=1"), history("qa=1:9h,2:8h,3:7h eu=1:8h,2:4h,1:1h"), "wait 2 from qa [3]: wave: eu comes first and has not run it"},
		"a wave that went back from all":     {waves, holds(running("qa=2 eu=1"), "eu=2"), history("qa=2:8h eu=1:8h,2:4h,1:1h"), "wait: nothing that qa runs can be brought here"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := input(c.platform, c.state, nil)
			in.Ran = c.ran
			if diff := cmp.Diff(c.want, short(stepTo(t, in, "prod"))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
