// Package testkit holds what tests of several packages need: tools built from their pinned modules, registries, remotes.
package testkit
