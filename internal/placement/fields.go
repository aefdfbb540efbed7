package placement

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// fields returns what the kustomization's own fields (images, replicas, labels, …) say about the field.
func (s *search) fields(l *layer) []candidate {
	if len(s.steps) < 2 {
		return nil
	}
	last, above := s.steps[len(s.steps)-1].Key, s.steps[len(s.steps)-2].Key
	var keys []*yaml.Node // of the kustomization's fields that set ours
	switch {
	case last == "image":
		keys = s.images(l)
	case s.is("spec", "replicas"):
		keys = s.replicas(l)
	case s.is("metadata", "namespace"):
		keys = s.equal(l.root, "namespace")
	case above == "labels" || above == "matchLabels" || above == "selector":
		for _, entry := range slices.Backward(items(l.root, "labels")) {
			_, pairs := field(entry, "pairs")
			keys = append(keys, s.equal(pairs, last)...)
		}
		_, common := field(l.root, "commonLabels")
		keys = append(keys, s.equal(common, last)...)
	case above == "annotations":
		_, common := field(l.root, "commonAnnotations")
		keys = s.equal(common, last)
	}
	var all []candidate
	for _, key := range keys {
		all = append(all, candidate{place: l.source.place(key), depth: len(s.steps), full: true, agrees: true})
	}
	return all
}

func (s *search) is(keys ...string) bool {
	return slices.EqualFunc(s.steps, keys, func(a step, key string) bool { return a.Index < 0 && a.Key == key })
}

// value returns the rendered scalar of the field, or "".
func (s *search) value() string {
	node, depth, _ := descend(s.rendered, s.steps)
	if s.rendered == nil || depth < len(s.steps) || node.Kind != yaml.ScalarNode {
		return ""
	}
	return node.Value
}

// equal returns the key of a field that holds the rendered value.
func (s *search) equal(node *yaml.Node, name string) []*yaml.Node {
	if key, _ := field(node, name); key != nil && text(node, name) == s.value() && s.value() != "" {
		return []*yaml.Node{key}
	}
	return nil
}

func (s *search) replicas(l *layer) []*yaml.Node {
	for _, entry := range items(l.root, "replicas") {
		if slices.Contains(s.names, text(entry, "name")) {
			return s.equal(entry, "count")
		}
	}
	return nil
}

// images returns the fields of images: entries that made the rendered image what it is.
func (s *search) images(l *layer) []*yaml.Node {
	name, tag, digest := splitImage(s.value())
	if name == "" {
		return nil
	}
	var keys []*yaml.Node
	for _, entry := range slices.Backward(items(l.root, "images")) {
		newName, newTag, newDigest := text(entry, "newName"), text(entry, "newTag"), text(entry, "digest")
		if renamed := newName == name || newName == "" && text(entry, "name") == name; !renamed {
			continue
		}
		var key *yaml.Node
		switch {
		case newDigest != "" && newDigest == digest:
			key, _ = field(entry, "digest")
		case newDigest == "" && newTag != "" && newTag == tag:
			key, _ = field(entry, "newTag")
		case newDigest == "" && newTag == "" && newName != "":
			key, _ = field(entry, "newName")
		}
		if key != nil {
			keys = append(keys, key)
		}
	}
	return keys
}

func splitImage(image string) (name, tag, digest string) {
	name, digest, _ = strings.Cut(image, "@")
	if colon := strings.LastIndex(name, ":"); colon > strings.LastIndex(name, "/") {
		name, tag = name[:colon], name[colon+1:]
	}
	return name, tag, digest
}
