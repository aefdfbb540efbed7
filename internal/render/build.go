package render

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/kustomize/api/builtins"
	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// managedBy is the value kustomize's managedByLabel option writes. Kustomize takes it from the program it is linked into, so
// that manifests would change with our version; this is the one of the kustomize release whose api module we link.
const managedBy = "kustomize-v5.8.1"

// object is one rendered resource, read out of kustomize's types while the schema is still the one it was rendered with.
type object struct {
	apiVersion, kind, namespace, name string

	origin   string // kustomize's origin annotation
	manifest []byte
	node     *yaml.Node
}

type built struct {
	objects []object
	reads   []string
	remote  bool
}

// build runs kustomize on the overlay as edited by edit, which may be nil.
func build(ctx context.Context, req Request, edit func(*types.Kustomization)) (*built, error) {
	var result *built
	var err error
	kyamlSchema.shared(func() { result, err = run(newTree(ctx, req, edit)) })
	if errors.Is(err, errOwnSchema) {
		tree := newTree(ctx, req, edit)
		tree.ownSchema = true
		kyamlSchema.exclusive(func() { result, err = run(tree) })
	}
	return result, err
}

func run(t *tree) (result *built, err error) {
	defer func() {
		if r := recover(); r != nil { // kustomize panics on, among others, a custom schema that does not parse
			result, err = nil, t.clean(fmt.Errorf("kustomize failed: %v", r))
		}
	}()
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionUnspecified // as `kustomize build` does, so that sortOptions decides
	resources, err := krusty.MakeKustomizer(options).Run(t, virtual(t.dir))
	if t.failure != nil { // kustomize takes some read errors for missing files and goes on
		return nil, t.clean(t.failure)
	}
	if err != nil {
		return nil, t.clean(err)
	}
	if t.managedBy {
		if err := labelManagedBy(resources); err != nil {
			return nil, t.clean(err)
		}
	}
	objects, err := readOut(resources)
	if err != nil {
		return nil, t.clean(err)
	}
	return &built{objects: objects, reads: slices.Sorted(maps.Keys(t.reads)), remote: t.cloning}, nil
}

func labelManagedBy(resources resmap.ResMap) error {
	label := builtins.LabelTransformerPlugin{
		Labels:     map[string]string{konfig.ManagedbyLabelKey: managedBy},
		FieldSpecs: []types.FieldSpec{{Path: "metadata/labels", CreateIfNotPresent: true}},
	}
	return label.Transform(resources)
}

func readOut(resources resmap.ResMap) ([]object, error) {
	var objects []object
	for _, r := range resources.Resources() {
		manifest, err := r.AsYAML()
		if err != nil {
			return nil, fmt.Errorf("write %s %s: %w", r.GetKind(), r.GetName(), err)
		}
		o := object{
			apiVersion: r.GetApiVersion(), kind: r.GetKind(), namespace: r.GetNamespace(), name: r.GetName(),
			origin: r.GetAnnotations()[originAnnotation], manifest: manifest, node: r.YNode(),
		}
		objects = append(objects, o)
	}
	return objects, nil
}

// cleanError is a kustomize error without the paths that only exist during a render.
type cleanError struct {
	message string
	cause   error
}

func (e cleanError) Error() string { return e.message }
func (e cleanError) Unwrap() error { return e.cause }

func (t *tree) clean(err error) error {
	pairs := []string{mount + "/", "", mount, "the repository root", servedQuery, "", escaped(servedQuery), ""}
	for clone := range t.clones {
		pairs = append(pairs, clone+"/", "", clone, "the root of the remote base")
	}
	return cleanError{message: strings.NewReplacer(pairs...).Replace(err.Error()), cause: err}
}

// escaped returns s as it looks inside a message that quotes it.
func escaped(s string) string {
	return strings.Trim(strconv.Quote(s), `"`)
}
