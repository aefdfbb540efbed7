package promotion_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/diff"
	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/state"
)

const web = "https://github.com/org/app"

var noon = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

// runs answers what runs where from a list such as "staging/hello".
func runs(ids map[string]release.ID) func(env, component string) release.ID {
	return func(env, component string) release.ID { return ids[env+"/"+component] }
}

func stepOf(component, from, to string) promotion.Step {
	record := func(commit string, images ...release.Image) release.Record {
		return release.NewRecord(release.New(component, release.Source{Commit: strings.Repeat(commit, 40), Path: "services/" + component}, images), "staging", nil)
	}
	before := record(from, image(component, from), image("proxy", "2"))
	return promotion.Step{Key: state.Key{Environment: "prod", Component: component}, From: []string{"staging"}, Source: "staging", Action: promotion.Propose,
		Release: record(to, image(component, to), image("proxy", "2")), Running: &before}
}

var reasons = map[promotion.Gate]string{promotion.GateUpstream: "staging runs it", promotion.GateSoak: "staging has run it for 3h of 2h"}

func holding(gates ...promotion.Gate) []promotion.Verdict {
	var verdicts []promotion.Verdict
	for _, g := range gates {
		verdicts = append(verdicts, promotion.Verdict{Gate: g, Holds: true, Reason: reasons[g]})
	}
	return verdicts
}

func deployment(component, version string, fields int) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: %s\nspec:\n  version: \"%s\"\n  list:\n", component, version)
	for i := range fields {
		fmt.Fprintf(&b, "    k%d: \"value %s of field %d\"\n", i, version, i)
	}
	return []byte(b.String())
}

func diffOf(component string, before, after []byte) string {
	in := []diff.Input{{Source: diff.State, Component: component, Environment: "prod", Path: "environments/prod/" + component, Before: before, After: after}}
	return diff.New(in, diff.Options{Environments: []string{"prod"}}).Markdown(diff.MarkdownOptions{Limit: diff.SummaryLimit + 1})
}

func detailOf(component string, fields, commits int) promotion.Detail {
	before, after := deployment(component, "1", fields), deployment(component, "2", fields)
	d := promotion.Detail{Commits: changes(commits), Known: true, Diff: diffOf(component, before, after)}
	d.Objects, d.Order = promotion.CompareManifests(before, after)
	return d
}

// proposal is the usual one: staging runs it, prod does not.
func proposal() promotion.Proposal {
	s := stepOf("hello", "a", "b")
	s.Gates, s.Arrived = holding(promotion.GateUpstream, promotion.GateSoak), noon.Add(-3*time.Hour)
	return promotion.Proposal{
		Unit:    promotion.Unit{Environment: "prod", Name: "hello", Steps: []promotion.Step{s}, Action: promotion.Propose},
		Details: []promotion.Detail{detailOf("hello", 1, 2)}, Chain: []string{"dev", "staging", "prod", "prod-us"}, Web: web, RunURL: web + "/actions/runs/7",
		Runs: runs(map[string]release.ID{"dev/hello": "r-111122223333", "staging/hello": s.Release.ID, "prod/hello": s.Running.ID}),
	}
}

func set() promotion.Proposal {
	p := proposal()
	p.Unit = promotion.Unit{Environment: "prod", Name: "shop", Atomic: true, Action: promotion.Propose}
	p.Details, p.Runs = nil, nil
	for i, component := range []string{"cart", "checkout", "payment"} {
		s := stepOf(component, "a", "c")
		s.Gates = append(holding(promotion.GateUpstream), promotion.Verdict{Gate: promotion.GateSoak, Holds: true, Reason: fmt.Sprintf("staging has run it for %dh of 2h", i+2)})
		if i == 2 {
			s.Running = nil
		}
		p.Unit.Steps, p.Details = append(p.Unit.Steps, s), append(p.Details, detailOf(component, 1, i))
	}
	return p
}

