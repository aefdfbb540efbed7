// Package architecture holds the tests of the rules that docs/architecture.md states. It has no code of its own.
package architecture
