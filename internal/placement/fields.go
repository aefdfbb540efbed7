package placement

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// setter is a field of a kustomization that sets ours.
type setter struct {
	entry, key, value *yaml.Node
	partial           bool // only a part of our value is from it
}

func (s *search) setters(l *layer, all []setter) []candidate {
	var found []candidate
	for _, f := range all {
		found = append(found, candidate{place: l.source.place(f.key), entry: f.entry, source: l.source, value: f.value,
			depth: len(s.steps), full: true, agrees: true, partial: f.partial})
	}
	return found
}

// late returns what the fields that kustomize applies after its patches say about the field.
func (s *search) late(l *layer) []candidate {
	switch {
	case len(s.steps) < 2:
		return nil
	case s.steps[len(s.steps)-1].Key == "image":
		return s.setters(l, s.images(l))
	case s.is("spec", "replicas"):
		return s.setters(l, s.replicas(l))
	}
	return nil
}

// early returns what the fields that kustomize applies between its patches and patchesJson6902 say about the field.
func (s *search) early(l *layer) []candidate {
	if len(s.steps) < 2 {
		return nil
	}
	last, above := s.steps[len(s.steps)-1].Key, s.steps[len(s.steps)-2].Key
	var all []setter
	switch {
	case s.is("metadata", "name"):
		for _, name := range []string{"nameSuffix", "namePrefix"} {
			if key, v := field(l.root, name); text(l.root, name) != "" && strings.Contains(s.object.Name, v.Value) {
				all = append(all, setter{entry: key, key: key, value: v, partial: true})
			}
		}
	case s.is("metadata", "namespace"):
		all = s.equal(l.root, "namespace", nil)
	case above == "labels" || above == "matchLabels" || above == "selector":
		for _, entry := range slices.Backward(items(l.root, "labels")) {
			all = append(all, s.equal(value(entry, "pairs"), last, nil)...)
		}
		all = append(all, s.equal(value(l.root, "commonLabels"), last, nil)...)
	case above == "annotations":
		all = s.equal(value(l.root, "commonAnnotations"), last, nil)
	}
	return s.setters(l, all)
}

// equal returns the field of a map where it holds the rendered value. Without an entry its key is the entry.
func (s *search) equal(node *yaml.Node, name string, entry *yaml.Node) []setter {
	key, v := field(node, name)
	if key == nil || text(node, name) != s.value() || s.value() == "" {
		return nil
	}
	if entry == nil {
		entry = key
	}
	return []setter{{entry: entry, key: key, value: resolve(v)}}
}

func (s *search) replicas(l *layer) []setter {
	for _, entry := range items(l.root, "replicas") {
		if slices.Contains(s.names, text(entry, "name")) {
			return s.equal(entry, "count", entry)
		}
	}
	return nil
}

// images returns the fields of images: entries that made the rendered image what it is.
func (s *search) images(l *layer) []setter {
	name, tag, digest := splitImage(s.value())
	if name == "" {
		return nil
	}
	var all []setter
	for _, entry := range slices.Backward(items(l.root, "images")) {
		newName, newTag, newDigest := text(entry, "newName"), text(entry, "newTag"), text(entry, "digest")
		if renamed := newName == name || newName == "" && text(entry, "name") == name; !renamed {
			continue
		}
		f := setter{entry: entry}
		switch {
		case newDigest != "" && newDigest == digest:
			f.key, f.value = field(entry, "digest")
		case newDigest == "" && newTag != "" && newTag == tag:
			f.key, f.value = field(entry, "newTag")
		case newDigest == "" && newTag == "" && newName != "":
			f.key, f.value = field(entry, "newName")
			f.partial = true
		}
		if f.key != nil {
			all = append(all, f)
		}
	}
	return all
}

func splitImage(image string) (name, tag, digest string) {
	name, digest, _ = strings.Cut(image, "@")
	if colon := strings.LastIndex(name, ":"); colon > strings.LastIndex(name, "/") {
		name, tag = name[:colon], name[colon+1:]
	}
	return name, tag, digest
}
