package scaffold

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"text/template"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// functions are what templates may call beside the functions of text/template. golden-paths/README.md lists them.
func functions() template.FuncMap {
	return template.FuncMap{
		"lower": strings.ToLower,
		"upper": strings.ToUpper,
		"title": title,
		"join":  join,
		"indent": func(spaces int, s string) string {
			return strings.ReplaceAll(s, "\n", "\n"+strings.Repeat(" ", spaces))
		},
		"quote":      quote,
		"yaml":       yamlScalar,
		"entityName": entityName,
	}
}

// title turns a component name into words: "my-service" into "My service".
func title(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + strings.ReplaceAll(s[size:], "-", " ")
}

func join(separator string, list []any) string {
	words := make([]string, len(list))
	for i, item := range list {
		words[i] = fmt.Sprint(item)
	}
	return strings.Join(words, separator)
}

// quote returns a double-quoted string that JSON, YAML and Go all read as s.
func quote(s string) (string, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil {
		return "", fmt.Errorf("quote: %w", err)
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// yamlScalar returns s as YAML reads it back as a string, quoted only where it must be: a component may be called "on" or "8".
// Lines are not kept apart, so that the result fits any place of a document.
func yamlScalar(s string) (string, error) {
	if strings.ContainsAny(s, "\r\n,[]{}") { // would become a block, or end an item of a flow collection
		return quote(s)
	}
	out, err := yaml.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("yaml: %w", err)
	}
	return strings.TrimSuffix(string(out), "\n"), nil
}

// entityName returns the name in a Backstage reference: "team-a" of "group:default/team-a".
func entityName(ref string) string {
	return ref[strings.LastIndexAny(ref, ":/")+1:]
}
