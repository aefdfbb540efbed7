package catalog

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/strictyaml"
	"github.com/org/platform/internal/suggest"
)

// Component is a deployable unit: a folder with a catalog-info.yaml of kind Component.
type Component struct {
	Name        string   `json:"name"`
	Path        string   `json:"path"` // folder, slash-separated, relative to the repository root
	Owner       string   `json:"owner"`
	Type        string   `json:"type,omitempty"`
	Lifecycle   string   `json:"lifecycle,omitempty"`
	Description string   `json:"description,omitempty"`
	DependsOn   []string `json:"dependsOn,omitempty"` // names of components, sorted
}

// Catalog holds all components of a commit, sorted by name.
type Catalog struct {
	Components []Component
}

// Load reads the catalog files below the globs of platform.yaml. Problems in them are a finding.Problems.
func Load(root fs.FS, globs []string) (*Catalog, error) {
	files, err := find(root, globs)
	if err != nil {
		return nil, err
	}
	l := loader{names: map[string]declared{}}
	for _, file := range files {
		if err := l.file(root, file); err != nil {
			return nil, err
		}
	}
	l.resolve()
	finding.Sort(l.problems)
	if err := l.problems.ErrorOrNil(); err != nil {
		return nil, err
	}
	c := &Catalog{}
	for _, d := range l.declared {
		c.Components = append(c.Components, d.component)
	}
	slices.SortFunc(c.Components, func(a, b Component) int { return strings.Compare(a.Name, b.Name) })
	return c, nil
}

func find(root fs.FS, globs []string) ([]string, error) {
	var files []string
	for _, glob := range globs {
		matches, err := doublestar.Glob(root, path.Join(glob, config.CatalogFile), doublestar.WithFailOnIOErrors())
		if err != nil {
			return nil, fmt.Errorf("find components in %s: %w", glob, err)
		}
		files = append(files, matches...)
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// Names returns the names of all components.
func (c *Catalog) Names() []string {
	names := make([]string, len(c.Components))
	for i, comp := range c.Components {
		names[i] = comp.Name
	}
	return names
}

// Find returns the component of that name, else an error with the nearest names.
func (c *Catalog) Find(name string) (Component, error) {
	for _, comp := range c.Components {
		if comp.Name == name {
			return comp, nil
		}
	}
	return Component{}, &UnknownError{Name: name, Known: c.Names()}
}

// UnknownError names a component that does not exist.
type UnknownError struct {
	Name  string
	Known []string
}

// Error implements error.
func (e *UnknownError) Error() string {
	return fmt.Sprintf("unknown component %q: %s", e.Name, suggest.Hint(e.Name, e.Known))
}

type declared struct {
	component Component
	doc       *strictyaml.Document
}

type loader struct {
	declared []declared
	names    map[string]declared // by lower-case name
	problems finding.Problems
}
