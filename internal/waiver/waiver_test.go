package waiver_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/waiver"
)

var today = time.Date(2026, 11, 21, 23, 59, 0, 0, time.UTC)

const head = "apiVersion: platform/v1\nkind: Waivers\nwaivers:\n"

func load(text string) (*waiver.List, error) {
	return waiver.Load(fstest.MapFS{waiver.FileName: {Data: []byte(text)}}, today)
}

func TestMatch(t *testing.T) {
	t.Parallel()
	f := finding.Finding{RuleID: "run-as-non-root", Components: []string{"legacy"}, Environments: []string{"prod"}, Resource: "Deployment/legacy",
		File: "services/legacy/deploy/base/deployment.yaml"}
	const rest = ", owner: team-a, reason: old image, expires: 2026-11-21}"
	for text, want := range map[string]bool{
		"{rule: run-as-non-root, component: legacy":                              true,
		"{rule: run-as-non-root, component: 'leg*'":                              true,
		"{rule: run-as-non-root, component: legacy, environments: [dev, prod]":   true,
		"{rule: run-as-non-root, resource: Deployment/*":                         true,
		"{rule: run-as-non-root, file: services/legacy/**":                       true,
		"{rule: run-as-non-root, component: legacy, resource: Deployment/legacy": true,
		"{rule: run-as-non-root, component: other":                               false,
		"{rule: run-as-non-root, component: leg":                                 false,
		"{rule: run-as-non-root, component: legacy, environments: [dev]":         false,
		"{rule: run-as-non-root, component: legacy, resource: Job/legacy":        false,
		"{rule: run-as-non-root, component: legacy, file: services/*":            false,
		"{rule: no-privileged, component: legacy":                                false,
	} {
		l, err := load(head + "  - " + text + rest + "\n")
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got := l.Match(f)
		if (got != nil) != want {
			t.Errorf("%s: got %+v, want %t", text, got, want)
		}
		if got != nil && *got != (finding.Waiver{Owner: "team-a", Reason: "old image", Expires: "2026-11-21"}) {
			t.Errorf("%s: got %+v", text, got)
		}
	}
}

func TestMatchTakesTheLongest(t *testing.T) {
	t.Parallel()
	l, err := load(head + `  - {rule: r, component: a, owner: x, reason: first, expires: 2026-10-01}
  - {rule: r, component: a, owner: x, reason: second, expires: 2027-01-01}
  - {rule: r, component: a, owner: x, reason: third, expires: 2026-12-01}
`)
	if err != nil {
		t.Fatal(err)
	}
	if got := l.Match(finding.Finding{RuleID: "r", Components: []string{"a"}}); got == nil || got.Reason != "second" {
		t.Errorf("got %+v", got)
	}
}

func TestFindings(t *testing.T) {
	t.Parallel()
	l, err := load(head + `  - {rule: r, component: used, owner: x, reason: y, expires: 2026-11-21}
  - {rule: r, component: gone, owner: x, reason: y, expires: 2026-11-20}
  - {rule: r, component: idle, owner: x, reason: y, expires: 2027-01-01}
  - {rule: r, component: unseen, owner: x, reason: y, expires: 2027-01-01}
`)
	if err != nil {
		t.Fatal(err)
	}
	if l.Match(finding.Finding{RuleID: "r", Components: []string{"used"}}) == nil || l.Match(finding.Finding{RuleID: "r", Components: []string{"gone"}}) != nil {
		t.Error("a waiver holds on its last day, and not after it")
	}
	var got []string
	for _, f := range l.Findings(func(w waiver.Waiver) bool { return w.Component != "unseen" }) {
		got = append(got, fmt.Sprintf("%s %s %s", f.Severity, f.RuleID, f))
	}
	want := []string{
		"error waiver-expired policy/waivers.yaml:5:62: the waiver of r for gone expired on 2026-11-20 (x) (mend what it accepts, or agree on another day)",
		"warning waiver-unmatched policy/waivers.yaml:6:12: nothing needs the waiver of r for idle any more (remove it)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNoFile(t *testing.T) {
	t.Parallel()
	l, err := waiver.Load(fstest.MapFS{}, today)
	if err != nil || l.Match(finding.Finding{RuleID: "r"}) != nil || len(l.Findings(func(waiver.Waiver) bool { return true })) > 0 {
		t.Errorf("got %v", err)
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                             "policy/waivers.yaml: the file is empty",
		"kind: Waivers\nwaivers: []\n": "policy/waivers.yaml:1:1: apiVersion \"\" is not platform/v1 (write apiVersion: platform/v1)",
		head + "  - {rule: r, component: a, owner: x, reason: y, expires: 2026-13-01}\n": `policy/waivers.yaml:4:59: expires "2026-13-01" is no day (write it as 2027-02-21)`,
		head + "  - {rule: r, component: a, owner: x, reason: y, expires: next year}\n":  `policy/waivers.yaml:4:59: expires "next year" is no day (write it as 2027-02-21)`,
		head + "  - {rule: r, owner: x, reason: y, expires: 2027-01-01}\n": "policy/waivers.yaml:4:5: the waiver is for the whole repository " +
			"(add component, resource or file; to turn a rule off use severity in platform.yaml)",
		head + "  - {rule: r, component: '[', owner: x, reason: y, expires: 2027-01-01}\n": `policy/waivers.yaml:4:26: component "[" is no pattern (close its brackets, or write \ before them)`,
		head + "  - {component: a}\n": "policy/waivers.yaml:4:5: expires is missing (give the last day on which it holds, such as 2027-02-21)\n" +
			"policy/waivers.yaml:4:5: owner is missing (name the team that will mend it)\n" +
			"policy/waivers.yaml:4:5: reason is missing (say why this is acceptable, and what will end it)\n" +
			"policy/waivers.yaml:4:5: rule is missing (name the id of one rule; a waiver is for nothing else)",
		head + "  - {rule: r, namespace: x}\n": "policy/waivers.yaml:4:15: unknown field \"namespace\" in waivers[0]",
	} {
		_, err := load(text)
		var problems finding.Problems
		if !errors.As(err, &problems) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got\n%v, want\n%s", text, err, want)
		}
	}
}
