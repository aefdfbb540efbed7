// Package fieldpath reads and writes the path of a field in a resource, such as spec.containers[0].image.
package fieldpath

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Step is one step of a path: a map key, or an index into a list.
type Step struct {
	Key   string
	Index int // -1 for a map key
}

// Path leads from the document to a field. The empty path is the document itself.
type Path []Step

// Key returns a step into a map.
func Key(key string) Step { return Step{Key: key, Index: -1} }

// Index returns a step into a list.
func Index(i int) Step { return Step{Index: i} }

var (
	plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	digits   = regexp.MustCompile(`^[0-9]{1,9}$`)
)

// String returns the normal form: keys joined by dots, indexes as [0], every key that is not a plain word as ["a.b/c"].
func (p Path) String() string {
	var b strings.Builder
	for i, s := range p {
		switch {
		case s.Index >= 0:
			fmt.Fprintf(&b, "[%d]", s.Index)
		case !plainKey.MatchString(s.Key):
			quoted, _ := json.Marshal(s.Key) // a string always marshals
			fmt.Fprintf(&b, "[%s]", quoted)
		case i > 0:
			b.WriteString("." + s.Key)
		default:
			b.WriteString(s.Key)
		}
	}
	return b.String()
}

// Parse reads a dotted and bracketed path. Keys in brackets may be quoted with " or '.
func Parse(text string) (Path, error) {
	if !utf8.ValidString(text) {
		return nil, fmt.Errorf("field path %q: not valid UTF-8", text)
	}
	var path Path
	for rest := text; rest != ""; {
		step, after, err := next(rest)
		if err != nil {
			return nil, fmt.Errorf("field path %q: %w", text, err)
		}
		path = append(path, step)
		rest = after
		if strings.HasPrefix(rest, ".") {
			if rest = rest[1:]; rest == "" || rest[0] == '[' {
				return nil, fmt.Errorf("field path %q: a dot must be followed by a key", text)
			}
		} else if rest != "" && rest[0] != '[' {
			return nil, fmt.Errorf("field path %q: want . or [ before %q", text, rest)
		}
	}
	return path, nil
}

func next(rest string) (Step, string, error) {
	if rest[0] != '[' {
		end := strings.IndexAny(rest, ".[")
		if end < 0 {
			end = len(rest)
		}
		if end == 0 {
			return Step{}, "", fmt.Errorf("empty key")
		}
		return Key(rest[:end]), rest[end:], nil
	}
	inside := rest[1:]
	if inside != "" && (inside[0] == '"' || inside[0] == '\'') {
		return quoted(inside)
	}
	word, after, closed := strings.Cut(inside, "]")
	switch {
	case !closed:
		return Step{}, "", fmt.Errorf("[ is not closed")
	case word == "":
		return Step{}, "", fmt.Errorf("[] is empty")
	case digits.MatchString(word):
		i, err := strconv.Atoi(word)
		return Index(i), after, err
	default:
		return Key(word), after, nil
	}
}

func quoted(inside string) (Step, string, error) {
	if inside[0] == '\'' {
		key, after, closed := strings.Cut(inside[1:], "']")
		if !closed {
			return Step{}, "", fmt.Errorf("quoted key is not closed by ']")
		}
		return Key(key), after, nil
	}
	decoder := json.NewDecoder(strings.NewReader(inside))
	var key string
	if err := decoder.Decode(&key); err != nil {
		return Step{}, "", fmt.Errorf("quoted key: %w", err)
	}
	after := inside[decoder.InputOffset():]
	if !strings.HasPrefix(after, "]") {
		return Step{}, "", fmt.Errorf("quoted key is not closed by ]")
	}
	return Key(key), after[1:], nil
}

// FromList builds a path from a decoded JSON array of keys (strings) and indexes (whole numbers from 0).
func FromList(list []any) (Path, error) {
	path := make(Path, 0, len(list))
	for _, item := range list {
		switch item := item.(type) {
		case string:
			path = append(path, Key(item))
		case json.Number:
			if !digits.MatchString(item.String()) {
				return nil, fmt.Errorf("field path: index %s is not a whole number from 0", item)
			}
			i, err := strconv.Atoi(item.String())
			if err != nil {
				return nil, fmt.Errorf("field path: %w", err)
			}
			path = append(path, Index(i))
		default:
			return nil, fmt.Errorf("field path: %v is neither a key nor an index", item)
		}
	}
	return path, nil
}
