// Package policy holds the default policy bundles: one folder each, with its tests beside the rules.
package policy

import (
	"embed"
	"io/fs"
)

//go:embed kubernetes
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
	for _, known := range Names() {
		if known == name {
			sub, err := fs.Sub(files, name)
			return sub, err == nil
		}
	}
	return nil, false
}
