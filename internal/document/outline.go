package document

import (
	"path"
	"strings"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/placement/fieldpath"
)

// entry is what a text says about one field: a block, an attribute, a table, an item of a list, an instruction.
type entry struct {
	names    []string // the keys it adds to the path of the entry it is in; none for an item
	item     bool     // it is one of a list
	repeated bool     // entries of the same names form a list: blocks of HCL, [[tables]] of TOML
	offset   int      // of its first character
	end      int      // of the last one of an instruction
	children []*entry
	tables   map[string]*entry // of the children, the last [[table]] of each name
}

// outline knows the entries of a text in a format whose parser keeps no lines.
type outline struct {
	source     *source
	entries    []*entry
	dockerfile bool
	guessed    bool // the format is not known: what is found by its entries is checked against the value
}

func newOutline(src *source) *outline {
	o := &outline{source: src}
	if len(src.data) > MaxSize {
		return o
	}
	name := strings.ToLower(path.Base(src.file))
	switch ext := strings.TrimPrefix(path.Ext(name), "."); {
	case name == "dockerfile" || strings.HasPrefix(name, "dockerfile.") || ext == "dockerfile":
		o.dockerfile = true
		o.entries = instructions(string(src.data))
	case ext == "ini" || ext == "cfg" || ext == "env" || ext == "properties" || strings.HasPrefix(name, ".env") || name == ".gitconfig":
		o.entries = keyLines(string(src.data), ext == "properties")
	case ext == "hcl" || ext == "tf" || ext == "tfvars":
		o.entries = readBlocks(src.data, hcl)
	case ext == "toml":
		o.entries = readBlocks(src.data, toml)
	default:
		o.guessed = true
		o.entries = readBlocks(src.data, anyFormat)
	}
	return o
}

// locate returns the place of a field of value. It is exact only where the text leaves no doubt.
func (o *outline) locate(value any, path fieldpath.Path) Position {
	field, present := lookup(value, path)
	if o.dockerfile {
		if p, ok := o.instruction(value, path, present); ok {
			return p
		}
		return o.search(path, field, present)
	}
	found := find(o.entries, path)
	switch {
	case len(path) == 0 && len(o.entries) > 0:
		return o.at(o.entries[0], finding.Parent)
	case found.entry == nil:
		return o.search(path, field, present)
	case found.steps < len(path) && present:
		p := o.search(path, field, present)
		if near := o.at(found.entry, finding.Parent); p.Confidence != finding.Exact || p.Line < near.Line {
			return near
		}
		return p
	case found.doubtful || !present:
		return o.at(found.entry, finding.Parent)
	case o.guessed && !o.shows(found.entry, field):
		return o.at(found.entry, finding.Parent)
	default:
		return o.at(found.entry, finding.Exact)
	}
}

func (o *outline) at(e *entry, confidence finding.Confidence) Position {
	p := o.source.offset(e.offset)
	p.Confidence = confidence
	return p
}

// shows says whether the line of an entry has the value, where that is a scalar.
func (o *outline) shows(e *entry, value any) bool {
	text, isScalar := scalarText(value)
	if !isScalar {
		return true
	}
	line, _, _ := strings.Cut(string(o.source.data[e.offset:]), "\n")
	return strings.Contains(line, text)
}

// match is the entry that most of a path leads to.
type match struct {
	entry    *entry
	steps    int  // of the path
	doubtful bool // another entry is as good
}

// find looks for the entry that a path leads to, or else for that which most of it leads to.
func find(entries []*entry, path fieldpath.Path) match {
	var best match
	if len(path) == 0 {
		return best
	}
	seen := make(map[string]int) // how many entries of the same names came before
	items := 0
	for _, e := range entries {
		var m match
		if e.item {
			m = e.asItem(path, items)
			items++
		} else {
			names := strings.Join(e.names, "\x00")
			m = e.asField(path, seen[names])
			seen[names]++
		}
		switch {
		case m.entry == nil || m.steps < best.steps:
		case m.steps == best.steps && best.entry != nil:
			best.doubtful = true
		default:
			best = m
		}
	}
	return best
}

func (e *entry) asItem(path fieldpath.Path, index int) match {
	if path[0].Index != index {
		return match{}
	}
	return e.below(path, 1)
}

// asField matches the names of an entry with the keys of a path. index is the place of the entry among those of the same names.
func (e *entry) asField(path fieldpath.Path, index int) match {
	for i, name := range e.names {
		if i == len(path) {
			return match{entry: e, steps: i}
		}
		if path[i].Index >= 0 || path[i].Key != name {
			if i == 0 {
				return match{}
			}
			return match{entry: e, steps: i} // it is below the same ancestor
		}
	}
	n := len(e.names)
	if e.repeated && n < len(path) && path[n].Index >= 0 {
		if path[n].Index != index {
			return match{}
		}
		n++
	}
	return e.below(path, n)
}

func (e *entry) below(path fieldpath.Path, steps int) match {
	if m := find(e.children, path[steps:]); m.entry != nil {
		m.steps += steps
		return m
	}
	return match{entry: e, steps: steps}
}

// lookup returns the value at a path.
func lookup(value any, path fieldpath.Path) (any, bool) {
	for _, step := range path {
		switch parent := value.(type) {
		case map[string]any:
			next, ok := parent[step.Key]
			if !ok || step.Index >= 0 {
				return nil, false
			}
			value = next
		case []any:
			if step.Index < 0 || step.Index >= len(parent) {
				return nil, false
			}
			value = parent[step.Index]
		default:
			return nil, false
		}
	}
	return value, true
}
