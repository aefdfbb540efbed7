package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/org/platform/internal/suggest"
)

func (v *validator) environments(environments []Environment) {
	if len(environments) == 0 {
		v.report("spec.environments is empty", "name at least one environment, for example dev", "spec", "environments")
	}
	first := map[string]int{}
	names := make([]string, len(environments))
	for i, e := range environments {
		names[i] = e.Name
		if !dnsLabel.MatchString(e.Name) {
			v.report("environment name "+isNot(e.Name, "valid"), nameFix, "spec", "environments", i, "name")
			continue
		}
		if j, twice := first[e.Name]; twice {
			node, _ := v.doc.Lookup("spec", "environments", j, "name")
			v.report(fmt.Sprintf("environment %q is defined twice, first on line %d", e.Name, node.Line), "rename or remove one",
				"spec", "environments", i, "name")
			continue
		}
		first[e.Name] = i
	}
	for i, e := range environments {
		v.environment(e, names, "spec", "environments", i)
		v.promotion(e, "spec", "environments", i)
	}
	v.cycle(environments)
}

func (v *validator) environment(e Environment, names []string, place ...any) {
	at := func(rest ...any) []any { return append(slices.Clone(place), rest...) }
	for j, from := range e.PromoteFrom {
		if !slices.Contains(names, from) {
			others := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == "" || n == e.Name })
			v.report(fmt.Sprintf("environment %q is promoted from %q, which does not exist", e.Name, from), suggest.Hint(from, others),
				at("promoteFrom", j)...)
		}
		if slices.Contains(e.PromoteFrom[:j], from) {
			v.report(fmt.Sprintf("environment %q lists %q twice in promoteFrom", e.Name, from), "keep one", at("promoteFrom", j)...)
		}
	}
	v.severities(e.Severity, at("severity")...)
	v.oneOf("deploy", e.Deploy, []string{DeployAutomatic, DeployManual}, at("deploy")...)
	if len(e.PromoteFrom) > 0 && e.Deploy == DeployAutomatic {
		v.report(fmt.Sprintf("environment %q has promoteFrom and deploy: automatic; a deploy would skip %s",
			e.Name, strings.Join(e.PromoteFrom, ", ")), "drop deploy, or drop promoteFrom", at("deploy")...)
	}
}

// cycle reports each cycle of promoteFrom once, on the edge that closes it.
func (v *validator) cycle(environments []Environment) {
	index := map[string]int{}
	for i, e := range slices.Backward(environments) {
		index[e.Name] = i // where a name is defined twice, the first counts
	}
	state := make([]int, len(environments)) // 0 new, 1 on the trail, 2 done
	var visit func(i int, trail []string)
	visit = func(i int, trail []string) {
		state[i] = 1
		trail = append(trail, environments[i].Name)
		for j, from := range environments[i].PromoteFrom {
			k, known := index[from]
			switch {
			case !known:
			case state[k] == 1:
				loop := append(slices.Clone(trail[slices.Index(trail, from):]), from)
				v.report("environments promote in a circle: "+strings.Join(loop, " ← "),
					"remove one promoteFrom", "spec", "environments", i, "promoteFrom", j)
			case state[k] == 0:
				visit(k, trail)
			}
		}
		state[i] = 2
	}
	for i := range environments {
		if state[i] == 0 {
			visit(i, nil)
		}
	}
}
