package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/org/platform/internal/finding"
)

// Build tests the component and builds its binary for every platform. Tests that fail and code that does not compile are findings
// of the result; the error is for what cannot be built at all. The variables of the go command in Env (GOFLAGS, GOAMD64, …) and
// the version of Go are inputs of the bytes, as the source is.
func Build(ctx context.Context, opts Options) (*Result, error) {
	opts, err := opts.complete()
	if err != nil {
		return nil, err
	}
	mod, err := findModule(opts.Dir)
	if err != nil {
		return nil, err
	}
	b := builder{opts: opts, cmd: goCommand{dir: opts.Dir, env: opts.Env}, at: places{dir: opts.Dir, repo: mod.repo}}
	packages, err := listPackages(ctx, b.cmd, opts.Platforms[0])
	if err != nil {
		return nil, err
	}
	main, err := mainPackage(opts.Dir, opts.Main, packages)
	if err != nil {
		if problems := loadProblems(b.at, packages); len(problems) > 0 { // a file that cannot be read may hide the main package
			return &Result{Findings: problems}, nil
		}
		return nil, err
	}
	cgo := cgoUse(b.at, packages)
	result, err := b.testAndBuild(ctx, main, packages)
	if err != nil {
		return nil, err
	}
	if finding.Errors(result.Findings) > 0 { // the most likely cause, so no longer only a warning
		for i := range cgo {
			cgo[i].Severity = finding.Error
		}
	}
	result.Findings = append(result.Findings, cgo...)
	finding.Sort(result.Findings)
	return result, nil
}

type builder struct {
	opts Options
	cmd  goCommand
	at   places
}

func (b builder) testAndBuild(ctx context.Context, main string, packages []goPackage) (*Result, error) {
	result := &Result{}
	if !b.opts.SkipTests {
		b.opts.Progress("testing " + b.opts.Name)
		var err error
		if result.Tests, result.Findings, err = b.test(ctx, packages); err != nil || len(result.Findings) > 0 {
			return result, err
		}
	}
	for _, p := range b.opts.Platforms {
		b.opts.Progress(fmt.Sprintf("building %s for %s", b.opts.Name, p))
		artifact, problems, err := b.compile(ctx, main, p)
		if err != nil || len(problems) > 0 {
			result.Artifacts, result.Findings = nil, problems
			return result, err
		}
		result.Artifacts = append(result.Artifacts, artifact)
	}
	return result, nil
}

// compile builds one binary. Paths, version control stamps and build ids are left out: they would make the bytes depend on the
// folder and the commit.
func (b builder) compile(ctx context.Context, main string, p Platform) (Artifact, []finding.Finding, error) {
	name := b.opts.Name
	if p.OS == "windows" {
		name += ".exe"
	}
	path := filepath.Join(b.opts.Output, p.OS+"_"+p.Arch, name)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) { // an old binary must not pass for the new one
		return Artifact{}, nil, fmt.Errorf("clear %s: %w", path, err)
	}
	stderr, ok, err := b.cmd.run(ctx, io.Discard, target(p, "0"), "build", "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w -buildid=", "-o", path, main)
	if err != nil {
		return Artifact{}, nil, err
	}
	if !ok {
		problems := unique(b.at.complaints(stderr))
		if len(problems) == 0 {
			return Artifact{}, nil, failed("go build for "+p.String(), stderr)
		}
		if len(b.opts.Platforms) > 1 {
			for i := range problems {
				problems[i].Message += " (" + p.String() + ")"
			}
		}
		return Artifact{}, problems, nil
	}
	artifact := Artifact{Platform: p, Path: path}
	artifact.SHA256, artifact.Size, err = digest(path)
	return artifact, nil, err
}

func digest(path string) (string, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, fmt.Errorf("read the built binary: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	size, err := io.Copy(h, f)
	if err != nil {
		return "", 0, fmt.Errorf("read the built binary: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}
