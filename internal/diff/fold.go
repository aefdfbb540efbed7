package diff

import (
	"cmp"
	"slices"
)

// group is a change that is the same in every one of its environments for every one of its components.
type group struct {
	environments []string // the most important first
	components   []string
	change       EnvironmentChange // of the first; names that differ between the places are placeholders
}

// The placeholders of names that differ from place to place. They are exact: putting the names back gives each place's own change.
const (
	anyComponent   = "COMPONENT"
	anyEnvironment = "ENVIRONMENT"
)

// place is one component with the environments in which the same happens to it.
type place struct {
	component    string
	environments []string
	change       EnvironmentChange
}

// cluster are the places in which the same happens but for names.
type cluster struct {
	shape
	places []*place
}

// fold puts changes together that differ in nothing but the names of component and environment. Groups come in the order of their importance:
// removals before the rest, then the environments, then workloads.
func (r *Report) fold(changes []EnvironmentChange) []group {
	var clusters []*cluster // in the order of the changes
	alike := map[string][]*cluster{}
	for _, c := range changes {
		s := shapeOf(c)
		k := slices.IndexFunc(alike[s.skeleton], func(k *cluster) bool { return k.admit(s) })
		if k < 0 {
			k = len(alike[s.skeleton])
			alike[s.skeleton] = append(alike[s.skeleton], &cluster{shape: s})
			clusters = append(clusters, alike[s.skeleton][k])
		}
		alike[s.skeleton][k].add(c)
	}
	var groups []group
	for _, k := range clusters {
		groups = append(groups, k.groups()...)
	}
	slices.SortStableFunc(groups, func(a, b group) int {
		return cmp.Or(
			cmp.Compare(a.weight(), b.weight()),
			cmp.Compare(slices.Index(r.environments, a.environments[0]), slices.Index(r.environments, b.environments[0])),
			cmp.Compare(b.change.Source, a.change.Source),
			cmp.Compare(a.workload(), b.workload()),
			cmp.Compare(a.components[0], b.components[0]),
		)
	})
	return groups
}

func (k *cluster) add(c EnvironmentChange) {
	i := slices.IndexFunc(k.places, func(p *place) bool { return p.component == c.Component })
	if i < 0 {
		i = len(k.places)
		k.places = append(k.places, &place{component: c.Component, change: c})
	}
	k.places[i].environments = append(k.places[i].environments, c.Environment)
}

// groups puts the components together to which it happens in the same environments.
func (k *cluster) groups() []group {
	var groups []group
	for _, p := range k.places {
		i := slices.IndexFunc(groups, func(g group) bool { return slices.Equal(g.environments, p.environments) })
		if i < 0 {
			i = len(groups)
			groups = append(groups, group{environments: p.environments, change: p.change})
		}
		groups[i].components = append(groups[i].components, p.component)
	}
	for i := range groups {
		g := &groups[i]
		by := names{}
		if len(g.components) > 1 {
			by.component = anyComponent
		}
		if len(g.environments) > 1 {
			by.environment = anyEnvironment
		}
		g.change = k.generalize(g.change, by)
		slices.Sort(g.components)
	}
	return groups
}

func (g group) weight() int {
	if slices.ContainsFunc(g.change.Objects, func(o Object) bool { return o.Change == Removed }) {
		return 0
	}
	return 1
}

func (g group) workload() int {
	least := 1
	for _, o := range g.change.Objects {
		least = min(least, o.weight())
	}
	return least
}
