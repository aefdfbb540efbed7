package architecture

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/command"
	"github.com/org/platform/internal/runner"
)

const (
	mainLines     = 25
	fileLines     = 350 // above wantedLines a file is only mentioned
	wantedLines   = 250
	functionLines = 60
)

func TestEachBinaryIsNamedAfterItsAction(t *testing.T) {
	t.Parallel()
	var binaries []string
	for _, p := range below(t, "cmd") {
		binaries = append(binaries, path.Base(p.ImportPath))
	}
	files, err := filepath.Glob(filepath.Join(root, "actions", "*", "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	wanted := []string{"platform"}
	for _, f := range files {
		wanted = append(wanted, filepath.Base(filepath.Dir(f)))
	}
	slices.Sort(wanted)
	if !slices.Equal(binaries, wanted) {
		t.Errorf("cmd has %v; platform and the actions are %v", binaries, wanted)
	}
}

// Whoever knows a command's name finds its package: policy-check is internal/command/policycheck. new cannot be one: it is predeclared.
func TestEachCommandHasItsPackage(t *testing.T) {
	t.Parallel()
	noEnvironment := func(string) string { return "" }
	a := &app.App{Getenv: noEnvironment, Runner: runner.New(noEnvironment, os.Stdout)}
	var wanted []string
	for _, newCommand := range command.All() {
		name := strings.ReplaceAll(newCommand(a).Name(), "-", "")
		if name == "new" {
			name = "newcomponent"
		}
		wanted = append(wanted, name)
	}
	slices.Sort(wanted)
	var have []string
	for _, p := range below(t, "internal/command") {
		have = append(have, path.Base(p.ImportPath))
	}
	if !slices.Equal(have, wanted) {
		t.Errorf("internal/command has %v; the commands are %v", have, wanted)
	}
}

func TestPackagesAreNamedAfterWhatTheyDo(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		for _, name := range []string{p.Name, path.Base(p.ImportPath)} {
			if slices.Contains([]string{"util", "utils", "common", "shared", "helper", "helpers", "misc", "base", "lib"}, name) {
				t.Errorf("%s: %q says nothing about what it does", p.short(), name)
			}
		}
	}
}

func TestEachPackageSaysWhatItIs(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		files := p.GoFiles
		if len(files) == 0 {
			files = append(p.TestGoFiles, p.XTestGoFiles...)
		}
		said := false
		for _, name := range files {
			file := parse(t, filepath.Join(p.Dir, name))
			said = said || file.Doc != nil
		}
		if !said {
			t.Errorf("%s has no package comment", p.short())
		}
	}
}

func TestFilesAndFunctionsAreSmall(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		for _, name := range p.GoFiles {
			content, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			place := p.short() + "/" + name
			switch lines := bytes.Count(content, []byte("\n")); {
			case strings.HasPrefix(place, "cmd/") && lines > mainLines:
				t.Errorf("%s has %d lines, more than %d: move what it does to internal/command", place, lines, mainLines)
			case lines > fileLines:
				t.Errorf("%s has %d lines, more than %d", place, lines, fileLines)
			case lines > wantedLines:
				t.Logf("%s has %d lines, more than %d", place, lines, wantedLines)
			}
			checkFunctions(t, filepath.Join(p.Dir, name), place)
		}
	}
}

func checkFunctions(t *testing.T, file, place string) {
	t.Helper()
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range parsed.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if lines := files.Position(f.End()).Line - files.Position(f.Pos()).Line + 1; lines > functionLines {
			t.Errorf("%s: function %s has %d lines, more than %d", place, f.Name.Name, lines, functionLines)
		}
	}
}

func parse(t *testing.T, file string) *ast.File {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}
