package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// killDelay is how long a cancelled go command may keep its output open before it is abandoned.
const killDelay = 5 * time.Second

// goCommand runs the go command in one folder.
type goCommand struct {
	dir string
	env []string // nil means this process's
}

// run starts go with the given arguments and streams its standard output to out. A go command that ran and said no gives
// ok = false and what it wrote to standard error; err is for one that could not run.
func (g goCommand) run(ctx context.Context, out io.Writer, env []string, args ...string) (stderr string, ok bool, err error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = g.dir, g.env
	cmd.Env = append(cmd.Environ(), env...)
	var errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = out, &errs
	cmd.WaitDelay = killDelay
	killTogether(cmd)
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return errs.String(), true, nil
	case ctx.Err() != nil:
		return "", false, fmt.Errorf("go %s: %w", args[0], ctx.Err())
	case errors.Is(err, exec.ErrNotFound):
		return "", false, errors.New("the go command is not on PATH: install Go, or run actions/setup-go before this step")
	case errors.As(err, &exit):
		return errs.String(), false, nil
	default:
		return "", false, fmt.Errorf("go %s: %w", args[0], err)
	}
}

// target returns the variables that select a platform.
func target(p Platform, cgo string) []string {
	return []string{"GOOS=" + p.OS, "GOARCH=" + p.Arch, "CGO_ENABLED=" + cgo}
}

// failed is the error of a go command whose complaint names no place in the source.
func failed(what, stderr string) error {
	text := strings.TrimSpace(stderr)
	if text == "" {
		text = "it failed and printed nothing"
	}
	return fmt.Errorf("%s: %s", what, text)
}
