package check

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/git"
	"github.com/org/platform/internal/overlays"
	"github.com/org/platform/internal/rego"
	"github.com/org/platform/internal/render"
	"github.com/org/platform/internal/waiver"
)

// Options say what to check.
type Options struct {
	Repo     *git.Repository
	Head     git.Hash // tree
	Base     git.Hash // tree to compare with; the zero hash is none, and then everything is new
	Config   *config.Platform
	Overlays func(ctx context.Context) ([]Overlay, error) // of head
	Renders  *overlays.Store                              // knows what of two trees renders differently

	All          bool     // check what a change leaves alone too
	Components   []string // check these, and what a change leaves alone of them; none is all
	Environments []string // check only these; none is all
	Images       []render.Image
	PlaceKnown   bool   // place what is known as carefully as what is new
	Trace        string // rule id, or fingerprint, of the findings whose placement is to be told

	Workers  int
	Now      time.Time
	Progress func(format string, args ...any)
}

// Overlay is one component in one environment.
type Overlay struct{ Component, Environment, Dir string }

// Result is what a check found.
type Result struct {
	Findings  []finding.Finding // sorted
	Rules     []rego.Rule
	Renders   int // overlays
	Documents int // objects and documents of files that were evaluated
	Files     int
}

// Run checks. Findings that are there in the base too are known. Policies that cannot be loaded or evaluated are an error: what was not
// evaluated has not passed.
func Run(ctx context.Context, o Options) (*Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	c := &checker{Options: o, files: o.Repo.Tree(o.Head)}
	defer c.ahead.Wait()
	defer cancel()
	err := c.prefetch(ctx, c.policyFiles()...)
	if err != nil {
		return nil, err
	}
	c.loaded = sync.OnceValue(func() (err error) {
		if c.bundles, err = c.load(ctx); err != nil {
			cancel() // nothing that is rendered meanwhile will be checked
		}
		return err
	})
	c.ahead.Go(func() { _ = c.loaded() }) // who needs the bundles gets the error
	if c.waivers, err = waiver.Load(c.files, o.Now); err != nil {
		return nil, err
	}
	if o.Base != git.ZeroHash {
		if c.changes, err = o.Repo.Changes(ctx, o.Base, o.Head); err != nil {
			return nil, err
		}
	}
	err = c.manifests(ctx)
	if err := c.loaded(); err != nil { // why the rest was given up
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	if err := c.authored(ctx); err != nil {
		return nil, err
	}
	if err := c.assertComplete(); err != nil {
		return nil, err
	}
	c.result.Documents = int(c.documents.Load())
	c.result.Findings = c.finish()
	for _, b := range c.compiled() {
		c.result.Rules = append(c.result.Rules, b.policies.Rules()...)
	}
	return &c.result, nil
}

// checker is one run.
type checker struct {
	Options
	files   *git.Tree // of head
	changes []git.PathChange
	loaded  func() error // waits until the bundles are loaded
	bundles []*bundle    // once loaded
	ahead   sync.WaitGroup
	waivers *waiver.List
	units   []*unit
	found   []raw
	result  Result

	base, head *overlays.Set // what both sides render to, where that is known
	documents  atomic.Int64  // of head
	silent     sync.Map      // ids of rules that found something which is turned off
}

// raw is a finding of one component in one environment, or of one file, before the same cause elsewhere is told to be the same.
type raw struct {
	finding.Finding
	cause   string // what tells it from others of the same rule on the same line
	content string // see content
}

// selected says whether flags leave an overlay in.
func (o *Options) selected(component, environment string) bool {
	return (len(o.Components) == 0 || slices.Contains(o.Components, component)) &&
		(len(o.Environments) == 0 || slices.Contains(o.Environments, environment))
}

// whole says whether what the change leaves alone is to be checked too.
func (c *checker) whole() bool {
	return c.All || c.Base == git.ZeroHash || len(c.Components) > 0 || c.policiesChanged()
}

// policiesChanged says whether the change may have other findings in what it leaves alone.
func (c *checker) policiesChanged() bool {
	return slices.ContainsFunc(c.changes, func(change git.PathChange) bool {
		if change.Path == config.FileName || change.Path == waiver.FileName {
			return true
		}
		return slices.ContainsFunc(c.Config.Spec.Policies, func(b config.Bundle) bool {
			return within(change.Path, b.Path) || change.Path == b.Data && b.Data != ""
		})
	})
}

// change returns what the change does to a path.
func (c *checker) change(name string) (git.PathChange, bool) {
	i, found := slices.BinarySearchFunc(c.changes, name, func(change git.PathChange, name string) int { return strings.Compare(change.Path, name) })
	if !found {
		return git.PathChange{}, false
	}
	return c.changes[i], true
}

// policyFiles returns the paths of what is read before anything is checked.
func (c *checker) policyFiles() []string {
	files := []string{waiver.FileName}
	for _, b := range c.Config.Spec.Policies {
		if b.Path != "" {
			files = append(files, b.Path+"/**")
		}
		if b.Data != "" {
			files = append(files, b.Data)
		}
	}
	return files
}

// prefetch makes files of both sides readable in few round trips, where the clone does not have them.
func (c *checker) prefetch(ctx context.Context, globs ...string) error {
	if c.Repo.Complete() {
		return nil
	}
	var patterns []string
	for _, glob := range globs {
		patterns = append(patterns, alternatives(glob)...)
	}
	roots := []git.Hash{c.Head}
	if c.Base != git.ZeroHash {
		roots = append(roots, c.Base)
	}
	return c.Repo.Prefetch(ctx, roots, patterns...)
}

// alternatives writes a glob with {a,b} as several without; braces within braces are left as they are, and what they mean is fetched when it is read.
func alternatives(glob string) []string {
	before, rest, found := strings.Cut(glob, "{")
	inside, after, closed := strings.Cut(rest, "}")
	if !found || !closed || strings.Contains(inside, "{") {
		return []string{glob}
	}
	var all []string
	for choice := range strings.SplitSeq(inside, ",") {
		for _, tail := range alternatives(after) {
			all = append(all, before+choice+tail)
		}
	}
	return all
}
