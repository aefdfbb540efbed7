// Package actions_test holds the actions to their commands, their READMEs and what runners do: it reads their metadata, checks every
// workflow this repository shows to others, and runs workflows for real with nektos/act.
package actions_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/command/build"
	"github.com/org/platform/internal/command/containerize"
	"github.com/org/platform/internal/command/deploy"
	"github.com/org/platform/internal/command/diff"
	"github.com/org/platform/internal/command/policycheck"
	"github.com/org/platform/internal/command/promote"
	"github.com/org/platform/internal/command/rollback"
	"github.com/org/platform/internal/runner"
)

var update = flag.Bool("update", false, "write the tables of the READMEs from action.yml")

// root is the repository, as seen from this package's folder.
const root = "../.."

// an action, its command and the package that the command is in.
var actions = []struct {
	name, pkg string
	command   app.NewCmd
}{
	{"build", "build", build.New},
	{"containerize", "containerize", containerize.New},
	{"diff", "diff", diff.New},
	{"policy-check", "policycheck", policycheck.New},
	{"deploy", "deploy", deploy.New},
	{"promote", "promote", promote.New},
	{"rollback", "rollback", rollback.NewAction},
}

// action is what we use of https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax.
type action struct {
	Name, Description string
	Inputs            fields[input]
	Outputs           fields[output]
	Runs              struct {
		Using string
		Steps []step
	}
}

type input struct {
	Description string
	Required    bool
	Default     string
}

type output struct{ Description, Value string }

type step struct {
	ID    string
	Shell string
	Env   map[string]string
	Run   string
}

// fields is a mapping in the order of the file.
type fields[T any] []field[T]

type field[T any] struct {
	name  string
	value T
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (f *fields[T]) UnmarshalYAML(node *yaml.Node) error {
	var values map[string]T
	if err := node.Decode(&values); err != nil {
		return err
	}
	for i := 0; i < len(node.Content); i += 2 {
		name := node.Content[i].Value
		*f = append(*f, field[T]{name, values[name]})
	}
	return nil
}

func (f fields[T]) get(name string) (T, bool) {
	for _, e := range f {
		if e.name == name {
			return e.value, true
		}
	}
	var none T
	return none, false
}

// loadAction reads the metadata of an action, "" being the one at the root of the repository.
func loadAction(t *testing.T, name string) action {
	t.Helper()
	file := filepath.Join(root, "action.yml")
	if name != "" {
		file = filepath.Join(root, "actions", name, "action.yml")
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var a action
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	if err := decoder.Decode(&a); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return a
}

// flags returns the flags of a command that are inputs of its action: not those for a person at a terminal.
func flags(newCommand app.NewCmd) map[string]*pflag.Flag {
	getenv := func(string) string { return "" }
	cmd := app.Root(&app.App{Getenv: getenv, Runner: runner.New(getenv, os.Stdout)}, newCommand)
	list := map[string]*pflag.Flag{}
	cmd.Flags().VisitAll(func(f *pflag.Flag) { list[f.Name] = f })
	cmd.PersistentFlags().VisitAll(func(f *pflag.Flag) { list[f.Name] = f })
	for _, atTerminal := range []string{"directory", "output", "help"} {
		delete(list, atTerminal)
	}
	return list
}
