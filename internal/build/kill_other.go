//go:build !unix

package build

import "os/exec"

// killTogether does nothing where there are no process groups: only the go command itself is killed.
func killTogether(*exec.Cmd) {}
