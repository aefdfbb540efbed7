// Package render turns a kustomize overlay of a read-only repository tree into manifests, without a checkout, a network
// or a disk: the same tree and the same images give the same bytes, which are the ones `kustomize build` writes.
package render
