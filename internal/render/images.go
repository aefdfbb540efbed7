package render

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

var (
	imageName   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:/-]*$`) // kustomize makes a regular expression of it
	imageDigest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)

// ref returns the reference a container must have once the image is pinned.
func (i Image) ref() string {
	if i.NewName == "" {
		return i.Name + "@" + i.Digest
	}
	return i.NewName + "@" + i.Digest
}

func validateImages(images []Image) error {
	var errs []error
	seen := map[string]bool{}
	for _, i := range images {
		switch {
		case !imageName.MatchString(i.Name):
			errs = append(errs, fmt.Errorf("image name %q is not one: want it as written in the manifests, without tag", i.Name))
		case i.NewName != "" && !imageName.MatchString(i.NewName):
			errs = append(errs, fmt.Errorf("image %s: new name %q is not an image name", i.Name, i.NewName))
		case !imageDigest.MatchString(i.Digest):
			errs = append(errs, fmt.Errorf("image %s: digest %q is not sha256: and 64 hex digits", i.Name, i.Digest))
		case seen[i.Name]:
			errs = append(errs, fmt.Errorf("image %s is given twice", i.Name))
		}
		seen[i.Name] = true
	}
	return errors.Join(errs...)
}

// pinImages edits the images of k as `kustomize edit set image` does. Each image is also pinned under its new name, for bases
// that already say the registry's.
func pinImages(k *types.Kustomization, images []Image) {
	byName := map[string]types.Image{}
	for _, i := range append(k.Images, k.ImageTags...) {
		byName[i.Name] = i
	}
	for _, i := range images {
		if i.NewName != "" {
			byName[i.NewName] = types.Image{Name: i.NewName, Digest: i.Digest}
		}
	}
	for _, i := range images { // last, so that an image asked for by name wins over another one's new name
		byName[i.Name] = types.Image{Name: i.Name, NewName: i.NewName, Digest: i.Digest}
	}
	k.ImageTags, k.Images = nil, nil
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		k.Images = append(k.Images, byName[name])
	}
}

// requireImages fails where none of the requested images is rendered: a release of it would deploy nothing.
func requireImages(req Request, objects []object) error {
	if len(req.Images) == 0 || req.AnyImages {
		return nil
	}
	refs := map[string]bool{}
	names := make([]string, len(req.Images))
	for i, image := range req.Images {
		refs[image.ref()] = true
		names[i] = fmt.Sprintf("%q", image.Name)
	}
	found, used := false, map[string]bool{}
	for _, o := range objects {
		eachScalar(o.node, "", func(key, value string) {
			found = found || refs[value]
			if key == "image" && value != "" {
				used[value] = true
			}
		})
	}
	if found {
		return nil
	}
	list := "none"
	if len(used) > 0 {
		list = strings.Join(slices.Sorted(maps.Keys(used)), ", ")
	}
	return fmt.Errorf("no container in %s uses image %s; images used: %s", req.Dir, strings.Join(names, " or "), list)
}

// eachScalar visits every value of a document with the key it is under; the elements of a list have their list's.
func eachScalar(node *yaml.Node, key string, visit func(key, value string)) {
	switch node.Kind {
	case yaml.ScalarNode:
		visit(key, node.Value)
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			eachScalar(node.Content[i+1], node.Content[i].Value, visit)
		}
	default:
		for _, child := range node.Content {
			eachScalar(child, key, visit)
		}
	}
}
