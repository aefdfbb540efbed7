package app

import (
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/org/platform/internal/runner"
)

// App is the outside world as a command sees it. Tests build their own.
type App struct {
	In     io.Reader
	Out    io.Writer // results
	Err    io.Writer // progress and errors
	Getenv func(string) string
	Now    func() time.Time
	Dir    string // where the command works: -C, else the current directory
	Color  bool   // Out is a terminal and NO_COLOR is not set
	Live   bool   // Err is a terminal: progress may be shown
	Runner *runner.Runner
}

// FromOS returns the App of this process.
func FromOS() *App {
	return &App{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Getenv: os.Getenv,
		Now:    time.Now,
		Dir:    ".",
		Color:  isTerminal(os.Stdout) && os.Getenv("NO_COLOR") == "",
		Live:   isTerminal(os.Stderr),
		Runner: runner.New(os.Getenv, os.Stderr),
	}
}

// Path returns a path given by the user as seen from the working directory.
func (a *App) Path(p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(a.Dir, p)
}

// CacheDir returns the folder for what can be fetched or made again, or "" for none: $PLATFORM_CACHE ("off" is none), else a folder of the user.
func (a *App) CacheDir() string {
	switch dir := a.Getenv("PLATFORM_CACHE"); {
	case dir == "off":
		return ""
	case dir != "":
		return a.Path(dir)
	}
	if dir := a.Getenv("XDG_CACHE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "platform")
	}
	if home := a.Getenv("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".cache", "platform")
	}
	return ""
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}
