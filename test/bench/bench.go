package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/org/platform/internal/app"
)

// bench is what all scenarios share: a folder to work in, the programs under test, and a Git host.
type bench struct {
	app     *app.App
	dir     string
	bin     string // our binaries and kustomize
	disk    string // where checkouts and caches go
	memory  string // the same on a file system in memory; empty where there is none
	self    string // this program, which also writes repositories
	machine string
	host    *host
	started time.Time
	cleanup []func() error
}

// open builds the programs and starts the host. The folder dir is made where it is empty, and then removed by close; memory is where file systems
// in memory are mounted.
func open(ctx context.Context, a *app.App, dir, memory string) (*bench, error) {
	b := &bench{app: a, started: a.Now()}
	var err error
	if b.self, err = os.Executable(); err != nil {
		return nil, err
	}
	if dir == "" {
		if dir, err = b.temporary(""); err != nil {
			return nil, err
		}
	}
	if b.dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	if freeGB(memory) >= enoughGB {
		if b.memory, err = b.temporary(memory); err != nil {
			return nil, errors.Join(err, b.close())
		}
	}
	b.bin, b.disk = filepath.Join(b.dir, "bin"), filepath.Join(b.dir, "tmp")
	if b.machine, err = b.describe(ctx); err == nil {
		err = errors.Join(b.folder("bin"), b.folder("repositories"), b.folder("home"), b.folder("tmp"))
	}
	if err == nil {
		err = b.build(ctx)
	}
	if err == nil {
		b.host, err = newHost(ctx, b)
	}
	if err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

// enoughGB is room for the checkouts of all deployers at once.
const enoughGB = 4

// temporary makes a folder that close removes.
func (b *bench) temporary(parent string) (string, error) {
	dir, err := os.MkdirTemp(parent, "platform-bench-")
	b.cleanup = append(b.cleanup, func() error { return os.RemoveAll(dir) })
	return dir, err
}

func (b *bench) close() error {
	if b.host != nil {
		b.host.close()
	}
	var errs []error
	for _, clean := range b.cleanup {
		errs = append(errs, clean())
	}
	return errors.Join(errs...)
}

func (b *bench) folder(name string) error { return os.MkdirAll(filepath.Join(b.dir, name), 0o755) }

// build makes the binaries as they are released, and the kustomize program alike.
func (b *bench) build(ctx context.Context) error {
	b.progress("building")
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return fmt.Errorf("find the module; run this inside the repository: %w", err)
	}
	root := strings.TrimSpace(string(out))
	flags := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", b.bin + string(filepath.Separator)}
	for dir, packages := range map[string]string{root: "./cmd/...", filepath.Join(root, "internal", "tools", "kustomize"): "tool"} {
		build := exec.CommandContext(ctx, "go", append(flags, packages)...)
		build.Dir = dir
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s in %s: %w\n%s", packages, dir, err, out)
		}
	}
	return b.writeScripts()
}

// The scripts are in the documentation too.
//
//go:embed scripts
var scripts embed.FS

func (b *bench) writeScripts() error {
	return fs.WalkDir(scripts, "scripts", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := scripts.ReadFile(file)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(b.bin, d.Name()), content, 0o755)
	})
}

func (b *bench) describe(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "git", "version").Output()
	if err != nil {
		return "", fmt.Errorf("find git: %w", err)
	}
	machine := fmt.Sprintf("%d cores, %s/%s, %s, %s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, strings.TrimSpace(string(out)), runtime.Version())
	if load, err := os.ReadFile("/proc/loadavg"); err == nil { // of Linux; what other work there was
		machine += ", load average before it " + strings.Fields(string(load))[0]
	}
	return machine, nil
}

// progress says what is being done, with the time since the start.
func (b *bench) progress(format string, args ...any) {
	fmt.Fprintf(b.app.Err, "%4.0fs  %s\n", b.app.Now().Sub(b.started).Seconds(), fmt.Sprintf(format, args...))
}

// fresh returns a new empty folder below b.disk or b.memory.
func (b *bench) fresh(root string) (string, error) { return os.MkdirTemp(root, "") }

// binary returns the start of a command line of ours: the action's binary where there is one, else the CLI's subcommand.
func (b *bench) binary(name string) []string {
	program := filepath.Join(b.bin, name)
	if _, err := os.Stat(program); err == nil {
		return []string{program}
	}
	return []string{filepath.Join(b.bin, "platform"), name}
}

// environment is all that programs under test see of ours: where programs are, and nobody's Git configuration.
func (b *bench) environment(more ...string) []string {
	return append([]string{
		"PATH=" + b.bin + string(filepath.ListSeparator) + b.app.Getenv("PATH"),
		"HOME=" + filepath.Join(b.dir, "home"), "TMPDIR=" + filepath.Join(b.dir, "tmp"), "LC_ALL=C", "TZ=UTC",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=Ada Author", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada Author", "GIT_COMMITTER_EMAIL=ada@example.com",
	}, more...)
}
