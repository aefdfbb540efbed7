package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/org/platform/internal/synthetic"
)

// planPromotions measures what promote and status cost where nothing is written: in a clone and without one, in platforms of a hundred and a thousand
// components.
func planPromotions(ctx context.Context, b *bench, s *section) error {
	f, err := newFakeForge(ctx)
	if err != nil {
		return err
	}
	defer f.close()
	const others = 80 // pull requests of people
	var all []*travelled
	for _, o := range []synthetic.Travels{
		{Services: 100, Commits: 2_000, Wanted: 20},
		{Services: manyServices, Commits: 20_000, Wanted: 20},
		{Services: manyServices, Commits: 20_000, Wanted: 200},
	} {
		t, err := b.travels(ctx, f, fmt.Sprintf("travels-%d-%d", o.Services, o.Wanted), o, others)
		if err != nil {
			return err
		}
		all = append(all, t)
	}
	s.header = []string{"components", "commits", "wanted", "open pull requests", "", "runs", "time", "CPU", "peak memory", "fetched", "requests for Git",
		"calls of the API"}
	var ours series
	for _, t := range all {
		local, err := t.measure(ctx, b, s, everywhere, "promote", "--dry-run")
		if err != nil {
			return err
		}
		if t == all[1] {
			ours = local
		}
	}
	if _, err := all[0].measure(ctx, b, s, everywhere, "status"); err != nil {
		return err
	}
	if _, err := all[1].measure(ctx, b, s, everywhere[:1], "status"); err != nil { // without a clone it fetches a quarter of a year of history
		return err
	}
	script, asked, err := all[1].script(ctx, b)
	if err != nil {
		return err
	}
	all[1].row(s, "usual script, in a clone", series{script}, asked)
	s.note("Five environments: dev, staging with `soak: 30m` and `checks`, and three of production with `soak: 24h` and `minInterval: 4h`, of which two are "+
		"a later wave and one is frozen. There are 200 commits a day, of which one in six changes a source and the others bring releases. All that is wanted "+
		"has a pull request, and people have %d more. Cold starts with an empty cache, warm with what the runs before left behind. The script looks at "+
		"releases and pull requests only, one run.", others)
	s.note("Calls of the API are one for each hundred open pull requests, and where a gate is `checks`, four for each release that wants to pass it: " +
		"the statuses and the check runs of the commit that brought it and of its source. The run fails where they are not.")
	s.atMost("calls of the API of promote for 1,000 components / 100, 20 promotions wanted", ratio(int64(all[1].calls()), int64(all[0].calls())), 1)
	s.tell("calls of the API of the usual script / promote, 1,000 components, 20 promotions wanted", ratio(int64(asked), int64(all[1].calls())))
	s.tell("usual script / promote, in a clone, 1,000 components, 20 promotions wanted", ratio(script.wall, ours.wall()))
	return nil
}

// everywhere is where a command is measured: in a clone first.
var everywhere = []string{"in a clone", "without a clone, cold", "without a clone, warm"}

// measure measures a command in the clone or without one, and holds the calls of the API against the formula.
func (t *travelled) measure(ctx context.Context, b *bench, s *section, places []string, command ...string) (local series, err error) {
	var cache string
	for _, place := range places {
		what := fmt.Sprintf("`%s`, %s", command[0], place)
		repeat := b.repeat
		if t.Commits > 2_000 && local != nil { // what is large is fetched once
			repeat = b.once
		}
		samples, err := repeat(ctx, fmt.Sprintf("%s, %s, %d wanted", what, t.repository, t.Wanted), func(int) (sample, error) {
			if cache == "" || place == everywhere[1] {
				if cache, err = b.fresh(b.disk); err != nil {
					return sample{}, err
				}
			}
			one, asked, err := t.asked(ctx, b, t.command(b, cache, place == everywhere[0], command...))
			if err == nil && asked != t.calls() {
				err = fmt.Errorf("%s of %s: %d calls of the API, not %d", what, t.repository, asked, t.calls())
			}
			return one, err
		})
		if err != nil {
			return nil, err
		}
		if t.row(s, what, samples, t.calls()); local == nil {
			local = samples
		}
	}
	return local, nil
}

func (t *travelled) row(s *section, what string, samples series, calls int) {
	s.row(number(t.Services), number(t.Commits), number(t.Wanted), number(len(t.pulls)), what, number(len(samples)), seconds(samples.wall()),
		seconds(samples.cpu()), bytesOf(samples.memory()), bytesOf(samples.down()), number(int(samples.requests())), number(calls))
}

// script measures the usual script in the clone.
func (t *travelled) script(ctx context.Context, b *bench) (sample, int, error) {
	args := append([]string{"sh", filepath.Join(b.bin, "promote.sh"), t.forge.url, t.repository}, upstreams...)
	one, asked, err := t.asked(ctx, b, process{dir: t.clone, env: t.env(b, "off"), args: args})
	if err == nil && asked != t.cells() {
		err = fmt.Errorf("the usual script asked %d times, not %d", asked, t.cells())
	}
	b.report("usual script", one)
	return one, asked, err
}
