package build

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/org/platform/internal/finding"
)

// goPackage is what go list tells of a package.
type goPackage struct {
	ImportPath, Dir, Name string
	CgoFiles              []string
	Standard, DepOnly     bool
	Module                *struct{ Main bool }
	Error                 *struct{ Pos, Err string }
}

// listPackages lists the packages below the component and all they import. It asks as if cgo were on, so that its use shows.
func listPackages(ctx context.Context, g goCommand, p Platform) ([]goPackage, error) {
	var out bytes.Buffer
	stderr, ok, err := g.run(ctx, &out, target(p, "1"), "list", "-e", "-deps",
		"-json=ImportPath,Dir,Name,CgoFiles,Standard,DepOnly,Module,Error", "./...")
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, failed("go list", stderr)
	}
	var packages []goPackage
	for decoder := json.NewDecoder(&out); ; {
		var pkg goPackage
		if err := decoder.Decode(&pkg); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("read the output of go list: %w", err)
		}
		packages = append(packages, pkg)
	}
	return packages, nil
}

// mainPackage returns the folder of the package to build in the form ./folder: the wanted one, else the only one.
func mainPackage(dir, want string, packages []goPackage) (string, error) {
	var mains []string
	for _, pkg := range packages {
		if pkg.DepOnly || pkg.Name != "main" {
			continue
		}
		rel, err := filepath.Rel(dir, pkg.Dir)
		if err != nil {
			return "", fmt.Errorf("place package %s: %w", pkg.ImportPath, err)
		}
		mains = append(mains, rel)
		if want != "" && rel == filepath.Clean(want) {
			return argument(rel), nil
		}
	}
	switch {
	case len(mains) == 0:
		return "", fmt.Errorf("no main package in %s: a component that is built needs one folder with package main", dir)
	case want != "":
		return "", fmt.Errorf("--main %s is not a main package: choose one of %s", want, arguments(mains))
	case len(mains) > 1:
		return "", fmt.Errorf("%d main packages in %s: choose one with --main: %s", len(mains), dir, arguments(mains))
	}
	return argument(mains[0]), nil
}

// argument keeps the go command from reading a folder as an import path or a flag.
func argument(rel string) string {
	if rel == "." {
		return "."
	}
	return "./" + filepath.ToSlash(rel)
}

func arguments(rels []string) string {
	var b strings.Builder
	for i, rel := range rels {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(argument(rel))
	}
	return b.String()
}

// loadProblems returns what go list could not read of the component's own packages.
func loadProblems(at places, packages []goPackage) []finding.Finding {
	var found []finding.Finding
	for _, pkg := range packages {
		if pkg.DepOnly || pkg.Error == nil {
			continue
		}
		if located := at.complaints(pkg.Error.Pos + ": " + pkg.Error.Err); len(located) > 0 {
			found = append(found, located...)
		} else {
			found = append(found, finding.Finding{RuleID: RuleCompile, Severity: finding.Error,
				Message: pkg.ImportPath + ": " + pkg.Error.Err})
		}
	}
	return found
}

// cgoUse warns of code that needs a C compiler and is therefore left out of the binary: that may be fine, where a package brings
// a pure Go variant, or the cause of whatever fails to compile or to work afterwards.
func cgoUse(at places, packages []goPackage) []finding.Finding {
	const fix = "use a pure Go package, or build the image with docker/build-push-action and hand its digest to deploy"
	var found []finding.Finding
	for _, pkg := range packages {
		if pkg.Standard || len(pkg.CgoFiles) == 0 {
			continue
		}
		if pkg.Module != nil && !pkg.Module.Main {
			found = append(found, finding.Finding{RuleID: RuleCgo, Severity: finding.Warning, Fix: fix,
				Message: fmt.Sprintf("the dependency %s uses cgo, which is off: the binary is built without that code", pkg.ImportPath)})
			continue
		}
		for _, name := range pkg.CgoFiles {
			path := filepath.Join(pkg.Dir, name)
			f := at.at(path, strconv.Itoa(cgoLine(path)), "", RuleCgo,
				`import "C" needs cgo, which is off: this file is left out of the binary`)
			f.Severity, f.Fix = finding.Warning, fix
			if f.Line == 0 {
				f.Confidence = finding.File
			}
			found = append(found, f)
		}
	}
	return found
}

// cgoLine returns the line of import "C", or 0.
func cgoLine(path string) int {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, nil, parser.ImportsOnly)
	if err != nil {
		return 0
	}
	for _, spec := range file.Imports {
		if spec.Path.Value == `"C"` {
			return fset.Position(spec.Path.Pos()).Line
		}
	}
	return 0
}
