package app

import (
	"errors"
	"fmt"

	"github.com/org/platform/internal/finding"
	"github.com/org/platform/internal/runner"
)

// Exit codes, the same for every command.
const (
	ExitOK       = 0
	ExitFindings = 1 // the check ran and found problems, or a rule refused the change
	ExitUsage    = 2 // the command was called in a way that cannot work
	ExitFailed   = 3 // could not run: broken input, network, permissions
)

// ErrFindings ends a command that has already printed what it found.
var ErrFindings = errors.New("findings")

// UsageError is a mistake in how the command was called.
type UsageError struct{ Err error }

// Error implements error.
func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *UsageError) Unwrap() error { return e.Err }

// Usagef returns a UsageError.
func Usagef(format string, args ...any) error {
	return &UsageError{Err: fmt.Errorf(format, args...)}
}

// RefusedError is a change that a rule does not allow: not a mistake in the call, not a fault of the machine.
type RefusedError struct{ Err error }

// Error implements error.
func (e *RefusedError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *RefusedError) Unwrap() error { return e.Err }

// Refusedf returns a RefusedError.
func Refusedf(format string, args ...any) error {
	return &RefusedError{Err: fmt.Errorf(format, args...)}
}

// ExitCode maps an error to the exit code contract.
func ExitCode(err error) int {
	var usage *UsageError
	var refused *RefusedError
	switch {
	case err == nil:
		return ExitOK
	case errors.Is(err, ErrFindings), errors.As(err, &refused):
		return ExitFindings
	case errors.As(err, &usage):
		return ExitUsage
	default:
		return ExitFailed
	}
}

// Report prints an error once: for people on Err, and in a workflow as annotations on the places it names.
func (a *App) Report(err error) {
	var problems finding.Problems
	switch {
	case err == nil, errors.Is(err, ErrFindings):
	case !a.Runner.Active():
		fmt.Fprintln(a.Err, a.paint(a.Live, red, "Error:"), err)
	case errors.As(err, &problems):
		for _, f := range problems {
			a.Runner.Annotate(f)
		}
		if text := err.Error(); text != problems.Error() { // what the places do not say
			fmt.Fprintln(a.Err, a.Runner.Inert(text))
		}
	default: // the log of a workflow shows an annotation as an error, so this is all, unless it is too long for one
		a.Runner.Annotate(finding.Finding{Severity: finding.Error, Message: err.Error()})
		if text := err.Error(); len(text) > runner.MaxMessage {
			fmt.Fprintln(a.Err, a.Runner.Inert(text))
		}
	}
}
