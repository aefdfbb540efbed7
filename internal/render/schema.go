package render

import (
	_ "embed"
	"errors"
	"sync"

	"sigs.k8s.io/kustomize/kyaml/openapi"
	"sigs.k8s.io/kustomize/kyaml/openapi/kubernetesapi"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// kyamlSchema guards the OpenAPI schema that kyaml merges patches by. It is a package variable because what it guards is one,
// in kyaml: a render of one caller would otherwise change the result of another caller's.
var kyamlSchema schemaGuard

// kubernetesSchema is kyaml's built-in schema without what no render looks at: descriptions, and the paths of the API, of which kyaml has
// computed before which kinds have a namespace. A sixteenth of the size is parsed in a tenth of the time. A test makes it from kyaml's, and
// compares what kyaml makes of both.
//
//go:embed kubernetes.pb
var kubernetesSchema []byte

// errOwnSchema stops a render that shares the schema when a kustomization file turns out to bring its own.
var errOwnSchema = errors.New("the kustomization uses its own OpenAPI schema")

type schemaGuard struct {
	mu   sync.RWMutex
	slim sync.Once
	warm bool // kyaml holds exactly the built-in schema, parsed
}

// Warm parses the schema that renders share, which the first that needs it would otherwise wait for.
func Warm() { kyamlSchema.warmUp() }

// shared runs f beside others that use the built-in schema. For that the schema must be parsed, as kyaml parses it on demand while
// others read the same maps without a lock. That takes as long as a render or two, which a render on its own is spared where it needs no
// schema.
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
	g.useOurs()
	f()
	return true
}

func (g *schemaGuard) warmUp() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.useOurs()
	if !g.warm {
		openapi.SchemaForResourceType(yaml.TypeMeta{})
		g.warm = true
	}
}

// exclusive runs f alone, from an empty schema, and forgets what f made of it: kyaml itself keeps a custom schema for ever.
func (g *schemaGuard) exclusive(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.useOurs()
	g.warm = false
	openapi.ResetOpenAPI()
	defer openapi.ResetOpenAPI()
	f()
}

// useOurs makes kyaml parse kubernetesSchema where it would parse its own. It is called under the lock, before kyaml is.
func (g *schemaGuard) useOurs() {
	g.slim.Do(func() {
		kubernetesapi.OpenAPIMustAsset[kubernetesapi.DefaultOpenAPI] = func(string) []byte { return kubernetesSchema }
	})
}
