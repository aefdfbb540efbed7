package diff

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// shape is a change taken apart, to find others like it: what is left without texts, and each text as it is and with placeholders for the
// names of component and environment.
type shape struct {
	skeleton         string
	texts, patterns  []string
	sameText, sameBy []bool // of each text: all places have it literally; all places have its pattern
}

func shapeOf(c EnvironmentChange) shape {
	var s shape
	placeholders := names{"\x00c", "\x00e"}
	c.Objects = group{change: c}.objects() // what is not shown need not be the same
	bare := rewrite(c, func(text string) string {
		s.texts = append(s.texts, text)
		s.patterns = append(s.patterns, placeholders.in(text, c))
		return strconv.Itoa(len(s.texts))
	})
	bare.Component, bare.Environment, bare.Path = "", "", ""
	skeleton, err := json.Marshal(bare)
	if err != nil { // what was read as YAML can be written as JSON
		skeleton = []byte(c.Environment + "/" + c.Component)
	}
	s.skeleton = string(skeleton)
	s.sameText, s.sameBy = slices.Repeat([]bool{true}, len(s.texts)), slices.Repeat([]bool{true}, len(s.texts))
	return s
}

// admit says whether another change is the same but for names, and if so takes it in. Each text must be the same in all places, or follow the
// same pattern in all of them: a text that names an environment by chance is no name of its place.
func (s *shape) admit(other shape) bool {
	for i := range s.texts {
		if !(s.sameText[i] && s.texts[i] == other.texts[i]) && !(s.sameBy[i] && s.patterns[i] == other.patterns[i]) {
			return false
		}
	}
	for i := range s.texts {
		s.sameText[i] = s.sameText[i] && s.texts[i] == other.texts[i]
		s.sameBy[i] = s.sameBy[i] && s.patterns[i] == other.patterns[i]
	}
	return true
}

// generalize replaces the names in the texts of a change that are not the same in all places.
func (s *shape) generalize(c EnvironmentChange, by names) EnvironmentChange {
	c.Objects = group{change: c}.objects()
	i := -1
	return rewrite(c, func(text string) string {
		if i++; s.sameText[i] {
			return text
		}
		return by.in(text, c)
	})
}

// names stand for those of a component and an environment; empty ones for nothing.
type names struct{ component, environment string }

// in replaces the names of a change's place in a text.
func (n names) in(text string, c EnvironmentChange) string {
	if n.component != "" {
		text = replaceWord(text, c.Component, n.component)
	}
	if n.environment != "" {
		text = replaceWord(text, c.Environment, n.environment)
	}
	return text
}

// rewrite returns a change with every text in it replaced, in an order that depends on nothing but the change.
func rewrite(c EnvironmentChange, replace func(string) string) EnvironmentChange {
	objects := make([]Object, len(c.Objects))
	for i, o := range c.Objects {
		o.Namespace, o.Name, o.OldName = replace(o.Namespace), replace(o.Name), replace(o.OldName)
		fields := make([]Field, len(o.Fields))
		for k, f := range o.Fields {
			f.Path, f.Old, f.New = replace(f.Path), rewriteValue(f.Old, replace), rewriteValue(f.New, replace)
			fields[k] = f
		}
		o.Fields = fields
		objects[i] = o
	}
	c.Objects, c.Error, c.BaseError = objects, replace(c.Error), replace(c.BaseError)
	return c
}

func rewriteValue(value any, replace func(string) string) any {
	switch v := value.(type) {
	case string:
		return replace(v)
	case map[string]any:
		rewritten := make(map[string]any, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			rewritten[replace(key)] = rewriteValue(v[key], replace)
		}
		return rewritten
	case []any:
		rewritten := make([]any, len(v))
		for i, below := range v {
			rewritten[i] = rewriteValue(below, replace)
		}
		return rewritten
	}
	return value
}

// replaceWord replaces a name where no letter and no digit stands on either side of it.
func replaceWord(s, word, by string) string {
	if word == "" {
		return s
	}
	var b strings.Builder
	for at := 0; ; {
		i := strings.Index(s[at:], word)
		if i < 0 {
			return b.String() + s[at:]
		}
		start, end := at+i, at+i+len(word)
		b.WriteString(s[at:start])
		if start > 0 && isWord(s[start-1]) || end < len(s) && isWord(s[end]) {
			b.WriteString(word)
		} else {
			b.WriteString(by)
		}
		at = end
	}
}

func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}
