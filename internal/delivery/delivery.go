package delivery

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/forge"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/release"
	"github.com/org/platform/internal/render"
	"github.com/org/platform/internal/state"
)

// Delivery moves releases of one platform.
type Delivery struct {
	Repo     *git.Repository
	Platform *config.Platform
	Now      func() time.Time
	RunURL   string                           // workflow run, for trailers; may be empty
	Web      string                           // page of the repository on its forge, for links; may be empty
	Progress func(format string, args ...any) // says what long work does
	Notice   func(format string, args ...any) // says what a person should know though nothing failed

	Forge *forge.Forge                             // nil where there is none: branches alone are used, and people merge them
	Needs func(component string) ([]string, error) // what a component depends on, by the catalog; nil is not known
	Owner func(component string) string            // who owns a component, as the forge calls them: a login or org/team; nil or "" is not known
	// Denied returns what the policies say against a release in a cell, nil where nobody asked them.
	Denied func(k state.Key, id release.ID) (reasons []string, known bool)
}

// ErrRefused is wrapped by errors about changes which a rule does not allow.
var ErrRefused = errors.New("refused")

func refusef(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrRefused, fmt.Errorf(format, args...))
}

// Manifests renders a release for an environment from the release's own source commit: its overlay, its platform.yaml, its digests.
func (d *Delivery) Manifests(ctx context.Context, r release.Release, environment string) ([]byte, error) {
	hash, err := d.Repo.FetchCommit(ctx, r.Source.Commit)
	if err != nil {
		return nil, fmt.Errorf("source of %s %s: %w", r.Component, r.ID, err)
	}
	commit, err := d.Repo.Commit(hash)
	if err != nil {
		return nil, err
	}
	tree := d.Repo.Tree(commit.TreeHash)
	if err := tree.Prefetch(ctx, config.FileName, r.Source.Path+"/deploy/**"); err != nil {
		return nil, err
	}
	platform, err := config.Load(tree, config.Options{NoComponentsYet: true})
	if err != nil {
		return nil, fmt.Errorf("at commit %.12s: %w", r.Source.Commit, err)
	}
	dir, err := render.OverlayDir(tree, r.Source.Path, environment)
	if err != nil {
		return nil, fmt.Errorf("at commit %.12s: %w", r.Source.Commit, err)
	}
	images := make([]render.Image, len(r.Images))
	for i, image := range r.Images {
		images[i] = render.Image{Name: image.Name, NewName: image.NewName, Digest: image.Digest}
	}
	result, err := render.Render(ctx, render.Request{Root: tree, Dir: dir, Images: images, RemoteBases: platform.Spec.Render.RemoteBases})
	if err != nil {
		return nil, fmt.Errorf("at commit %.12s: %w", r.Source.Commit, err)
	}
	return result.Manifests, nil
}

// stateTree returns the state branch's content at a tip; nil is a branch that does not exist yet.
func (d *Delivery) stateTree(tip *git.Commit) fs.FS {
	if tip == nil {
		return emptyFS{}
	}
	return d.Repo.Tree(tip.TreeHash)
}

// readState fetches the state branch and reads all of it.
func (d *Delivery) readState(ctx context.Context) (*git.Commit, *state.State, error) {
	tip, err := d.Repo.Tip(ctx, d.Platform.Spec.State.Branch)
	if err != nil {
		return nil, nil, err
	}
	s, err := d.stateAt(ctx, tip)
	return tip, s, err
}

func (d *Delivery) stateAt(ctx context.Context, tip *git.Commit) (*state.State, error) {
	if tip != nil {
		if err := d.Repo.Tree(tip.TreeHash).Prefetch(ctx, d.Platform.Spec.State.Path+"/**"); err != nil {
			return nil, err
		}
	}
	return state.Read(d.stateTree(tip), d.Platform.Spec.State.Path, d.Platform.EnvironmentNames())
}

// write returns the edit which puts a release into a cell. A hold of another release has done its work and goes.
func (d *Delivery) write(k state.Key, r release.Record, manifests []byte) git.Edit {
	return git.Edit{
		state.Dir(d.Platform.Spec.State.Path, k):      {Folder: state.Files(r, manifests)},
		state.HoldFile(d.Platform.Spec.State.Path, k): {},
	}
}

// locate adds to the finding of a hand-edited manifests.yaml the line of the first difference, by rendering what should stand there.
func (d *Delivery) locate(ctx context.Context, branch fs.FS, k state.Key, problems finding.Problems) finding.Problems {
	if len(problems) == 0 {
		return nil
	}
	dir := state.Dir(d.Platform.Spec.State.Path, k)
	file := dir + "/" + state.ManifestsFile
	data, err := fs.ReadFile(branch, dir+"/"+state.ReleaseFile)
	if err != nil {
		return problems
	}
	record, err := release.Decode(state.ReleaseFile, data)
	if err != nil {
		return problems
	}
	for i, p := range problems {
		if p.File != file || p.Line != 0 {
			continue
		}
		have, err := fs.ReadFile(branch, file)
		if err != nil {
			continue
		}
		if want, err := d.Manifests(ctx, record.Release, k.Environment); err == nil {
			problems[i].Line, problems[i].Confidence = firstDifference(have, want), finding.Exact
		}
	}
	return problems
}

// firstDifference returns the 1-based line of have at which it leaves want.
func firstDifference(have, want []byte) int {
	line := 1
	for i := range have {
		if i >= len(want) || have[i] != want[i] {
			return line
		}
		if have[i] == '\n' {
			line++
		}
	}
	return line
}

type emptyFS struct{}

func (emptyFS) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}
