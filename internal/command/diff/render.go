package diff

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"runtime"
	"slices"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/diff"
	"github.com/org/platform/internal/render"
)

// pairs finds what the overlays of the chosen components come to on both sides.
type pairs interface {
	inputs(context.Context, *sides) ([]diff.Input, error)
}

// renderAll renders every overlay of both sides.
type renderAll struct{ app *app.App }

// half is an overlay on one side.
type half struct {
	input   int // index of the input it is one half of
	head    bool
	request render.Request
}

func (r renderAll) inputs(ctx context.Context, s *sides) ([]diff.Input, error) {
	if err := s.prefetch(ctx); err != nil {
		return nil, err
	}
	var inputs []diff.Input
	var halves []half
	for _, component := range s.components {
		for _, env := range s.environments {
			in := diff.Input{Source: diff.Overlay, Component: component, Environment: env, BeforeErr: s.base.err}
			for _, side := range []*side{&s.base, &s.head} {
				h, exists, err := side.overlay(component, env)
				h.input, h.head = len(inputs), side == &s.head
				switch {
				case err != nil:
					h.set(&in, nil, err)
				case exists:
					in.Path = h.request.Dir
					halves = append(halves, h)
				}
			}
			inputs = append(inputs, in)
		}
	}
	r.app.Progress("rendering %d overlays", len(halves))
	var requests []render.Request
	for _, h := range halves {
		requests = append(requests, h.request)
	}
	files := changedFiles{s: s, known: map[string]bool{}}
	for i, outcome := range render.All(ctx, requests, runtime.GOMAXPROCS(0)) {
		in := &inputs[halves[i].input]
		if outcome.Err != nil {
			halves[i].set(in, nil, outcome.Err)
			continue
		}
		halves[i].set(in, outcome.Result.Manifests, nil)
		changed, err := files.among(outcome.Result.Reads)
		if err != nil {
			return nil, err
		}
		in.Files = append(in.Files, changed...)
	}
	return inputs, ctx.Err()
}

// overlay returns what to render of a component for an environment, where it has anything to deploy on this side.
func (s *side) overlay(component, environment string) (h half, exists bool, err error) {
	if !s.has(component, environment) {
		return h, false, nil
	}
	folder := s.components[component].Path
	if _, err := fs.Stat(s.files, path.Join(folder, "deploy")); errors.Is(err, fs.ErrNotExist) {
		return h, false, nil
	}
	dir, err := render.OverlayDir(s.files, folder, environment)
	h.request = render.Request{Root: s.files, Dir: dir, RemoteBases: s.config.Spec.Render.RemoteBases}
	return h, err == nil, err
}

func (h half) set(in *diff.Input, manifests []byte, err error) {
	if h.head {
		in.After, in.AfterErr = manifests, err
		return
	}
	in.Before, in.BeforeErr = manifests, err
}

// prefetch fetches the overlays of all components in few round trips. What they read elsewhere comes when it is read.
func (s *sides) prefetch(ctx context.Context) error {
	for _, side := range []*side{&s.base, &s.head} {
		var folders []string
		for _, name := range s.components {
			if c, exists := side.components[name]; exists {
				folders = append(folders, path.Join(c.Path, "deploy/**"))
			}
		}
		if err := side.files.Prefetch(ctx, folders...); err != nil {
			return err
		}
	}
	return nil
}

// changedFiles knows which files are not the same on both sides.
type changedFiles struct {
	s     *sides
	known map[string]bool
}

func (c changedFiles) among(files []string) ([]string, error) {
	var changed []string
	for _, file := range files {
		if _, asked := c.known[file]; !asked {
			before, err := c.s.base.files.EntryHash(file)
			if err != nil {
				return nil, err
			}
			after, err := c.s.head.files.EntryHash(file)
			if err != nil {
				return nil, err
			}
			c.known[file] = before != after
		}
		if c.known[file] && !slices.Contains(changed, file) {
			changed = append(changed, file)
		}
	}
	return changed, nil
}
