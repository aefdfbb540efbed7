// Command trim reads GitHub's OpenAPI description and prints what the fake server needs of it: its operations and the schemas that they reach, without
// prose. The description is the file generated/api.github.com.json of the npm package @octokit/openapi:
//
//	go run ./internal/testkit/github/trim < api.github.com.json > internal/testkit/github/openapi.json
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

// operations are those that the fake server has.
var operations = []string{
	"checks/create", "checks/list-for-ref", "checks/update",
	"issues/add-labels", "issues/create-comment", "issues/delete-comment", "issues/list-comments", "issues/list-events", "issues/remove-label",
	"issues/update-comment",
	"pulls/create", "pulls/get", "pulls/list", "pulls/merge", "pulls/request-reviewers", "pulls/update",
	"repos/create-deployment", "repos/create-deployment-status", "repos/get-combined-status-for-ref", "repos/list-deployment-statuses",
	"repos/list-deployments", "repos/list-pull-requests-associated-with-commit",
	"teams/get-by-name", "teams/get-membership-for-user-in-org",
}

// object is a JSON object.
type object = map[string]any

func main() {
	if err := trim(os.Stdin, os.Stdout, operations); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func trim(in io.Reader, out io.Writer, operations []string) error {
	decoder := json.NewDecoder(in)
	decoder.UseNumber()
	var whole object
	if err := decoder.Decode(&whole); err != nil {
		return fmt.Errorf("read the description: %w", err)
	}
	paths, found := pick(whole, operations)
	if missing := slices.DeleteFunc(slices.Clone(operations), func(id string) bool { return found[id] }); len(missing) > 0 {
		return fmt.Errorf("the description has no %s", strings.Join(missing, ", "))
	}
	components := reach(whole, paths)
	info, _ := whole["info"].(object)
	version, _ := info["version"].(string)
	return write(out, version, paths, components)
}

// pick returns the paths with the wanted operations, and the ids of those.
func pick(whole object, operations []string) (paths object, found map[string]bool) {
	paths, found = object{}, map[string]bool{}
	all, _ := whole["paths"].(object)
	for path, item := range all {
		item, _ := item.(object)
		kept := object{}
		for method, operation := range item {
			operation, _ := operation.(object)
			id, _ := operation["operationId"].(string)
			if slices.Contains(operations, id) {
				kept[method], found[id] = plain(operation), true
			}
		}
		if len(kept) > 0 {
			paths[path] = kept
		}
	}
	return paths, found
}

// named are the keys whose value is an object of names that people chose: none of those is prose.
var named = []string{"properties", "schemas", "parameters", "responses", "headers", "content", "patternProperties"}

// plain returns a value without prose.
func plain(value any) any {
	switch value := value.(type) {
	case []any:
		list := make([]any, len(value))
		for i, v := range value {
			list[i] = plain(v)
		}
		return list
	case object:
		kept := object{}
		for key, v := range value {
			children, isObject := v.(object)
			switch {
			case isProse(key):
			case isObject && slices.Contains(named, key):
				kept[key] = plainEach(children)
			default:
				kept[key] = plain(v)
			}
		}
		if _, isResponse := value["description"]; isResponse && (value["content"] != nil || value["headers"] != nil || len(kept) == 0) {
			kept["description"] = "" // a response has to have one
		}
		return kept
	}
	return value
}

func plainEach(value object) object {
	kept := object{}
	for key, v := range value {
		kept[key] = plain(v)
	}
	return kept
}

func isProse(key string) bool {
	switch key {
	case "description", "summary", "title", "example", "examples", "externalDocs", "tags", "deprecated":
		return true
	}
	return strings.HasPrefix(key, "x-")
}

// reach returns the components that paths refer to, and those that these refer to.
func reach(whole, paths object) object {
	all, _ := whole["components"].(object)
	kept := object{}
	queue := references(paths)
	for len(queue) > 0 {
		kind, name, _ := strings.Cut(strings.TrimPrefix(queue[0], "#/components/"), "/")
		queue = queue[1:]
		of, _ := kept[kind].(object)
		if of == nil {
			of = object{}
			kept[kind] = of
		}
		if of[name] != nil {
			continue
		}
		source, _ := all[kind].(object)
		of[name] = plain(source[name])
		queue = append(queue, references(of[name])...)
	}
	return kept
}

func references(value any) (list []string) {
	switch value := value.(type) {
	case []any:
		for _, v := range value {
			list = append(list, references(v)...)
		}
	case object:
		for key, v := range value {
			if reference, isText := v.(string); isText && key == "$ref" {
				list = append(list, reference)
				continue
			}
			list = append(list, references(v)...)
		}
	}
	return list
}

// write prints one line per operation and component, so that differences can be read.
func write(out io.Writer, version string, paths, components object) error {
	b := &bytes.Buffer{}
	fmt.Fprintf(b, "{\n\"openapi\": \"3.0.3\",\n\"info\": {\"title\": \"GitHub, trimmed\", \"version\": %q},\n\"paths\": ", version)
	if err := lines(b, paths); err != nil {
		return err
	}
	b.WriteString(",\n\"components\": ")
	if err := lines(b, components); err != nil {
		return err
	}
	b.WriteString("\n}\n")
	_, err := out.Write(b.Bytes())
	return err
}

// lines prints an object of objects with a line for each of the inner members.
func lines(b *bytes.Buffer, outer object) error {
	separator := "{\n"
	for _, key := range slices.Sorted(maps.Keys(outer)) {
		fmt.Fprintf(b, "%s%q: ", separator, key)
		separator = ",\n"
		inner, _ := outer[key].(object)
		comma := "{\n"
		for _, name := range slices.Sorted(maps.Keys(inner)) {
			fmt.Fprintf(b, "%s%q: ", comma, name)
			comma = ",\n"
			encoder := json.NewEncoder(b)
			encoder.SetEscapeHTML(false)
			if err := encoder.Encode(inner[name]); err != nil {
				return err
			}
			b.Truncate(b.Len() - 1) // its line break
		}
		b.WriteString("\n}")
	}
	b.WriteString("\n}")
	return nil
}
