// Package app is what main hands to a command: streams, environment, clock, the runner, and the exit code contract.
package app
