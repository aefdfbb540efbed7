// Command bench measures the product against the programs it replaces, both in one run on one machine, and writes docs/benchmarks.md.
package main
