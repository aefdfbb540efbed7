// Package runner is the edge to the GitHub Actions runner: inputs, outputs, the step summary, annotations and the run's
// address. Outside Actions every write does nothing, so commands need not ask where they run.
package runner
