//go:build linux || darwin

package main

import (
	"os"
	"runtime"
	"syscall"
)

// peakMemory returns the largest resident set of a process that has ended, in bytes, or of one of its children.
func peakMemory(state *os.ProcessState) int64 {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" { // which counts bytes, others KiB
		return usage.Maxrss
	}
	return usage.Maxrss << 10
}

// freeGB returns the room in the file system of a folder in GB, 0 where there is no such folder.
func freeGB(dir string) float64 {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0
	}
	return float64(s.Bavail) * float64(s.Bsize) / 1e9
}
