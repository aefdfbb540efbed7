// Package placement finds the authored file and line that a finding about a field of a rendered resource comes from, by
// reading the kustomize overlay's layers from the outermost inwards.
package placement
