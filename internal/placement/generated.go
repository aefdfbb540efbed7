package placement

import (
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/org/platform/internal/finding"
)

// generators returns a layer's entries that can have generated the object, the one that is applied last first.
func (s *search) generators(l *layer) []*yaml.Node {
	list := map[string]string{"ConfigMap": "configMapGenerator", "Secret": "secretGenerator"}[s.object.Kind]
	var all []*yaml.Node
	for _, entry := range slices.Backward(items(l.root, list)) {
		name := text(entry, "name")
		if name == "" || list == "" {
			continue
		}
		called := l.called(name)
		if name == s.object.Original || slices.Contains(called, s.object.Name) || slices.Contains(called, unhashed(s.object.Name)) {
			all = append(all, entry)
		}
	}
	return all
}

// generatedName returns the name in the entry that generates the object, or "".
func (s *search) generatedName() string {
	for _, l := range s.layers {
		for _, entry := range s.generators(l) {
			return text(entry, "name")
		}
	}
	return ""
}

// generated returns what a layer's generators say about the field.
func (s *search) generated(l *layer) []candidate {
	if s.origin.node != nil && s.object.Origin != l.source.file {
		return nil
	}
	var all []candidate
	for _, entry := range s.generators(l) {
		c := candidate{place: l.source.place(entry), entry: entry, source: l.source}
		c.place.Confidence = lower(c.place.Confidence)
		g := generator{s, l, resolve(entry)}
		g.field(&c)
		all = append(all, c)
	}
	return all
}

// generator is an entry of a generator that is looked at for one field.
type generator struct {
	*search
	layer *layer
	entry *yaml.Node
}

func (g generator) field(c *candidate) {
	switch {
	case len(g.steps) == 0:
	case g.is("metadata", "name"):
		g.set(c, g.entry, "name")
	case g.is("type"):
		g.set(c, g.entry, "type")
	case len(g.steps) == 2 && (g.steps[0].Key == "data" || g.steps[0].Key == "binaryData"):
		g.data(c, g.steps[1].Key)
	case len(g.steps) == 3 && g.steps[0].Key == "metadata":
		g.set(c, value(value(g.entry, "options"), g.steps[1].Key), g.steps[2].Key)
		if !c.full {
			g.set(c, value(value(g.layer.root, "generatorOptions"), g.steps[1].Key), g.steps[2].Key)
		}
	}
}

// set notes that a field of a map sets ours.
func (g generator) set(c *candidate, node *yaml.Node, name string) {
	key, v := field(node, name)
	if v == nil {
		return
	}
	c.place, c.value = g.layer.source.place(key), resolve(v)
	c.full, c.agrees, c.depth = true, true, len(g.steps)
}

// data looks for a key among the entry's literals, env files and files.
func (g generator) data(c *candidate, key string) {
	for _, item := range items(g.entry, "literals") {
		if name, v, _ := strings.Cut(resolve(item).Value, "="); strings.TrimSpace(name) == key {
			g.found(c, g.layer.source.place(item), strings.Trim(v, `"'`))
			c.value = resolve(item)
		}
	}
	for _, item := range append(slices.Clone(items(g.entry, "envs")), value(g.entry, "env")) {
		if item = resolve(item); item == nil {
			continue
		}
		if file, ok := join(g.layer.dir, item.Value); ok {
			g.env(c, g.files.read(file), key)
		}
	}
	for _, item := range items(g.entry, "files") {
		item = resolve(item)
		name, file, named := strings.Cut(item.Value, "=")
		if !named {
			name, file = path.Base(item.Value), item.Value
		}
		if file, ok := join(g.layer.dir, file); ok && name == key {
			g.file(c, g.files.read(file))
		}
	}
	if !c.full && g.entry != nil && c.depth == 0 {
		c.depth = 1 // the map of data is what the entry stands for
	}
}

// env looks for a key among the lines of an env file.
func (g generator) env(c *candidate, src *source, key string) {
	for i, line := range src.lines {
		line = strings.TrimSuffix(line, "\r")
		name, v, _ := strings.Cut(strings.TrimSpace(line), "=")
		if name != key || strings.HasPrefix(name, "#") {
			continue
		}
		column := strings.Index(line, name) + 1
		g.found(c, Place{File: src.file, Line: i + 1, Column: column, Confidence: finding.Exact}, v)
	}
}

// file is the place of a value which is a whole file: its line where it has only one.
func (g generator) file(c *candidate, src *source) {
	if src.lines == nil {
		return
	}
	p := Place{File: src.file, Confidence: finding.File}
	if len(src.lines) == 1 || len(src.lines) == 2 && src.lines[1] == "" {
		p.Line, p.Column, p.Confidence = 1, 1, finding.Exact
	}
	g.found(c, p, strings.Join(src.lines, "\n"))
}

func (g generator) found(c *candidate, p Place, v string) {
	c.place, c.full, c.depth = p, true, len(g.steps)
	c.agrees = g.object.Kind == "Secret" || g.search.value() == v || g.rendered == nil
}
