// Package policy holds the default policy bundles: one folder each, with its tests beside the rules.
package policy

import (
	"embed"
	"io/fs"
	"slices"
)

// The examples stay out: they are for the documentation and the tests of this repository.
//
//go:embed */*.rego */*/*.rego */data
var files embed.FS

// Names returns the names of the default bundles, sorted.
func Names() []string {
	entries, err := fs.ReadDir(files, ".")
	if err != nil { // an embedded folder is always readable
		return nil
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names
}

// Bundle returns the files of a default bundle.
func Bundle(name string) (fs.FS, bool) {
	if !slices.Contains(Names(), name) {
		return nil, false
	}
	sub, err := fs.Sub(files, name)
	return sub, err == nil
}

// Source says what a default bundle evaluates.
type Source string

// The sources.
const (
	Manifests Source = "manifests" // what the components' overlays render to
	Files     Source = "files"     // files of the repository: those that Globs names, unless platform.yaml names others
	None      Source = "none"      // nothing in the repository: a document that a command makes
)

// Kind returns what a default bundle evaluates, and None for a name that is no default bundle's.
func Kind(name string) Source {
	switch {
	case name == "kubernetes":
		return Manifests
	case Globs(name) != nil:
		return Files
	default:
		return None
	}
}

// Globs returns the files of a repository that a default bundle evaluates, as doublestar patterns from its root; nil for a bundle that reads
// no files.
func Globs(name string) []string {
	switch name {
	case "workflow":
		return []string{".github/workflows/*.{yml,yaml}", "**/action.{yml,yaml}"}
	case "dockerfile":
		return []string{"**/{D,d}ockerfile", "**/*.{D,d}ockerfile", "**/Dockerfile.*"}
	case "plan":
		return []string{"**/tfplan.json", "**/*.tfplan.json"}
	case "catalog":
		return []string{"platform.yaml", "**/catalog-info.yaml"}
	default:
		return nil
	}
}
