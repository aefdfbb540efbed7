// Package git reads trees and writes commits as objects, without a working tree, and moves remote branches by
// compare-and-swap.
//
// A Repository is a local clone (with or without a working tree, or bare) and one remote. Objects come from the clone, and from
// the remote where the clone lacks them; new objects stay in memory until they are pushed, so that nothing of the clone changes.
package git
