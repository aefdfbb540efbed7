package rego

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/open-policy-agent/conftest/policy"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"github.com/org/platform/internal/finding"
)

// store returns what policies see as data: the files, and over them what the bundles bring along.
func (m *material) store(ctx context.Context, engine *policy.Engine) (storage.Store, error) {
	files, err := storage.ReadOne(ctx, engine.Store(), storage.RootPath)
	if err != nil {
		return nil, fmt.Errorf("read policy data: %w", err)
	}
	data, ok := files.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("read policy data: want an object, got %s", kind(files))
	}
	from := map[string]string{}
	for _, b := range m.bundles {
		for _, key := range slices.Sorted(maps.Keys(b.Data)) {
			if other, twice := from[key]; twice && !reflect.DeepEqual(data[key], b.Data[key]) {
				return nil, fmt.Errorf("data.%s has two values, in the configuration of the policy bundles %s and %s: they see the same data", key, other, b.Name)
			}
			if _, err := ast.InterfaceToValue(b.Data[key]); err != nil {
				return nil, fmt.Errorf("policy bundle %s: data.%s: %w", b.Name, key, err)
			}
			data[key], from[key] = b.Data[key], b.Name
		}
	}
	if problems := m.collisions(engine.Modules(), data, from); len(problems) > 0 {
		return nil, problems
	}
	return inmem.NewFromObjectWithOpts(data, inmem.OptReturnASTValuesOnRead(true)), nil
}

// collisions reports configured data that a package hides, and data of files that a rule hides.
func (m *material) collisions(modules map[string]*ast.Module, data map[string]any, from map[string]string) finding.Problems {
	var problems finding.Problems
	for _, module := range modules {
		if len(module.Package.Path) < 2 {
			continue
		}
		key, _ := module.Package.Path[1].Value.(ast.String)
		if bundle, set := from[string(key)]; set {
			f := problemAt(module.Package.Loc(), "", m.show)
			f.Message = fmt.Sprintf("the package hides data.%s, which the configuration of policy bundle %s sets", string(key), bundle)
			f.Fix = "give the data another key, or rename the package"
			problems = append(problems, f)
			continue
		}
		for _, rule := range module.Rules {
			path := slices.Concat(module.Package.Path[1:], ast.Ref{ast.StringTerm(headName(rule.Head))})
			if holds(data, path) {
				f := problemAt(rule.Loc(), fmt.Sprintf("the rule hides %s, which a data file sets", append(ast.Ref{ast.DefaultRootDocument}, path...)), m.show)
				f.Fix = "rename one of them"
				problems = append(problems, f)
			}
		}
	}
	finding.Sort(problems)
	return slices.CompactFunc(problems, func(a, b finding.Finding) bool { return a.Place() == b.Place() })
}

func holds(value any, path ast.Ref) bool {
	for _, step := range path {
		key, _ := step.Value.(ast.String)
		object, _ := value.(map[string]any)
		next, ok := object[string(key)]
		if !ok {
			return false
		}
		value = next
	}
	return true
}
