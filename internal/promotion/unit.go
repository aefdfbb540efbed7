package promotion

import (
	"slices"
	"strings"
	"time"

	"github.com/org/platform/internal/config"
)

// Unit is what one pull request brings: the release of a component, or those of an atomic set, to one environment.
type Unit struct {
	Environment string
	Name        string // of the component or set
	Atomic      bool   // it is a set
	Steps       []Step // those that bring something, in the order of the set
	Action      Action // Propose, Merge or Wait
	Reason      string
	Until       time.Time // when a unit that waits will be ready, where that is known
}

// Branch returns the name of the branch that proposes the unit.
func (u Unit) Branch() string { return branchPrefix + u.Environment + "/" + u.Name }

// Units returns what the steps of a plan bring, as it is merged, in their order: each alone, or with its atomic set. A set waits for the last of its
// components, also for one that is held or blocked; what is up to date or runs in no upstream does not count.
func Units(p *config.Platform, steps []Step) []Unit {
	var units []Unit
	members := map[[2]string][]Step{} // of atomic sets, by environment and name
	for _, s := range steps {
		set, atomic := atomicSet(p, s.Component)
		if !atomic && s.Brings() {
			units = append(units, Unit{Environment: s.Environment, Name: s.Component, Steps: []Step{s}, Action: s.Action, Reason: s.Reason, Until: s.Until})
		}
		if !atomic || s.Action == Current {
			continue
		}
		at := [2]string{s.Environment, set.Name}
		if members[at] == nil {
			units = append(units, Unit{Environment: s.Environment, Name: set.Name, Atomic: true})
		}
		members[at] = append(members[at], s)
	}
	for i, u := range units {
		if u.Atomic {
			set, _ := p.SetOf(members[[2]string{u.Environment, u.Name}][0].Component)
			units[i].join(set.Components, members[[2]string{u.Environment, u.Name}])
		}
	}
	return slices.DeleteFunc(units, func(u Unit) bool { return len(u.Steps) == 0 })
}

func atomicSet(p *config.Platform, component string) (config.Set, bool) {
	set, found := p.SetOf(component)
	return set, found && set.Order != config.OrderOrdered
}

// join makes the unit one of the steps of a set: it may do what the least of them may.
func (u *Unit) join(order []string, members []Step) {
	slices.SortStableFunc(members, func(a, b Step) int { return slices.Index(order, a.Component) - slices.Index(order, b.Component) })
	u.Action = Merge
	known := true
	var waits, reasons []string
	for _, s := range members {
		switch s.Action {
		case Merge, Propose:
			if !slices.Contains(reasons, s.Reason) {
				reasons = append(reasons, s.Reason)
			}
		default:
			waits = append(waits, s.Component+": "+s.Reason)
			known = known && !s.Until.IsZero()
			if s.Until.After(u.Until) {
				u.Until = s.Until
			}
		}
		if s.Action == Propose {
			u.Action = Propose
		}
		if s.Brings() {
			u.Steps = append(u.Steps, s)
		}
	}
	if len(waits) > 0 {
		u.Action, reasons = Wait, waits
	}
	if !known {
		u.Until = time.Time{}
	}
	u.Reason = strings.Join(reasons, "; ")
}

// Lasting returns the unit with reasons that stay true as time passes.
func (u Unit) Lasting() Unit {
	u.Steps = slices.Clone(u.Steps)
	for i, step := range u.Steps {
		gates := slices.Clone(step.Gates)
		for j, v := range gates {
			if v.Lasting != "" {
				gates[j].Reason = v.Lasting
				u.Reason = strings.Replace(u.Reason, v.Reason, v.Lasting, 1)
				step.Reason = strings.Replace(step.Reason, v.Reason, v.Lasting, 1)
			}
		}
		step.Gates = gates
		u.Steps[i] = step
	}
	return u
}