// proposals are all that have a golden file, by its name.
func proposals() map[string]promotion.Proposal {
	all := map[string]promotion.Proposal{"set": set(), "two-images": proposal()}
	with := func(name string, edit func(*promotion.Proposal, *promotion.Step)) {
		p := proposal()
		edit(&p, &p.Unit.Steps[0])
		all[name] = p
	}
	draft := set()
	draft.Unit.Action, draft.Unit.Reason, draft.Unit.Until = promotion.Wait, "checkout: soak: staging has run it for 1h of 2h", noon
	draft.Unit.Steps[1].Gates[1] = promotion.Verdict{Gate: promotion.GateSoak, Reason: "staging has run it for 1h of 2h", Until: noon}
	all["set-draft"] = draft
	with("two-images", func(_ *promotion.Proposal, s *promotion.Step) {
		s.Running.Images = append(s.Running.Images, image("gone", "5"))
		s.Release.Images = append(s.Release.Images, image("new", "4"))
	})
	with("first-release", func(p *promotion.Proposal, s *promotion.Step) {
		s.Running, s.From, s.Gates, s.Arrived = nil, []string{"qa", "perf"}, nil, time.Time{}
		id := s.Release.ID
		p.Runs = runs(map[string]release.ID{"qa/hello": id, "perf/hello": id})
		p.Chain = []string{"dev", "qa", "perf", "prod"}
		p.Details[0].Diff = diffOf("hello", nil, deployment("hello", "2", 1))
		p.Details[0].Objects = map[string]string{"Deployment/hello": "added"}
	})
	with("draft", func(p *promotion.Proposal, s *promotion.Step) {
		p.Unit.Action, p.Unit.Reason, p.Unit.Until = promotion.Wait, "freeze: weekend ends on Mon 5 Jan 15:00", noon.Add(2*time.Hour)
		s.Gates = append(holding(promotion.GateUpstream), promotion.Verdict{Gate: promotion.GateSoak, Reason: "staging has run it for 3h of 4h", Until: noon.Add(time.Hour)},
			promotion.Verdict{Gate: promotion.GateFreeze, Reason: "weekend", Until: noon.Add(2 * time.Hour).In(time.FixedZone("CET", 3600))},
			promotion.Verdict{Gate: promotion.GatePolicy, Reason: "no approval of `security`"})
	})
	with("automatic", func(p *promotion.Proposal, _ *promotion.Step) { p.Unit.Action, p.Automatic = promotion.Merge, true })
	with("automatic-draft", func(p *promotion.Proposal, s *promotion.Step) {
		p.Unit.Action, p.Automatic, p.Unit.Reason = promotion.Wait, true, "checks: e2e is pending"
		s.Gates = []promotion.Verdict{{Gate: promotion.GateChecks, Reason: "e2e is pending"}}
	})
	with("queue", func(p *promotion.Proposal, s *promotion.Step) {
		s.Arrived, s.Gates[0].Reason = time.Time{}, "staging ran it from 2026-01-01 10:00 UTC to 2026-01-02 10:00 UTC"
		s.Behind = []release.ID{"r-aaaaaaaaaaaa", "r-bbbbbbbbbbbb"}
		p.Runs = runs(map[string]release.ID{"dev/hello": "r-bbbbbbbbbbbb", "staging/hello": "r-bbbbbbbbbbbb", "prod/hello": s.Running.ID})
	})
	with("break-glass", func(p *promotion.Proposal, s *promotion.Step) {
		p.BreakGlass, p.Notes = "ann", []string{"Its checks do not start: it was made with GITHUB_TOKEN."}
		s.Gates = append(s.Gates, promotion.Verdict{Gate: promotion.GatePolicy, Reason: "no"})
	})
	with("plain-remote", func(p *promotion.Proposal, _ *promotion.Step) {
		p.Web, p.RunURL, p.Chain, p.Details[0].Diff = "", "", nil, ""
	})
	with("many-commits", func(p *promotion.Proposal, _ *promotion.Step) { p.Details[0].Commits = changes(300) })
	with("unknown-history", func(p *promotion.Proposal, _ *promotion.Step) { p.Details[0].Known = false })
	with("hostile", hostile)
	return all
}

func hostile(p *promotion.Proposal, s *promotion.Step) {
	subjects := []string{"Fix login (#12), thanks @ann and @org/team", "<script>alert(1)</script> <!-- x", "| a | b | **bold** _it_", "```", "--> \x1b[31mred\u202e\r\n# heading",
		"see https://evil.example/x or www.evil.example, org/other#7, GH-9, deadbeef1", "[click](https://evil.example) ![x](https://evil.example/p.png)", "1. a & b", ":tada: a@b.example $x$", "Closes: #3", ""}
	for i, subject := range subjects {
		p.Details[0].Commits = append(p.Details[0].Commits, promotion.Change{Hash: fmt.Sprintf("%040x", i), Subject: subject, Author: subjects[len(subjects)-1-i]})
	}
	p.Details[0].Commits = append(p.Details[0].Commits, promotion.Change{Hash: "](https://evil.example)", Subject: "x", Author: "y"})
	p.Notes = append(p.Notes, "- @ann\n\n# x", "1. one")
	p.BreakGlass = "@ann **x**"
	s.Gates = append(s.Gates, promotion.Verdict{Gate: promotion.GatePolicy, Reason: "a | b\n| @org/team #4 |"})
	p.Details[0].Order = append(p.Details[0].Order, "Kind/a|b`@ann`")
	p.Details[0].Objects["Kind/a|b`@ann`"] = "added"
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	file = filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: -want +got:\n%s", file, diff)
	}
}

func TestProposal(t *testing.T) {
	t.Parallel()
	for name, p := range proposals() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, "proposal/"+name+".md", p.Body())
			golden(t, "proposal/"+name+".txt", p.Title()+"\n\n"+p.Message())
			if problem := inert(p.Body()); problem != "" {
				t.Error(problem)
			}
		})
	}
}

// A commit message cannot be escaped: what has a meaning there is taken apart.
func TestMessageMentionsNobody(t *testing.T) {
	t.Parallel()
	message := proposals()["hostile"].Message()
	for _, bad := range []string{"@ann", "#12", "#3", "GH-9", "://", "\x1b", "\u202e", "\r"} {
		if strings.Contains(message, bad) {
			t.Errorf("%q in:\n%s", bad, message)
		}
	}
}

func TestTitle(t *testing.T) {
	t.Parallel()
	many := set()
	for i := range 7 {
		many.Unit.Steps = append(many.Unit.Steps, stepOf(fmt.Sprint("c", i), "a", "b"))
	}
	if got, want := many.Title(), "Promote shop (cart, checkout, payment, c0, c1, 5 more) to prod"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	long := proposal()
	long.Unit.Name = strings.Repeat("é", 400)
	if got := long.Title(); len(got) > 256 {
		t.Errorf("%d bytes", len(got))
	}
	odd := proposal()
	odd.Unit.Name = "a--> <b>"
	if got, want := odd.Marker(), "<!-- platform:promotion prod/a--b -->"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
