package render

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"sync/atomic"

	"sigs.k8s.io/kustomize/api/types"
)

// Image pins the image that manifests call Name to NewName (Name where empty) at Digest.
type Image struct {
	Name    string // as authored in manifests, without tag
	NewName string // registry path to pull from
	Digest  string // "sha256:" and 64 hex digits
}

// Request asks for one overlay.
type Request struct {
	Root        fs.FS    // the repository; symlinks are followed where it implements fs.ReadLinkFS
	Dir         string   // folder of the kustomization, slash path relative to Root
	Images      []Image  // set as `kustomize edit set image name=newName@digest` would
	RemoteBases []string // URL prefixes that bases may be fetched from, pinned by commit; none when empty
	AnyImages   bool     // it is no error when no container uses any of Images
	Origins     bool     // also fill Origin and OriginalName of Result.Resources, at twice the cost: see Origins
}

// Resource is one rendered object and where it comes from.
type Resource struct {
	APIVersion, Kind, Namespace, Name string

	OriginalName string // name in the origin file, before prefixes and suffixes; "" where not certain or not asked for
	Origin       string // repository file that declares it; "" where generated, from a remote base, or not asked for
	Manifest     []byte // its part of Result.Manifests
}

// Result is a rendered overlay.
type Result struct {
	Manifests []byte     // YAML documents separated by "---" lines
	Reads     []string   // repository files and symlinks the render read, sorted, each once
	Remote    bool       // it was allowed a remote base, which is not in Root: that may be gone tomorrow
	Resources []Resource // in the order of Manifests
}

// Outcome is what one request of All came to: either Result or Err is set.
type Outcome struct {
	Result *Result
	Err    error
}

// Render renders one overlay. Errors start with "render <dir>: "; those about an entry of a kustomization file wrap
// finding.Problems with its place. Safe for concurrent use where req.Root is.
func Render(ctx context.Context, req Request) (*Result, error) {
	result, err := render(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("render %s: %w", req.Dir, err)
	}
	return result, nil
}

// All renders the requests on the given number of goroutines. Outcomes are in the order of the requests and do not
// depend on workers. Once ctx is done, the requests not yet rendered fail with its error.
func All(ctx context.Context, reqs []Request, workers int) []Outcome {
	outcomes := make([]Outcome, len(reqs))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range max(1, min(workers, len(reqs))) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(reqs)); i = next.Add(1) - 1 {
				outcomes[i].Result, outcomes[i].Err = Render(ctx, reqs[i])
			}
		})
	}
	wg.Wait()
	return outcomes
}

func render(ctx context.Context, req Request) (*Result, error) {
	if err := validate(req); err != nil {
		return nil, err
	}
	pin := func(k *types.Kustomization) { pinImages(k, req.Images) }
	if len(req.Images) == 0 {
		pin = nil
	}
	built, err := build(ctx, req, pin)
	if err != nil {
		return nil, err
	}
	if err := requireImages(req, built.objects); err != nil {
		return nil, err
	}
	result := &Result{Reads: built.reads, Remote: built.remote}
	result.Manifests, result.Resources = assemble(built.objects)
	if req.Origins {
		result.Resources, err = origins(ctx, req, result.Resources)
	}
	return result, err
}

// separator is the line between two documents.
const separator = "---\n"

// assemble writes objects as one text, and says which part of it each is.
func assemble(objects []object) (manifests []byte, resources []Resource) {
	size := len(separator) * max(0, len(objects)-1)
	for _, o := range objects {
		size += len(o.manifest)
	}
	manifests, resources = make([]byte, 0, size), make([]Resource, len(objects))
	for i, o := range objects {
		if i > 0 {
			manifests = append(manifests, separator...)
		}
		start := len(manifests)
		manifests = append(manifests, o.manifest...)
		resources[i] = Resource{APIVersion: o.apiVersion, Kind: o.kind, Namespace: o.namespace, Name: o.name, Manifest: slices.Clip(manifests[start:])}
	}
	return manifests, resources
}

func validate(req Request) error {
	if req.Root == nil {
		return errors.New("no repository tree given")
	}
	if !fs.ValidPath(req.Dir) {
		return fmt.Errorf("the folder must be a clean slash path relative to the repository root, not %q", req.Dir)
	}
	return validateImages(req.Images)
}
