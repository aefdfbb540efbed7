package app_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/org/platform/internal/app"
	"github.com/org/platform/internal/runner"
)

// world is an App with everything it writes.
type world struct {
	*app.App
	out, err, log bytes.Buffer
}

func newWorld(env map[string]string) *world {
	w := &world{}
	getenv := func(name string) string { return env[name] }
	w.App = &app.App{In: strings.NewReader(""), Out: &w.out, Err: &w.err, Getenv: getenv, Now: func() time.Time { return time.Time{} }, Dir: ".",
		Runner: runner.New(getenv, &w.log)}
	return w
}

// called is what a command saw.
type called struct {
	name, baseImage string
	images, args    []string
	dryRun          bool
	format, dir     string
}

// deploy is a command as those below internal/command are.
func deploy(saw *called, result error) app.NewCmd {
	return func(a *app.App) *cobra.Command {
		cmd := &cobra.Command{Use: "deploy", Short: "Deploy", RunE: func(_ *cobra.Command, args []string) error {
			saw.name, saw.args, saw.dir = "deploy", args, a.Dir
			return result
		}}
		cmd.Flags().StringVar(&saw.baseImage, "base-image", "scratch", "")
		cmd.Flags().StringArrayVar(&saw.images, "image", nil, "")
		cmd.Flags().BoolVar(&saw.dryRun, "dry-run", false, "")
		app.OutputFlag(cmd, &saw.format)
		return cmd
	}
}

// rollback is a command with a required argument and a required flag, and subcommands of its own.
func rollback(saw *called) app.NewCmd {
	return func(*app.App) *cobra.Command {
		cmd := &cobra.Command{Use: "rollback COMPONENT", Short: "Roll back", Args: cobra.ExactArgs(1), RunE: func(_ *cobra.Command, args []string) error {
			saw.name, saw.args = "rollback", args
			return nil
		}}
		cmd.Flags().String("env", "", "")
		_ = cmd.MarkFlagRequired("env")
		group := &cobra.Command{Use: "env", Short: "Environments"}
		group.AddCommand(&cobra.Command{Use: "list", RunE: func(*cobra.Command, []string) error { saw.name = "env list"; return nil }})
		root := &cobra.Command{Use: "more", Short: "More"}
		root.AddCommand(cmd, group)
		return root
	}
}

