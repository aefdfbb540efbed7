// Package diff says what a change does to rendered manifests: objects and fields that were added, removed or changed, in which environments
// of which components, for people and for machines.
package diff
