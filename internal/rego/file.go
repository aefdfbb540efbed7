package rego

import (
	"context"
	"fmt"
	"path"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
)

// conftestKey is where conftest tells policies which file they check: data.conftest.file.name and data.conftest.file.dir.
const conftestKey = "conftest"

// combined is the name of an input that is a list, as conftest --combine has it.
const combined = "Combined"

// looksAtFile says whether a compiled policy may refer to data.conftest: by its name, or by a key of data that is not known before.
func looksAtFile(modules map[string]*ast.Module) bool {
	found := false
	for _, module := range modules {
		ast.WalkRefs(module, func(ref ast.Ref) bool {
			if found || !ref.HasPrefix(ast.DefaultRootRef) {
				return found
			}
			if len(ref) == 1 {
				found = true
				return true
			}
			key, ground := ref[1].Value.(ast.String)
			found = !ground || key == conftestKey
			return found
		})
	}
	return found
}

// telling opens a transaction in which data.conftest.file tells the file, a path in the repository. Others do not see it, and one is open at a time;
// done ends it. The folder is told as if the repository were the root of the file system: a verdict does not depend on where a clone lies.
func (p *Policies) telling(ctx context.Context, file string) (_ storage.Transaction, done func(), err error) {
	name, dir := combined, "/"
	if file != "" {
		name, dir = path.Base(file), path.Join("/", path.Dir(file))
	}
	told := ast.NewObject(ast.Item(ast.StringTerm("name"), ast.StringTerm(name)), ast.Item(ast.StringTerm("dir"), ast.StringTerm(dir)))
	txn, err := p.store.NewTransaction(ctx, storage.WriteParams)
	if err != nil {
		return nil, nil, fmt.Errorf("tell policies the file %s: %w", file, err)
	}
	if err = storage.MakeDir(ctx, p.store, txn, storage.Path{conftestKey}); err == nil {
		err = p.store.Write(ctx, txn, storage.AddOp, storage.Path{conftestKey, "file"}, told)
	}
	if err != nil {
		p.store.Abort(ctx, txn)
		return nil, nil, fmt.Errorf("tell policies the file %s: %w", file, err)
	}
	return txn, func() { p.store.Abort(ctx, txn) }, nil
}
