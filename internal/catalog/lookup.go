package catalog

import (
	"io/fs"
	"path"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/org/platform/internal/config"
)

// Candidates returns patterns of the catalog files that hold a component if its folder has its name, as most do.
func Candidates(globs []string, name string) []string {
	if !isName(name) {
		return nil
	}
	var files []string
	for _, glob := range globs {
		if last := path.Base(glob); last == "*" || last == "**" {
			glob = path.Join(path.Dir(glob), name)
		}
		files = append(files, path.Join(glob, config.CatalogFile))
	}
	return files
}

// Lookup reads one component from those of its Candidates, without the names of its dependencies: they are for Load to resolve. Where it is
// not found this way, or not without problems, Load tells why.
func Lookup(root fs.FS, candidates []string, name string) (Component, bool) {
	l := loader{names: map[string]declared{}}
	for _, pattern := range candidates {
		files, err := doublestar.Glob(root, pattern, doublestar.WithFailOnIOErrors())
		if err != nil {
			return Component{}, false
		}
		for _, file := range files {
			if path.Base(path.Dir(file)) != name {
				continue
			}
			if err := l.file(root, file); err != nil {
				return Component{}, false
			}
		}
	}
	if len(l.problems) > 0 || len(l.declared) != 1 || l.declared[0].component.Name != name {
		return Component{}, false
	}
	c := l.declared[0].component
	c.DependsOn = nil
	return c, true
}
