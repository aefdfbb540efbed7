// Package synthetic makes monorepos of any size, as a platform team would have them, for benchmarks and tests.
package synthetic
