package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/synthetic"
)

// scenario is one question that the benchmarks answer. It adds what it measured to the section.
type scenario struct {
	name  string
	title string
	run   func(context.Context, *bench, *section) error
}

var scenarios = []scenario{
	{"deploy", "Deploy into repositories of growing size", deployIntoSizes},
	{"script", "Deploy against the usual script", deployAgainstScript},
	{"latency", "Deploy over a slow connection", deployOverLatency},
	{"contention", "Many deploys at once", deployAtOnce},
	{"render", "Render everything", renderEverything},
	{"diff", "What a pull request changes", diffOfPullRequest},
	{"policy", "Policies over many documents", checkPolicies},
	{"pull-request", "Policies of a pull request", checkPullRequest},
	{"promotion", "Promotion", planPromotions},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, app.FromOS(), os.Args[1:]))
}

type options struct {
	run      string
	docs     string
	work     string
	memory   string
	generate string
	policies string
	size     synthetic.Options
	wanted   int
}

func run(ctx context.Context, a *app.App, args []string) int {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(a.Err)
	flags.StringVar(&o.run, "run", "", "comma-separated `scenarios` to run (default all): "+strings.Join(names(scenarios), ", "))
	flags.StringVar(&o.docs, "docs", "", "Markdown `file` to write the results to, once all scenarios have run; without it they are printed only")
	flags.StringVar(&o.work, "work", "", "`folder` for repositories and checkouts (default: a temporary one)")
	flags.StringVar(&o.memory, "memory", "/dev/shm", "`folder` of a file system in memory, used where it has room")
	flags.StringVar(&o.generate, "generate", "", "only write a synthetic monorepo to this new `folder`, a bare repository")
	flags.StringVar(&o.policies, "policies", "", "only evaluate the policies of this `folder` over its documents, as the scenario policy does")
	flags.IntVar(&o.size.Services, "services", 1000, "with -generate: components")
	flags.IntVar(&o.size.Environments, "environments", 3, "with -generate: environments")
	flags.IntVar(&o.size.Filler, "filler", 36000, "with -generate: source files")
	flags.IntVar(&o.size.History, "history", history, "with -generate: commits")
	flags.IntVar(&o.wanted, "wanted", 0, "with -generate: `promotions` to be made, of releases that have travelled through five environments until now")
	if flags.Parse(args) != nil || flags.NArg() > 0 {
		return app.ExitUsage
	}
	err := start(ctx, a, o)
	if err != nil {
		fmt.Fprintln(a.Err, "bench:", err)
	}
	return app.ExitCode(err)
}

func start(ctx context.Context, a *app.App, o options) (err error) {
	if o.generate != "" {
		return generate(ctx, a, o)
	}
	if o.policies != "" {
		app.PaceGC() // as the product does
		return evaluate(ctx, a.Out, o.policies)
	}
	chosen, err := choose(o.run)
	if err != nil {
		return err
	}
	if o.docs != "" && len(chosen) < len(scenarios) {
		return app.Usagef("-docs needs all scenarios: what is kept is from one run; leave out -run")
	}
	b, err := open(ctx, a, o.work, o.memory)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	r := report{machine: b.machine, command: strings.TrimSpace("go run ./test/bench " + strings.Join(runFlag(o.run), " "))}
	if o.docs != "" {
		r.command = "make bench"
	}
	var failed []error
	for _, s := range chosen {
		b.progress("== %s", s.title)
		section := &section{title: s.title}
		if err := s.run(ctx, b, section); err != nil { // what the others measured is still printed
			failed = append(failed, fmt.Errorf("scenario %s: %w", s.name, err))
			b.progress("%v", failed[len(failed)-1])
		}
		r.sections = append(r.sections, section)
	}
	if _, err := io.WriteString(a.Out, r.markdown()); err != nil {
		return err
	}
	if err := errors.Join(failed...); err != nil || o.docs == "" {
		return err
	}
	return writeDocs(o.docs, r.markdown())
}

func runFlag(names string) []string {
	if names == "" {
		return nil
	}
	return []string{"-run", names}
}

func generate(ctx context.Context, a *app.App, o options) error {
	var r *synthetic.Repository
	var err error
	if o.wanted > 0 {
		r, err = synthetic.WriteTravels(ctx, o.generate, synthetic.Travels{Services: o.size.Services, Commits: o.size.History, Wanted: o.wanted, Now: a.Now()})
	} else {
		r, err = synthetic.Write(ctx, o.generate, o.size)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(a.Out).Encode(r)
}

func choose(list string) ([]scenario, error) {
	if list == "" {
		return scenarios, nil
	}
	var chosen []scenario
	for name := range strings.SplitSeq(list, ",") {
		i := slices.Index(names(scenarios), name)
		if i < 0 {
			return nil, app.Usagef("unknown scenario %q; there are %s", name, strings.Join(names(scenarios), ", "))
		}
		chosen = append(chosen, scenarios[i])
	}
	return chosen, nil
}

func names(list []scenario) []string {
	names := make([]string, len(list))
	for i, s := range list {
		names[i] = s.name
	}
	return names
}
