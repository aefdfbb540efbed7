package check

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/overlays"
	"github.com/org/platform/internal/rego"
	"github.com/org/platform/internal/render"
)

// unit is an overlay to check.
type unit struct {
	Overlay
	before  string // folder of the overlay in the base; "" where it has none
	changed bool   // it comes out differently than in the base

	err        error // why it does not render
	errBefore  error
	violations []violation    // of head
	known      map[string]int // fingerprints of the base
	objects    []identity
	result     *render.Result                    // of head, where something is to be placed
	origins    func() ([]render.Resource, error) // of the result
}

// chosen returns the overlays to check. What the change leaves as it was has the findings it had.
func (c *checker) chosen(ctx context.Context) ([]*unit, error) {
	var all []*unit
	if c.Base == git.ZeroHash {
		list, err := c.Overlays(ctx)
		if err != nil {
			return nil, err
		}
		for _, o := range list {
			all = append(all, &unit{Overlay: o, changed: true})
		}
		return c.keep(all), nil
	}
	base, head, err := c.sets(ctx)
	if err != nil {
		return nil, err
	}
	c.base, c.head = base, head
	changed, err := changedOverlays(ctx, base, head)
	if err != nil {
		return nil, err
	}
	for o := range head.All() {
		u := &unit{Overlay: Overlay{o.Component, o.Environment, o.Dir}}
		u.changed = base == nil || o.Err != nil || changed[Overlay{Component: o.Component, Environment: o.Environment}]
		if base != nil {
			if before, found := base.Find(o.Component, o.Environment); found {
				u.before, u.errBefore = before.Dir, before.Err
			}
		}
		if u.changed || c.whole() {
			all = append(all, u)
		}
	}
	return c.keep(all), nil
}

// changedOverlays returns the overlays, without their folders, that come out differently.
func changedOverlays(ctx context.Context, base, head *overlays.Set) (map[Overlay]bool, error) {
	changed := map[Overlay]bool{}
	if base == nil {
		return changed, nil
	}
	for pair, err := range overlays.Changed(ctx, base, head) {
		if err != nil {
			return nil, err
		}
		changed[Overlay{Component: pair.Component, Environment: pair.Environment}] = true
	}
	return changed, nil
}

// keep drops what the flags leave out.
func (c *checker) keep(all []*unit) []*unit {
	return slices.DeleteFunc(all, func(u *unit) bool { return !c.selected(u.Component, u.Environment) })
}

// sets returns what both sides render to. A base without a configuration that can be read has no findings: all of them are new.
func (c *checker) sets(ctx context.Context) (base, head *overlays.Set, err error) {
	c.Progress("rendering what differs from the base")
	var problems finding.Problems
	base, err = c.Renders.Render(ctx, c.Repo, c.Base, nil)
	if err == nil {
		head, err = base.At(ctx, c.Head, nil)
		return base, head, err
	}
	if !errors.Is(err, config.ErrNotFound) && !errors.As(err, &problems) {
		return nil, nil, err
	}
	head, err = c.Renders.Render(ctx, c.Repo, c.Head, nil)
	return nil, head, err
}

// manifests checks what overlays render to.
func (c *checker) manifests(ctx context.Context) error {
	var err error
	if c.units, err = c.chosen(ctx); err != nil {
		return err
	}
	c.result.Renders = len(c.units)
	if len(c.units) > 0 {
		c.Progress("checking %d overlays", len(c.units))
	}
	err = each(ctx, c.Workers, len(c.units), func(_ context.Context, i int) error { // the context of all: what is begun in advance is wanted later
		return c.evaluateUnit(ctx, c.units[i])
	})
	if err != nil {
		return err
	}
	if err := c.loaded(); err != nil {
		return err
	}
	if err := c.environments(ctx); err != nil {
		return err
	}
	found := make([][]raw, len(c.units))
	err = each(ctx, c.Workers, len(c.units), func(ctx context.Context, i int) (err error) {
		found[i], err = c.placeUnit(ctx, c.units[i])
		return err
	})
	c.found = append(c.found, slices.Concat(found...)...)
	return err
}

// evaluateUnit renders an overlay and evaluates what it came to, before the change too where it has findings after it.
func (c *checker) evaluateUnit(ctx context.Context, u *unit) error {
	request := c.request(c.files, u.Overlay, u.Dir)
	compared := u.changed && u.before != ""
	before := func() (*render.Result, error) {
		return render.Render(ctx, c.request(c.Repo.Tree(c.Base), u.Overlay, u.before))
	}
	if compared {
		before = inAdvance(c, before)
	}
	result, err := render.Render(ctx, request)
	if err != nil {
		u.err, u.known = err, map[string]int{}
		return ctx.Err()
	}
	origins := inAdvance(c, func() ([]render.Resource, error) { return render.Origins(ctx, request, result.Resources) })
	now, err := c.judge(ctx, result, u.Overlay, u.Dir, nil, ofOneRender()...)
	if err != nil {
		return err
	}
	u.violations, u.objects, u.known = now.violations, now.objects, map[string]int{}
	c.documents.Add(int64(len(now.objects)))
	if len(u.violations) > 0 {
		u.result, u.origins = result, origins
	}
	if !compared || len(u.violations) == 0 {
		return nil
	}
	return c.compare(ctx, u, before)
}

// compare notes what the base has of the findings of an overlay: none where it did not render.
func (c *checker) compare(ctx context.Context, u *unit, before func() (*render.Result, error)) error {
	result, err := before()
	if err != nil {
		return ctx.Err()
	}
	alike := u.verdicts()
	if u.before != u.Dir { // which policies may be told
		alike = nil
	}
	e, err := c.judge(ctx, result, u.Overlay, u.before, alike, ofOneRender()...)
	if err != nil {
		return fmt.Errorf("in the base: %w", err)
	}
	u.known = e.fingerprints(u.Overlay)
	return nil
}

// ofOneRender returns the scopes whose input is one render.
func ofOneRender() []rego.Scope { return []rego.Scope{rego.Document, rego.Component} }

// inAdvance returns a function for what work gives. It begins at once where there are cores that no overlay needs, as it is likely to be wanted.
func inAdvance[T any](c *checker, work func() (T, error)) func() (T, error) {
	once := sync.OnceValues(work)
	if len(c.units) < workers(c.Workers) {
		c.ahead.Go(func() { _, _ = once() })
	}
	return once
}
