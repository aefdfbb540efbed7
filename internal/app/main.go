package app

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/org/platform/internal/suggest"
)

// NewCmd makes a command from an App. Every package below internal/command has one.
type NewCmd func(*App) *cobra.Command

// Main runs a binary: the one command it is named after, or several as subcommands of the CLI. It returns the exit code.
func Main(commands ...NewCmd) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if os.Getenv("GOGC") == "" {
		PaceGC()
	}
	return Run(ctx, FromOS(), os.Args[1:], commands...)
}

// Run is Main with everything given.
func Run(ctx context.Context, a *App, args []string, commands ...NewCmd) int {
	root := Root(a, commands...)
	root.SetArgs(args)
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		err = a.Runner.Err()
	}
	a.Report(err)
	return ExitCode(err)
}

// Root builds the command tree of a binary, with the flags and behaviour all commands share.
func Root(a *App, commands ...NewCmd) *cobra.Command {
	var root *cobra.Command
	if len(commands) == 1 {
		root = commands[0](a)
	} else {
		root = &cobra.Command{Use: "platform", Short: "A GitOps monorepo toolkit: build, containerize, check, deploy and promote",
			Long: "Git is the database, the runner is the engine, the pull request is the user interface.\n" +
				"Every command works on the repository in the current directory, or in the one given with -C."}
		for _, newCmd := range commands {
			root.AddCommand(newCmd(a))
		}
	}
	root.SilenceUsage, root.SilenceErrors = true, true
	root.CompletionOptions.HiddenDefaultCmd = true
	root.PersistentFlags().StringVarP(&a.Dir, "directory", "C", defaultDir(a), "`directory` to work in")
	prepare(a, root)
	return root
}

// prepare makes mistakes in the call usage errors and lets action inputs stand for flags, here and in all subcommands.
func prepare(a *App, cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		prepare(a, sub)
	}
	if !cmd.Runnable() { // else cobra shows help and exits with 0, whatever the arguments
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return Usagef("%w\nsee: %s --help", err, cmd.CommandPath())
	})
	if args := cmd.Args; args != nil {
		cmd.Args = func(cmd *cobra.Command, given []string) error {
			if err := args(cmd, given); err != nil {
				return Usagef("%w\nusage: %s", err, cmd.UseLine())
			}
			return nil
		}
	} else {
		cmd.Args = func(cmd *cobra.Command, given []string) error {
			if len(given) == 0 || cmd.HasSubCommands() {
				return unknownCommand(cmd, given)
			}
			return Usagef("%s takes no arguments, got %q\nusage: %s", cmd.CommandPath(), strings.Join(given, " "), cmd.UseLine())
		}
	}
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error { return bindInputs(a, cmd) }
}

func unknownCommand(cmd *cobra.Command, given []string) error {
	if len(given) == 0 {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return Usagef("unknown command %q: %s\nsee: %s --help", given[0], suggest.Hint(given[0], names), cmd.CommandPath())
}

// bindInputs sets every flag that was not given from the action input of the same name.
func bindInputs(a *App, cmd *cobra.Command) error {
	var failed error
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		value := a.Runner.Input(flag.Name)
		if flag.Changed || value == "" || failed != nil {
			return
		}
		for _, v := range inputValues(flag, value) {
			if err := cmd.Flags().Set(flag.Name, v); err != nil {
				failed = Usagef("input %s: %w", flag.Name, err)
			}
		}
	})
	if failed != nil {
		return failed
	}
	// cobra checks these too, but after us and without saying that they are usage errors.
	if err := errors.Join(cmd.ValidateRequiredFlags(), cmd.ValidateFlagGroups()); err != nil {
		return Usagef("%w\nsee: %s --help", err, cmd.CommandPath())
	}
	return nil
}

// inputValues splits an input into lines for flags which may be repeated.
func inputValues(flag *pflag.Flag, value string) []string {
	if flag.Value.Type() != "stringArray" {
		return []string{value}
	}
	var values []string
	for line := range strings.Lines(value) {
		if line = strings.TrimSpace(line); line != "" {
			values = append(values, line)
		}
	}
	return values
}

// defaultDir is the workspace in a workflow: composite actions may start elsewhere.
func defaultDir(a *App) string {
	if w := a.Getenv("GITHUB_WORKSPACE"); w != "" && a.Runner.Active() {
		return filepath.Clean(w)
	}
	return a.Dir
}
