package placement

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/org/platform/internal/placement/fieldpath"
)

// follow returns where the value comes from that a replacement or a var copies: its source's authored field, if another
// value there is seen in the failing field.
func (a *attribution) follow(e *entry) (Place, bool) {
	if slices.Contains(a.followed, e) {
		return Place{}, false
	}
	a.followed = append(a.followed, e)
	node := resolve(e.node)
	if key, _ := field(node, "sourceValue"); key != nil {
		return e.source.place(key), true
	}
	selector, path := value(node, "source"), text(node, "source", "fieldPath")
	if e.field == "vars" {
		selector, path = value(node, "objref"), text(node, "fieldref", "fieldpath")
		path = cmp.Or(path, text(node, "fieldref", "fieldPath"))
	}
	i := a.selects(selector)
	if i < 0 {
		return Place{}, false
	}
	s := a.prober.search(i, "")
	steps, ok := parsePath(cmp.Or(path, "metadata.name"), s.rendered)
	if !ok {
		return Place{}, false
	}
	return a.author(i, a.prober.search(i, steps.String()))
}

// author returns where a field of the i-th object comes from whose value shows in the failing field.
func (a *attribution) author(i int, s *search) (Place, bool) {
	for _, c := range s.candidates() {
		if !c.full || c.partial {
			continue
		}
		if c.value == nil {
			return c.place, c.sets()
		}
		tried := a.try(fmt.Sprintf("with another value at %s:%d", c.place.File, c.place.Line), edit{source: c.source, value: c.value})
		if tried.changed || !tried.known && c.sets() {
			return c.place, true
		}
	}
	for _, e := range a.entries { // the layers do not know what sets it
		if slices.Contains(a.followed, e) {
			continue
		}
		r, spent := a.probe(e.drop)
		a.spent = a.spent || spent
		if a.effect(r, i, s, Failure{}).changed {
			return a.cause(e, nil), true
		}
	}
	return Place{}, false
}

// selects returns the first object that a source selects, -1 where there is none.
func (a *attribution) selects(selector *yaml.Node) int {
	kind, name, namespace := text(selector, "kind"), text(selector, "name"), text(selector, "namespace")
	return slices.IndexFunc(a.overlay.Objects, func(o Object) bool {
		if kind != "" && o.Kind != kind || namespace != "" && o.Namespace != namespace {
			return false
		}
		if name == "" || name == o.Name || name == o.Original {
			return true
		}
		i := slices.IndexFunc(a.overlay.Objects, func(other Object) bool { return identifier(other) == identifier(o) })
		return slices.Contains(a.prober.search(i, "").names, name)
	})
}

// parsePath reads a path as kustomize's replacements write it: a.b\.c.[name=x].0.d, with * for any item refused.
func parsePath(path string, root *yaml.Node) (fieldpath.Path, bool) {
	var all fieldpath.Path
	node := resolve(root)
	for _, part := range splitPath(path) {
		if node == nil || part == "*" || part == "" {
			return nil, false
		}
		s := fieldpath.Key(part)
		if node.Kind == yaml.SequenceNode {
			i := itemIndex(node, part)
			if i < 0 {
				return nil, false
			}
			s = fieldpath.Index(i)
		} else {
			s.Key = strings.TrimSuffix(strings.TrimPrefix(part, "["), "]") // a key with dots
		}
		all = append(all, s)
		_, next := child(node, step{Step: s})
		node = resolve(next)
	}
	return all, true
}

// itemIndex finds the item of a list which [key=value] or a number means.
func itemIndex(list *yaml.Node, part string) int {
	if n, err := strconv.Atoi(part); err == nil {
		return n
	}
	key, want, ok := strings.Cut(strings.Trim(part, "[]"), "=")
	if !ok {
		return -1
	}
	return slices.IndexFunc(list.Content, func(item *yaml.Node) bool { return text(item, key) == want })
}

// splitPath splits at dots that are neither escaped nor in brackets.
func splitPath(path string) []string {
	var all []string
	var part strings.Builder
	inside := false
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case c == '\\' && i+1 < len(path) && path[i+1] == '.':
			part.WriteByte('.')
			i++
		case c == '.' && !inside:
			all = append(all, part.String())
			part.Reset()
		default:
			inside = c == '[' || inside && c != ']'
			part.WriteByte(c)
		}
	}
	return append(all, part.String())
}
