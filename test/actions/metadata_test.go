package actions_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/pflag"
)

// A flag without an input cannot be used in a workflow; an input without a flag does nothing.
func TestInputsAreFlags(t *testing.T) {
	t.Parallel()
	for _, want := range actions {
		t.Run(want.name, func(t *testing.T) {
			t.Parallel()
			flags := flags(want.command)
			var names []string
			for _, in := range loadAction(t, want.name).Inputs {
				names = append(names, in.name)
				f := flags[in.name]
				if f == nil {
					continue // the comparison below names it
				}
				if strings.Contains(f.Usage, "(required)") && !in.value.Required {
					t.Errorf("input %s: the flag is required, so write required: true", in.name)
				}
				if def := defaultOf(f); in.value.Default != def {
					t.Errorf("input %s: default %q, but the flag's is %q", in.name, in.value.Default, def)
				}
			}
			slices.Sort(names)
			if diff := cmp.Diff(slices.Sorted(maps.Keys(flags)), names); diff != "" {
				t.Errorf("-flags of the command +inputs of the action:\n%s", diff)
			}
		})
	}
}

// defaultOf returns what action.yml gives as default. A token comes from the runner, not from the command's environment.
func defaultOf(f *pflag.Flag) string {
	if f.Name == "token" {
		return "${{ github.token }}"
	}
	if f.Value.Type() == "stringArray" {
		return strings.ReplaceAll(strings.Trim(f.DefValue, "[]"), ",", "\n")
	}
	return f.DefValue
}

func TestDescribed(t *testing.T) {
	t.Parallel()
	for _, name := range actionNames() {
		a := loadAction(t, name)
		texts := map[string]string{"the action": a.Description}
		for _, in := range a.Inputs {
			texts["input "+in.name] = in.value.Description
		}
		for _, out := range a.Outputs {
			texts["output "+out.name] = out.value.Description
		}
		for what, text := range texts {
			if len(text) < 10 || !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "…") {
				t.Errorf("action %q: %s is described as %q: write a sentence", name, what, text)
			}
		}
	}
}

// The runner sets no INPUT_ variables for composite actions, and ${{ }} in a script is an injection.
func TestStepsMapInputs(t *testing.T) {
	t.Parallel()
	for _, name := range actionNames() {
		a := loadAction(t, name)
		if a.Runs.Using != "composite" || len(a.Runs.Steps) != 1 {
			t.Errorf("action %q: want one step of a composite action", name)
			continue
		}
		s := a.Runs.Steps[0]
		if s.Shell != "bash" {
			t.Errorf("action %q: shell %q: a composite step needs shell: bash", name, s.Shell)
		}
		if strings.Contains(s.Run, "${{") {
			t.Errorf("action %q: run: holds an expression: hand it over through env:", name)
		}
		want := map[string]string{}
		for _, in := range a.Inputs {
			want["INPUT_"+strings.ToUpper(strings.ReplaceAll(in.name, "-", "_"))] = "${{ inputs." + in.name + " }}"
		}
		if diff := cmp.Diff(want, s.Env, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("action %q: -wanted env of the step +env:\n%s", name, diff)
		}
	}
}

// Scripts hold no logic: each action starts the binary of its own name, and that exists.
func TestRunStartsItsBinary(t *testing.T) {
	t.Parallel()
	for _, want := range actions {
		if got, want := loadAction(t, want.name).Runs.Steps[0].Run, `"$GITHUB_ACTION_PATH/../start" `+want.name; got != want {
			t.Errorf("run: %s, want %s", got, want)
		}
		if _, err := os.Stat(filepath.Join(root, "cmd", want.name, "main.go")); err != nil {
			t.Error(err)
		}
	}
	if got, want := loadAction(t, "").Runs.Steps[0].Run, `"$GITHUB_ACTION_PATH/actions/start"`; got != want {
		t.Errorf("run: %s, want %s", got, want)
	}
}

// Outputs are exactly what the command sets, under the same names.
func TestOutputsAreSet(t *testing.T) {
	t.Parallel()
	for _, want := range actions {
		a := loadAction(t, want.name)
		var names []string
		for _, out := range a.Outputs {
			names = append(names, out.name)
			if want := "${{ steps." + a.Runs.Steps[0].ID + ".outputs." + out.name + " }}"; out.value.Value != want {
				t.Errorf("%s: output %s is %s, want %s", a.Name, out.name, out.value.Value, want)
			}
		}
		slices.Sort(names)
		if diff := cmp.Diff(outputsOf(t, want.pkg), names); diff != "" {
			t.Errorf("%s: -outputs that package %s sets +outputs of the action:\n%s", a.Name, want.pkg, diff)
		}
	}
}

// outputsOf returns the names that the package of a command gives to Runner.Output, sorted.
func outputsOf(t *testing.T, pkg string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "internal", "command", pkg, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no source of internal/command/%s: %v", pkg, err)
	}
	var names []string
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if method, ok := call.Fun.(*ast.SelectorExpr); !ok || method.Sel.Name != "Output" || len(call.Args) != 2 {
				return true
			}
			name, err := strconv.Unquote(call.Args[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatalf("%s: the name of an output is not a literal: %v", file, err)
			}
			names = append(names, name)
			return true
		})
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Every action has a folder with metadata, a README and a place in the list of this test.
func TestEveryActionIsTested(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root, "actions", "*", "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(actions) {
		t.Errorf("%d actions in %s, %d in the list of this test", len(files), filepath.Join(root, "actions"), len(actions))
	}
}

// actionNames are all actions, with "" for the one at the root.
func actionNames() []string {
	names := []string{""}
	for _, a := range actions {
		names = append(names, a.name)
	}
	return names
}
