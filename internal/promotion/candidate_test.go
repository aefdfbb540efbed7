package promotion_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

func TestPinned(t *testing.T) {
	t.Parallel()
	line := platform(env("qa", ""), env("perf", ""), env("prod", "qa", mode("pinned")))
	both := platform(env("qa", ""), env("perf", ""), env("prod", "qa+perf", mode("pinned")))
	anyOf := platform(env("qa", ""), env("perf", ""), env("prod", "perf+qa", mode("pinned"), fanInAny))
	later := platform(env("qa", ""), env("eu", "qa"), env("prod", "qa", mode("pinned"), wave(1)))
	past := history("qa=1:9h,2:8h,3:7h perf=1:9h,3:8h")
	for name, c := range map[string]struct {
		platform *config.Platform
		state    *state.State
		asked    string
		ran      func(state.Key) ([]promotion.Run, error)
		want     string
	}{
		"nobody asked":             {line, running("qa=3 prod=1"), "", past, "up-to-date: pinned: promote --component hello --to prod --release R brings another"},
		"nobody asked for a first": {line, running("qa=3"), "", past, "up-to-date: pinned: promote --component hello --to prod --release R brings another"},
		"asked":                    {line, running("qa=3 prod=1"), "2", past, "propose 2 from qa: qa ran it from 2026-05-04 04:00 UTC to 2026-05-04 05:00 UTC"},
		"asked for what runs":      {line, running("qa=3 prod=1"), "3", past, "propose 3 from qa: qa runs it"},
		"it runs here":             {line, running("qa=3 prod=2"), "2", past, "up-to-date: runs 2, as asked for"},
		"it never ran":             {line, running("qa=3 prod=1"), "4", past, "wait: qa never ran 4"},
		"history fails":            {line, running("qa=3 prod=1"), "2", func(state.Key) ([]promotion.Run, error) { return nil, errGone }, "wait: 502 Bad Gateway"},
		"held here":                {line, holds(running("qa=3 prod=1"), "prod=2"), "2", past, "held 2 from qa: 2 held: 5xx (ann)"},
		"broken here":              {line, running("qa=3 prod=!"), "2", past, "blocked: environments/prod/hello: was edited by hand"},
		"broken upstream":          {line, running("qa=! prod=1"), "2", past, "blocked: environments/qa/hello: was edited by hand"},
		"an older one":             {line, running("qa=3 prod=2"), "1", past, "propose 1 from qa: qa ran it from 2026-05-04 03:00 UTC to 2026-05-04 04:00 UTC"},
		"all ran it":               {both, running("qa=3 perf=3 prod=1"), "3", past, "propose 3 from qa: qa runs it, perf runs it"},
		"not all ran it":           {both, running("qa=3 perf=3 prod=1"), "2", past, "wait: perf never ran 2"},
		"any ran it":               {anyOf, running("qa=3 perf=3 prod=1"), "2", past, "propose 2 from qa: qa ran it from 2026-05-04 04:00 UTC to 2026-05-04 05:00 UTC"},
		"upstream went back":       {line, holds(running("qa=1 prod=2"), "qa=2"), "1", history("qa=1:9h,2:8h,1:7h"), "propose 1 from qa: qa runs it"},
		"a wave went on from it":   {later, running("qa=3 eu=3 prod=1"), "2", history("qa=1:9h,2:8h,3:7h eu=2:7h,3:6h"), "propose 2 from qa: qa ran it from 2026-05-04 04:00 UTC to 2026-05-04 05:00 UTC"},
		"a wave went back from it": {later, running("qa=3 eu=1 prod=1"), "2", history("qa=1:9h,2:8h,3:7h eu=1:8h,2:7h,1:6h"), "wait 2 from qa: wave: eu comes first and has not run it"},
		"any ran it, but older":    {anyOf, running("qa=3 perf=3 prod=2"), "1", past, "wait: 1 is older than what runs here: rollback hello --env prod --to 1 brings it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := input(c.platform, c.state, nil)
			in.Ran = c.ran
			if c.asked != "" {
				asked("prod", c.asked)(&in)
			}
			if diff := cmp.Diff(c.want, short(stepTo(t, in, "prod"))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestFanInAny(t *testing.T) {
	t.Parallel()
	p := platform(env("eu", ""), env("us", ""), env("ap", ""), env("prod", "eu+us+ap", fanInAny))
	in := func(hours ...time.Duration) map[string]time.Duration {
		m := map[string]time.Duration{}
		for i, h := range hours {
			m[[]string{"eu", "us", "ap"}[i]] = h * time.Hour
		}
		return m
	}
	failing := func(release.Source, release.Source) (bool, error) { return false, errGone }
	for name, c := range map[string]struct {
		state    *state.State
		since    map[string]time.Duration
		contains func(newer, older release.Source) (bool, error)
		want     string
	}{
		"one runs it":                       {running("us=2 prod=1"), nil, contains, "propose 2 from us: us runs it"},
		"the newest source":                 {running("eu=2 us=3 ap=1 prod=1"), in(1, 5, 1), contains, "propose 3 from us: us runs it"},
		"unrelated: what came last":         {running("eu=a us=b prod=1"), in(2, 1), contains, "propose b from us: us runs it"},
		"unrelated: the other came last":    {running("eu=a us=b prod=1"), in(1, 2), contains, "propose a from eu: eu runs it"},
		"unrelated: at once":                {running("eu=b us=a prod=1"), in(1, 1), contains, "propose b from eu: eu runs it"},
		"unrelated: it is not known":        {running("eu=a us=b prod=1"), nil, contains, "wait: eu and us run different releases, and it is not known which came later"},
		"of two the one that ran it longer": {running("eu=1 us=2 ap=2 prod=1"), in(1, 2, 3), contains, "propose 2 from ap: ap runs it"},
		"what runs here is the newest":      {running("eu=1 us=2 prod=2"), in(1, 2), contains, "up-to-date 2 from us: runs what us runs"},
		"what runs here is newer":           {running("eu=1 us=2 prod=3"), in(1, 2), contains, "up-to-date 2 from us: runs a newer release than 2, which us runs"},
		"unrelated ones do not take turns":  {running("eu=a us=b prod=b"), in(2, 1), contains, "up-to-date b from us: runs what us runs"},
		"nothing runs here":                 {running("eu=1 us=2"), in(1, 2), contains, "propose 2 from us: us runs it"},
		"one is broken":                     {running("eu=! us=2 prod=1"), nil, contains, "propose 2 from us: us runs it"},
		"the others are broken":             {running("eu=! us=! prod=1"), nil, contains, "blocked: environments/eu/hello: was edited by hand"},
		"the newest is held":                {holds(running("eu=2 us=3 prod=1"), "prod=3"), in(1, 1), contains, "held 3 from us: 3 held: 5xx (ann)"},
		"rolled back where it comes from":   {holds(running("eu=1 prod=2"), "eu=2"), nil, contains, "held 1 from eu: eu was rolled back from 2, which still runs here: roll back prod too, or wait for another release"},
		"rolled back where it does not":     {holds(running("eu=1 us=3 prod=2"), "eu=2"), in(1, 1), contains, "propose 3 from us: us runs it"},
		"sources cannot be compared":        {running("eu=1 us=2 prod=1"), in(1, 2), failing, "wait: compare 222222222222 with 111111111111: 502 Bad Gateway"},
		"it cannot be compared with this":   {running("us=2 prod=1"), nil, failing, "wait: compare 111111111111 with 222222222222: 502 Bad Gateway"},
		"nothing to compare":                {running("us=2"), nil, failing, "propose 2 from us: us runs it"},
		"nobody can compare":                {running("us=2 prod=1"), nil, nil, "wait: history is not known"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := input(p, c.state, c.since)
			i.Contains = c.contains
			if diff := cmp.Diff(c.want, short(stepTo(t, i, "prod"))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// Two releases of one source, such as an image that was built again, are of the same age.
func TestFanInAnyOfOneSource(t *testing.T) {
	t.Parallel()
	p := platform(env("eu", ""), env("us", ""), env("prod", "eu+us", fanInAny))
	s := running("eu=2 us=2 prod=2")
	again := state.Cell{Key: key("us"), Record: record("hello", "2")}
	again.Record.Release = release.New("hello", again.Record.Source, []release.Image{{Name: "hello", NewName: "x", Digest: "sha256:1"}})
	s.Cells[again.Key] = again
	for us, want := range map[time.Duration]promotion.Action{time.Hour: promotion.Propose, 3 * time.Hour: promotion.Current} {
		got := stepTo(t, input(p, s, map[string]time.Duration{"eu": 2 * time.Hour, "us": us}), "prod")
		if got.Action != want || got.Action == promotion.Propose && got.Source != "us" {
			t.Errorf("%s: got %s", us, short(got))
		}
	}
	s.Cells[key("prod")] = again // what no upstream runs any more is not newer either
	s.Cells[key("us")] = s.Cells[key("eu")]
	if got := stepTo(t, input(p, s, nil), "prod"); got.Action != promotion.Propose {
		t.Errorf("got %s", short(got))
	}
}

func TestHoldExpires(t *testing.T) {
	t.Parallel()
	p := platform(env("dev", ""), env("prod", "dev"))
	for name, c := range map[string]struct {
		expires time.Duration
		want    string
		until   time.Time
	}{
		"later": {time.Hour, "held 2 from dev: 2 held: 5xx (ann, until 2026-05-04T13:00:00Z)", now.Add(time.Hour)},
		"now":   {0, "propose 2 from dev: dev runs it", time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := stepTo(t, input(p, holds(running("dev=2 prod=1"), "prod=2", c.expires), nil), "prod")
			if got := short(s); got != c.want || !s.Until.Equal(c.until) {
				t.Errorf("got %s until %s", got, s.Until)
			}
		})
	}
}

func TestWavesAndSets(t *testing.T) {
	t.Parallel()
	p := platform(env("dev", ""), env("eu", "dev"), env("us", "dev", wave(1)), env("ap", "dev", wave(2)), env("other", "eu", wave(1)))
	ordered := platform(env("dev", ""), env("prod", "dev"))
	ordered.Spec.Sets = []config.Set{{Name: "shop", Components: []string{"api", "web", "hello"}, Order: config.OrderOrdered}}
	pair := platform(env("dev", ""), env("prod", "dev", gate(config.Gate{DependsOn: true})))
	pair.Spec.Sets = []config.Set{{Name: "shop", Components: []string{"api", "hello"}}}
	for name, c := range map[string]struct {
		platform *config.Platform
		state    string
		to       string
		want     string
	}{
		"the first wave":         {p, "dev=2", "eu", "propose 2 from dev: dev runs it"},
		"the next wave":          {p, "dev=2", "us", "wait 2 from dev: wave: eu comes first and does not run it"},
		"the next wave is open":  {p, "dev=2 eu=2", "us", "propose 2 from dev: dev runs it"},
		"the last wave":          {p, "dev=2 eu=2", "ap", "wait 2 from dev: wave: us comes first and does not run it"},
		"the last wave is open":  {p, "dev=2 eu=2 us=2", "ap", "propose 2 from dev: dev runs it"},
		"a wave that is broken":  {p, "dev=2 eu=!", "us", "wait 2 from dev: wave: eu comes first and does not run it"},
		"of other upstreams":     {p, "dev=2 eu=2", "other", "propose 2 from eu: eu runs it"},
		"the first of a set":     {ordered, "dev=2 dev/api=2 dev/web=2", "prod/api", "propose 2 from dev: dev runs it"},
		"the second of a set":    {ordered, "dev=2 dev/api=2 dev/web=2", "prod/web", "wait 2 from dev: set: api comes first and does not run api:2 here"},
		"after those before it":  {ordered, "dev=2 dev/api=2 dev/web=2 prod/api=2 prod/web=2", "prod", "propose 2 from dev: dev runs it"},
		"not after one of them":  {ordered, "dev=2 dev/api=2 dev/web=2 prod/web=2", "prod", "wait 2 from dev: set: api comes first and does not run api:2 here"},
		"one is nowhere":         {ordered, "dev=2 dev/web=2 prod/web=2", "prod", "propose 2 from dev: dev runs it"},
		"one is broken":          {ordered, "dev=2 dev/api=!", "prod", "wait 2 from dev: set: api comes first and is not up to date: environments/dev/api: was edited by hand"},
		"a dependency comes too": {pair, "dev=2 dev/api=2 prod/api=1", "prod", "propose 2 from dev: dev runs it"},
		"a dependency is held":   {pair, "dev=2 dev/api=2 prod/api=1 held", "prod", "wait 2 from dev: dependsOn: api must run api:2 here or a newer release, and runs api:1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cells, held := strings.CutSuffix(c.state, " held")
			in := input(c.platform, running(cells), nil)
			if held {
				hold(in.State, "prod/api", "2")
			}
			in.Needs = func(string) ([]string, error) { return []string{"api"}, nil }
			got := short(stepTo(t, in, c.to))
			for _, component := range []string{"api", "web"} {
				got = strings.NewReplacer(id(component, "1"), component+":1", id(component, "2"), component+":2").Replace(got)
			}
			got = strings.Replace(got, "wait web:2", "wait 2", 1)
			got = strings.Replace(got, "propose api:2", "propose 2", 1)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
