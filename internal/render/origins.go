package render

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/types"
)

const originAnnotation = "config.kubernetes.io/origin"

// Origins returns the resources that a request was rendered to with their Origin and OriginalName, as with Request.Origins. It takes another
// render.
func Origins(ctx context.Context, req Request, rendered []Resource) ([]Resource, error) {
	resources, err := origins(ctx, req, rendered)
	if err != nil {
		return nil, fmt.Errorf("render %s: %w", req.Dir, err)
	}
	return resources, nil
}

// origins renders once more, with kustomize's origin annotations, and reads from them where the objects come from. The objects
// themselves stay those of the first render, so that nothing of the annotations can show in them.
func origins(ctx context.Context, req Request, rendered []Resource) ([]Resource, error) {
	annotated, err := build(ctx, req, func(k *types.Kustomization) {
		if len(req.Images) > 0 {
			pinImages(k, req.Images)
		}
		if !slices.Contains(k.BuildMetadata, types.OriginAnnotations) {
			k.BuildMetadata = append(k.BuildMetadata, types.OriginAnnotations)
		}
	})
	if err != nil {
		return nil, err
	}
	if len(annotated.objects) != len(rendered) {
		return nil, errors.New("kustomize renders other resources when asked where they come from")
	}
	t := newTree(ctx, req, nil)
	dir, _, err := t.resolve(req.Dir)
	if err != nil {
		return nil, err
	}
	resources := slices.Clone(rendered)
	for i, r := range rendered {
		if same := annotated.objects[i]; same.kind != r.Kind || same.name != r.Name || same.namespace != r.Namespace {
			continue
		}
		resources[i].Origin = originFile(t, dir, annotated.objects[i].origin)
		resources[i].OriginalName = originalName(t, resources[i])
	}
	return resources, nil
}

// originFile returns the repository file an origin annotation speaks of, "" where it speaks of none.
func originFile(t *tree, dir, annotation string) string {
	var origin struct{ Path, Repo string }
	if yaml.Unmarshal([]byte(annotation), &origin) != nil || origin.Path == "" || origin.Repo != "" {
		return ""
	}
	file, mode, err := t.resolve(path.Join(dir, origin.Path))
	if err != nil || mode.IsDir() {
		return ""
	}
	return file
}

// originalName finds the document a resource was made from: the only one of its kind in the file, else the one whose whole name
// is in the resource's, the longest of several.
func originalName(t *tree, r Resource) string {
	if r.Origin == "" {
		return ""
	}
	data, err := t.raw(virtual(r.Origin))
	if err != nil {
		return ""
	}
	names := declared(data, r.APIVersion, r.Kind)
	if len(names) == 1 {
		return names[0]
	}
	best := ""
	for _, name := range names {
		if len(name) > len(best) && strings.Contains(r.Name, name) {
			best = name
		}
	}
	return best
}

// declared returns the names of the objects of one kind in a YAML file, lists included.
func declared(data []byte, apiVersion, kind string) []string {
	type object struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Metadata   struct{ Name string }
		Items      []yaml.Node
	}
	var names []string
	var add func(decode func(any) error) error
	add = func(decode func(any) error) error {
		var o object
		if err := decode(&o); err != nil {
			return err
		}
		if o.APIVersion == apiVersion && o.Kind == kind {
			names = append(names, o.Metadata.Name)
		}
		for i := range o.Items {
			_ = add(o.Items[i].Decode) // an item that is no object is not the one we look for
		}
		return nil
	}
	for decoder := yaml.NewDecoder(strings.NewReader(string(data))); ; {
		if add(decoder.Decode) != nil { // the end, or a document kustomize would not have rendered
			return names
		}
	}
}
