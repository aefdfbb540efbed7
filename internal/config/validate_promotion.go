package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/org/platform/internal/suggest"
)

// Logins and slugs of teams, a little wider than GitHub's own rules, which were different once and are on GHES.
var (
	loginForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$`)
	teamForm  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,99}/[A-Za-z0-9_][A-Za-z0-9._-]{0,254}$`)
)

// promotion checks what an environment says of promotions to it.
func (v *validator) promotion(e Environment, place ...any) {
	at := func(rest ...any) []any { return append(slices.Clone(place), rest...) }
	v.oneOf("promotion", e.Promotion, []string{PromotionAutomatic, PromotionManual}, at("promotion")...)
	v.oneOf("mode", e.Mode, []string{ModeLatest, ModeQueue, ModePinned}, at("mode")...)
	v.oneOf("fanIn", e.FanIn, []string{FanInAll, FanInAny}, at("fanIn")...)
	switch {
	case len(e.PromoteFrom) == 0:
		for _, field := range []string{"promotion", "mode", "fanIn", "wave", "gates", "reviewers"} {
			if v.has(at(field)...) {
				v.report(fmt.Sprintf("field %s of environment %q never applies, since it has no promoteFrom", field, e.Name),
					"add promoteFrom, or drop "+field, at(field)...)
			}
		}
	case len(e.PromoteFrom) == 1 && v.has(at("fanIn")...):
		v.report(fmt.Sprintf("field fanIn of environment %q never applies, since it is promoted from %s alone", e.Name, e.PromoteFrom[0]),
			"drop fanIn, or add to promoteFrom", at("fanIn")...)
	}
	v.wave(e, at("wave")...)
	v.reviewers(e.Reviewers, at("reviewers")...)
	for j, gate := range e.Gates {
		v.gate(gate, e, at("gates", j)...)
	}
}

func (v *validator) wave(e Environment, at ...any) {
	beside := func(other Environment) bool { return other.Name != e.Name && other.siblings() == e.siblings() }
	switch {
	case e.Wave < 0:
		v.report(fmt.Sprintf("wave %d is less than 0", e.Wave), "count from 0, which is the default", at...)
	case e.Wave > 0 && len(e.PromoteFrom) > 0 && !slices.ContainsFunc(v.platform.Spec.Environments, beside):
		v.report(fmt.Sprintf("environment %q is in wave %d, but no other is promoted from exactly %s, so it waits for none",
			e.Name, e.Wave, strings.Join(e.PromoteFrom, ", ")), "drop wave, or write the same promoteFrom for all its waves", at...)
	}
}

func (v *validator) reviewers(reviewers []string, at ...any) {
	v.repeated("reviewer", reviewers, strings.ToLower, at...)
	for i, r := range reviewers {
		if !loginForm.MatchString(r) && !teamForm.MatchString(r) {
			v.report("reviewer "+isNot(r, "a login or a team"), "write octocat, org/team or owner, without @", append(slices.Clone(at), i)...)
		}
	}
}

// gate checks that a gate is one rule, which says something.
func (v *validator) gate(g Gate, e Environment, place ...any) {
	at := func(rest ...any) []any { return append(slices.Clone(place), rest...) }
	var rules []string
	for _, rule := range gateRules {
		if v.has(at(rule)...) {
			rules = append(rules, rule)
		}
	}
	switch len(rules) {
	case 0:
		v.report("the gate is empty", "set one of "+strings.Join(gateRules, ", ")+", for example soak: 30m, or drop the gate", at()...)
		return
	case 1:
	default:
		v.report(fmt.Sprintf("the gate has %s; a gate is one rule", strings.Join(rules, " and ")), "write a gate for each", at(rules[1])...)
	}
	for _, rule := range rules {
		v.rule(g, rule, at(rule)...)
	}
	if v.has(at("in")...) {
		v.looksIn(g, rules[0], e, at("in")...)
	}
}

// gateRules are the fields of a gate of which one is set, and gateLooks those of them that look at an environment.
var (
	gateRules = []string{"soak", "minInterval", "dependsOn", "checks", "deployment", "policy"}
	gateLooks = []string{"soak", "checks", "deployment"}
)

func (v *validator) rule(g Gate, rule string, at ...any) {
	span := map[string]Duration{"soak": g.Soak, "minInterval": g.MinInterval}
	on := map[string]bool{"dependsOn": g.DependsOn, "deployment": g.Deployment, "policy": g.Policy}
	if d, isSpan := span[rule]; isSpan && d == 0 {
		v.report(rule+" of no time holds always", "write how long, for example 30m, or drop the gate", at...)
	}
	if set, isSwitch := on[rule]; isSwitch && !set {
		v.report(rule+" is not true, so the gate holds always", "write "+rule+": true, or drop the gate", at...)
	}
	if g.Deployment && rule == "deployment" && v.platform.Spec.Deployments == DeploymentsOff {
		v.report("the gate never holds, since spec.deployments is off", "drop the gate, or record deployments", at...)
	}
	if rule == "checks" {
		v.checks(g, at...)
	}
}

func (v *validator) checks(g Gate, at ...any) {
	if len(g.Checks) == 0 {
		v.report("checks is empty, so the gate holds always", "list names of commit statuses or check runs, or drop the gate", at...)
	}
	v.repeated("check", g.Checks, asWritten, at...)
	for i, name := range g.Checks {
		if name == "" || strings.TrimSpace(name) != name {
			v.report("check "+isNot(name, "a name"), "write it as it stands in a pull request's list of checks", append(slices.Clone(at), i)...)
		}
	}
}

func (v *validator) looksIn(g Gate, rule string, e Environment, at ...any) {
	if !slices.Contains(gateLooks, rule) {
		v.report(fmt.Sprintf("in is not for %s, which looks at no environment", rule),
			"drop in, or use it beside "+strings.Join(gateLooks, ", "), at...)
		return
	}
	upstream := upstreamOf(e, v.platform.Spec.Environments)
	_, known := v.platform.Environment(g.In)
	switch {
	case !known:
		v.report("environment "+isNot(g.In, "known"), suggest.Hint(g.In, upstream), at...)
	case len(upstream) > 0 && !slices.Contains(upstream, g.In):
		v.report(fmt.Sprintf("environment %q is not upstream of %q", g.In, e.Name),
			"name one of "+strings.Join(upstream, ", ")+", or drop in for what it is promoted from", at...)
	}
}

// upstreamOf returns the names of all environments through which a release comes to one, the nearest first.
func upstreamOf(e Environment, environments []Environment) []string {
	from := map[string][]string{}
	for _, other := range slices.Backward(environments) { // where a name is defined twice, the first counts
		from[other.Name] = other.PromoteFrom
	}
	seen := map[string]bool{e.Name: true}
	var names []string
	for next := e.PromoteFrom; len(next) > 0; {
		var further []string
		for _, name := range next {
			if list, known := from[name]; known && !seen[name] {
				seen[name] = true
				names = append(names, name)
				further = append(further, list...)
			}
		}
		next = further
	}
	return names
}
