package overlays

import (
	"context"
	"fmt"
	"iter"
	"slices"
)

// Pair is an overlay that comes out differently in two Sets. What is nil is not there: the component was not part of the environment, or does
// not render, for the reason in BeforeErr or AfterErr.
type Pair struct {
	Component, Environment string

	Path                string // folder of the component
	Before, After       []byte
	BeforeErr, AfterErr error
}

// Changed yields the overlays whose manifests differ from one Set to another, or which render in one of them alone, by environment in the order
// in which releases travel, and by component. It ends with the first error: manifests that cannot be had again.
func Changed(ctx context.Context, base, head *Set) iter.Seq2[Pair, error] {
	return func(yield func(Pair, error) bool) {
		names := slices.Concat(base.names(), head.names())
		slices.Sort(names)
		names = slices.Compact(names)
		for _, environment := range environments(base, head) {
			for _, name := range names {
				p, differs, err := compare(ctx, base, head, name, environment)
				if err != nil {
					yield(Pair{}, err)
					return
				}
				if differs && !yield(p, nil) {
					return
				}
			}
		}
	}
}

// environments returns those of head, and then those that only base has.
func environments(base, head *Set) []string {
	all := head.Environments()
	for _, e := range base.platform.environments {
		if !slices.Contains(all, e) {
			all = append(all, e)
		}
	}
	return all
}

func (s *Set) names() []string {
	names := make([]string, len(s.platform.components))
	for i, c := range s.platform.components {
		names[i] = c.name
	}
	return names
}

func compare(ctx context.Context, base, head *Set, name, environment string) (p Pair, differs bool, err error) {
	before, inBase := base.Find(name, environment)
	after, inHead := head.Find(name, environment)
	if inBase == inHead && before.Digest == after.Digest { // also where both fail: neither has a digest
		return p, false, nil
	}
	p = Pair{Component: name, Environment: environment, Path: after.Path, BeforeErr: before.Err, AfterErr: after.Err}
	if !inHead {
		p.Path = before.Path
	}
	if inBase && before.Err == nil {
		if p.Before, err = base.Manifests(ctx, name, environment); err != nil {
			return p, false, fmt.Errorf("manifests before the change: %w", err)
		}
	}
	if inHead && after.Err == nil {
		if p.After, err = head.Manifests(ctx, name, environment); err != nil {
			return p, false, fmt.Errorf("manifests after the change: %w", err)
		}
	}
	return p, true, nil
}
