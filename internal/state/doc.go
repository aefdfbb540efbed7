// Package state reads and writes what runs where: <path>/<environment>/<component>/ on the state branch.
package state
