package placement

import (
	"fmt"
	"slices"
)

// present places a failure of a field that is rendered.
func (a *attribution) present(all []candidate) (Place, bool) {
	for i, e := range a.entries { // without it the field is another, and passes
		if a.effects[i].gone && a.effects[i].changed {
			return a.cause(e, all), true
		}
	}
	for _, c := range all { // without it the field is another, but fails too
		if !a.search.scalar() {
			break // a map or a list, to which it may only add
		}
		if e := slices.IndexFunc(a.entries, func(e *entry) bool { return e.node == c.entry }); e >= 0 && c.sets() && !c.partial && a.effects[e].changed {
			return c.place, true
		}
	}
	if p, ok := a.masked(all); ok {
		return p, true
	}
	for i, e := range a.entries { // it makes the field fail by what it does to another object
		if a.effects[i].gone && !a.effects[i].touched {
			return a.cause(e, all), true
		}
	}
	return a.several(all)
}

// masked finds the setter of a field which inner layers set to the same value, so that taking it out changes nothing: the
// one whose value, when it is another, is rendered.
func (a *attribution) masked(all []candidate) (Place, bool) {
	for _, c := range all {
		if c.entry == nil && c.sets() {
			break // the declaration itself
		}
		if !c.sets() || c.partial || c.value == nil {
			continue
		}
		tried := a.try(fmt.Sprintf("with another value at %s:%d", c.place.File, c.place.Line), edit{source: c.source, value: c.value})
		if tried.changed || !tried.known && !tried.lost { // no evidence against what the layers say
			return c.place, true
		}
	}
	if slices.ContainsFunc(all, func(c candidate) bool { return c.sets() && c.entry == nil }) {
		return Place{}, false
	}
	for i, e := range a.entries {
		if e.opaque && a.effects[i].changed {
			return a.cause(e, all), true
		}
	}
	return Place{}, false
}

// missing places a failure of a field that is not rendered.
func (a *attribution) missing(all []candidate) (Place, bool) {
	_, depth, _ := descend(a.base.objects[a.object].node(), a.search.steps)
	for i, e := range a.entries { // it removes the field
		if a.effects[i].gone && a.effects[i].depth > depth {
			return a.cause(e, all), true
		}
	}
	for i, e := range slices.Backward(a.entries) { // it brings the innermost parent that there is
		if !a.effects[i].known || a.effects[i].depth >= depth {
			continue
		}
		return a.parentIn(e, all, depth), true
	}
	return a.several(all)
}

// parentIn returns the place of a missing field's parent in the entry that brings it.
func (a *attribution) parentIn(e *entry, all []candidate, depth int) Place {
	for _, c := range slices.Backward(all) {
		if c.entry == e.node && c.depth >= depth {
			return c.place
		}
	}
	p := a.cause(e, all)
	p.Confidence = lower(p.Confidence)
	return p
}

// whole places a failure of an object as a whole.
func (a *attribution) whole(all []candidate) (Place, bool) {
	for i, e := range a.entries {
		if a.effects[i].gone {
			return a.cause(e, all), true
		}
	}
	return a.several(all)
}

// several finds entries each of which suffices for the failure: a smallest set without which it is gone. The outermost of them is the place: it has
// the last word.
func (a *attribution) several(all []candidate) (Place, bool) {
	last := a.withoutAny()
	if !last.gone || !last.changed && a.search.missing() {
		return Place{}, false
	}
	if slices.ContainsFunc(a.effects, func(e effect) bool { return e.gone }) { // one is enough, and was found to be only why the rule applies
		return Place{}, false
	}
	needed := a.entries
	for _, e := range slices.Backward(a.entries) { // the innermost first, so that the outermost is what is left
		rest := slices.DeleteFunc(slices.Clone(needed), func(n *entry) bool { return n == e })
		if len(rest) == 0 {
			break
		}
		if tried := a.try(fmt.Sprintf("without %d entries, %s left in", len(rest), e.name), drops(rest)...); tried.gone {
			needed, last = rest, tried
		}
	}
	_, depth, _ := descend(a.base.objects[a.object].node(), a.search.steps)
	switch {
	case len(a.search.steps) == 0, last.changed && last.depth >= depth:
		return a.cause(needed[0], all), true
	case last.changed && a.search.missing(): // each of them brings the parent that there is: the innermost wrote it
		return a.parentIn(needed[len(needed)-1], all, depth), true
	}
	return Place{}, false
}

// disproved says whether probes show that a candidate has nothing to do with the object or, where the field is there, with that.
func (a *attribution) disproved(c candidate) bool {
	i := slices.IndexFunc(a.entries, func(e *entry) bool { return e.node == c.entry })
	if c.entry == nil || i < 0 || !a.effects[i].known {
		return false
	}
	switch {
	case len(a.search.steps) == 0 || a.search.missing():
		return !a.effects[i].touched
	case !a.search.scalar(): // one that only adds to a map
		return !a.effects[i].gone
	}
	return !a.effects[i].changed || c.partial
}
