package promotion

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"
)

// CompareManifests tells which objects of a rendered environment are added, removed or changed, in the order of the files. Objects are
// called Kind/name, and Kind/name in namespace where that is needed to tell them apart.
func CompareManifests(before, after []byte) (objects map[string]string, order []string) {
	old, now := split(before), split(after)
	ambiguous := ambiguousNames(old, now)
	objects = map[string]string{}
	note := func(o object, what string) {
		name := o.name
		if ambiguous[name] && o.namespace != "" {
			name += " in " + o.namespace
		}
		objects[name] = what
		order = append(order, name)
	}
	was, is := byIdentity(old), byIdentity(now)
	for _, o := range now {
		if earlier, existed := was[o.identity()]; !existed {
			note(o, "added")
		} else if earlier.text != o.text {
			note(o, "changed")
		}
	}
	for _, o := range old {
		if _, exists := is[o.identity()]; !exists {
			note(o, "removed")
		}
	}
	return objects, order
}

// object is one document of rendered manifests.
type object struct {
	name      string // Kind/name
	namespace string
	text      string
}

func (o object) identity() [2]string { return [2]string{o.name, o.namespace} }

func split(manifests []byte) []object {
	var objects []object
	for _, doc := range bytes.Split(bytes.TrimPrefix(manifests, []byte("---\n")), []byte("\n---\n")) {
		var head struct {
			Kind     string `yaml:"kind"`
			Metadata struct {
				Name      string `yaml:"name"`
				Namespace string `yaml:"namespace"`
			} `yaml:"metadata"`
		}
		if yaml.Unmarshal(doc, &head) != nil || head.Kind == "" {
			continue
		}
		objects = append(objects, object{name: head.Kind + "/" + head.Metadata.Name, namespace: head.Metadata.Namespace,
			text: strings.TrimSpace(string(doc))})
	}
	return objects
}

func byIdentity(objects []object) map[[2]string]object {
	m := map[[2]string]object{}
	for _, o := range objects {
		m[o.identity()] = o
	}
	return m
}

func ambiguousNames(lists ...[]object) map[string]bool {
	namespace, ambiguous := map[string]string{}, map[string]bool{}
	for _, list := range lists {
		for _, o := range list {
			if first, seen := namespace[o.name]; seen && first != o.namespace {
				ambiguous[o.name] = true
			}
			namespace[o.name] = o.namespace
		}
	}
	return ambiguous
}
