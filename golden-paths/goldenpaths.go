// Package goldenpaths holds the golden paths that the binaries carry with them.
package goldenpaths

import (
	"embed"
	"io/fs"
	"path"
	"slices"
)

// Tests stay out: they are for this repository, and embedding leaves out folders with a go.mod.
//
//go:embed */template.yaml all:*/skeleton
var files embed.FS

// Names returns the names of all golden paths in order.
func Names() []string {
	names, err := fs.Glob(files, "*/template.yaml")
	if err != nil { // only a bad pattern can fail
		panic(err)
	}
	for i, name := range names {
		names[i] = path.Dir(name)
	}
	return names
}

// Get returns the folder of a golden path for scaffold.Load.
func Get(name string) (fs.FS, bool) {
	if !slices.Contains(Names(), name) {
		return nil, false
	}
	folder, err := fs.Sub(files, name)
	return folder, err == nil
}
