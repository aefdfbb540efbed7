package placement

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/org/platform/internal/finding"
)

// settle places by what the layers say alone.
func (a *attribution) settle(all []candidate) Place {
	c, ok := choose(all, a.search.missing())
	if !ok {
		if p, ok := a.remote(); ok {
			return p
		}
		return a.search.fallback()
	}
	if guessed := a.effects == nil || a.spent; guessed && c.full && !c.agrees || a.spent && (!c.sets() || a.opaque) {
		c.place.Confidence = lower(c.place.Confidence)
	}
	return c.place
}

// cause returns the place in an entry that is the cause: where the layers see it set the field, else the part of it without
// which the failure is gone, else the entry.
func (a *attribution) cause(e *entry, all []candidate) Place {
	a.note("the cause is %s", e.name)
	of := slices.DeleteFunc(slices.Clone(all), func(c candidate) bool { return c.entry != e.node })
	switch e.field {
	case "images":
		return a.image(e)
	case "replacements", "vars":
		if p, ok := a.follow(e); ok {
			return p
		}
		return parent(e)
	}
	if c, ok := choose(of, a.search.missing()); ok && (c.full || c.replaces) {
		return c.place
	}
	if p, ok := a.unit(e); ok {
		return p
	}
	if len(of) > 0 {
		return of[0].place
	}
	return parent(e)
}

// parent is the place of an entry: a map's field is itself what to change.
func parent(e *entry) Place {
	p := e.source.place(e.node)
	if e.drop.parent == nil || e.drop.parent.Kind != yaml.MappingNode {
		p.Confidence = lower(p.Confidence)
	}
	return p
}

// image returns the field of an images entry without which the failure is gone.
func (a *attribution) image(e *entry) Place {
	node := resolve(e.node)
	var keys []*yaml.Node
	for _, name := range []string{"digest", "newTag", "newName"} {
		if key, _ := field(node, name); key != nil {
			keys = append(keys, key)
		}
	}
	for _, key := range keys {
		if len(keys) == 1 || a.try("without "+key.Value+" of "+e.name, edit{source: e.source, parent: node, child: key}).gone {
			return e.source.place(key)
		}
	}
	return parent(e)
}

// unit returns the document, operation or field of an entry's own file without which the failure is gone.
func (a *attribution) unit(e *entry) (Place, bool) {
	units := a.files.units(e)
	if len(units) > maxUnits {
		return Place{}, false
	}
	for _, u := range units {
		if len(units) > 1 && !a.try("without a part of "+e.name, u).gone {
			continue
		}
		shown := u.child
		if key, _ := field(u.child, "value"); key != nil {
			shown = key
		} else if key, _ := field(u.child, "path"); key != nil {
			shown = key
		}
		return u.source.place(shown), true
	}
	return Place{}, false
}

// remote returns the line that names the remote base of an object that no file declares.
func (a *attribution) remote() (Place, bool) {
	if a.search.object.Origin != "" {
		return Place{}, false
	}
	type line struct {
		layer *layer
		item  *yaml.Node
	}
	var lines []line
	for _, l := range a.files.walk(a.overlay.Dir, "") {
		for _, item := range l.remote {
			lines = append(lines, line{l, item})
		}
	}
	for _, n := range lines {
		list := resolve(value(n.layer.root, "resources"))
		if list == nil || !slices.Contains(list.Content, n.item) {
			list = resolve(value(n.layer.root, "bases"))
		}
		if len(lines) > 1 && !a.try("without "+n.item.Value, edit{source: n.layer.source, parent: list, child: n.item}).lost {
			continue
		}
		p := n.layer.source.place(n.item)
		p.Confidence = finding.Parent
		return p, true
	}
	return Place{}, false
}
