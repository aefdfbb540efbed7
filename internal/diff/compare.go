package diff

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Change is what happened to an object or a field.
type Change string

// The changes, in the order in which people should hear of them.
const (
	Removed Change = "removed"
	Changed Change = "changed"
	Added   Change = "added"
)

var rank = map[Change]int{Removed: 0, Changed: 1, Added: 2}

// Object is one object of a manifest that is not as it was.
type Object struct {
	Change     Change  `json:"change"`
	APIVersion string  `json:"apiVersion"` // after the change, unless the object was removed
	Kind       string  `json:"kind"`
	Namespace  string  `json:"namespace,omitempty"`
	Name       string  `json:"name"`
	OldName    string  `json:"oldName,omitempty"` // where the generated end of the name is new
	Fields     []Field `json:"fields,omitempty"`  // none where the object was removed
}

// beforeError says that manifests could not be read which the change has replaced.
type beforeError struct{ err error }

func (e *beforeError) Error() string {
	return fmt.Sprintf("read manifests before the change: %v", e.err)
}
func (e *beforeError) Unwrap() error { return e.err }

// Compare returns the objects that differ between two manifests of any number of YAML documents: removed ones first, and of each change
// workloads before the rest. An object is known by the group of its apiVersion, kind, namespace and name; one whose name ends in
// a hash of its content, as kustomize generates them, by what stands before that.
func Compare(before, after []byte) ([]Object, error) {
	if bytes.Equal(before, after) {
		return nil, nil
	}
	old, err := documents(before)
	if err != nil {
		return nil, &beforeError{err}
	}
	fresh, err := documents(after)
	if err != nil {
		return nil, fmt.Errorf("read manifests after the change: %w", err)
	}
	var list []Object
	for _, p := range match(old, fresh) {
		if o, differs := p.compare(); differs {
			list = append(list, o)
		}
	}
	slices.SortStableFunc(list, func(a, b Object) int {
		return cmp.Or(
			cmp.Compare(rank[a.Change], rank[b.Change]),
			cmp.Compare(a.weight(), b.weight()),
			cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.Namespace, b.Namespace),
			cmp.Compare(a.Name, b.Name),
		)
	})
	return list, nil
}

var workloads = []string{"Deployment", "StatefulSet", "DaemonSet", "Rollout", "ReplicaSet", "CronJob", "Job", "Pod"}

// weight is small for what runs code.
func (o Object) weight() int {
	if slices.Contains(workloads, o.Kind) {
		return 0
	}
	return 1
}

// pair is an object before and after a change; nil where it does not exist.
type pair struct{ old, fresh *document }

func (p pair) compare() (o Object, differs bool) {
	d := cmp.Or(p.fresh, p.old)
	o = Object{APIVersion: d.apiVersion, Kind: d.kind, Namespace: d.namespace, Name: d.name}
	switch {
	case p.fresh == nil:
		o.Change = Removed
		return o, true
	case p.old == nil:
		o.Change = Added
		o.Fields = fields(nil, d.withoutIdentity())
		return o, true
	}
	o.Change = Changed
	before, after := p.old.content, d.content
	if p.old.name != d.name {
		o.OldName = p.old.name
		before, after = unnamed(before), unnamed(after)
	}
	o.Fields = fields(before, after)
	return o, len(o.Fields) > 0 || o.OldName != ""
}

// withoutIdentity returns the content of an object without what its heading says.
func (d document) withoutIdentity() map[string]any {
	content := unnamed(d.content)
	delete(content, "apiVersion")
	delete(content, "kind")
	if metadata, ok := content["metadata"].(map[string]any); ok {
		delete(metadata, "namespace")
		if len(metadata) == 0 {
			delete(content, "metadata")
		}
	}
	return content
}

// unnamed returns a copy of an object's content without its name.
func unnamed(content map[string]any) map[string]any {
	content = clone(content)
	if metadata, ok := content["metadata"].(map[string]any); ok {
		metadata = clone(metadata)
		delete(metadata, "name")
		content["metadata"] = metadata
	}
	return content
}

func clone(m map[string]any) map[string]any {
	c := make(map[string]any, len(m))
	for key, value := range m {
		c[key] = value
	}
	return c
}

// match pairs the objects of two manifests. Objects of one identity, which no cluster accepts, pair in their order.
func match(old, fresh []document) []pair {
	waiting := map[identity][]*document{}
	for i := range old {
		id := old[i].identity()
		waiting[id] = append(waiting[id], &old[i])
	}
	var pairs []pair
	var added []*document
	for i := range fresh {
		id := fresh[i].identity()
		if same := waiting[id]; len(same) > 0 {
			pairs = append(pairs, pair{same[0], &fresh[i]})
			waiting[id] = same[1:]
			continue
		}
		added = append(added, &fresh[i])
	}
	var removed []*document
	for i := range old {
		if slices.Contains(waiting[old[i].identity()], &old[i]) {
			removed = append(removed, &old[i])
		}
	}
	return append(pairs, matchGenerated(removed, added)...)
}

// matchGenerated pairs what is left where only the generated end of the name differs and there is one candidate on each side.
func matchGenerated(removed, added []*document) []pair {
	candidates := map[identity][2][]*document{}
	for side, list := range [2][]*document{removed, added} {
		for _, d := range list {
			if id, generated := d.generated(); generated {
				c := candidates[id]
				c[side] = append(c[side], d)
				candidates[id] = c
			}
		}
	}
	matched := func(d *document) (old, fresh *document) {
		id, generated := d.generated()
		if c := candidates[id]; generated && len(c[0]) == 1 && len(c[1]) == 1 {
			return c[0][0], c[1][0]
		}
		return nil, nil
	}
	var pairs []pair
	for _, d := range removed {
		if old, fresh := matched(d); old != nil {
			pairs = append(pairs, pair{old, fresh})
			continue
		}
		pairs = append(pairs, pair{d, nil})
	}
	for _, d := range added {
		if old, _ := matched(d); old == nil {
			pairs = append(pairs, pair{nil, d})
		}
	}
	return pairs
}

var (
	generatedName = regexp.MustCompile(`^(.+)-([a-z0-9]{6,10})$`)
	kustomizeHash = regexp.MustCompile(`^[2456789bcdfghkmt]{10}$`)
)

// generated returns the identity of an object without the hash at the end of its name. Only ConfigMaps and Secrets have one: of other
// kinds, one that goes and one that comes are two objects, whatever they are called.
func (d *document) generated() (identity, bool) {
	if d.kind != "ConfigMap" && d.kind != "Secret" {
		return identity{}, false
	}
	m := generatedName.FindStringSubmatch(d.name)
	if m == nil || !kustomizeHash.MatchString(m[2]) && !strings.ContainsAny(m[2], "0123456789") {
		return identity{}, false
	}
	id := d.identity()
	id.name = m[1]
	return id, true
}
