//go:build unix

package build

import (
	"os/exec"
	"syscall"
)

// killTogether makes a cancelled go command take the compilers and tests it started with it.
func killTogether(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
