package render

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/dispatch"
	"github.com/org/platform/internal/overlays"
	"github.com/org/platform/internal/workspace"
)

// overlay is one of --all for -o json.
type overlay struct {
	Component   string `json:"component"`
	Environment string `json:"environment"`
	Dir         string `json:"dir"`
	Digest      string `json:"digest"`
}

// all renders every overlay of a commit, or rather those which read what was changed since the last time, and writes them where --to says.
func all(ctx context.Context, a *app.App, w *workspace.Workspace, o Options) error {
	if err := w.PrefetchOverlays(w.Commit); err != nil {
		return err
	}
	var sink overlays.Sink
	if o.To != "" {
		folder := a.Path(o.To)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return fmt.Errorf("write manifests: %w", err)
		}
		root, err := os.OpenRoot(folder)
		if err != nil {
			return fmt.Errorf("write manifests: %w", err)
		}
		defer root.Close()
		sink = func(v overlays.Overlay, manifests []byte) error { return store(root, v, manifests) }
	}
	a.Progress("rendering what was changed since the last time")
	set, err := dispatch.Renders(a, w).Render(ctx, w.Repo, w.Commit.TreeHash, sink)
	if err != nil {
		return err
	}
	return reportAll(a, o, set)
}

// store writes the manifests of an overlay, unless they are there.
func store(root *os.Root, v overlays.Overlay, manifests []byte) error {
	if v.Err != nil {
		return nil // it is reported at the end
	}
	name := path.Join(v.Environment, v.Component+".yaml")
	if have, err := root.ReadFile(name); err == nil && bytes.Equal(have, manifests) {
		return nil
	}
	if err := root.MkdirAll(v.Environment, 0o755); err != nil {
		return fmt.Errorf("write manifests: %w", err)
	}
	if err := root.WriteFile(name, manifests, 0o644); err != nil {
		return fmt.Errorf("write manifests: %w", err)
	}
	return nil
}

func reportAll(a *app.App, o Options, set *overlays.Set) error {
	list := []overlay{}
	var failed []error
	components := map[string]bool{}
	for v := range set.All() {
		if v.Err != nil {
			failed = append(failed, v.Err)
			continue
		}
		components[v.Component] = true
		list = append(list, overlay{v.Component, v.Environment, v.Dir, "sha256:" + hex.EncodeToString(v.Digest[:])})
	}
	if o.Output == app.FormatJSON {
		if err := a.PrintJSON(list); err != nil {
			return err
		}
	}
	if err := errors.Join(failed...); err != nil {
		return err
	}
	if o.Output != app.FormatJSON {
		where := ""
		if o.To != "" {
			where = " in " + o.To
		}
		fmt.Fprintf(a.Out, "%s: %d overlays of %d components%s; %d rendered, the others as they were\n",
			a.Green("ok"), len(list), len(components), where, set.Rendered())
	}
	return nil
}

// allFlags says which flags have no place beside --all.
func (o Options) allFlags() error {
	switch {
	case o.Check:
		return app.Usagef("--all renders overlays, --check what is stored: give one of them")
	case o.Environment != "":
		return app.Usagef("--all renders every environment: %s has no place there", o.Environment)
	case len(o.Images) > 0:
		return app.Usagef("--all renders overlays as they are authored: --image has no place there")
	}
	return nil
}
