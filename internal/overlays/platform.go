package overlays

import (
	"context"
	"io/fs"
	"path"
	"slices"

	"github.com/org/platform/internal/catalog"
	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/render"
)

// platform is what configuration and catalog say about overlays.
type platform struct {
	environments []string // in the order in which releases travel
	components   []component
	remoteBases  []string
	group
	again bool // it rests on more than its group says, so it is read again each time
}

type component struct{ name, path string }

// view shows of folders only what matters. So whatever is read through it cannot depend on the rest.
type view struct{ *render.Recorder }

func (v view) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := v.Recorder.ReadDir(name)
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return !matters(e) }), err
}

// loadPlatform reads configuration and catalog of a tree. Problems in them are a finding.Problems.
func loadPlatform(ctx context.Context, tree *git.Tree) (platform, error) {
	recorder := render.Record(tree)
	if err := tree.Prefetch(ctx, config.FileName); err != nil {
		return platform{}, err
	}
	c, err := config.Load(view{recorder}, config.Options{NoComponentsYet: true})
	if err != nil {
		return platform{}, err
	}
	var files []string
	for _, glob := range c.Spec.Components {
		files = append(files, path.Join(glob, config.CatalogFile))
	}
	if err := tree.Prefetch(ctx, files...); err != nil {
		return platform{}, err
	}
	all, err := catalog.Load(view{recorder}, c.Spec.Components)
	if err != nil {
		return platform{}, err
	}
	p := platform{environments: c.EnvironmentNames(), remoteBases: c.Spec.Render.RemoteBases, again: recorder.Err() != nil}
	p.asked = recorder.Lookups()
	for _, c := range all.Components {
		p.components = append(p.components, component{c.Name, c.Path})
	}
	return p, nil
}
