package build

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/org/platform/internal/finding"
)

// Options says what to build.
type Options struct {
	Dir       string // the component's folder on disk
	Name      string // file name of the binary
	Output    string // folder for the binaries; "" means dist in Dir
	Platforms []Platform
	Main      string // folder of the main package, relative to Dir; "" where there is only one
	SkipTests bool
	Env       []string     // the whole environment of the go command; nil means this process's
	Progress  func(string) // told what is about to be done; may be nil
}

// Result is what a build gave. Where a finding is an error, there are no artifacts.
type Result struct {
	Artifacts []Artifact
	Tests     TestSummary
	Findings  []finding.Finding // files are slash-separated and relative to Options.Dir
}

// Artifact is one binary.
type Artifact struct {
	Platform Platform
	Path     string // absolute
	SHA256   string // lower-case hex
	Size     int64  // bytes
}

// TestSummary counts tests, subtests included, and the packages that have tests.
type TestSummary struct{ Passed, Failed, Skipped, Packages int }

var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// complete checks the options and fills in the defaults. The folder loses its symbolic links, because the go command prints
// places without them.
func (o Options) complete() (Options, error) {
	dir, err := filepath.Abs(o.Dir)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return o, fmt.Errorf("open the component's folder: %w", err)
	}
	o.Dir = dir
	if !namePattern.MatchString(o.Name) {
		return o, fmt.Errorf("binary name %q: use letters, digits, '.', '_' and '-', starting with a letter or digit", o.Name)
	}
	if len(o.Platforms) == 0 {
		return o, errors.New("no platform to build for: give at least one, such as linux/amd64")
	}
	for _, p := range o.Platforms { // also those that did not come through ParsePlatform
		if _, err := ParsePlatform(p.String()); err != nil {
			return o, err
		}
	}
	if o.Main != "" && (strings.HasPrefix(o.Main, "-") || !filepath.IsLocal(o.Main)) {
		return o, fmt.Errorf("main package %q: give a folder below the component, such as ./cmd/server", o.Main)
	}
	if o.Output == "" {
		o.Output = filepath.Join(dir, "dist")
	}
	if o.Output, err = filepath.Abs(o.Output); err != nil {
		return o, fmt.Errorf("find the output folder: %w", err)
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	return o, nil
}
