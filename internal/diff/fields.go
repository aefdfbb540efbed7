package diff

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Field is one field of an object that is not as it was.
type Field struct {
	Path   string `json:"path"` // spec.template.spec.containers[name=app].image
	Change Change `json:"change"`
	Old    any    `json:"old,omitempty"` // nothing where the field was added, or is hidden
	New    any    `json:"new,omitempty"` // nothing where the field was removed, or is hidden
	Hidden bool   `json:"hidden,omitempty"`
}

// fields returns the fields that differ between two objects, in the order of their paths. Of what one side lacks only the topmost field is
// returned.
func fields(old, fresh map[string]any) []Field {
	var c comparison
	c.maps("", old, fresh)
	return c.fields
}

type comparison struct{ fields []Field }

func (c *comparison) values(path string, old, fresh any) {
	switch before := old.(type) {
	case map[string]any:
		if after, ok := fresh.(map[string]any); ok {
			c.maps(path, before, after)
			return
		}
	case []any:
		if after, ok := fresh.([]any); ok {
			c.lists(path, before, after)
			return
		}
	}
	if reflect.DeepEqual(old, fresh) {
		return
	}
	if holdsHidden(old) || holdsHidden(fresh) {
		c.fields = append(c.fields, Field{Path: path, Change: Changed, Hidden: true})
		return
	}
	c.fields = append(c.fields, Field{Path: path, Change: Changed, Old: old, New: fresh})
}

func (c *comparison) maps(path string, old, fresh map[string]any) {
	keys := slices.Sorted(maps.Keys(old))
	for key := range fresh {
		if _, both := old[key]; !both {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		before, wasThere := old[key]
		after, isThere := fresh[key]
		below := join(path, key)
		switch {
		case !wasThere:
			c.one(below, Added, after)
		case !isThere:
			c.one(below, Removed, before)
		default:
			c.values(below, before, after)
		}
	}
}

// one notes a field that only one side has. Of a map that holds hidden values the keys are shown.
func (c *comparison) one(path string, change Change, value any) {
	if m, ok := value.(map[string]any); ok && holdsHidden(value) {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			c.one(join(path, key), change, m[key])
		}
		return
	}
	f := Field{Path: path, Change: change}
	switch {
	case holdsHidden(value):
		f.Hidden = true
	case change == Added:
		f.New = value
	default:
		f.Old = value
	}
	c.fields = append(c.fields, f)
}

func (c *comparison) lists(path string, old, fresh []any) {
	if key := sharedKey(path, old, fresh); key != "" {
		c.keyed(path, key, old, fresh)
		return
	}
	for _, p := range zip(align(old, fresh, func(a, b any) bool { return reflect.DeepEqual(a, b) })) {
		switch {
		case p.a < 0:
			c.one(index(path, p.b), Added, fresh[p.b])
		case p.b < 0:
			c.one(index(path, p.a), Removed, old[p.a])
		default:
			c.values(index(path, p.b), old[p.a], fresh[p.b])
		}
	}
}

// keyed compares lists whose items have names. Another order of the same items is a change of its own: that of init containers counts.
func (c *comparison) keyed(path, key string, old, fresh []any) {
	before := map[string]any{}
	for _, item := range old {
		before[keyOf(item, key)] = item
	}
	after := map[string]bool{}
	var orderAfter []any
	for _, item := range fresh {
		k := keyOf(item, key)
		after[k] = true
		if was, both := before[k]; both {
			orderAfter = append(orderAfter, k)
			c.values(selector(path, key, k), was, item)
			continue
		}
		c.one(selector(path, key, k), Added, item)
	}
	var orderBefore []any
	for _, item := range old {
		k := keyOf(item, key)
		if after[k] {
			orderBefore = append(orderBefore, k)
			continue
		}
		c.one(selector(path, key, k), Removed, item)
	}
	if !reflect.DeepEqual(orderBefore, orderAfter) {
		c.fields = append(c.fields, Field{Path: path + "[order]", Change: Changed, Old: orderBefore, New: orderAfter})
	}
}

// itemKeys are the fields that people know an item of a list by, best first.
var itemKeys = []string{"name", "mountPath", "devicePath", "containerPort", "port", "key", "ip", "host", "path", "topologyKey", "type", "metadata.name"}

// sharedKey returns the key that tells the items of both lists apart, or "" where none does.
func sharedKey(path string, old, fresh []any) string {
	keys := itemKeys
	if strings.HasSuffix(path, "volumeMounts") { // the same volume may be mounted twice
		keys = append([]string{"mountPath"}, keys...)
	}
	for _, key := range keys {
		if tellsApart(key, old) && tellsApart(key, fresh) {
			return key
		}
	}
	return ""
}

func tellsApart(key string, items []any) bool {
	seen := map[string]bool{}
	for _, item := range items {
		k := keyOf(item, key)
		if k == "" || seen[k] {
			return false
		}
		seen[k] = true
	}
	return true
}

// keyOf returns the value of an item's key as text, or "".
func keyOf(item any, key string) string {
	for part := range strings.SplitSeq(key, ".") {
		m, ok := item.(map[string]any)
		if !ok {
			return ""
		}
		item = m[part]
	}
	switch v := item.(type) {
	case string:
		return v
	case int, int64, uint64, bool:
		return fmt.Sprint(v)
	}
	return ""
}

var (
	plainKey   = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	plainValue = regexp.MustCompile(`^[A-Za-z0-9_./:@%+-]+$`)
)

func join(path, key string) string {
	switch {
	case !plainKey.MatchString(key):
		return path + "[" + strconv.Quote(key) + "]"
	case path == "":
		return key
	default:
		return path + "." + key
	}
}

func selector(path, key, value string) string {
	if !plainValue.MatchString(value) {
		value = strconv.Quote(value)
	}
	return path + "[" + key + "=" + value + "]"
}

func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
