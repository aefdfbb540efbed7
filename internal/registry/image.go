package registry

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// createdBy is what the image's history says of our layer.
const createdBy = "platform containerize"

// content is what gets pushed: an image or an index.
type content interface {
	RawManifest() ([]byte, error)
	Digest() (v1.Hash, error)
	MediaType() (types.MediaType, error)
	Size() (int64, error)
}

// Build makes the image without pushing it: its digest is the one that Push would give. Only a base is read from its registry.
func Build(ctx context.Context, opts Options) (*Image, error) {
	_, image, err := assemble(ctx, opts)
	return image, err
}

// assemble makes the image for every platform and describes the whole.
func assemble(ctx context.Context, opts Options) (content, *Image, error) {
	repo, err := ParseRepository(opts.Repository)
	if err != nil {
		return nil, nil, err
	}
	if opts, err = opts.complete(); err != nil {
		return nil, nil, err
	}
	base := scratchBase
	if !opts.scratch() {
		if base, err = pinnedBase(ctx, opts.Base, opts.Auth.only(repo.Registry)); err != nil {
			return nil, nil, err
		}
	}
	images := make([]v1.Image, len(opts.Artifacts))
	image := &Image{Repository: repo.Name()}
	for i, a := range opts.Artifacts {
		if images[i], err = platformImage(opts, a, base); err != nil {
			return nil, nil, fmt.Errorf("make the image for %s: %w", a.Platform(), err)
		}
		if err := addSize(image, images[i]); err != nil {
			return nil, nil, fmt.Errorf("measure the image for %s: %w", a.Platform(), err)
		}
		image.Platforms = append(image.Platforms, a.Platform())
	}
	whole := content(images[0])
	if len(images) > 1 {
		whole = index(opts.Artifacts, images)
	}
	if err := describe(image, whole, len(images) > 1); err != nil {
		return nil, nil, fmt.Errorf("describe the image: %w", err)
	}
	return whole, image, nil
}

// base returns the image to build upon for a platform.
type base func(Artifact) (v1.Image, error)

func scratchBase(Artifact) (v1.Image, error) { return ociImage(), nil }

func ociImage() v1.Image {
	return mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
}

func platformImage(opts Options, a Artifact, base base) (v1.Image, error) {
	img, err := base(a)
	if err != nil {
		return nil, err
	}
	layer, err := newLayer(entries(opts.Name, a.Path, opts.scratch()), opts.Created)
	if err != nil {
		return nil, err
	}
	created := v1.Time{Time: opts.Created}
	img, err = mutate.Append(img, mutate.Addendum{Layer: layer, History: v1.History{Created: created, CreatedBy: createdBy}})
	if err != nil {
		return nil, err
	}
	old, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config := old.DeepCopy()
	config.OS, config.Architecture, config.Created = a.OS, a.Arch, created
	config.Config.Entrypoint = []string{"/" + opts.Name}
	config.Config.Cmd = nil
	config.Config.User = opts.User
	config.Config.Labels = opts.Labels
	config.Config.Env = mergeEnv(config.Config.Env, opts.Env)
	if config.Config.WorkingDir == "" {
		config.Config.WorkingDir = "/"
	}
	config.Config.ExposedPorts = nil
	for _, port := range opts.Ports {
		if config.Config.ExposedPorts == nil {
			config.Config.ExposedPorts = map[string]struct{}{}
		}
		config.Config.ExposedPorts[fmt.Sprintf("%d/tcp", port)] = struct{}{}
	}
	return mutate.ConfigFile(img, config)
}

// mergeEnv keeps the order of the base's variables and appends new ones sorted.
func mergeEnv(old []string, add map[string]string) []string {
	merged := slices.Clone(old)
	for _, key := range slices.Sorted(maps.Keys(add)) {
		variable := key + "=" + add[key]
		if i := slices.IndexFunc(merged, func(v string) bool { return strings.HasPrefix(v, key+"=") }); i >= 0 {
			merged[i] = variable
		} else {
			merged = append(merged, variable)
		}
	}
	return merged
}

// index returns the images as one, in the order of the artifacts, which are sorted.
func index(artifacts []Artifact, images []v1.Image) v1.ImageIndex {
	whole := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for i, a := range artifacts {
		whole = mutate.AppendManifests(whole, mutate.IndexAddendum{Add: images[i],
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: a.OS, Architecture: a.Arch}}})
	}
	return whole
}

func addSize(image *Image, img v1.Image) error {
	manifest, err := img.Manifest()
	if err != nil {
		return err
	}
	size, err := img.Size()
	if err != nil {
		return err
	}
	image.Size += size + manifest.Config.Size
	for _, layer := range manifest.Layers {
		image.Size += layer.Size
	}
	return nil
}

func describe(image *Image, whole content, isIndex bool) error {
	digest, err := whole.Digest()
	if err != nil {
		return err
	}
	mediaType, err := whole.MediaType()
	if err != nil {
		return err
	}
	image.Digest, image.MediaType = digest.String(), string(mediaType)
	if isIndex {
		size, err := whole.Size()
		if err != nil {
			return err
		}
		image.Size += size
	}
	return nil
}
