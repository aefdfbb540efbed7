package scaffold

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"text/template"

	"go.yaml.in/yaml/v3"
)

// A skeleton path that contains eachEnvironment is generated once per environment, with the name in its place and the name as
// environmentKey in the scope of its templates.
const (
	eachEnvironment = "@environment"
	environmentKey  = "environment"
)

// RecordFile is the file in the component's folder which says where the component comes from.
const RecordFile = "golden-path.yaml"

const recordComment = "# Which golden path made this component: `platform upgrade` reads it to bring later versions in. Do not edit.\n"

// Record is the content of RecordFile: with the golden path at that version it is enough to generate the component again.
type Record struct {
	APIVersion string         `yaml:"apiVersion"`
	Kind       string         `yaml:"kind"` // GoldenPathRecord
	Name       string         `yaml:"name"` // of the golden path
	Version    string         `yaml:"version"`
	Parameters map[string]any `yaml:"parameters"` // all of them, defaults included
}

// Files are generated files by slash-separated path, relative to the repository root.
type Files map[string]File

// File is the content of a generated file. Files that start with #! are executable.
type File struct {
	Content    []byte
	Executable bool
}

// Paths returns the paths in order.
func (f Files) Paths() []string { return slices.Sorted(maps.Keys(f)) }

// Generate returns the files of a component. The same golden path and values always give the same bytes. Values that break the
// schema are a finding.Problems.
func (g *GoldenPath) Generate(values map[string]any) (Files, error) {
	all, err := g.complete(values)
	if err != nil {
		return nil, err
	}
	files := Files{}
	component := fmt.Sprint(all["path"])
	for _, s := range g.skeleton {
		root := "."
		if s.root == componentRoot {
			root = component
		}
		for _, scope := range s.scopes(all) {
			if err := s.render(files, root, scope); err != nil {
				return nil, fmt.Errorf("generate %s: %w", s.file, err)
			}
		}
	}
	record, err := yaml.Marshal(Record{apiVersion, "GoldenPathRecord", g.Name, g.Version, all})
	if err != nil {
		return nil, fmt.Errorf("generate %s: %w", RecordFile, err)
	}
	if err := files.add(component, RecordFile, append([]byte(recordComment), record...)); err != nil {
		return nil, err
	}
	return files, nil
}

// scopes returns the values for each file that s becomes.
func (s source) scopes(values map[string]any) []map[string]any {
	if !s.each {
		return []map[string]any{values}
	}
	var scopes []map[string]any
	environments, _ := values["environments"].([]any) // the schema has made sure that it is a list
	for _, environment := range environments {
		scope := maps.Clone(values)
		scope[environmentKey] = environment
		scopes = append(scopes, scope)
	}
	return scopes
}

func (s source) render(files Files, root string, scope map[string]any) error {
	name, err := execute(s.path, scope)
	if err != nil {
		return fmt.Errorf("file name: %w", err)
	}
	content := s.literal
	if s.body != nil {
		if content, err = execute(s.body, scope); err != nil {
			return err
		}
	}
	return files.add(root, string(name), content)
}

func execute(t *template.Template, scope map[string]any) ([]byte, error) {
	var b bytes.Buffer
	if err := t.Execute(&b, scope); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (f Files) add(root, name string, content []byte) error {
	if err := checkPath(name); err != nil {
		return err
	}
	target := path.Join(root, name)
	if _, twice := f[target]; twice {
		return fmt.Errorf("%s is generated twice: rename one of its skeleton files", target)
	}
	f[target] = File{Content: content, Executable: bytes.HasPrefix(content, []byte("#!"))}
	return nil
}

// checkPath refuses names that leave their root, on any operating system, and names inside .git, where a file can be a program.
func checkPath(name string) error {
	inGit := slices.ContainsFunc(strings.Split(name, "/"), func(s string) bool { return strings.EqualFold(s, ".git") })
	control := strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f })
	if !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, `\:`) || inGit || control {
		return fmt.Errorf("path %q does not stay inside its root: use a relative path without .., backslash, colon or .git", name)
	}
	return nil
}
