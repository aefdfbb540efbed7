package rego

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/conftest/policy"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"

	"github.com/org/platform/internal/finding"
)

// DefaultTimeLimit is how long one namespace may take over one document.
const DefaultTimeLimit = 5 * time.Second

// Policies are compiled policies. They may be used by several goroutines at once, after the fields are set.
//
// A policy gives the same results for the same input in every run: random builtins repeat themselves, and time.now_ns is Time. A builtin that
// fails is undefined, as with conftest, unless Strict.
type Policies struct {
	TimeLimit time.Duration // for one namespace over one input
	Time      time.Time     // what time.now_ns tells; the clock where zero
	Strict    bool          // a builtin that fails is an error, as with conftest --show-builtin-errors

	namespaces []namespace
	store      storage.Store
	tellsFile  bool // a policy may look at data.conftest
	documents  atomic.Int64
	rules      []Rule
	byID       map[string]Rule
	show       func(string) string
}

// namespace is one package that holds rules, with the query which evaluates all of them.
type namespace struct {
	name   string
	path   ast.Ref // data and the package
	rules  []string
	places map[string]finding.Finding // where each rule is first written
	scope  Scope
	query  rego.PreparedEvalQuery
}

// Load compiles the bundles together. Policies that do not compile are reported as finding.Problems on their file and line.
func Load(ctx context.Context, bundles []Bundle) (*Policies, error) {
	m, err := materialize(bundles, false)
	if err != nil {
		return nil, err
	}
	defer m.remove()
	engine, err := load(m)
	if err != nil {
		return nil, err
	}
	store, err := m.store(ctx, engine)
	if err != nil {
		return nil, err
	}
	p := &Policies{TimeLimit: DefaultTimeLimit, show: m.show, rules: describe(engine.Modules(), m.show), byID: map[string]Rule{},
		store: store, tellsFile: looksAtFile(engine.Compiler().Modules)}
	for _, r := range p.rules {
		if _, twice := p.byID[r.ID]; !twice {
			p.byID[r.ID] = r
		}
	}
	found, err := discover(engine.Modules(), m.show)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, errors.New("no rules: name at least one rule deny, violation or warn")
	}
	if err := m.assignScopes(found, engine.Modules()); err != nil {
		return nil, err
	}
	for _, n := range found {
		if n.query, err = prepare(ctx, engine.Compiler(), store, n); err != nil {
			return nil, fmt.Errorf("prepare policies of namespace %s: %s", n.name, m.show(err.Error()))
		}
		p.namespaces = append(p.namespaces, n)
	}
	return p, nil
}

func load(m *material) (*policy.Engine, error) {
	options := policy.CompilerOptions{RegoVersion: "v1", Capabilities: capabilities()}
	engine, err := policy.LoadWithData([]string{m.dir}, m.data, options)
	if err != nil {
		return nil, m.problems(err)
	}
	return engine, nil
}

// prepare compiles one query for all rules of a namespace. The comprehensions keep a rule that is undefined from
// making the whole query undefined.
func prepare(ctx context.Context, compiler *ast.Compiler, store storage.Store, n namespace) (rego.PreparedEvalQuery, error) {
	results, exceptions := ast.NewObject(), ast.SetComprehensionTerm(
		ast.VarTerm("name"), ast.NewBody(ast.Equality.Expr(ast.VarTerm("name"), n.ref("exception", ast.VarTerm("i"), ast.VarTerm("j")))))
	for _, rule := range n.rules {
		value := ast.ArrayComprehensionTerm(ast.VarTerm("value"), ast.NewBody(ast.Equality.Expr(ast.VarTerm("value"), n.ref(rule))))
		results.Insert(ast.StringTerm(rule), value)
	}
	query := ast.NewBody(
		ast.Equality.Expr(ast.VarTerm("results"), ast.NewTerm(results)),
		ast.Equality.Expr(ast.VarTerm("exceptions"), exceptions),
	)
	return rego.New(
		rego.ParsedQuery(query),
		rego.Compiler(compiler),
		rego.Store(store),
		rego.Capabilities(capabilities()),
	).PrepareForEval(ctx)
}

func (n namespace) ref(rule string, more ...*ast.Term) *ast.Term {
	ref := n.path.Append(ast.StringTerm(rule))
	for _, term := range more {
		ref = ref.Append(term)
	}
	return ast.NewTerm(ref)
}
