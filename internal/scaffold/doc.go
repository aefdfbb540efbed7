// Package scaffold generates components from golden paths: a schema for the parameters and a skeleton of templates go in, files come
// out. The conventions of a golden path are described in golden-paths/README.md.
package scaffold
