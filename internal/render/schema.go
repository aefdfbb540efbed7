package render

import (
	"errors"
	"sync"

	"sigs.k8s.io/kustomize/kyaml/openapi"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// kyamlSchema guards the OpenAPI schema that kyaml merges patches by. It is a package variable because what it guards is one,
// in kyaml: a render of one caller would otherwise change the result of another caller's.
var kyamlSchema schemaGuard

// errOwnSchema stops a render that shares the schema when a kustomization file turns out to bring its own.
var errOwnSchema = errors.New("the kustomization uses its own OpenAPI schema")

type schemaGuard struct {
	mu   sync.RWMutex
	warm bool // kyaml holds exactly the built-in schema, parsed
}

// shared runs f beside others that use the built-in schema. For that the schema must be parsed, as kyaml parses it on demand while
// others read the same maps without a lock. That takes 0.1 s, which a render on its own is spared where it needs no schema.
func (g *schemaGuard) shared(f func()) {
	for {
		g.mu.RLock()
		if g.warm {
			defer g.mu.RUnlock()
			f()
			return
		}
		g.mu.RUnlock()
		if g.alone(f) {
			return
		}
		g.warmUp()
	}
}

// alone runs f where nobody else is rendering.
func (g *schemaGuard) alone(f func()) bool {
	if !g.mu.TryLock() {
		return false
	}
	defer g.mu.Unlock()
	f()
	return true
}

func (g *schemaGuard) warmUp() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.warm {
		openapi.SchemaForResourceType(yaml.TypeMeta{})
		g.warm = true
	}
}

// exclusive runs f alone, from an empty schema, and forgets what f made of it: kyaml itself keeps a custom schema for ever.
func (g *schemaGuard) exclusive(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.warm = false
	openapi.ResetOpenAPI()
	defer openapi.ResetOpenAPI()
	f()
}
