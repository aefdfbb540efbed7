package registry

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// pinnedBase returns the base image for each platform. A base without digest is refused, with the digest to write.
func pinnedBase(ctx context.Context, ref string, auth credentials) (base, error) {
	digest, err := name.NewDigest(ref)
	if err != nil {
		return nil, unpinned(ctx, ref, auth)
	}
	op := "read base image " + ref
	options, err := auth.options(ctx, digest.Context().Registry)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	desc, err := remote.Get(digest, options...)
	if err != nil {
		return nil, explain(op, digest.Context().Registry, auth, err)
	}
	return func(a Artifact) (v1.Image, error) {
		img, err := selectPlatform(desc, a)
		if err == nil {
			img, err = toOCI(img)
		}
		if err != nil {
			return nil, explain(op, digest.Context().Registry, auth, err)
		}
		return img, nil
	}, nil
}

func unpinned(ctx context.Context, ref string, auth credentials) error {
	tag, err := name.ParseReference(ref)
	if err != nil || strings.Contains(ref, "@") {
		return fmt.Errorf("base image %q is not a reference: write it as gcr.io/distroless/static@sha256:<64 hex digits>, or scratch", ref)
	}
	digest, err := head(ctx, tag, auth)
	if err != nil {
		return fmt.Errorf("base image %q is not pinned by digest, and its digest cannot be read: %w", ref, err)
	}
	return fmt.Errorf("base image %q is not pinned, and a tag can move: write %s@%s", ref, ref, digest)
}

// selectPlatform returns the image of an index that is for the artifact's platform.
func selectPlatform(desc *remote.Descriptor, a Artifact) (v1.Image, error) {
	if !desc.MediaType.IsIndex() {
		img, err := desc.Image()
		if err != nil {
			return nil, err
		}
		config, err := img.ConfigFile()
		if err != nil {
			return nil, err
		}
		if have := config.OS + "/" + config.Architecture; have != a.Platform() {
			return nil, fmt.Errorf("it is for %s, not for %s: pin its index, or a base for this platform", have, a.Platform())
		}
		return img, nil
	}
	index, err := desc.ImageIndex()
	if err != nil {
		return nil, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	var have []string
	for _, m := range manifest.Manifests {
		if m.Platform == nil || !m.MediaType.IsImage() {
			continue
		}
		if m.Platform.OS == a.OS && m.Platform.Architecture == a.Arch {
			return index.Image(m.Digest)
		}
		have = append(have, m.Platform.OS+"/"+m.Platform.Architecture)
	}
	return nil, fmt.Errorf("it has no image for %s, only for %s", a.Platform(), strings.Join(have, ", "))
}

// toOCI rebuilds an image with OCI media types only: bases in Docker's older format would otherwise leave a mixture that
// strict clients refuse. The layers stay the same bytes.
func toOCI(img v1.Image) (v1.Image, error) {
	layers, err := img.Layers()
	if err != nil {
		return nil, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	var adds []mutate.Addendum
	for _, layer := range layers {
		old, err := layer.MediaType()
		if err != nil {
			return nil, err
		}
		add := mutate.Addendum{Layer: layer, MediaType: old}
		switch old {
		case types.DockerLayer:
			add.MediaType = types.OCILayer
		case types.DockerUncompressedLayer:
			add.MediaType = types.OCIUncompressedLayer
		case types.OCILayer, types.OCIUncompressedLayer, types.OCILayerZStd:
		default:
			return nil, errors.New("it has a layer of type " + string(old) + ", which cannot be copied")
		}
		adds = append(adds, add)
	}
	converted, err := mutate.Append(ociImage(), adds...)
	if err != nil {
		return nil, err
	}
	made, err := converted.ConfigFile()
	if err != nil {
		return nil, err
	}
	merged := made.DeepCopy()
	merged.Config, merged.History, merged.Variant = config.Config, config.History, config.Variant
	return mutate.ConfigFile(converted, merged)
}
