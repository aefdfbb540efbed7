package check

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/org/platform/internal/config"
	"github.com/org/platform/internal/document"
	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/rego"
	"github.com/org/platform/internal/suggest"
	"github.com/org/platform/policy"
)

// bundle is a bundle of policies with what it is for.
type bundle struct {
	config.Bundle
	policies *rego.Policies // once compile was called
	compile  func() error
	seen     atomic.Int64 // documents that were given to it
}

// Bundle returns the policies that an entry of platform.yaml means: built in, or in the repository.
func Bundle(files fs.FS, b config.Bundle) (rego.Bundle, error) {
	if b.Path != "" {
		root, err := fs.Sub(files, path.Clean(b.Path))
		if err != nil {
			return rego.Bundle{}, fmt.Errorf("policy bundle %s: %w", b.Name, err)
		}
		return rego.Bundle{Name: path.Clean(b.Path), Root: root, Combine: b.Combine}, nil
	}
	root, known := policy.Bundle(b.Name)
	if !known {
		return rego.Bundle{}, fmt.Errorf("platform.yaml names the unknown policy bundle %q: %s; or give its path", b.Name, suggest.Hint(b.Name, policy.Names()))
	}
	return rego.Bundle{Name: "policy/" + b.Name, Root: root, Combine: b.Combine}, nil
}

// Data returns what a bundle's policies find under data: what the platform is, and the file that platform.yaml names.
func Data(files fs.FS, p *config.Platform, b config.Bundle) (map[string]any, error) {
	data := map[string]any{}
	if b.Data != "" {
		content, err := fs.ReadFile(files, b.Data)
		if err != nil {
			return nil, fmt.Errorf("read the data of policy bundle %s: %w", b.Name, err)
		}
		docs, err := document.Parse(b.Data, content)
		if err != nil {
			return nil, err
		}
		object, ok := map[string]any(nil), false
		if len(docs) == 1 {
			object, ok = docs[0].Value.(map[string]any)
		}
		if !ok {
			return nil, finding.Problems{{RuleID: "parse", Severity: finding.Error, File: b.Data, Confidence: finding.File,
				Message: "the data of a policy bundle is one document with keys at its top", Fix: "write for example: allowed_registries: [ghcr.io/org]"}}
		}
		data = object
	}
	if _, taken := data["platform"]; taken {
		return nil, fmt.Errorf("%s: the key platform is taken: it tells policies about platform.yaml", b.Data)
	}
	data["platform"] = map[string]any{
		"name": p.Metadata.Name, "registry": p.Spec.Registry, "actions": p.Spec.Actions.Repository,
		"environments": list(p.EnvironmentNames()), "production": list(p.Production()),
	}
	return data, nil
}

func list(names []string) []any {
	all := make([]any, len(names))
	for i, name := range names {
		all[i] = name
	}
	return all
}

// load compiles the bundles, each by itself: what one of them defines is nothing to the others. Built-in ones that no file is given to wait: they
// are known to compile.
func (c *checker) load(ctx context.Context) ([]*bundle, error) {
	all := make([]*bundle, len(c.Config.Spec.Policies))
	for i, configured := range c.Config.Spec.Policies {
		if len(configured.Files) == 0 && configured.Path == "" {
			configured.Files = policy.Globs(configured.Name)
		}
		b := &bundle{Bundle: configured}
		b.compile = sync.OnceValue(func() error { return c.compile(ctx, b) })
		all[i] = b
	}
	named := len(c.Config.Spec.Severity) > 0 || slices.ContainsFunc(c.Config.Spec.Environments, func(e config.Environment) bool { return len(e.Severity) > 0 })
	return all, each(ctx, c.Workers, len(all), func(_ context.Context, i int) error {
		if b := all[i]; b.Path != "" || b.forManifests() || named { // a severity may be that of any rule
			return b.compile()
		}
		return nil
	})
}

func (c *checker) compile(ctx context.Context, b *bundle) error {
	source, err := Bundle(c.files, b.Bundle)
	if err != nil {
		return err
	}
	if source.Data, err = Data(c.files, c.Config, b.Bundle); err != nil {
		return err
	}
	if b.policies, err = rego.Load(ctx, []rego.Bundle{source}); err == nil {
		b.policies.Time = c.Now
	}
	return err
}

func (b *bundle) forManifests() bool {
	return len(b.Files) == 0 && (b.Path != "" || policy.Kind(b.Name) == policy.Manifests)
}

// compiled returns the bundles that were needed.
func (c *checker) compiled() []*bundle {
	return slices.DeleteFunc(slices.Clone(c.bundles), func(b *bundle) bool { return b.policies == nil })
}

// forManifests returns the bundles that check rendered manifests.
func (c *checker) forManifests() []*bundle {
	return slices.DeleteFunc(slices.Clone(c.bundles), func(b *bundle) bool { return !b.forManifests() })
}

// assertComplete makes sure that no document was passed over: a check that saw less than there is would pass what it must not.
func (c *checker) assertComplete() error {
	for _, b := range c.compiled() {
		if evaluated := b.policies.Documents(); evaluated != b.seen.Load() {
			return fmt.Errorf("policy bundle %s: %d documents were evaluated of %d: this is a fault of the toolkit; report it", b.Name, evaluated, b.seen.Load())
		}
	}
	return nil
}

// within says whether a path is a folder or below it.
func within(name, dir string) bool {
	return dir != "" && (name == dir || strings.HasPrefix(name, dir+"/"))
}
