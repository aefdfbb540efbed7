package synthetic

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"
	"testing/fstest"

	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/render"
	"github.com/org/platform/internal/state"
)

// stateDir is where platform.yaml has the state by default.
const stateDir = "environments"

// cellShape is what the manifests of services differ in beyond names and digests.
type cellShape struct {
	shape       shape
	environment string
}

// templates renders the manifests of a service called the-service for every shape and environment.
func (o Options) templates(ctx context.Context) (map[cellShape]string, error) {
	templates := map[cellShape]string{}
	for _, s := range []shape{own, shared} {
		root := fstest.MapFS{}
		for file, content := range skeleton("repository") {
			root[file] = &fstest.MapFile{Data: []byte(content)}
		}
		for file, content := range o.service(s, theService, theTeam) {
			root["services/the-service/"+file] = &fstest.MapFile{Data: []byte(content)}
		}
		for e := range o.Environments {
			dir, err := render.OverlayDir(root, "services/the-service", Environment(e))
			if err != nil {
				return nil, err
			}
			image := render.Image{Name: theService, NewName: Registry + "/" + theService, Digest: theDigest}
			result, err := render.Render(ctx, render.Request{Root: root, Dir: dir, Images: []render.Image{image}})
			if err != nil {
				return nil, err
			}
			templates[cellShape{s, Environment(e)}] = string(result.Manifests)
		}
	}
	return templates, nil
}

var theDigest = "sha256:" + strings.Repeat("0", 64)

// State yields the files of the state as path and content: every service runs in every environment, released from one source commit. Each shape
// is rendered once and then filled with names, since three thousand renders take longer than all the rest.
func (o Options) State(ctx context.Context, source string) (iter.Seq2[string, []byte], error) {
	templates, err := o.templates(ctx)
	if err != nil {
		return nil, fmt.Errorf("render the shapes of services: %w", err)
	}
	return func(yield func(string, []byte) bool) {
		for i := range o.Services {
			image := Image(i, 0)
			r := release.New(Service(i), release.Source{Commit: source, Path: ServiceDir(i)}, []release.Image{image})
			names := strings.NewReplacer(theService, Service(i), theTeam, team(i), theDigest, image.Digest)
			for e := range o.Environments {
				promotedFrom := ""
				if e > 0 {
					promotedFrom = Environment(e - 1)
				}
				manifests := []byte(names.Replace(templates[cellShape{shapeOf(i), Environment(e)}]))
				dir := state.Dir(stateDir, state.Key{Environment: Environment(e), Component: Service(i)})
				files := state.Files(release.NewRecord(r, promotedFrom, manifests), manifests)
				for _, name := range slices.Sorted(maps.Keys(files)) {
					if !yield(path.Join(dir, name), files[name]) {
						return
					}
				}
			}
		}
	}, nil
}