func run(w *world, saw *called, args ...string) int {
	return app.Run(context.Background(), w.App, args, deploy(saw, nil), rollback(saw))
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err    error
		want   int
		stderr string
	}{
		"ok":               {nil, app.ExitOK, ""},
		"findings":         {app.ErrFindings, app.ExitFindings, ""}, // they are already printed
		"wrapped findings": {errors.Join(app.ErrFindings), app.ExitFindings, ""},
		"refused":          {app.Refusedf("frozen until %s", "Monday"), app.ExitFindings, "Error: frozen until Monday\n"},
		"usage":            {app.Usagef("no such thing: %w", io.EOF), app.ExitUsage, "Error: no such thing: EOF\n"},
		"failed":           {io.ErrUnexpectedEOF, app.ExitFailed, "Error: unexpected EOF\n"},
	} {
		w := newWorld(nil)
		if got := app.Run(context.Background(), w.App, nil, deploy(&called{}, c.err)); got != c.want {
			t.Errorf("%s: got exit code %d, want %d", name, got, c.want)
		}
		if got := w.err.String(); got != c.stderr {
			t.Errorf("%s: stderr is %q, want %q", name, got, c.stderr)
		}
		if w.log.Len() > 0 {
			t.Errorf("%s: annotations outside a workflow: %s", name, &w.log)
		}
	}
	if !errors.Is(app.Usagef("%w", io.EOF), io.EOF) || !errors.Is(app.Refusedf("%w", io.EOF), io.EOF) {
		t.Error("the cause must stay known")
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args   []string
		stderr string
	}{
		"unknown flag":            {[]string{"deploy", "--dryrun"}, "Error: unknown flag: --dryrun\nsee: platform deploy --help\n"},
		"bad value of a flag":     {[]string{"deploy", "--dry-run=maybe"}, "Error: invalid argument \"maybe\" for \"--dry-run\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax\nsee: platform deploy --help\n"},
		"bad format":              {[]string{"deploy", "-o", "yaml"}, "Error: invalid argument \"yaml\" for \"-o, --output\" flag: must be one of table, json\nsee: platform deploy --help\n"},
		"unknown command":         {[]string{"deplyo"}, "Error: unknown command \"deplyo\": did you mean deploy?\nsee: platform --help\n"},
		"unknown subcommand":      {[]string{"more", "env", "lst"}, "Error: unknown command \"lst\": did you mean list?\nsee: platform more env --help\n"},
		"extra argument":          {[]string{"deploy", "a", "b"}, "Error: platform deploy takes no arguments, got \"a b\"\nusage: platform deploy [flags]\n"},
		"missing argument":        {[]string{"more", "rollback", "--env=x"}, "Error: accepts 1 arg(s), received 0\nusage: platform more rollback COMPONENT [flags]\n"},
		"missing flag":            {[]string{"more", "rollback", "a"}, "Error: required flag(s) \"env\" not set\nsee: platform more rollback --help\n"},
		"unknown flag of nesting": {[]string{"more", "env", "list", "-x"}, "Error: unknown shorthand flag: 'x' in -x\nsee: platform more env list --help\n"},
	} {
		w, saw := newWorld(nil), &called{}
		if got := run(w, saw, c.args...); got != app.ExitUsage {
			t.Errorf("%s: got exit code %d, want %d", name, got, app.ExitUsage)
		}
		if got := w.err.String(); got != c.stderr {
			t.Errorf("%s: stderr is\n%s want\n%s", name, got, c.stderr)
		}
		if saw.name != "" || w.out.Len() > 0 {
			t.Errorf("%s: ran %q, printed %q", name, saw.name, &w.out)
		}
	}
	w := newWorld(nil)
	if got := run(w, &called{}, "nonsense"); got != app.ExitUsage || !strings.Contains(w.err.String(), "known: deploy, ") {
		t.Errorf("got %d, %s", got, &w.err)
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"--help"}, {"more"}, {"deploy", "--help"}} {
		w, saw := newWorld(nil), &called{}
		if got := run(w, saw, args...); got != app.ExitOK || !strings.Contains(w.out.String(), "Usage:") || w.err.Len() > 0 || saw.name != "" {
			t.Errorf("%v: got %d, %q, %q", args, got, &w.out, &w.err)
		}
	}
}

func TestOneCommandIsTheBinary(t *testing.T) {
	t.Parallel()
	w, saw := newWorld(nil), &called{}
	if got := app.Run(context.Background(), w.App, []string{"-C", "there", "--dry-run", "--image=a", "--image", "b"}, deploy(saw, nil)); got != 0 {
		t.Fatalf("got %d: %s", got, &w.err)
	}
	if !saw.dryRun || strings.Join(saw.images, " ") != "a b" || saw.dir != "there" || saw.format != app.FormatTable || saw.baseImage != "scratch" {
		t.Errorf("got %+v", saw)
	}
	w = newWorld(nil)
	if got := app.Run(context.Background(), w.App, []string{"deploy"}, deploy(saw, nil)); got != app.ExitUsage ||
		w.err.String() != "Error: deploy takes no arguments, got \"deploy\"\nusage: deploy [flags]\n" {
		t.Errorf("got %d, %s", got, &w.err)
	}
}

func TestPath(t *testing.T) {
	t.Parallel()
	a := &app.App{Dir: "repo"}
	absolute, err := filepath.Abs("x")
	if err != nil {
		t.Fatal(err)
	}
	if got := a.Path("x/y"); got != filepath.Join("repo", "x", "y") {
		t.Errorf("got %s", got)
	}
	if got := a.Path(absolute); got != absolute {
		t.Errorf("got %s", got)
	}
}
