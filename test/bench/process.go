package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// process is a program to measure.
type process struct {
	dir  string
	env  []string // beyond that of every process
	args []string
	exit int // code it is to end with
}

// run runs a process to its end and measures it. Its output is thrown away; what it says of errors is in the error.
func (b *bench) run(ctx context.Context, p process) (sample, error) {
	var complaints tail
	cmd := exec.CommandContext(ctx, p.args[0], p.args[1:]...)
	cmd.Dir, cmd.Env, cmd.Stderr = p.dir, b.environment(p.env...), &complaints
	cmd.WaitDelay = 5 * time.Second // of its children that hold on to stderr
	before := b.host.traffic()
	start := b.app.Now()
	err := cmd.Run()
	s := sample{wall: b.app.Now().Sub(start), traffic: b.host.traffic().minus(before)}
	var ended *exec.ExitError
	if errors.As(err, &ended) && ended.ExitCode() == p.exit {
		err = nil
	} else if err == nil && p.exit != 0 {
		err = fmt.Errorf("ended with 0, not %d", p.exit)
	}
	if err != nil {
		return s, fmt.Errorf("%s: %w\n%s", strings.Join(p.args, " "), err, complaints.Bytes())
	}
	s.cpu, s.memory = cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime(), peakMemory(cmd.ProcessState)
	return s, nil
}

// git runs git in a folder, unmeasured, and returns what it prints.
func (b *bench) git(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir, cmd.Env = dir, b.environment()
	var complaints tail
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w\n%s", strings.Join(args, " "), err, complaints.Bytes())
	}
	return strings.TrimSpace(string(out)), nil
}

// tail keeps the beginning of what is written: the harness must stay smaller than what it measures, since a process inherits its peak.
type tail struct{ bytes.Buffer }

func (t *tail) Write(p []byte) (int, error) {
	if room := 4096 - t.Len(); room > 0 {
		t.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}
