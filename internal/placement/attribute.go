package placement

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// attribution is the placing of one failure.
type attribution struct {
	*prober
	search  *search
	object  int
	failure Failure
	all     []candidate

	followed []*entry // replacements and vars whose source was looked for
	effects  []effect // of taking out each entry, in the order of entries
	spent    bool     // a probe was wanted and none was left
	notes    []string
}

// place returns where the failure comes from: by probes where they can tell, else by the layers alone.
func (a *attribution) place() Place {
	all := a.search.candidates()
	a.all = all
	for _, c := range all {
		a.note("%s:%d: %s", c.place.File, c.place.Line, c.say(len(a.search.steps)))
	}
	if !a.probeable() {
		return a.settle(all)
	}
	missing := a.search.missing()
	if a.declared(all, missing) {
		a.note("only the declaration says anything about the field, and the rule looks at nothing else: no probe is needed")
		return a.settle(all)
	}
	if !missing && len(a.search.steps) > 0 {
		if p, ok := a.last(all); ok {
			return p
		}
	}
	any := a.withoutAny()
	foretold := missing && !a.opaque && len(a.search.steps) > 0 && !a.taken(all) // only candidates can have a part in what is not there
	a.probeEntries(foretold || any.known && !any.gone)
	var p Place
	var ok bool
	switch {
	case len(a.search.steps) == 0:
		p, ok = a.whole(all)
	case missing:
		p, ok = a.missing(all)
	default:
		p, ok = a.present(all)
	}
	if ok {
		return p
	}
	if left := slices.DeleteFunc(slices.Clone(all), a.disproved); len(left) > 0 {
		all = left
	}
	return a.settle(all)
}

// declared says whether no entry can have a part in the failure: none says anything about the field, the layers foretell all of them, and the rule
// sees nothing but this object. A field that is there must be what the declaration says, since entries may change it by what they do to others, as a
// name's prefix does to references.
func (a *attribution) declared(all []candidate, missing bool) bool {
	if !a.failure.Alone || a.opaque || len(a.search.steps) == 0 || slices.ContainsFunc(all, func(c candidate) bool { return c.entry != nil }) {
		return false
	}
	if !missing {
		return slices.ContainsFunc(all, candidate.sets)
	}
	return !a.taken(all)
}

// taken says whether an entry that the layers do not foretell took away what is declared of the path.
func (a *attribution) taken(all []candidate) bool {
	_, depth, _ := descend(a.base.objects[a.object].node(), a.search.steps)
	return slices.ContainsFunc(all, func(c candidate) bool { return c.depth > depth })
}

func (c candidate) say(steps int) string {
	switch {
	case c.sets():
		return "sets the field"
	case c.full:
		return "sets the field to another value"
	}
	return fmt.Sprintf("has %d of the path's %d steps", c.depth, steps)
}

func (a *attribution) note(format string, args ...any) {
	if a.overlay.Trace {
		a.notes = append(a.notes, fmt.Sprintf(format, args...))
	}
}

// probeable says whether a render shows the failure, so that its absence from another means something.
func (a *attribution) probeable() bool {
	if a.failure.Static || a.base == nil || a.base.objects[a.object] == nil {
		a.note("by the layers alone: nothing can be probed")
		return false
	}
	return a.base.objects[a.object].fails(a.failure.RuleID, a.search.steps.key())
}

// try renders with edits and tells what that does to the failure.
func (a *attribution) try(what string, edits ...edit) effect {
	r, spent := a.probe(edits...)
	a.spent = a.spent || spent
	e := a.effect(r, a.object, a.search, a.failure)
	switch {
	case spent:
		a.note("%s: no probe is left", what)
	case e.lost:
		a.note("%s: the object is not rendered", what)
	case !e.known:
		a.note("%s: does not render, no evidence", what)
	default:
		a.note("%s: failure gone %t, field changed %t", what, e.gone, e.changed)
	}
	return e
}

// last returns the place in the outermost candidate that sets the field, where taking its entry out changes the field. One
// that sets a part of the field is it only if the failure is gone too.
func (a *attribution) last(all []candidate) (Place, bool) {
	i := slices.IndexFunc(all, candidate.sets)
	if i < 0 || all[i].entry == nil {
		return Place{}, false
	}
	e := a.entry(all[i].entry)
	if e == nil {
		return Place{}, false
	}
	tried := a.try("without "+e.name, e.drop)
	switch {
	case !tried.changed:
		return Place{}, false
	case !all[i].partial && e.field != "images" && a.search.scalar():
		return all[i].place, true
	case tried.gone:
		return a.cause(e, all), true
	}
	return Place{}, false
}

func (a *attribution) entry(node *yaml.Node) *entry {
	for _, e := range a.entries {
		if e.node == node {
			return e
		}
	}
	return nil
}

// withoutAny says what taking out all entries at once does: where the failure stays, it lies in the declarations, and no entry is needed for it.
func (a *attribution) withoutAny() effect {
	if len(a.entries) < 2 {
		return effect{}
	}
	return a.try("without any entry", drops(a.entries)...)
}

func drops(entries []*entry) []edit {
	all := make([]edit, len(entries))
	for i, e := range entries {
		all[i] = e.drop
	}
	return all
}

// probeEntries takes each entry out, those first which the layers name as candidates: probes may run out. Where the failure stays without any
// of them, only candidates can have made it what it is, and only they are taken out.
func (a *attribution) probeEntries(candidates bool) {
	a.effects = make([]effect, len(a.entries))
	for _, wanted := range []bool{true, false} {
		for i, e := range a.entries {
			if a.suspect(e) == wanted && (wanted || !candidates) {
				a.effects[i] = a.try("without "+e.name, e.drop)
			}
		}
	}
}

// suspect says whether an entry is a candidate by the layers, or of a sort of which the layers know nothing.
func (a *attribution) suspect(e *entry) bool {
	return e.opaque || slices.ContainsFunc(a.all, func(c candidate) bool { return c.entry == e.node })
}
